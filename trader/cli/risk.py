"""`trader risk`."""

from typing import Annotated

import typer

from trader.cli.group import BOOK, group

app = group("The limits, what is used of each, and what comes next.", invoke_without_command=True)


@app.callback()
def risk_show(context: typer.Context, book: Annotated[str | None, BOOK] = None) -> None:
    """The limits, what is used of each, and what comes next."""
    if context.invoked_subcommand is None:
        from trader.commands import risk

        risk.show(context.obj, book)


@app.command("check")
def risk_check(
    context: typer.Context,
    symbol: Annotated[str, typer.Option(metavar="SYMBOL", help="What to trade.")],
    side: Annotated[str, typer.Option(metavar="SIDE", help="buy or sell.")],
    quantity: Annotated[str, typer.Option(metavar="N", help="Units: shares, coins or contracts.")],
    price: Annotated[
        str | None, typer.Option(metavar="PRICE", help="The limit; unset, as far as the collar allows.")
    ] = None,
    book: Annotated[str | None, BOOK] = None,
) -> int:
    """Rule on an order as the gate would, and send nothing.

    Exit code 3 where not all of it may be sent.
    """
    from trader.commands import risk

    return risk.check(context.obj, symbol=symbol, side=side, quantity=quantity, price=price, book=book)
