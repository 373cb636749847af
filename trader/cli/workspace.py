"""What is done once for a workspace: its models, its keys, its halt."""

from typing import Annotated

import typer


def init_workspace(
    context: typer.Context,
    provider: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="none, ollama, lmstudio, llamacpp, vllm, compatible (with OpenAI), openai, "
            "anthropic, gemini, openrouter, azure, bedrock.",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="The model that agents ask.")] = None,
    api_base: Annotated[str | None, typer.Option(metavar="URL", help="Its server's address.")] = None,
    region: Annotated[str | None, typer.Option(metavar="NAME", help="Its region, of Bedrock.")] = None,
    key_env: Annotated[
        str | None, typer.Option(metavar="NAME", help="Take the key out of this variable.")
    ] = None,
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Take the key from the first line of stdin.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Put it in the place of the models and the key that are there.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: flags and defaults answer.")] = False,
) -> None:
    """Say what language model you have: writes trader.toml and .env.

    Shows what it would write and asks. What is in the files stays, and no key is shown.
    """
    from trader.commands import init

    flags = init.Flags(provider, model, api_base, region, key_env, key_stdin, force, yes)
    init.init(context.obj, flags)


def doctor_desk(context: typer.Context) -> int:
    """Ask each language model once: which answer?

    Says what each took, what a decision may cost, and how to mend what is not well. Each is charged for one
    short call.
    """
    from trader.commands import doctor

    return doctor.doctor(context.obj)


def halt_workspace(
    context: typer.Context,
    reason: Annotated[str, typer.Argument(metavar="[REASON]", help="Why, for whoever finds it.")] = "",
) -> None:
    """Stop every order of this workspace, until `trader resume`."""
    from trader.commands import halt

    halt.halt(context.obj, reason)


def resume_workspace(context: typer.Context) -> None:
    """Let orders go out again, and lift breakers."""
    from trader.commands import halt

    halt.resume(context.obj)
