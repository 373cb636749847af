"""What an amendment makes of a working order: pure; the broker writes it down."""

from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from trader.brokers.ledger import Tracked
from trader.domain.errors import OrderError
from trader.domain.orders import STOPPED, Order
from trader.domain.value import plain


def amended(
    tracked: Tracked,
    quantity: Decimal | None,
    price: Decimal | None,
    limit_price: Decimal | None,
    trail: Decimal | None,
) -> Order:
    """The order in its new terms. Raises OrderError for terms that it cannot have."""
    order = tracked.order
    changes: dict[str, Any] = {}
    if quantity is not None:
        if not quantity.is_finite() or quantity <= tracked.filled:
            raise OrderError(
                f"{order.client_id}: quantity {quantity} asked, {plain(tracked.filled)} have filled"
            )
        changes["quantity"] = quantity
    if price is not None:
        changes["stop_price" if order.type in STOPPED else "limit_price"] = price
    if limit_price is not None:
        changes["limit_price"] = limit_price
    if trail is not None:
        changes["trail"] = trail
    try:
        return Order.model_validate(order.model_dump() | changes)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ").removeprefix(f"{order.client_id}: ")
        raise OrderError(f"{order.client_id}: {said}") from None
