"""`trader prompts`."""

from typing import Annotated

import typer

from trader.cli.group import group

app = group("The files that agents are made from.")


@app.command("list")
def prompts_list(context: typer.Context) -> None:
    """Every prompt: packaged, overridden or your own."""
    from trader.commands import prompts

    prompts.show_list(context.obj)


@app.command("show")
def prompts_show(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """The exact text in use."""
    from trader.commands import prompts

    prompts.show(context.obj, name)


@app.command("edit")
def prompts_edit(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Open the workspace's copy in your editor.

    $VISUAL or $EDITOR; what you save is validated.
    """
    from trader.commands import prompts

    prompts.edit(context.obj, name)


@app.command("diff")
def prompts_diff(
    context: typer.Context, name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None
) -> None:
    """What the workspace's copies change."""
    from trader.commands import prompts

    prompts.diff(context.obj, name)


@app.command("reset")
def prompts_reset(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go back to the packaged prompt.

    The copy is kept as NAME.md.bak.
    """
    from trader.commands import prompts

    prompts.reset(context.obj, name, yes=yes)


@app.command("validate")
def prompts_validate(context: typer.Context) -> int:
    """Check every prompt file and name every mistake."""
    from trader.commands import prompts

    return prompts.validate(context.obj)
