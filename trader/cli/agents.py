"""`trader agents`."""

from typing import Annotated

import typer

from trader.cli.group import group

app = group("The desk: who is on it and what they are for.")


@app.command("list")
def agents_list(context: typer.Context) -> None:
    """Everybody on the desk, with what has been learned of them."""
    from trader.commands import agents

    agents.show_list(context.obj)


@app.command("show")
def agents_show(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """One agent: mandate, tools, rule and record."""
    from trader.commands import agents

    agents.show(context.obj, name)


@app.command("graph")
def agents_graph(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[decide|desk]", help="Only this one.")] = None,
) -> None:
    """The two graphs as Mermaid, drawn from what runs."""
    from trader.commands import agents

    agents.graph(context.obj, name)
