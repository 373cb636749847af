"""`trader backtest`."""

from pathlib import Path
from typing import Annotated

import typer

from trader.cli.group import group

app = group("The desk over the past, beside baselines.", invoke_without_command=True)

ID = typer.Argument(
    metavar="ID", help="Its id or the beginning; last, or unset, the newest. ID/2 is its 2nd book."
)
HTML = typer.Option(metavar="FILE", help="Write the report as one HTML file, too.")


@app.callback()
def backtest_desk(
    context: typer.Context,
    symbols: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="What to trade; may be given more than once.")
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="DAY", help="First day to decide on.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DAY", help="Last day to decide on.")] = None,
    feed: Annotated[
        str | None, typer.Option(metavar="FEED", help="Where bars come from: sample, or files:DIR.")
    ] = None,
    timeframe: Annotated[
        str | None, typer.Option(metavar="BAR", help="Length of a bar: 1m 5m 15m 30m 1h 4h 1d.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seeds whatever is drawn at random.")] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Every agent asks it: a name as litellm has it.")
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=V1,V2", help="A book for each value of a setting; may be given again."),
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", min=1, help="A book for each of N seeds.")] = 1,
    cost: Annotated[
        str | None, typer.Option(metavar="0,5,10", help="A book for each cost a side, in basis points.")
    ] = None,
    each_symbol: Annotated[bool, typer.Option("--each-symbol", help="A book for each symbol.")] = False,
    folds: Annotated[
        int, typer.Option(metavar="N", min=1, help="Cut the span into N parts, a book for each.")
    ] = 1,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Books at once; unset, one on each core.")
    ] = None,
    engine: Annotated[str, typer.Option(metavar="NAME", help="process, or ray for a cluster.")] = "process",
    html: Annotated[Path | None, HTML] = None,
) -> int:
    """The desk over the past, with costs: the same agents, gate and broker as `trader run`.

    Books run at once, each with a journal of its own. Everything that is fitted is fitted from what was known
    then. The same command goes on with what was interrupted, and costs nothing where it is finished.
    """
    if context.invoked_subcommand is not None:
        return 0
    from trader.commands import backtest
    from trader.commands.backtest_plan import Flags

    flags = Flags(
        symbols, start, end, feed, timeframe, seed, model, tuple(vary or ()), seeds, cost, each_symbol, folds
    )
    return backtest.backtest(context.obj, flags, backtest.How(workers, engine, html))


@app.command("list")
def backtest_list(context: typer.Context) -> None:
    """Backtests of this workspace, newest first."""
    from trader.commands import backtest

    backtest.show_list(context.obj)


@app.command("show")
def backtest_show(
    context: typer.Context,
    id: Annotated[str | None, ID] = None,
    html: Annotated[Path | None, HTML] = None,
) -> int:
    """What came of a backtest: the report again."""
    from trader.commands import backtest

    return backtest.show(context.obj, id, html)


@app.command("compare")
def backtest_compare(
    context: typer.Context,
    one: Annotated[str, typer.Argument(metavar="A", help="A backtest, or one of its books: ID/2.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another.")],
) -> int:
    """Was one better than the other, or lucky? Paired, on the days that both have."""
    from trader.commands import backtest_compare

    return backtest_compare.compare(context.obj, one, other)
