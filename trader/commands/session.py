"""What holds for every command: where the workspace is, and whether people or programs read the answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trader.domain.errors import UsageError

if TYPE_CHECKING:
    from trader.workspace import Workspace


@dataclass(frozen=True)
class Session:
    """The global options."""

    folder: Path | None = None
    """`--workspace`: this folder and no other; without it the nearest one with a trader.toml."""
    json: bool = False
    debug: bool = False

    @property
    def workspace(self) -> "Workspace":
        """Where this command works. Raises UsageError where `--workspace` names a file."""
        from trader.workspace import Workspace

        if self.folder is None:
            return Workspace.find()
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"--workspace: {self.folder} is not a folder")
        return Workspace(self.folder.expanduser().resolve())
