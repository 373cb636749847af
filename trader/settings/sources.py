"""Where each setting came from, so that `trader config` can say it and an error can point at it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from trader.domain.errors import SettingsError, at_line
from trader.settings.lines import nearest_line


class Origin(StrEnum):
    """From the weakest to the strongest."""

    DEFAULT = "default"
    FILE = "trader.toml"
    DOTENV = ".env"
    ENVIRONMENT = "environment"
    FLAG = "flag"


@dataclass(frozen=True)
class Source:
    """The place of one value."""

    origin: Origin
    path: Path | None = None
    line: int | None = None
    name: str = ""
    """The variable or the flag."""

    def __str__(self) -> str:
        if self.path is not None:
            return f"{self.path.name}:{self.line}"
        return f"{self.origin} {self.name}".rstrip()

    def says(self, message: str) -> str:
        """`message` with its place in front, as editors open it."""
        if self.path is not None:
            return at_line(self.path, self.line, message)
        return f"{self}: {message}" if self.name else message


@dataclass(frozen=True)
class Sources(Mapping[str, Source]):
    """Dotted setting -> source, in the order of the documentation; what nobody set is a default."""

    _found: Mapping[str, Source] = field(default_factory=dict)
    _tables: Mapping[str, int] = field(default_factory=dict)
    """Lines of the tables of trader.toml, for errors about a whole table."""
    _path: Path | None = None

    def __getitem__(self, key: str) -> Source:
        return self._found[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def source(self, key: str) -> Source:
        """Where `key` came from; for what nobody set, the table around it in the file, else the defaults."""
        if key in self._found:
            return self._found[key]
        line = nearest_line(dict(self._tables), key)
        return Source(Origin.FILE, self._path, line) if line and self._path else Source(Origin.DEFAULT)

    def error(self, key: str, message: str, hint: str = "") -> SettingsError:
        """An error about `key` that names the file and the line, the variable or the flag."""
        return SettingsError(self.source(key).says(f"{key}: {message}"), hint=hint)
