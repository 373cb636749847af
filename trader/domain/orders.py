"""Orders, fills and rulings. The order's life is one table; what is not in it is an error."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
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


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "day"
    """Until the close of the next session it can trade in."""
    GTC = "gtc"
    """Until it is cancelled."""


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
TRANSITIONS: Mapping[OrderState, frozenset[OrderState]] = {
    _S.AWAITING_APPROVAL: frozenset({_S.INTENDED, _S.REJECTED, _S.EXPIRED}),
    _S.INTENDED: frozenset({_S.SUBMITTED, _S.UNKNOWN, _S.NOT_SENT}),
    _S.SUBMITTED: frozenset(
        {
            _S.ACKNOWLEDGED,
            _S.PARTLY_FILLED,
            _S.FILLED,
            _S.CANCELLED,
            _S.REJECTED,
            _S.EXPIRED,
            _S.UNKNOWN,
        }
    ),
    _S.ACKNOWLEDGED: frozenset(
        {_S.PARTLY_FILLED, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED, _S.UNKNOWN}
    ),
    _S.PARTLY_FILLED: frozenset({_S.PARTLY_FILLED, _S.FILLED, _S.CANCELLED, _S.EXPIRED, _S.UNKNOWN}),
    _S.UNKNOWN: frozenset(
        {
            _S.ACKNOWLEDGED,
            _S.PARTLY_FILLED,
            _S.FILLED,
            _S.CANCELLED,
            _S.REJECTED,
            _S.EXPIRED,
            _S.NEVER_ARRIVED,
        }
    ),
    _S.NEVER_ARRIVED: frozenset(
        {_S.SUBMITTED}
    ),  # the venue said so: the same id may be sent, once, by a person or a re-run
    _S.CANCELLED: frozenset(
        {_S.FILLED}
    ),  # a cancel and a fill crossed on the wire: the venue's fill is the truth
    _S.FILLED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.NOT_SENT: frozenset(),
}

WORKING = frozenset({_S.SUBMITTED, _S.ACKNOWLEDGED, _S.PARTLY_FILLED, _S.UNKNOWN})
"""May still fill: reserves money, counts towards limits."""
WAITING = frozenset({_S.AWAITING_APPROVAL, _S.INTENDED})
"""Not yet at the venue."""
DONE = frozenset({_S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED, _S.NOT_SENT, _S.NEVER_ARRIVED})
"""Nothing more is expected."""


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
    time_in_force: TimeInForce = TimeInForce.DAY
    reduce_only: bool = False
    """Never opens or turns a position: what exceeds the position is dropped."""
    parent: ClientOrderId | None = None
    """Works only from the fill of this order on, for as much as has filled: a protective leg."""

    @model_validator(mode="after")
    def _prices_fit_the_type(self) -> Self:
        if (self.type is OrderType.LIMIT) != (self.limit_price is not None):
            raise ValueError(f"{self.client_id}: a limit order, and no other, has a limit price")
        if (self.type is OrderType.STOP) != (self.stop_price is not None):
            raise ValueError(f"{self.client_id}: a stop order, and no other, has a stop price")
        return self

    @property
    def signed_quantity(self) -> Decimal:
        """Positive for a buy."""
        return self.quantity * self.side.sign


class OrderEvent(Value):
    """One step in an order's life."""

    client_id: ClientOrderId
    state: OrderState
    at: Moment
    venue_id: str = ""
    reason: str = ""
    """Why it was rejected, cancelled or not sent; what is not known."""
    quantity: Amount | None = None
    """The order's new quantity, where the venue changed it (a split)."""
    price: Amount | None = None
    """The order's new limit or stop price, where the venue changed it (a split)."""


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
