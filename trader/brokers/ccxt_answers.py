"""A venue's answers as values. What cannot be what was asked for is not believed: it raises Unbelievable.

ccxt turns a page, half a document or `[]` into orders and trades of None without an error.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from trader.brokers.venue_account import VenueOrder, VenueTrade
from trader.data.feeds.ccxt_errors import Unbelievable
from trader.domain.orders import OrderState, Side
from trader.domain.value import plain
from trader.risk.facts import Quote

_STATES: Mapping[str, OrderState] = {
    "open": OrderState.ACKNOWLEDGED,
    "closed": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "canceling": OrderState.ACKNOWLEDGED,
    "expired": OrderState.EXPIRED,
    "rejected": OrderState.REJECTED,
}
"""ccxt's words for where an order stands."""


def order_of(answer: Any) -> VenueOrder:
    """One order."""
    said = _table(answer, "an order")
    state = _STATES.get(said.get("status") or "")
    if state is None:
        raise Unbelievable(f"an order whose status is {said.get('status')!r}")
    return VenueOrder(
        venue_id=_text(said, "id"),
        client_id=_text(said, "clientOrderId"),
        symbol=_text(said, "symbol"),
        side=_side(said),
        quantity=_number(said, "amount"),
        filled=_number(said, "filled"),
        limit_price=_price(said, "price"),
        stop_price=_price(said, "triggerPrice"),
        state=state,
    )


def orders_of(answer: Any) -> tuple[VenueOrder, ...]:
    """A list of orders."""
    return tuple(order_of(one) for one in _list(answer, "orders"))


def trades_of(answer: Any) -> tuple[VenueTrade, ...]:
    """A list of trades, each once, in the order in which they happened."""
    found = {trade.id: trade for trade in map(_trade, _list(answer, "trades"))}
    return tuple(sorted(found.values(), key=lambda trade: trade.rank))


def balances_of(answer: Any) -> dict[str, Decimal]:
    """What is owned of each asset, free and locked; what is owned of none is left out."""
    totals = _table(_table(answer, "a balance").get("total"), "a balance")
    owned = {asset: _decimal(total, asset) for asset, total in sorted(totals.items())}
    if not owned:
        raise Unbelievable("a balance without a single asset")
    return {asset: total for asset, total in owned.items() if total}


def quote_of(answer: Any) -> Quote:
    """The best prices of one market. Raises Unbelievable where one is missing, or they cross."""
    said = _table(answer, "prices")
    bid, ask = _positive(said, "bid"), _positive(said, "ask")
    if ask < bid:
        raise Unbelievable(f"a bid of {plain(bid)} above the ask of {plain(ask)}")
    return Quote(bid=bid, ask=ask)


def account_of(answer: Any) -> str:
    """Whose account it is. Raises Unbelievable where the venue does not say."""
    info = _table(_table(answer, "a balance").get("info"), "an account")
    for name in ("uid", "accountId", "account_id", "id"):
        if info.get(name):
            return str(info[name])
    raise Unbelievable("an account that does not say whose it is")


def _trade(answer: Any) -> VenueTrade:
    said = _table(answer, "a trade")
    fees = [fee for fee in said.get("fees") or [said.get("fee")] if fee and fee.get("cost") is not None]
    if len(fees) > 1:
        raise Unbelievable(f"a trade with {len(fees)} fees")
    stamp = said.get("timestamp")
    if not isinstance(stamp, int):
        raise Unbelievable("a trade without its time")
    fee = _decimal(fees[0]["cost"], "fee") if fees else Decimal(0)
    return VenueTrade(
        id=_text(said, "id"),
        order=_text(said, "order"),
        symbol=_text(said, "symbol"),
        side=_side(said),
        quantity=_positive(said, "amount"),
        price=_positive(said, "price"),
        fee=fee,
        fee_currency=(fees[0].get("currency") or "") if fees else "",
        at=datetime.fromtimestamp(stamp / 1000, UTC),
    )


def _table(answer: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(answer, Mapping):
        raise Unbelievable(f"{what} that is none: {type(answer).__name__}")
    return answer


def _list(answer: Any, what: str) -> Iterable[Any]:
    if not isinstance(answer, list):
        raise Unbelievable(f"{what} that are no list: {type(answer).__name__}")
    return answer


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise Unbelievable(f"an answer without {name}")
    return value


def _side(said: Mapping[str, Any]) -> Side:
    try:
        return Side(said.get("side") or "")
    except ValueError:
        raise Unbelievable(f"an answer whose side is {said.get('side')!r}") from None


def _number(said: Mapping[str, Any], name: str) -> Decimal:
    return _decimal(said.get(name), name)


def _positive(said: Mapping[str, Any], name: str) -> Decimal:
    amount = _number(said, name)
    if amount <= 0:
        raise Unbelievable(f"an answer whose {name} is {amount}")
    return amount


def _price(said: Mapping[str, Any], name: str) -> Decimal | None:
    """A price, or none where it is not given; venues give zero for none too."""
    value = said.get(name)
    return (_decimal(value, name) or None) if value is not None else None


def _decimal(value: Any, name: str) -> Decimal:
    if not isinstance(value, str):
        raise Unbelievable(f"an answer whose {name} is {value!r}")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise Unbelievable(f"an answer whose {name} is {value!r}") from None
    if not amount.is_finite() or amount < 0:
        raise Unbelievable(f"an answer whose {name} is {amount}")
    return Decimal(plain(amount))
