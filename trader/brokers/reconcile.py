"""The journal's account beside the venue's: a pure comparison, every difference with both sides.

Nothing here mends anything. What the desk did not place is named and left alone; what a second look does not
explain keeps the desk from opening anything.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum

from trader.brokers.venue_account import VenueOrder
from trader.domain.orders import OrderState
from trader.domain.portfolio import WorkingOrder
from trader.domain.value import Amount, Moment, Value, plain


class Kind(StrEnum):
    """What there is to disagree about."""

    MISSING = "missing"
    """The journal says that an order works; the venue does not have it open."""
    ENDED = "ended"
    """The venue has an order open that has ended in the journal, or was never sent."""
    TERMS = "terms"
    """Both have the order, with another quantity, price or side."""
    FILLED = "filled"
    """Both have the order, with another quantity filled."""
    FOREIGN = "foreign"
    """The venue has an order open that the desk did not place."""
    FOREIGN_TRADE = "foreign_trade"
    """Units changed hands by an order that the desk did not place."""
    HOLDING = "holding"
    """The venue has another amount of an asset."""


NOT_OURS = frozenset({Kind.FOREIGN, Kind.FOREIGN_TRADE})
"""Explained by what they are: somebody else uses the account."""


class Difference(Value):
    """One thing that the journal and the venue say differently."""

    kind: Kind
    what: str
    """A client order id, a venue's order or trade, or an asset."""
    journal: str
    venue: str

    @property
    def sentence(self) -> str:
        """For a person."""
        return f"{self.what}: {self.journal} in the journal, {self.venue} at the venue ({self.kind})"


class Claims(Value):
    """What the journal says of the account."""

    working: tuple[WorkingOrder, ...]
    known: dict[str, OrderState]
    """Every order of the book by its client id."""
    holdings: dict[str, Amount]
    """Of each asset that the book can move: what there was before it, and what its fills have made of it."""


class Statement(Value):
    """What the venue says of the account."""

    at: Moment
    orders: tuple[VenueOrder, ...]
    """Those that work."""
    balances: dict[str, Amount]
    """Of each asset, free and locked."""


class Report(Value):
    """What a reconciliation found."""

    at: Moment
    explained: tuple[Difference, ...] = ()
    """Resolved by asking the venue, or not the desk's doing."""
    inexplicable: tuple[Difference, ...] = ()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """All that was found."""
        return (*self.explained, *self.inexplicable)


UNSETTLED = frozenset({OrderState.SUBMITTED, OrderState.UNKNOWN})
"""Nobody has said yet that the venue has the order."""


def compare(claims: Claims, statement: Statement) -> tuple[Difference, ...]:
    """Every difference: orders first, in the order of their ids, then assets."""
    at_venue = {order.client_id: order for order in statement.orders}
    found = [difference for one in claims.working for difference in _working(one, at_venue)]
    working = {one.order.client_id for one in claims.working}
    found += [_unexpected(one, claims.known) for one in statement.orders if one.client_id not in working]
    return (*sorted(found, key=lambda one: (one.what, one.kind)), *_holdings(claims, statement.balances))


def settled(first: Iterable[Difference], second: Iterable[Difference], at: Moment) -> Report:
    """What of a first look a second one, after the venue was asked for news, no longer sees.

    Only what both have seen the same is inexplicable: what happens between two answers is no difference.
    """
    still = tuple(one for one in second if one.kind not in NOT_OURS)
    seen = tuple(first)
    inexplicable = tuple(one for one in still if one in seen)
    explained = tuple(dict.fromkeys(one for one in (*seen, *second) if one not in still))
    return Report(at=at, explained=explained, inexplicable=inexplicable)


def _working(one: WorkingOrder, at_venue: Mapping[str, VenueOrder]) -> Iterable[Difference]:
    order, there = one.order, at_venue.get(one.order.client_id)
    if there is None and one.state in UNSETTLED:
        return  # the journal does not say that the venue has it
    if there is None:
        yield _difference(Kind.MISSING, order.client_id, one.state.value, "no open order")
        return
    # Of an order without a limit that has filled in part ccxt tells the average price in its place.
    prices = (there.limit_price if order.limit_price is not None else None, there.stop_price)
    ours = f"{order.side} {plain(order.quantity)} at {_price(order.limit_price, order.stop_price)}"
    theirs = f"{there.side} {plain(there.quantity)} at {_price(*prices)}"
    if (ours, order.symbol) != (theirs, there.symbol):
        yield _difference(Kind.TERMS, order.client_id, ours, theirs)
    if one.filled != there.filled:
        yield _difference(Kind.FILLED, order.client_id, plain(one.filled), plain(there.filled))


def _unexpected(one: VenueOrder, known: Mapping[str, OrderState]) -> Difference:
    theirs = f"{one.side} {plain(one.quantity)} {one.symbol} works"
    if one.client_id in known:
        return _difference(Kind.ENDED, one.client_id, known[one.client_id].value, theirs)
    return _difference(Kind.FOREIGN, one.client_id or one.venue_id, "nothing", theirs)


def _holdings(claims: Claims, balances: Mapping[str, Decimal]) -> Iterable[Difference]:
    for asset, claimed in sorted(claims.holdings.items()):
        there = balances.get(asset, Decimal(0))
        if claimed != there:
            yield _difference(Kind.HOLDING, asset, plain(claimed), plain(there))


def _difference(kind: Kind, what: str, journal: str, venue: str) -> Difference:
    return Difference(kind=kind, what=what, journal=journal, venue=venue)


def _price(limit: Decimal | None, stop: Decimal | None) -> str:
    parts = [plain(price) for price in (stop, limit) if price is not None]
    return ", then ".join(parts) or "the market"
