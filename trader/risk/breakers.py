"""Breakers: a loss that bars entries for a time. Pure: marks and closed trades in, new breakers out.

A session is named by its close. `next_close` gives the first close of a session after a moment, of the book's
calendar; what happens at a close still belongs to the session that ends there.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import TypeAlias

from trader.domain.portfolio import RoundTrip
from trader.domain.value import Amount, Moment, Value
from trader.risk.facts import Breaker, streak_length
from trader.risk.limits import Limits

NextClose: TypeAlias = Callable[[datetime], datetime]
"""The first close of a session after a moment."""


class Watermarks(Value):
    """What losses are measured from, as of the last mark."""

    peak: Amount
    """Highest equity since the book opened, or since a person last resumed."""
    day_open: Amount
    """Equity at the last mark of the session before."""
    equity: Amount
    session: Moment
    """Close of the session that the last mark belongs to."""

    @classmethod
    def opening(cls, cash: Decimal, at: datetime, next_close: NextClose) -> "Watermarks":
        """Of a book that opens with `cash`."""
        return cls(peak=cash, day_open=cash, equity=cash, session=_session(at, next_close))

    def marked(self, at: datetime, equity: Decimal, next_close: NextClose) -> "Watermarks":
        """After a mark, in order of time."""
        session = _session(at, next_close)
        return Watermarks(
            peak=max(self.peak, equity),
            day_open=self.equity if session > self.session else self.day_open,
            equity=equity,
            session=session,
        )

    def resumed(self) -> "Watermarks":
        """After a person has resumed: the drawdown is measured anew, from what there is now."""
        return self.model_copy(update={"peak": self.equity})


def retrace(
    opening: Watermarks,
    marks: Iterable[tuple[datetime, Decimal]],
    resumed: Iterable[datetime],
    next_close: NextClose,
) -> Watermarks:
    """The watermarks after a restart: all marks of the book, and the moments at which a person resumed."""
    water = opening
    pending = sorted(resumed)
    for at, equity in marks:
        while pending and pending[0] < at:
            water = water.resumed()
            pending.pop(0)
        water = water.marked(at, equity, next_close)
    return water.resumed() if pending else water


def step(
    at: datetime,
    water: Watermarks,
    closed: Sequence[RoundTrip],
    breakers: Sequence[Breaker],
    limits: Limits,
    next_close: NextClose,
) -> tuple[Breaker, ...]:
    """What trips at a mark, beside the breakers that the book has had: reaching a limit trips it.

    `closed` are all closed trades in order, `breakers` all that have tripped, lifted ones included.
    """
    candidates = (
        _daily_loss(at, water, limits.value("daily_loss"), next_close),
        _drawdown(at, water, limits.value("drawdown")),
        _losing_streak(at, closed, limits.value("losing_streak"), next_close),
    )
    return tuple(
        one
        for one in candidates
        if one is not None and not any(_same(one, other, next_close) for other in breakers)
    )


def losses_in_a_row(closed: Sequence[RoundTrip]) -> int:
    """Trades that lost, up to the last one: fees and dividends included."""
    return sum(1 for _ in takewhile(lambda trade: trade.realised < 0, reversed(closed)))


def lift(breakers: Iterable[Breaker], now: datetime) -> tuple[Breaker, ...]:
    """The breakers that barred entries at `now`, lifted by a person."""
    return tuple(one.model_copy(update={"lifted": True}) for one in breakers if one.bars(now))


def _daily_loss(at: datetime, water: Watermarks, permitted: Decimal, next_close: NextClose) -> Breaker | None:
    """Until the next close: a loss found at a close bars the whole next session, its open included."""
    loss = _share_lost(water.day_open, water.equity)
    if loss <= 0 or loss < permitted:
        return None
    return Breaker(reason="daily_loss", since=at, until=next_close(at), asked=loss, permitted=permitted)


def _drawdown(at: datetime, water: Watermarks, permitted: Decimal) -> Breaker | None:
    """Without an end."""
    loss = _share_lost(water.peak, water.equity)
    if loss <= 0 or loss < permitted:
        return None
    return Breaker(reason="drawdown", since=at, until=None, asked=loss, permitted=permitted)


def _losing_streak(
    at: datetime, closed: Sequence[RoundTrip], permitted: Decimal, next_close: NextClose
) -> Breaker | None:
    """From the trade that completed the streak to the end of the next full session, then anew."""
    length = streak_length(permitted)
    run = losses_in_a_row(closed)
    if run < length:
        return None
    last = closed[len(closed) - run % length - 1]
    until = next_close(_session(last.closed_at, next_close))
    if at >= until:
        return None
    return Breaker(
        reason="losing_streak", since=last.closed_at, until=until, asked=Decimal(length), permitted=permitted
    )


def _same(one: Breaker, other: Breaker, next_close: NextClose) -> bool:
    """Whether it is known: the streak, the loss of this session, a drawdown that nobody has lifted."""
    if one.reason != other.reason:
        return False
    if one.reason == "losing_streak":
        return one.since == other.since
    if one.reason == "drawdown":
        return not other.lifted
    return _session(one.since, next_close) == _session(other.since, next_close)


def _share_lost(start: Decimal, now: Decimal) -> Decimal:
    return 1 - now / start if start > 0 else Decimal(1 if now < start else 0)


def _session(at: datetime, next_close: NextClose) -> datetime:
    """The close of the session that `at` belongs to: the first one not before it."""
    return next_close(at - timedelta.resolution)
