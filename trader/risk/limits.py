"""Limits, a row each, in the order of docs/limits.md. `asked` says what an order would make of the book.

The gate compares. Nothing here asks the time, reads a file or remembers. A new limit is a row here and its
measure in `asking.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from trader.domain.errors import SettingsError, UnknownName, nearest
from trader.domain.orders import Order
from trader.domain.value import Amount, Value, plain
from trader.risk import asking, using
from trader.risk.asking import CORRELATED_OVER, Asked
from trader.risk.protections import Protection, resolve_protections
from trader.risk.standing import Standing

PROTECTIONS = "protections"
"""The one key of `[risk]` that is no limit: a list of rows."""

WAITING_AT_MOST = 20
"""Requests that may wait for the venue's pace before entries are refused."""


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
    used: Callable[[Standing], Decimal | None]
    """How much of it is used before the next order; None where only an order can say."""
    source: str
    """Where the default comes from."""
    highest: Decimal = Decimal(1)
    """The largest setting accepted: a share above it is a percentage that lost its sign."""
    lowest: Decimal = Decimal(0)
    """The smallest setting accepted."""

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


_D = Decimal
LIMITS: tuple[Limit, ...] = (
    Limit(
        "daily_loss",
        _D("0.02"),
        Unit.SHARE,
        "of the day's opening equity",
        Scope.BOOK,
        Breach.BREAKER,
        asking.lost_today,
        using.lost_today,
        "Two standard deviations of a day of a fully invested stock book: 16 % a year is 1 % a day.",
    ),
    Limit(
        "drawdown",
        _D("0.10"),
        Unit.SHARE,
        "from the peak",
        Scope.BOOK,
        Breach.BREAKER,
        asking.below_peak,
        using.below_peak,
        "Five days at the daily limit. Past it a person should look before the book goes on.",
    ),
    Limit(
        "losing_streak",
        _D(3),
        Unit.COUNT,
        "losing trades in a row",
        Scope.BOOK,
        Breach.BREAKER,
        asking.losses_in_a_row,
        using.losses_in_a_row,
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
        asking.position_size,
        using.position_size,
        "Twenty of them fill the book, and one that falls to nothing costs half the drawdown limit.",
    ),
    Limit(
        "open_positions",
        _D(20),
        Unit.COUNT,
        "positions",
        Scope.BOOK,
        Breach.REFUSE,
        asking.open_positions,
        using.open_positions,
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
        asking.gross_exposure,
        using.gross_exposure,
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
        asking.correlated,
        using.correlated,
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
        asking.entries_a_day,
        using.entries_a_day,
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
        asking.futures_exposure,
        using.futures_exposure,
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
        asking.futures_order,
        using.of_orders_only,
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
        asking.price_collar,
        using.of_orders_only,
        "The narrowest band of the US limit-up limit-down plan: 5 % for large stocks.",
    ),
    Limit(
        "data_age",
        _D(2),
        Unit.BARS,
        "bars",
        Scope.ORDER,
        Breach.REFUSE,
        asking.data_age,
        using.data_age,
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
        asking.spread,
        using.spread,
        "Crossing half of it costs five times what results assume a side.",
    ),
    Limit(
        "order_rate",
        _D(10),
        Unit.COUNT,
        "requests a minute",
        Scope.VENUE,
        Breach.QUEUE,
        asking.order_rate,
        using.order_rate,
        "Slow enough for a person to see and stop; every venue allows more.",
        highest=_D(10_000),
        lowest=_D(1),
    ),
)


class Limits(Value):
    """The limits in force: every slug with its number."""

    permitted: dict[str, Amount]
    protections: tuple[Protection, ...] = ()
    """Rows of `[[risk.protections]]`, in their order."""

    def value(self, slug: str) -> Decimal:
        """The number of one limit. Raises UnknownName."""
        if slug not in self.permitted:
            raise UnknownName("limit", slug, self.permitted)
        return self.permitted[slug]


def resolve_limits(plain_table: Mapping[str, Any]) -> Limits:
    """The table `[risk]` over the defaults. Raises SettingsError for a name or a number that may not be."""
    rows = {limit.slug: limit for limit in LIMITS}
    for slug in plain_table:
        if slug not in rows and slug != PROTECTIONS:
            raise SettingsError(f"[risk] has no setting {slug}", hint=nearest(slug, rows))
    return Limits(
        permitted={
            slug: _number(limit, plain_table[slug]) if slug in plain_table else limit.default
            for slug, limit in rows.items()
        },
        protections=resolve_protections(plain_table.get(PROTECTIONS, ())),
    )


def _number(limit: Limit, value: Any) -> Decimal:
    """`value` as this limit's number: not negative, not above `highest`, whole where things are counted."""
    wrong = f"[risk] {limit.slug} = {plain(value) if isinstance(value, Decimal) else repr(value)}"
    hint = "shares are fractions: 0.05 is 5 %" if limit.unit is Unit.SHARE else ""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or number < 0:
        raise SettingsError(f"{wrong} is not a number of zero or more", hint=hint)
    if number > limit.highest:
        raise SettingsError(f"{wrong} is above {plain(limit.highest)}, the most it may be", hint=hint)
    if number < limit.lowest:
        raise SettingsError(
            f"{wrong} is below {plain(limit.lowest)}, the least it may be: exits would never have their turn",
            hint="`trader halt` stops every order",
        )
    if limit.unit is Unit.COUNT and number != number.to_integral_value():
        raise SettingsError(f"{wrong} is not a whole number")
    return number
