"""`trader eval`, and what was kept of it."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from trader.cli.group import Group, group

SCORE = "AGENT"
"""Where the name of an agent stands. No agent can be called so: their names are in small letters."""


class Evaluations(Group):
    """A first word that is no command is the name of an agent, and so is none at all."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """`momentum --on journal:500` is `AGENT momentum --on journal:500`."""
        asks_help = bool(args) and args[0] in ctx.help_option_names
        if not asks_help and (not args or args[0] not in self.commands):
            args = [SCORE, *args]
        return super().parse_args(ctx, args)


app = group(
    "How good agents and the desk are, beside the base rate.\n\n"
    "`trader eval momentum` scores one agent, `trader eval all` the desk; `trader eval AGENT --help` has the "
    "options. What is found is kept.",
    Evaluations,
)


@app.command(SCORE)
def eval_agents(
    context: typer.Context,
    agents: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Whom to score; unset or all, every senior.")
    ] = None,
    book: Annotated[str | None, typer.Option(metavar="ID", help="Of this book; unset, the newest.")] = None,
    on: Annotated[
        str,
        typer.Option(metavar="CASES", help="journal, journal:500 (newest), a data set, or behaviour."),
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
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="M1,M2", help="Ask these models, or roles, what the one agent was asked."),
    ] = None,
    repeat: Annotated[
        int, typer.Option(metavar="N", help="Ask the one agent's model N times: how often does it flip?")
    ] = 1,
    paraphrase: Annotated[bool, typer.Option("--paraphrase", help="Ask it in other words, too.")] = False,
    permute: Annotated[
        list[str] | None,
        typer.Option(metavar="news,prices", help="Show the one agent the news, or prices, of other dates."),
    ] = None,
    one_agent: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="A baseline: this model, or role, alone with all tools."),
    ] = None,
) -> int:
    """Score agents and the desk, beside the base rate.

    Scores what has resolved, from the journal and the data alone; only --prompt, --model, --repeat,
    --paraphrase and --one-agent ask a model. The first line says whether there is evidence at all. Bounds
    are about the agents that are named, else about the desk.
    """
    from trader.commands import eval as command
    from trader.commands.arguments import names
    from trader.evals.bounds import Bounds
    from trader.evals.ways import Ways

    bounds = Bounds(max_brier, max_log_loss, command.dollars(max_cost))
    ways = Ways(prompt, names(model or ()), repeat, paraphrase, names(permute or ()))
    return command.evaluated(
        context.obj, command.Flags(agents or (), book, on, bounds, feed, ways, one_agent)
    )


@app.command("list")
def eval_list(context: typer.Context) -> None:
    """Evaluations that were kept, newest first."""
    from trader.commands import eval_kept

    eval_kept.listed(context.obj)


@app.command("show")
def eval_show(
    context: typer.Context, id: Annotated[str, typer.Argument(metavar="ID", help="Or 1 for the newest.")]
) -> None:
    """One of them; --json has every number and every forecast."""
    from trader.commands import eval_kept

    eval_kept.shown(context.obj, id)


@app.command("compare")
def eval_compare(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A")],
    second: Annotated[str, typer.Argument(metavar="B")],
) -> None:
    """The second against the first, paired on the cases that both have."""
    from trader.commands import eval_kept

    eval_kept.compared(context.obj, first, second)


@app.command("make-dataset")
def eval_make_dataset(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is not there.")],
    source: Annotated[
        str, typer.Option("--from", metavar="CASES", help="data, journal, or its newest: journal:500.")
    ] = "data",
    feed: Annotated[str | None, typer.Option(metavar="FEED", help="sample or files:DIR.")] = None,
    symbols: Annotated[list[str] | None, typer.Option(metavar="A,B", help="Unset, all of the feed.")] = None,
    start: Annotated[str | None, typer.Option(metavar="DAY", help="First day of the cases.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DAY", help="Last day on which one resolves.")] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Earlier cases are for training; later ones are scored."),
    ] = None,
    horizon: Annotated[int | None, typer.Option(metavar="BARS", help="Unset, that of the timeframe.")] = None,
    overlapping: Annotated[
        bool, typer.Option("--overlapping", help="Keep cases whose horizons overlap.")
    ] = False,
    licence: Annotated[
        str, typer.Option(metavar="TEXT", help="For the card: who may use the bars.")
    ] = "unknown: ask whoever the bars are from",
) -> None:
    """Make a data set: dated cases, the bars they happen in, and a card with their digest.

    Cases whose horizons overlap, or reach into the test part or beyond the end, are purged.
    """
    from trader.commands import eval_datasets as command
    from trader.commands.arguments import day, names

    def on(text: str | None, option: str) -> date | None:
        return None if text is None else day(text, option)

    command.made(
        context.obj,
        command.Making(
            folder,
            source,
            feed,
            names(symbols or ()),
            on(start, "--start"),
            on(end, "--end"),
            on(split, "--split"),
            horizon,
            overlapping,
            licence,
        ),
    )
