"""The only place that asks the time. Everything else is told."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Now, and a stopwatch."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean anything."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()


@dataclass
class SetClock:
    """A clock that a replay sets to each `as_of`; its stopwatch is the machine's."""

    moment: datetime
    _wall: SystemClock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        """The moment it was last set to."""
        return self.moment

    def set(self, moment: datetime) -> None:
        """Move to `moment`."""
        self.moment = moment

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return self._wall.monotonic()
