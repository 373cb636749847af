"""`trader memory`."""

from pathlib import Path
from typing import Annotated

import typer

from trader.cli.group import group

app = group("Closed trades, and what they came to.")

Book = Annotated[str | None, typer.Option(metavar="ID", help="Of this book; unset, the newest.")]


@app.command("show")
def memory_show(
    context: typer.Context,
    trade: Annotated[str | None, typer.Argument(metavar="[ID]", help="One trade, with all of it.")] = None,
    symbol: Annotated[str | None, typer.Option(metavar="SYMBOL", help="Only this one.")] = None,
    regime: Annotated[str | None, typer.Option(metavar="REGIME", help="bull, sideways or bear.")] = None,
    side: Annotated[str | None, typer.Option(metavar="SIDE", help="long or short.")] = None,
    similar_to: Annotated[
        str | None, typer.Option(metavar="DECISION", help="Those most like it, as known when it was made.")
    ] = None,
    book: Book = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 20,
) -> None:
    """Closed trades, newest first; those most like a decision; or one in full."""
    from trader.commands import memory

    memory.show(
        context.obj,
        trade,
        symbol=symbol,
        regime=regime,
        side=side,
        similar_to=similar_to,
        book=book,
        limit=limit,
    )


@app.command("stats")
def memory_stats(
    context: typer.Context,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="symbol side regime adx confidence confluence agent exit hour, or calibration; unset, all.",
        ),
    ] = None,
    book: Book = None,
) -> None:
    """Win rates and profits with their intervals, by what was known when trades were decided."""
    from trader.commands import memory

    memory.stats(context.obj, by=by, book=book)


@app.command("find")
def memory_find(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="WORDS", help="What to look for.")],
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="reasoning, reflection or rule; unset, all.")
    ] = None,
    book: Book = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 10,
) -> None:
    """What was said when trades were opened, nearest to some words first. Needs the index."""
    from trader.commands import memory_files

    memory_files.find(context.obj, text, kind=kind, book=book, limit=limit)


@app.command("rebuild")
def memory_rebuild(context: typer.Context) -> None:
    """Fill what an older program did not write down, and make the index anew."""
    from trader.commands import memory_files

    memory_files.rebuild(context.obj)


@app.command("export")
def memory_export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="trades.csv or trades.jsonl.")],
    book: Book = None,
) -> None:
    """Write every closed trade to a file."""
    from trader.commands import memory_files

    memory_files.export(context.obj, file, book=book)


@app.command("rules")
def memory_rules(
    context: typer.Context,
    pin: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Keep this rule, whatever contradicts it.")
    ] = None,
    mute: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Nobody hears of this rule any more.")
    ] = None,
    release: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Neither pinned nor muted any more.")
    ] = None,
    changes: Annotated[bool, typer.Option("--changes", help="Every change of rules and thresholds.")] = False,
    book: Book = None,
) -> None:
    """Rules found in the book's own past, and your word on them."""
    from trader.commands import rules

    rules.show(context.obj, book, pin=pin or (), mute=mute or (), release=release or (), changes=changes)
