"""The command line: names and help, no logic. A command's module is imported when the command is called."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from trader import __version__
from trader.cli import account, agents, config, evaluation, prompts, risk, run, tools, trace, workspace
from trader.cli.group import Group, group
from trader.commands.arguments import hoisted
from trader.commands.environment import forgive_encodings, quieten
from trader.commands.failures import exit_code
from trader.commands.session import Session

COMMANDS: dict[str, Callable[..., Any] | typer.Typer] = {
    "run": run.run_desk,
    "trace": trace.app,
    "prompts": prompts.app,
    "agents": agents.app,
    "eval": evaluation.eval_agents,
    "tools": tools.app,
    "config": config.app,
    "positions": account.positions_held,
    "orders": account.orders_placed,
    "risk": risk.app,
    "approve": account.approve_order,
    "reject": account.reject_order,
    "flatten": account.flatten_positions,
    "init": workspace.init_workspace,
    "doctor": workspace.doctor_desk,
    "halt": workspace.halt_workspace,
    "resume": workspace.resume_workspace,
}
"""In the order in which a newcomer needs them."""


class Desk(Group):
    """The commands themselves."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)


app = group(
    "A trading desk of agents: they advise, arithmetic decides, and every step can be read and replayed.\n\n"
    "Start with:  trader run --mode paper",
    Desk,
)
for _name, _command in COMMANDS.items():
    if isinstance(_command, typer.Typer):
        app.add_typer(_command, name=_name)
    else:
        app.command(_name)(_command)


def _version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Work in DIR, not in the nearest folder with a trader.toml."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Remember the global options."""
    context.obj = Session(workspace, json, debug)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 0 done, 1 failed, 2 wrong use, 3 refused for safety."""
    quieten()
    forgive_encodings()
    given = hoisted(sys.argv[1:] if arguments is None else arguments)
    command = typer.main.get_command(app)
    return exit_code(
        lambda: command.main(given, prog_name="trader", standalone_mode=False), debug="--debug" in given
    )
