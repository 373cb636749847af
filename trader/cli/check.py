"""`trader check`."""

from typing import Annotated

import typer

from trader.cli.group import group

app = group("Prove what has to hold for the desk as you have configured it.")


@app.command("lookahead")
def check_lookahead(
    context: typer.Context,
    feed: Annotated[
        str | None, typer.Option(metavar="FEED", help="sample or files:DIR; unset, run.feed.")
    ] = None,
    symbols: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="Instruments; unset, run.symbols.")
    ] = None,
    moments: Annotated[int, typer.Option(metavar="N", help="At so many moments of the data.")] = 4,
    at: Annotated[
        list[str] | None, typer.Option(metavar="DAY", help="At these days' ends in UTC, not at N moments.")
    ] = None,
) -> int:
    """Prove that nothing after a moment changes what the desk says at it.

    Your agents, tools and data decide at several moments; then all that came later is cut away, and
    scrambled, and they decide again. Evidence, questions to models, forms, decisions and orders have to be
    the same byte for byte; the tool or agent that differs is named, and the exit code is 1.
    """
    from datetime import UTC, datetime, time

    from trader.commands import check
    from trader.commands.arguments import day, names

    chosen = tuple(datetime.combine(day(text, "--at"), time.max, UTC) for text in names(at or ()))
    return check.lookahead(context.obj, feed, names(symbols or ()), moments, chosen)
