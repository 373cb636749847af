"""What is held and ordered, and what a person says of orders."""

from typing import Annotated

import typer

from trader.cli.group import BOOK


def positions_held(context: typer.Context, book: Annotated[str | None, BOOK] = None) -> None:
    """What is held, and the account."""
    from trader.commands import account

    account.positions(context.obj, book)


def orders_placed(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that are done, too.")] = False,
    book: Annotated[str | None, BOOK] = None,
) -> None:
    """Orders that may still fill, or wait for approval."""
    from trader.commands import account

    account.orders(context.obj, book, every=every)


def approve_order(
    context: typer.Context,
    order: Annotated[str, typer.Argument(metavar="ID", help="An order, or the beginning of its id.")],
    book: Annotated[str | None, BOOK] = None,
) -> int:
    """Let an order go that waits for you.

    It is ruled on again against the account as it is then. Exit code 3 where it is refused.
    """
    from trader.commands import ordering

    return ordering.rule_on(context.obj, "approve", order, book)


def reject_order(
    context: typer.Context,
    order: Annotated[str, typer.Argument(metavar="ID", help="An order, or the beginning of its id.")],
    book: Annotated[str | None, BOOK] = None,
) -> int:
    """Turn down an order that waits for you."""
    from trader.commands import ordering

    return ordering.rule_on(context.obj, "reject", order, book)


def flatten_positions(
    context: typer.Context,
    symbol: Annotated[str | None, typer.Option(metavar="SYMBOL", help="Only this position.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    book: Annotated[str | None, BOOK] = None,
) -> int:
    """Leave every position at the next price there is.

    Names what will be sent, and asks. Entries that work or wait are cancelled. The desk may enter again
    afterwards: `trader halt` keeps it from that.
    """
    from trader.commands import ordering

    return ordering.flatten_book(context.obj, symbol, book, yes=yes)
