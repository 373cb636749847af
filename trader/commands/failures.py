"""From what went wrong to one line on stderr and an exit code: 0 done, 1 failed, 2 wrong use, 3 refused."""

import os
import sys
import traceback
from collections.abc import Callable

import typer

from trader.domain.errors import TraderError, nearest

INTERRUPTED = 130
"""128 + SIGINT, as shells count it."""


def exit_code(call: Callable[[], object], *, debug: bool) -> int:
    """Run `call` and say what went wrong, if anything did. With `debug` the traceback comes first."""
    try:
        code = call()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read us has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        code, message, hint = explained(error)
        _say(message, hint)
    return code if isinstance(code, int) else 0


def explained(error: Exception) -> tuple[int, str, str]:
    """(exit code, message, hint) of anything that can be raised."""
    match error:
        case TraderError():
            return error.exit_code, error.message, error.hint
        case typer.TyperException():
            return _wrong_use(error)
        case typer.Abort():
            return 1, "nothing was done", ""
        case OSError() if error.strerror:
            return 1, f"{error.filename}: {error.strerror}" if error.filename else error.strerror, ""
        case _:
            what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            return 1, f"this is a bug: {what}", "the same command with --debug shows where"


def _wrong_use(error: typer.TyperException) -> tuple[int, str, str]:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None:
        return error.exit_code, message, ""
    help_command = f"{context.command_path} --help"
    if hasattr(error, "possibilities"):  # only an unknown option has them
        asked = getattr(error, "option_name", "")
        options = [name for level in (context, *_above(context)) for name in _options(level)]
        return error.exit_code, f"unknown option: {asked}", f"{nearest(asked, options)} ({help_command})"
    return error.exit_code, message[:1].lower() + message[1:], help_command


def _above(context: typer.Context) -> list[typer.Context]:
    parents = []
    while context.parent is not None:
        context = context.parent  # type: ignore[assignment]
        parents.append(context)
    return parents


def _options(context: typer.Context) -> list[str]:
    return [name for option in context.command.params for name in option.opts if name.startswith("--")]


def _say(message: str, hint: str) -> None:
    print(f"trader: {message}", file=sys.stderr)
    if hint:
        print(f"\n{hint}", file=sys.stderr)
