"""`trader eval`."""

from pathlib import Path
from typing import Annotated

import typer


def eval_agents(
    context: typer.Context,
    agents: Annotated[
        list[str] | None, typer.Argument(metavar="AGENT", help="Whom to score; unset or all, every senior.")
    ] = None,
    book: Annotated[str | None, typer.Option(metavar="ID", help="Of this book; unset, the newest.")] = None,
    on: Annotated[
        str, typer.Option(metavar="CASES", help="journal, or its newest decisions: journal:500.")
    ] = "journal",
    feed: Annotated[
        str | None, typer.Option(metavar="FEED", help="Where outcomes are from; unset, the book's feed.")
    ] = None,
    max_brier: Annotated[
        float | None, typer.Option(metavar="X", help="Exit with 1 where a Brier score is above X.")
    ] = None,
    max_log_loss: Annotated[
        float | None, typer.Option(metavar="X", help="Exit with 1 where a log loss is above X.")
    ] = None,
    max_cost: Annotated[
        str | None, typer.Option(metavar="USD", help="Exit with 1 where models took more than USD.")
    ] = None,
    prompt: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ask the one agent's model with this prompt: is it better?"),
    ] = None,
) -> int:
    """How good agents and the desk were, beside the base rate.

    Scores what has resolved, from the journal and the data alone; only --prompt asks a model. The first line
    says whether there is evidence at all. Bounds are about the agents that are named, else about the desk.
    """
    from trader.commands import eval as command
    from trader.evals.bounds import Bounds

    bounds = Bounds(max_brier, max_log_loss, command.dollars(max_cost))
    return command.evaluated(context.obj, command.Flags(agents or (), book, on, bounds, prompt, feed))
