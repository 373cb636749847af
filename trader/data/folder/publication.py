"""When something became public: the latest moment that what is written can mean.

A time with a zone is that moment. A time without one counts from when clocks everywhere have shown it, a
date alone from when it is over everywhere: 12:00 UTC on the day after (UTC-12 is the last to see a day
end).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from trader.data.folder.timestamps import read_time

HINT = "write when it became public, as 2012-06-01T20:30:00Z; what has no such time cannot be used"
_EVERYWHERE = timedelta(hours=12)


def published(text: str) -> tuple[datetime, bool]:
    """The moment in UTC from which something dated `text` counts, and whether it was written exactly.

    Raises ValueError where `text` is no time in ISO 8601.
    """
    moment, zoned, date_alone = read_time(text)
    if zoned:
        return moment.replace(tzinfo=UTC), True
    return (moment + timedelta(days=date_alone) + _EVERYWHERE).replace(tzinfo=UTC), False


def inexact(path: Path, count: int) -> tuple[str, ...]:
    """A note, where `count` rows of `path` were not dated exactly."""
    if not count:
        return ()
    return (
        f"{path.name}: {count} published without a zone or a time: counted from when it was so everywhere",
    )
