"""Orders, fills and rulings. The order's life is one table; what is not in it is an error."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Self

from pydantic import Field, model_validator

from trader.domain.errors import IllegalTransition
from trader.domain.ids import ClientOrderId, DecisionId
from trader.domain.value import Amount, Moment, Number, Value


class Side(StrEnum):
    """Which way units move."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an order meets the market."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    """A market order once the market is at the stop."""
    STOP_LIMIT = "stop_limit"
    """A limit order once the market is at the stop."""
    TRAILING_STOP = "trailing_stop"
    """A stop that follows the market at the distance `trail`, and never goes back."""


LIMITED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
"""Have a worst price."""
STOPPED = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
"""Sleep until the market is at their stop."""


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "day"
    """Until the close of the next session it can trade in."""
    GTC = "gtc"
    """Until it is cancelled."""
    IOC = "ioc"
    """What fills at once; the rest is cancelled."""


class OrderState(StrEnum):
    """Where an order stands. `unknown` is a state: it may have reached the venue, and nobody has said."""

    AWAITING_APPROVAL = "awaiting_approval"
    INTENDED = "intended"
    SUBMITTED = "submitted"
    ACKNOWLEDGED = "acknowledged"
    PARTLY_FILLED = "partly_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    NEVER_ARRIVED = "never_arrived"


_S = OrderState
_AT_THE_VENUE = frozenset(
    {_S.ACKNOWLEDGED, _S.PARTLY_FILLED, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED}
)
"""What a venue may say of an order that it has."""

TRANSITIONS: Mapping[OrderState, frozenset[OrderState]] = {
    _S.AWAITING_APPROVAL: frozenset({_S.INTENDED, _S.REJECTED, _S.EXPIRED}),
    _S.INTENDED: frozenset({_S.SUBMITTED, _S.UNKNOWN, _S.NOT_SENT}),
    _S.SUBMITTED: _AT_THE_VENUE | {_S.UNKNOWN},
    _S.ACKNOWLEDGED: (_AT_THE_VENUE | {_S.UNKNOWN}) - {_S.ACKNOWLEDGED},
    _S.PARTLY_FILLED: frozenset({_S.PARTLY_FILLED, _S.FILLED, _S.CANCELLED, _S.EXPIRED, _S.UNKNOWN}),
    _S.UNKNOWN: _AT_THE_VENUE | {_S.NEVER_ARRIVED},
    # The same id may be sent again, once; and a request that was only slow arrives after all.
    _S.NEVER_ARRIVED: _AT_THE_VENUE | {_S.SUBMITTED},
    # A cancel and a fill crossed on the wire, or the close and a fill: the venue's fill is the truth.
    _S.CANCELLED: frozenset({_S.FILLED}),
    _S.EXPIRED: frozenset({_S.FILLED}),
    _S.FILLED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.NOT_SENT: frozenset(),
}
"""State -> what may come next. No other step exists."""

WORKING = frozenset({_S.SUBMITTED, _S.ACKNOWLEDGED, _S.PARTLY_FILLED, _S.UNKNOWN})
"""May still fill: reserves money, counts towards limits."""
WAITING = frozenset({_S.AWAITING_APPROVAL, _S.INTENDED})
"""Not yet at the venue."""
DONE = frozenset({_S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED, _S.NOT_SENT, _S.NEVER_ARRIVED})
"""Nothing more is expected."""


class Progress(StrEnum):
    """What an event is to an order that stands somewhere already."""

    NEXT = "next"
    """The table allows it."""
    REPEATED = "repeated"
    """Where the order stands was told again."""
    LATE = "late"
    """The order is past it: an acknowledgement that comes after the fill. It changes nothing."""
    IMPOSSIBLE = "impossible"
    """No order comes from the one to the other, in whatever order events arrive."""


def progress(before: OrderState, told: OrderState) -> Progress:
    """What it means that an order in the state `before` is `told` to be in another.

    Late is whatever the order may have gone through on its way. That an order never arrived is never late:
    of one that is known to have arrived it cannot be true.
    """
    if told is before:
        return Progress.REPEATED
    if told in TRANSITIONS[before]:
        return Progress.NEXT
    if told is not _S.NEVER_ARRIVED and before in _reachable(told):
        return Progress.LATE
    return Progress.IMPOSSIBLE


