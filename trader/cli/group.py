"""What all groups of commands share."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from trader.domain.errors import UnknownName

EVERYWHERE = "Before or after any command: --workspace DIR, --json, --debug."


class Group(TyperGroup):
    """Commands in the order they are declared in. For a name that is none, the nearest ones are named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, or show the help where a command is missing."""
        if not args and not self.invoke_without_command:
            print(ctx.get_help(), file=sys.stderr)
            raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order in which they were added."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command to call. Raises UnknownName."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise UnknownName(f"command of {ctx.command_path}", args[0], self.commands)
        return super().resolve_command(ctx, args)


def group(text: str, cls: type[Group] = Group, **settings: Any) -> typer.Typer:
    """A group of commands, with the help and the manners of all."""
    return typer.Typer(
        cls=cls,
        help=text,
        epilog=EVERYWHERE,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        **settings,
    )


BOOK = typer.Option(metavar="ID", help="This book; unset, the newest.")
