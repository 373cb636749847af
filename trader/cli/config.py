"""`trader config`."""

import typer

from trader.cli.group import group

app = group("Every setting, its value and where it came from.", invoke_without_command=True)


@app.callback()
def config_show(context: typer.Context) -> None:
    """Every setting, its value and where it came from."""
    if context.invoked_subcommand is None:
        from trader.commands import config

        config.show(context.obj)


@app.command("example")
def config_example(context: typer.Context) -> None:
    """A trader.toml with every setting at its default, explained."""
    from trader.commands import config

    config.example(context.obj)