@cache
def _reachable(state: OrderState) -> frozenset[OrderState]:
    """Every state that an order in `state` may come to, by the table."""
    found: set[OrderState] = set()
    pending = [state]
    while pending:
        for following in TRANSITIONS[pending.pop()] - found:
            found.add(following)
            pending.append(following)
    return frozenset(found)


def check_transition(order: ClientOrderId, before: OrderState, after: OrderState) -> None:
    """Raise IllegalTransition unless the table allows it."""
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(f"order {order}: {before} cannot become {after}")


class Order(Value):
    """What is asked of a venue. Its state is not here: it is the last event that the journal has of it."""

    client_id: ClientOrderId
    decision: DecisionId
    symbol: str
    side: Side
    type: OrderType
    quantity: Amount = Field(gt=0)
    limit_price: Amount | None = Field(default=None, gt=0)
    stop_price: Amount | None = Field(default=None, gt=0)
    trail: Amount | None = Field(default=None, gt=0)
    """How far the stop stays behind the best price so far, in the price's unit."""
    time_in_force: TimeInForce = TimeInForce.DAY
    reduce_only: bool = False
    """Never opens or turns a position: what exceeds the position is dropped."""
    parent: ClientOrderId | None = None
    """Works only from the fill of this order on, for as much as has filled: a protective leg."""

    @model_validator(mode="after")
    def _prices_fit_the_type(self) -> Self:
        if (self.type in LIMITED) != (self.limit_price is not None):
            raise ValueError(f"{self.client_id}: a limit order, and no other, has a limit price")
        if (self.type in STOPPED) != (self.stop_price is not None):
            raise ValueError(f"{self.client_id}: a stop order, and no other, has a stop price")
        if (self.type is OrderType.TRAILING_STOP) != (self.trail is not None):
            raise ValueError(f"{self.client_id}: a trailing stop, and no other, has a distance to trail by")
        return self

    @property
    def signed_quantity(self) -> Decimal:
        """Positive for a buy."""
        return self.quantity * self.side.sign


class Awaiting(Value):
    """An order that waits for a person's word: nothing of it is sent before."""

    order: Order


class OrderEvent(Value):
    """One step in an order's life."""

    client_id: ClientOrderId
    state: OrderState
    at: Moment
    venue_id: str = ""
    reason: str = ""
    """Why it was rejected, cancelled or not sent; what is not known."""
    quantity: Amount | None = None
    """The order's new quantity, where it changed: by a split, an amendment, or what was ruled at approval."""
    price: Amount | None = None
    """The order's new stop price, or limit where it has no stop, where that changed."""
    limit_price: Amount | None = None
    """The new limit of an order that has a stop as well, where that changed."""
    trail: Amount | None = None
    """The new distance of a trailing stop, where that changed."""


class Fill(Value):
    """Units that changed hands. Idempotent by the venue's fill id."""

    id: str
    client_id: ClientOrderId
    symbol: str
    side: Side
    quantity: Amount = Field(gt=0)
    price: Amount = Field(gt=0)
    market: Amount | None = Field(default=None, gt=0)
    """Where the market was: the price before half the spread and slippage, where that is known."""
    fee: Amount = Field(default=Decimal(0), ge=0)
    fee_currency: str
    rate: Amount = Field(default=Decimal(1), gt=0)
    """What a unit of the price's currency was worth in the book's."""
    rate_source: str = ""
    """Where that is from, and of when; empty where both are one currency."""
    at: Moment
    note: str = ""
    """What was ambiguous: a stop and an open in one bar, a partial fill by volume."""

    @property
    def signed_quantity(self) -> Decimal:
        """Positive for a buy."""
        return self.quantity * self.side.sign


class RulingOutcome(StrEnum):
    """What the gate said."""

    ALLOWED = "allowed"
    CUT = "cut"
    REFUSED = "refused"


class Ruling(Value):
    """The gate's word on one order, with both numbers. No model can reach it."""

    client_id: ClientOrderId
    symbol: str
    outcome: RulingOutcome
    limit: str = ""
    """Slug of the limit that cut or refused; empty where all passed."""
    asked: Number | None = None
    permitted: Number | None = None
    quantity_asked: Amount
    quantity: Amount
    """What may be sent: equal, smaller or zero."""
    sentence: str = ""
    """For a person: "position size: 6.1 % of equity asked, 5 % allowed"."""
