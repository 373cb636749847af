"""How much of each limit a book uses before its next order: pure, beside `asking.py`, which asks with one."""

from decimal import Decimal

from trader.risk.asking import CORRELATED_OVER
from trader.risk.facts import ZERO, streak_length
from trader.risk.standing import Standing


def lost_today(standing: Standing) -> Decimal | None:
    """Share of the day's opening equity that is gone."""
    return _share_lost(standing.facts.account.day_open, standing.equity)


def below_peak(standing: Standing) -> Decimal | None:
    """Share of the peak that is gone."""
    return _share_lost(standing.facts.account.peak, standing.equity)


def losses_in_a_row(standing: Standing) -> Decimal:
    """Closed trades that lost, up to the last one; once a streak's pause is over it counts no more."""
    facts = standing.facts
    tripped = [one for one in facts.breakers if one.reason == "losing_streak"]
    if not tripped or facts.breaker("losing_streak") is not None:
        return Decimal(facts.losses_in_a_row)
    return Decimal(facts.losses_in_a_row % streak_length(tripped[-1].permitted))


def position_size(standing: Standing) -> Decimal | None:
    """The largest position, with the orders that would enlarge it, as a share of equity."""
    return _of_equity(max(standing.values.values(), default=ZERO), standing)


def open_positions(standing: Standing) -> Decimal:
    """Instruments held or being opened."""
    return Decimal(len(standing.values))


def gross_exposure(standing: Standing) -> Decimal | None:
    """Everything held or being opened, as a share of equity."""
    return _of_equity(standing.gross, standing)


def correlated(standing: Standing) -> Decimal:
    """The most positions that move together with one of them, that one included."""
    facts, held = standing.facts, sorted(standing.values)
    together = (
        sum(
            one == other
            or facts.correlation(one, other) * facts.direction(one) * facts.direction(other) > CORRELATED_OVER
            for other in held
        )
        for one in held
    )
    return Decimal(max(together, default=0))


def entries_a_day(standing: Standing) -> Decimal:
    """Entries of this session."""
    return Decimal(standing.facts.entries_today)


def futures_exposure(standing: Standing) -> Decimal:
    """Contracts of the future of which most are held or being opened."""
    futures = {one.symbol for one in standing.facts.instruments if one.is_future}
    return max(
        (side.units for (symbol, _), side in standing.sides.items() if symbol in futures), default=ZERO
    )


def data_age(standing: Standing) -> Decimal | None:
    """Bars since the oldest of the last closes."""
    ages = standing.facts.data_age.values()
    return Decimal(repr(max(ages))) if ages else None


def spread(standing: Standing) -> Decimal | None:
    """The widest between bid and ask, as a share of the middle; None where the feed has only bars."""
    quotes = [quote for quote in standing.facts.quotes.values() if quote.bid > 0]
    return max((2 * (one.ask - one.bid) / (one.ask + one.bid) for one in quotes), default=None)


def order_rate(standing: Standing) -> Decimal:
    """Requests of the last minute."""
    return Decimal(standing.facts.requests_last_minute)


def of_orders_only(_: Standing) -> None:
    """Nothing is used before there is an order."""


def _share_lost(start: Decimal, now: Decimal) -> Decimal | None:
    return max(ZERO, 1 - now / start) if start > 0 else None


def _of_equity(value: Decimal, standing: Standing) -> Decimal | None:
    return value / standing.equity if standing.equity > 0 else None
