"""How values lie in the database, the same for SQLite and PostgreSQL."""

import zlib
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from trader.domain.value import plain

COMPRESSION_LEVEL = 6
"""Of zlib. On forms and evidence 9 saves 1 % more and 1 costs 10 % of the space."""


class AmountText(TypeDecorator[Decimal]):
    """A Decimal as its canonical text. SQL must not add these up: SQLite would do it in floats."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else plain(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """From the database."""
        return None if value is None else Decimal(value)


class MomentText(TypeDecorator[datetime]):
    """A moment in UTC as `2012-06-01T20:00:00.000000Z`: all of one length, so text order is time order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """To the database."""
        if value is None:
            return None
        return value.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else datetime.fromisoformat(value)


class WordText(TypeDecorator[StrEnum]):
    """A member of a closed set as its value, which is what the domain compares with."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else str(value)


class CompressedText(TypeDecorator[str]):
    """UTF-8 text in zlib's format, whose checksum also finds a damaged page."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """To the database."""
        return None if value is None else zlib.compress(value.encode(), COMPRESSION_LEVEL)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """From the database."""
        return None if value is None else zlib.decompress(value).decode()
