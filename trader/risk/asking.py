"""What an order would make of the book: the measure of each limit, pure. The rows are in `limits.py`."""

from decimal import Decimal
from typing import TypeAlias

from trader.domain.orders import Order
from trader.domain.value import plain
from trader.risk.facts import NO_QUOTE
from trader.risk.standing import Standing

CORRELATED_OVER = 0.8
"""Returns that move together more than this are one bet."""

Asked: TypeAlias = Decimal | str | None
"""A number; or why there is none, which refuses; or None where the limit does not concern the order."""


def lost_today(_: Order, standing: Standing) -> Asked:
    """What the day has lost so far, as a share of the equity it began with."""
    start = standing.facts.account.day_open
    return max(Decimal(0), 1 - standing.equity / start) if start > 0 else _no_equity(start)


def below_peak(_: Order, standing: Standing) -> Asked:
    """How far equity is below its peak, as a share of the peak."""
    peak = standing.facts.account.peak
    return max(Decimal(0), 1 - standing.equity / peak) if peak > 0 else _no_equity(peak)


def losses_in_a_row(_: Order, standing: Standing) -> Asked:
    """What the breaker counted; the account as it stands does not say."""
    breaker = standing.facts.breaker("losing_streak")
    return breaker.asked if breaker is not None else None


def position_size(order: Order, standing: Standing) -> Asked:
    """Worst value of the instrument once the order is filled, as a share of equity."""
    equity = standing.equity
    return standing.exposure(order).value / equity if equity > 0 else _no_equity(equity)


def open_positions(order: Order, standing: Standing) -> Asked:
    """Instruments held or being opened, this one included."""
    return Decimal(len(standing.values.keys() | {order.symbol}))


def gross_exposure(order: Order, standing: Standing) -> Asked:
    """Worst value of everything held or being opened, as a share of equity."""
    equity = standing.equity
    return standing.gross_with(order) / equity if equity > 0 else _no_equity(equity)


def correlated(order: Order, standing: Standing) -> Asked:
    """This position and those that move with it; a long and a short do where returns are opposed."""
    facts = standing.facts
    direction = facts.direction(order.symbol, order)
    together = [
        symbol
        for symbol in standing.values
        if symbol != order.symbol
        and abs(correlation := facts.correlation(order.symbol, symbol)) > CORRELATED_OVER  # mostly it is not
        and correlation * direction * facts.direction(symbol) > 0
    ]
    return Decimal(1 + len(together))


def entries_a_day(_: Order, standing: Standing) -> Asked:
    """Entries of this session, this one included."""
    return Decimal(standing.facts.entries_today + 1)


def futures_exposure(order: Order, standing: Standing) -> Asked:
    """Contracts of the future held or being opened, this order included; of the two sides the larger."""
    return standing.exposure(order).units if _is_future(order, standing) else None


def futures_order(order: Order, standing: Standing) -> Asked:
    """Contracts of the future in this order."""
    return order.quantity if _is_future(order, standing) else None


def price_collar(order: Order, standing: Standing) -> Asked:
    """How far the order's limit is from the last price, as a share of it."""
    if order.limit_price is None:
        return f"a {order.type} order has no worst price; an entry is a limit order"
    return abs(order.limit_price / standing.facts.last(order.symbol) - 1)


def data_age(order: Order, standing: Standing) -> Asked:
    """Bars since the last one closed."""
    age = standing.facts.data_age.get(order.symbol)
    return "the age of the data is not known" if age is None else Decimal(repr(age))


def spread(order: Order, standing: Standing) -> Asked:
    """Between bid and ask, as a share of the middle. A feed of bars has none: costs stand for it."""
    quote = standing.facts.quotes.get(order.symbol)
    if quote is None:
        return None
    if quote == NO_QUOTE:
        return "bid and ask are not known"
    if quote.bid <= 0 or quote.ask < quote.bid:
        return f"bid {plain(quote.bid)} and ask {plain(quote.ask)} cannot be"
    return 2 * (quote.ask - quote.bid) / (quote.ask + quote.bid)


def order_rate(_: Order, standing: Standing) -> Asked:
    """Requests of the last minute, this one included."""
    return Decimal(standing.facts.requests_last_minute + 1)


def _is_future(order: Order, standing: Standing) -> bool:
    return standing.facts.instrument(order.symbol).is_future


def _no_equity(equity: Decimal) -> str:
    return f"equity is {plain(equity)}, not above zero"
