"""Limits, a row each, in the order of docs/limits.md. `asked` says what an order would make of the book.

The gate compares. Nothing here asks the time, reads a file or remembers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeAlias

from trader.domain.errors import SettingsError, UnknownName, nearest
from trader.domain.instruments import AssetClass
from trader.domain.orders import Order
from trader.domain.value import Amount, Value, plain
from trader.risk.standing import Standing

CORRELATED_OVER = 0.8
"""Returns that move together more than this are one bet."""
WAITING_AT_MOST = 20
"""Requests that may wait for the venue's pace before entries are refused."""

Asked: TypeAlias = Decimal | str | None
"""A number; or why there is none, which refuses; or None where the limit does not concern the order."""


class Unit(StrEnum):
    """How a limit's number is written."""

    SHARE = "share"
    COUNT = "count"
    BARS = "bars"


class Scope(StrEnum):
    """What the number is counted over."""

    BOOK = "book"
    INSTRUMENT = "instrument"
    ORDER = "order"
    VENUE = "venue"


class Breach(StrEnum):
    """What happens to an increase beyond the limit. Reductions pass."""

    CUT = "cut"
    """To the largest quantity of whole lots within it; refused where that is none."""
    REFUSE = "refuse"
    BREAKER = "breaker"
    """Reaching it bars all entries for a time."""
    QUEUE = "queue"
    """The sender waits; refused once too many wait."""


@dataclass(frozen=True)
class Limit:
    """One row."""

    slug: str
    default: Decimal
    unit: Unit
    of: str
    """Of what, in words: "of equity"."""
    scope: Scope
    on_breach: Breach
    asked: Callable[[Order, Standing], Asked]
    source: str
    """Where the default comes from."""
    highest: Decimal = Decimal(1)
    """The largest setting accepted: a share above it is a percentage that lost its sign."""

    @property
    def name(self) -> str:
        """As sentences say it."""
        return self.slug.replace("_", " ")

    def amount(self, number: Decimal) -> str:
        """`number` exactly, in this limit's unit: "5 %", "20"."""
        return f"{plain(number * 100)} %" if self.unit is Unit.SHARE else plain(number)

    def sentence(self, asked: Decimal, permitted: Decimal) -> str:
        """Both numbers, for a person: "position size: 6.1 % of equity asked, 5 % allowed"."""
        shown = self.shown(asked, permitted)
        return f"{self.name}: {shown} {self.of} asked, {self.amount(permitted)} allowed"

    def shown(self, measured: Decimal, permitted: Decimal) -> str:
        """`measured` to one decimal, or to as many as show that it is not what is permitted."""
        if measured == permitted:
            return self.amount(measured)
        first = 3 if self.unit is Unit.SHARE else 1
        roundings = (self.amount(round(measured, digits)) for digits in range(first, 28))
        return next((text for text in roundings if text != self.amount(permitted)), self.amount(measured))


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
        and abs(correlation := facts.correlation(order.symbol, symbol)) > CORRELATED_OVER
        and correlation * direction * facts.direction(symbol, order) > 0
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
    if quote.bid <= 0 or quote.ask < quote.bid:
        return f"bid {plain(quote.bid)} and ask {plain(quote.ask)} cannot be"
    return 2 * (quote.ask - quote.bid) / (quote.ask + quote.bid)


def order_rate(_: Order, standing: Standing) -> Asked:
    """Requests of the last minute, this one included."""
    return Decimal(standing.facts.requests_last_minute + 1)


def _is_future(order: Order, standing: Standing) -> bool:
    return standing.facts.instrument(order.symbol).asset_class is AssetClass.FUTURE


def _no_equity(equity: Decimal) -> str:
    return f"equity is {plain(equity)}, not above zero"


