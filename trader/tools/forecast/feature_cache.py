"""Indicators over whole histories kept on disk, for trainings that begin again over the same bars.

    .trader/cache/features/{what it is}-{digest of the file}.npy

What it is: the digest of the bars, of what is set beside them, of the catalogue (every source file of
`trader/features/` and the libraries they call) and the indicator's name. So nothing is ever out of date; it
is only no longer asked for, and goes when the folder is full, the longest unread first. A file that is not
what was written, for whatever reason, is computed again.

Only what is dear is kept. The hundred common indicators take less time than the reading of their file: over
200,000 bars some hundred milliseconds, for 160 MB.
"""

import hashlib
import io
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trader.domain.market import Floats
from trader.domain.value import digest, digest_bytes

if TYPE_CHECKING:
    from trader.features.feature import Feature
    from trader.features.table import Table

MOST_BYTES = 256_000_000
"""Of the folder: forty columns of four symbols at 200,000 bars."""


class FeatureCache:
    """The columns in one folder. Several processes may use it at once."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._most_bytes = folder, most_bytes

    def column(self, row: "Feature", table: "Table") -> Floats:
        """The indicator at every bar of the table: read where it is there, else computed and kept."""
        if row.step is not None:
            return table[row.name]
        key = digest([catalogue_digest(), row.name, table.digest_for(row)])
        found = self._read(key, len(table))
        if found is None:
            found = table[row.name]
            with suppress(OSError):  # a folder that cannot be written costs the next training the time
                self._write(key, found)
        return found

    def _read(self, key: str, count: int) -> Floats | None:
        for path in self._folder.glob(f"{key}-*.npy"):
            try:
                data = path.read_bytes()
                if path.stem != f"{key}-{digest_bytes(data)}":
                    continue
                values: Floats = np.load(io.BytesIO(data), allow_pickle=False)
                os.utime(path)
            except (OSError, ValueError):
                continue
            if values.shape == (count,) and values.dtype == np.float64:
                return values
        return None

    def _write(self, key: str, values: Floats) -> None:
        """Whole or not at all, in place of damaged ones."""
        target = io.BytesIO()
        np.save(target, np.ascontiguousarray(values), allow_pickle=False)
        data = target.getvalue()
        if len(data) > self._most_bytes:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for damaged in self._folder.glob(f"{key}-*.npy"):
            damaged.unlink(missing_ok=True)
        self._make_room(len(data))
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as part:
            part.write(data)
        os.replace(part.name, self._folder / f"{key}-{digest_bytes(data)}.npy")

    def _make_room(self, needed: int) -> None:
        """Delete the longest unread, half-written ones too, until `needed` bytes more may be kept."""
        files = []
        for path in self._folder.iterdir():
            with suppress(OSError):  # another process was faster
                files.append((path.stat().st_mtime_ns, path.stat().st_size, path))
        held = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if held + needed <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            held -= size


@cache
def catalogue_digest() -> str:
    """Of every source file of the catalogue and the libraries that compute: a changed formula is another."""
    import talib

    from trader.features import catalogue

    hashed = hashlib.sha256(f"{np.__version__} {talib.__version__}".encode())
    for source in sorted(Path(catalogue.__file__).parent.glob("*.py")):
        hashed.update(source.name.encode() + b"\0" + source.read_bytes())
    return hashed.hexdigest()[:24]
