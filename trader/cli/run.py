"""`trader run`."""

from pathlib import Path
from typing import Annotated

import typer


def run_desk(
    context: typer.Context,
    mode: Annotated[str, typer.Option(metavar="paper", help="Whose money: simulated.")] = "paper",
    feed: Annotated[
        str | None,
        typer.Option(metavar="FEED", help="Where bars come from: sample, files:DIR or ccxt:EXCHANGE."),
    ] = None,
    broker: Annotated[
        str | None, typer.Option(metavar="BROKER", help="Where orders go: paper, or ccxt:EXCHANGE's sandbox.")
    ] = None,
    symbols: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="What to trade; may be given more than once.")
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="DAY", help="First day to decide on.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DAY", help="Last day to decide on.")] = None,
    timeframe: Annotated[
        str | None, typer.Option(metavar="BAR", help="Length of a bar: 1m 5m 15m 30m 1h 4h 1d.")
    ] = None,
    cycles: Annotated[int | None, typer.Option(metavar="N", help="Stop after N rounds.")] = None,
    speed: Annotated[
        float | None, typer.Option(metavar="N", help="Rounds a second, at most; 0 is as fast as they go.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seeds whatever is drawn at random.")] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Every agent asks it: a name as litellm has it, or local-demo."),
    ] = None,
    approval: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Entries that you must approve: never, always or over:5000."),
    ] = None,
    wait_for_approval: Annotated[
        bool, typer.Option("--wait-for-approval", help="Wait for you; unset, only on a terminal.")
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="Open a new book even where an unfinished one fits.")
    ] = False,
    cassette: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Models' answers: what it has is replayed, the rest recorded."),
    ] = None,
    replay_only: Annotated[
        bool, typer.Option("--replay-only", help="Ask no model for what the cassette lacks.")
    ] = False,
) -> int:
    """Replay bars through the whole desk and trade on paper.

    With --broker ccxt:EXCHANGE it trades the sandbox of an exchange instead, on its own bars as they close.

    Goes on with an unfinished run of equal settings, else opens a new book. Ctrl-C finishes the round in
    hand, prints the summary and leaves; a second one leaves at once.
    """
    from trader.commands import run

    flags = run.Flags(
        mode,
        feed,
        broker,
        symbols,
        start,
        end,
        timeframe,
        cycles,
        speed,
        seed,
        model,
        approval,
        wait_for_approval,
        new,
        cassette,
        replay_only,
    )
    return run.run(context.obj, flags)
