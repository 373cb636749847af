"""`trader trace`."""

from typing import Annotated

import typer

from trader.cli.group import group

app = group("Who said what, from which facts, and what came of it.")


@app.command("list")
def trace_list(
    context: typer.Context,
    symbol: Annotated[str | None, typer.Option(metavar="SYMBOL", help="Only this one.")] = None,
    outcome: Annotated[str | None, typer.Option(metavar="OUTCOME", help="trade, hold or undecided.")] = None,
    book: Annotated[str | None, typer.Option(metavar="ID", help="Only this book.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 20,
) -> None:
    """Decisions, newest first."""
    from trader.commands import trace

    trace.show_list(context.obj, symbol=symbol, outcome=outcome, book=book, limit=limit)


@app.command("show")
def trace_show(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(metavar="ID", help="A decision, or the beginning of its id.")],
    full: Annotated[bool, typer.Option("--full", help="Every fact, the evidence and the prompts.")] = False,
) -> None:
    """One decision, from the signal to the fill."""
    from trader.commands import trace

    trace.show(context.obj, decision, full=full)


@app.command("replay")
def trace_replay(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(metavar="ID", help="A decision, or the beginning of its id.")],
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Run the tools again, from the data as it is now.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Ask this one: PROVIDER/NAME, or a role of trader.toml."),
    ] = None,
    agents: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="With --model: only these ask it.")
    ] = None,
) -> int:
    """Decide again from the journal alone: is it the same?

    With --model other answers are asked for, and what comes of them is shown beside what was recorded.
    Nothing is traded, and the journal stays as it is.
    """
    from trader.commands import trace_replay

    return trace_replay.replay(context.obj, decision, recompute=recompute, model=model, agents=agents or [])


@app.command("diff")
def trace_diff(
    context: typer.Context,
    one: Annotated[str, typer.Argument(metavar="A", help="A decision, or the beginning of its id.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another.")],
) -> None:
    """What differs between two decisions."""
    from trader.commands import trace

    trace.diff(context.obj, one, other)
