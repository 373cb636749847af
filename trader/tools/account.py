"""The account as it was at the start of the round, around one symbol."""

from decimal import Decimal

from trader.domain.errors import ToolError
from trader.domain.orders import OrderType, Side
from trader.domain.portfolio import Account
from trader.domain.value import Amount
from trader.tools.tool import NoArguments, Schema, Tool, ToolContext


class Working(Schema):
    """An order that may still fill."""

    leg: str
    """e an entry, x an exit, s a stop, t a target; and its number."""  # a whole id would name the book
    side: Side
    """Buy or sell."""
    type: OrderType
    """Market, limit or stop."""
    remaining: Amount
    """Units still to come."""
    price: Amount | None
    """Its limit or stop; null for a market order."""


class Result(Schema):
    """Money, units and orders; amounts in the account's currency."""

    currency: str
    """What amounts are in."""
    cash: Amount
    """Not invested."""
    equity: Amount
    """Cash and the market value of all positions."""
    quantity: Amount
    """Units held of the symbol, signed."""
    value: Amount
    """Their market value, signed."""
    cost: Amount
    """What they cost in all, signed like the quantity."""
    working: tuple[Working, ...]
    """Orders in the symbol."""


def run(context: ToolContext, _: NoArguments) -> Result:
    """Read the snapshot."""
    account, symbol = snapshot(context), context.symbol
    held = account.position(symbol)
    return Result(
        currency=account.currency,
        cash=account.cash,
        equity=account.equity,
        quantity=account.quantity(symbol),
        value=account.value(symbol),
        cost=held.cost if held else Decimal(0),
        working=tuple(
            Working(
                leg=item.order.client_id.rpartition("-")[2],
                side=item.order.side,
                type=item.order.type,
                remaining=item.remaining,
                price=item.order.limit_price or item.order.stop_price,
            )
            for item in account.working
            if item.order.symbol == symbol
        ),
    )


def snapshot(context: ToolContext) -> Account:
    """The account. Raises ToolError where nothing is traded."""
    if context.account is None:
        raise ToolError("there is no account: nothing is traded here")
    return context.account


ACCOUNT = Tool(
    "account", "Cash, equity, units held and working orders", NoArguments, Result, run, reads_account=True
)