_D = Decimal
LIMITS: tuple[Limit, ...] = (
    Limit(
        "daily_loss",
        _D("0.02"),
        Unit.SHARE,
        "of the day's opening equity",
        Scope.BOOK,
        Breach.BREAKER,
        lost_today,
        "Two standard deviations of a day of a fully invested stock book: 16 % a year is 1 % a day.",
    ),
    Limit(
        "drawdown",
        _D("0.10"),
        Unit.SHARE,
        "from the peak",
        Scope.BOOK,
        Breach.BREAKER,
        below_peak,
        "Five days at the daily limit. Past it a person should look before the book goes on.",
    ),
    Limit(
        "losing_streak",
        _D(3),
        Unit.COUNT,
        "losing trades in a row",
        Scope.BOOK,
        Breach.BREAKER,
        losses_in_a_row,
        "One chance in eight at even odds: a reason to pause for a session, not a verdict.",
        highest=_D(1000),
    ),
    Limit(
        "position_size",
        _D("0.05"),
        Unit.SHARE,
        "of equity",
        Scope.INSTRUMENT,
        Breach.CUT,
        position_size,
        "Twenty of them fill the book, and one that falls to nothing costs half the drawdown limit.",
    ),
    Limit(
        "open_positions",
        _D(20),
        Unit.COUNT,
        "positions",
        Scope.BOOK,
        Breach.REFUSE,
        open_positions,
        "Beyond some ten to twenty stocks little dispersion is left to take away (Evans and Archer 1968).",
        highest=_D(1000),
    ),
    Limit(
        "gross_exposure",
        _D(1),
        Unit.SHARE,
        "of equity",
        Scope.BOOK,
        Breach.CUT,
        gross_exposure,
        "Nothing is borrowed.",
        highest=_D(10),
    ),
    Limit(
        "correlated",
        _D(3),
        Unit.COUNT,
        f"positions over {CORRELATED_OVER} correlation",
        Scope.BOOK,
        Breach.REFUSE,
        correlated,
        "Three such positions spread risk like 1.15 independent ones: n / (1 + (n - 1) rho).",
        highest=_D(1000),
    ),
    Limit(
        "entries_a_day",
        _D(20),
        Unit.COUNT,
        "entries",
        Scope.BOOK,
        Breach.REFUSE,
        entries_a_day,
        "The whole book once a day; more is churning or a loop.",
        highest=_D(10_000),
    ),
    Limit(
        "futures_exposure",
        _D(3),
        Unit.COUNT,
        "contracts",
        Scope.INSTRUMENT,
        Breach.CUT,
        futures_exposure,
        "A contract is worth many times its margin: a small count until a book sets its own.",
        highest=_D(10_000),
    ),
    Limit(
        "futures_order",
        _D(2),
        Unit.COUNT,
        "contracts",
        Scope.ORDER,
        Breach.CUT,
        futures_order,
        "Below futures_exposure, so that no single order fills it.",
        highest=_D(10_000),
    ),
    Limit(
        "price_collar",
        _D("0.05"),
        Unit.SHARE,
        "from the last price",
        Scope.ORDER,
        Breach.REFUSE,
        price_collar,
        "The narrowest band of the US limit-up limit-down plan: 5 % for large stocks.",
    ),
    Limit(
        "data_age",
        _D(2),
        Unit.BARS,
        "bars",
        Scope.ORDER,
        Breach.REFUSE,
        data_age,
        "One bar may be late; with two missing the feed has stopped.",
        highest=_D(1000),
    ),
    Limit(
        "spread",
        _D("0.01"),
        Unit.SHARE,
        "of the price",
        Scope.ORDER,
        Breach.REFUSE,
        spread,
        "Crossing half of it costs five times what results assume a side.",
    ),
    Limit(
        "order_rate",
        _D(10),
        Unit.COUNT,
        "requests a minute",
        Scope.VENUE,
        Breach.QUEUE,
        order_rate,
        "Slow enough for a person to see and stop; every venue allows more.",
        highest=_D(10_000),
    ),
)


class Limits(Value):
    """The limits in force: every slug with its number."""

    permitted: dict[str, Amount]

    def value(self, slug: str) -> Decimal:
        """The number of one limit. Raises UnknownName."""
        if slug not in self.permitted:
            raise UnknownName("limit", slug, self.permitted)
        return self.permitted[slug]


def resolve_limits(plain_table: Mapping[str, Any]) -> Limits:
    """The table `[risk]` over the defaults. Raises SettingsError for a name or a number that may not be."""
    rows = {limit.slug: limit for limit in LIMITS}
    for slug in plain_table:
        if slug not in rows:
            raise SettingsError(f"[risk] has no setting {slug}", hint=nearest(slug, rows))
    return Limits(
        permitted={
            slug: _number(limit, plain_table[slug]) if slug in plain_table else limit.default
            for slug, limit in rows.items()
        }
    )


def _number(limit: Limit, value: Any) -> Decimal:
    """`value` as this limit's number: not negative, not above `highest`, whole where things are counted."""
    wrong = f"[risk] {limit.slug} = {value!r}"
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else Decimal("nan")
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or number < 0:
        raise SettingsError(f"{wrong} is not a number of zero or more")
    if number > limit.highest:
        hint = "shares are fractions: 0.05 is 5 %" if limit.unit is Unit.SHARE else ""
        raise SettingsError(f"{wrong} is above {plain(limit.highest)}, the most it may be", hint=hint)
    if limit.unit is Unit.COUNT and number != number.to_integral_value():
        raise SettingsError(f"{wrong} is not a whole number")
    return number
