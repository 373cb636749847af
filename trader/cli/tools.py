"""`trader tools`."""

from typing import Annotated

import typer

from trader.cli.group import group

app = group("What agents may call.")


@app.command("list")
def tools_list(context: typer.Context) -> None:
    """Every tool with its arguments and results."""
    from trader.commands import tools

    tools.show_list(context.obj)


@app.command("show")
def tools_show(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """One tool: what each argument and each result is."""
    from trader.commands import tools

    tools.show(context.obj, name)


@app.command("run")
def tools_run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    symbol: Annotated[str, typer.Option(metavar="SYMBOL", help="What to look at.")],
    as_of: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="A day (its close) or 2012-06-01T14:00Z; unset, the last bar."),
    ] = None,
    arg: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="An argument.")] = None,
    feed: Annotated[str | None, typer.Option(metavar="FEED", help="sample, or files:DIR.")] = None,
    timeframe: Annotated[str | None, typer.Option(metavar="BAR", help="Length of a bar.")] = None,
) -> int:
    """Run one tool as an agent would, at one moment."""
    from trader.commands import tools

    return tools.run(
        context.obj, name, symbol=symbol, as_of=as_of, arguments=arg or [], feed=feed, timeframe=timeframe
    )


@app.command("features")
def tools_features(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Indicators or groups; unset, all.")
    ] = None,
) -> None:
    """Every indicator: group, unit, warm-up, formula, source."""
    from trader.commands import tools

    tools.features(context.obj, names or [])
