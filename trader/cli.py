"""The command line: names and help, no logic. A command's module is imported when the command is called."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from trader import __version__
from trader.commands.arguments import hoisted
from trader.commands.environment import forgive_encodings, quieten
from trader.commands.failures import exit_code
from trader.commands.session import Session
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
        """Names in the order of this file."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command to call. Raises UnknownName."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise UnknownName(f"command of {ctx.command_path}", args[0], self.commands)
        return super().resolve_command(ctx, args)


class Desk(Group):
    """The commands themselves, in the order in which a newcomer needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """What is used first comes first."""
        first = (
            "run",
            "trace",
            "prompts",
            "agents",
            "eval",
            "tools",
            "config",
            "positions",
            "orders",
            "risk",
        )
        return [*first, *(name for name in self.commands if name not in first)]


def _group(text: str, cls: type[Group] = Group, **settings: Any) -> typer.Typer:
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


app = _group(
    "A trading desk of agents: they advise, arithmetic decides, and every step can be read and replayed.\n\n"
    "Start with:  trader run --mode paper",
    Desk,
)
trace_app = _group("Who said what, from which facts, and what came of it.")
prompts_app = _group("The files that agents are made from.")
agents_app = _group("The desk: who is on it and what they are for.")
tools_app = _group("What agents may call.")
risk_app = _group("The limits, what is used of each, and what comes next.", invoke_without_command=True)
config_app = _group("Every setting, its value and where it came from.", invoke_without_command=True)


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


@app.command("run")
def run_desk(
    context: typer.Context,
    mode: Annotated[str, typer.Option(metavar="paper", help="Whose money: simulated.")] = "paper",
    feed: Annotated[
        str | None,
        typer.Option(metavar="FEED", help="Where bars come from: sample, files:DIR or ccxt:EXCHANGE."),
    ] = None,
    broker: Annotated[
        str | None, typer.Option(metavar="BROKER", help="Where orders go: paper, or ccxt:EXCHANGE's sandbox.")
    ] = None,
    symbols: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="What to trade; may be given more than once.")
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="DAY", help="First day to decide on.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DAY", help="Last day to decide on.")] = None,
    timeframe: Annotated[
        str | None, typer.Option(metavar="BAR", help="Length of a bar: 1m 5m 15m 30m 1h 4h 1d.")
    ] = None,
    cycles: Annotated[int | None, typer.Option(metavar="N", help="Stop after N rounds.")] = None,
    speed: Annotated[
        float | None, typer.Option(metavar="N", help="Rounds a second, at most; 0 is as fast as they go.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seeds whatever is drawn at random.")] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Every agent asks it: a name as litellm has it, or local-demo."),
    ] = None,
    approval: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Entries that you must approve: never, always or over:5000."),
    ] = None,
    wait_for_approval: Annotated[
        bool, typer.Option("--wait-for-approval", help="Wait for you; unset, only on a terminal.")
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="Open a new book even where an unfinished one fits.")
    ] = False,
    cassette: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Models' answers: what it has is replayed, the rest recorded."),
    ] = None,
    replay_only: Annotated[
        bool, typer.Option("--replay-only", help="Ask no model for what the cassette lacks.")
    ] = False,
) -> int:
    """Replay bars through the whole desk and trade on paper.

    With --broker ccxt:EXCHANGE it trades the sandbox of an exchange instead, on its own bars as they close.

    Goes on with an unfinished run of equal settings, else opens a new book. Ctrl-C finishes the round in
    hand, prints the summary and leaves; a second one leaves at once.
    """
    from trader.commands import run

    flags = run.Flags(
        mode,
        feed,
        broker,
        symbols,
        start,
        end,
        timeframe,
        cycles,
        speed,
        seed,
        model,
        approval,
        wait_for_approval,
        new,
        cassette,
        replay_only,
    )
    return run.run(context.obj, flags)


@trace_app.command("list")
def trace_list(
    context: typer.Context,
    symbol: Annotated[str | None, typer.Option(metavar="SYMBOL", help="Only this one.")] = None,
    outcome: Annotated[str | None, typer.Option(metavar="OUTCOME", help="trade, hold or undecided.")] = None,
    book: Annotated[str | None, typer.Option(metavar="ID", help="Only this book.")] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 20,
) -> None:
    """Decisions, newest first."""
    from trader.commands import trace

    trace.show_list(context.obj, symbol=symbol, outcome=outcome, book=book, limit=limit)


@trace_app.command("show")
def trace_show(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(metavar="ID", help="A decision, or the beginning of its id.")],
    full: Annotated[bool, typer.Option("--full", help="Every fact, the evidence and the prompts.")] = False,
) -> None:
    """One decision, from the signal to the fill."""
    from trader.commands import trace

    trace.show(context.obj, decision, full=full)


@trace_app.command("replay")
def trace_replay(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(metavar="ID", help="A decision, or the beginning of its id.")],
    recompute: Annotated[
        bool, typer.Option("--recompute", help="Run the tools again, from the data as it is now.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Ask this one: PROVIDER/NAME, or a role of trader.toml."),
    ] = None,
    agents: Annotated[
        list[str] | None, typer.Option(metavar="A,B", help="With --model: only these ask it.")
    ] = None,
) -> int:
    """Decide again from the journal alone: is it the same?

    With --model other answers are asked for, and what comes of them is shown beside what was recorded.
    Nothing is traded, and the journal stays as it is.
    """
    from trader.commands import trace_replay

    return trace_replay.replay(context.obj, decision, recompute=recompute, model=model, agents=agents or [])


@trace_app.command("diff")
def trace_diff(
    context: typer.Context,
    one: Annotated[str, typer.Argument(metavar="A", help="A decision, or the beginning of its id.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another.")],
) -> None:
    """What differs between two decisions."""
    from trader.commands import trace

    trace.diff(context.obj, one, other)


@prompts_app.command("list")
def prompts_list(context: typer.Context) -> None:
    """Every prompt: packaged, overridden or your own."""
    from trader.commands import prompts

    prompts.show_list(context.obj)


@prompts_app.command("show")
def prompts_show(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """The exact text in use."""
    from trader.commands import prompts

    prompts.show(context.obj, name)


@prompts_app.command("edit")
def prompts_edit(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Open the workspace's copy in your editor.

    $VISUAL or $EDITOR; what you save is validated.
    """
    from trader.commands import prompts

    prompts.edit(context.obj, name)


@prompts_app.command("diff")
def prompts_diff(
    context: typer.Context, name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None
) -> None:
    """What the workspace's copies change."""
    from trader.commands import prompts

    prompts.diff(context.obj, name)


@prompts_app.command("reset")
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


@prompts_app.command("validate")
def prompts_validate(context: typer.Context) -> int:
    """Check every prompt file and name every mistake."""
    from trader.commands import prompts

    return prompts.validate(context.obj)


@agents_app.command("list")
def agents_list(context: typer.Context) -> None:
    """Everybody on the desk, with what has been learned of them."""
    from trader.commands import agents

    agents.show_list(context.obj)


@agents_app.command("show")
def agents_show(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """One agent: mandate, tools, rule and record."""
    from trader.commands import agents

    agents.show(context.obj, name)


@agents_app.command("graph")
def agents_graph(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[decide|desk]", help="Only this one.")] = None,
) -> None:
    """The two graphs as Mermaid, drawn from what runs."""
    from trader.commands import agents

    agents.graph(context.obj, name)


@tools_app.command("list")
def tools_list(context: typer.Context) -> None:
    """Every tool with its arguments and results."""
    from trader.commands import tools

    tools.show_list(context.obj)


@tools_app.command("show")
def tools_show(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """One tool: what each argument and each result is."""
    from trader.commands import tools

    tools.show(context.obj, name)


@tools_app.command("run")
def tools_run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    symbol: Annotated[str, typer.Option(metavar="SYMBOL", help="What to look at.")],
    as_of: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="A day (its close) or 2012-06-01T14:00Z; unset, the last bar."),
    ] = None,
    arg: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="An argument.")] = None,
    feed: Annotated[str | None, typer.Option(metavar="FEED", help="sample, or files:DIR.")] = None,
    timeframe: Annotated[str | None, typer.Option(metavar="BAR", help="Length of a bar.")] = None,
) -> int:
    """Run one tool as an agent would, at one moment."""
    from trader.commands import tools

    return tools.run(
        context.obj, name, symbol=symbol, as_of=as_of, arguments=arg or [], feed=feed, timeframe=timeframe
    )


@tools_app.command("features")
def tools_features(context: typer.Context) -> None:
    """Every indicator: unit, warm-up, source."""
    from trader.commands import tools

    tools.features(context.obj)


@config_app.callback()
def config_show(context: typer.Context) -> None:
    """Every setting, its value and where it came from."""
    if context.invoked_subcommand is None:
        from trader.commands import config

        config.show(context.obj)


@config_app.command("example")
def config_example(context: typer.Context) -> None:
    """A trader.toml with every setting at its default, explained."""
    from trader.commands import config

    config.example(context.obj)


@app.command("eval")
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


BOOK = typer.Option(metavar="ID", help="This book; unset, the newest.")


@app.command("positions")
def positions_held(context: typer.Context, book: Annotated[str | None, BOOK] = None) -> None:
    """What is held, and the account."""
    from trader.commands import account

    account.positions(context.obj, book)


@app.command("orders")
def orders_placed(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that are done, too.")] = False,
    book: Annotated[str | None, BOOK] = None,
) -> None:
    """Orders that may still fill, or wait for approval."""
    from trader.commands import account

    account.orders(context.obj, book, every=every)


@risk_app.callback()
def risk_show(context: typer.Context, book: Annotated[str | None, BOOK] = None) -> None:
    """The limits, what is used of each, and what comes next."""
    if context.invoked_subcommand is None:
        from trader.commands import risk

        risk.show(context.obj, book)


@risk_app.command("check")
def risk_check(
    context: typer.Context,
    symbol: Annotated[str, typer.Option(metavar="SYMBOL", help="What to trade.")],
    side: Annotated[str, typer.Option(metavar="SIDE", help="buy or sell.")],
    quantity: Annotated[str, typer.Option(metavar="N", help="Units: shares, coins or contracts.")],
    price: Annotated[
        str | None, typer.Option(metavar="PRICE", help="The limit; unset, as far as the collar allows.")
    ] = None,
    book: Annotated[str | None, BOOK] = None,
) -> int:
    """Rule on an order as the gate would, and send nothing.

    Exit code 3 where not all of it may be sent.
    """
    from trader.commands import risk

    return risk.check(context.obj, symbol=symbol, side=side, quantity=quantity, price=price, book=book)


@app.command("approve")
def approve_order(
    context: typer.Context,
    order: Annotated[str, typer.Argument(metavar="ID", help="An order, or the beginning of its id.")],
    book: Annotated[str | None, BOOK] = None,
) -> int:
    """Let an order go that waits for you.

    It is ruled on again against the account as it is then. Exit code 3 where it is refused.
    """
    from trader.commands import ordering

    return ordering.rule_on(context.obj, "approve", order, book)


@app.command("reject")
def reject_order(
    context: typer.Context,
    order: Annotated[str, typer.Argument(metavar="ID", help="An order, or the beginning of its id.")],
    book: Annotated[str | None, BOOK] = None,
) -> int:
    """Turn down an order that waits for you."""
    from trader.commands import ordering

    return ordering.rule_on(context.obj, "reject", order, book)


@app.command("flatten")
def flatten_positions(
    context: typer.Context,
    symbol: Annotated[str | None, typer.Option(metavar="SYMBOL", help="Only this position.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    book: Annotated[str | None, BOOK] = None,
) -> int:
    """Leave every position at the next price there is.

    Names what will be sent, and asks. Entries that work or wait are cancelled. The desk may enter again
    afterwards: `trader halt` keeps it from that.
    """
    from trader.commands import ordering

    return ordering.flatten_book(context.obj, symbol, book, yes=yes)


@app.command("init")
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


@app.command("doctor")
def doctor_desk(context: typer.Context) -> int:
    """Ask each language model once: which answer?

    Says what each took, what a decision may cost, and how to mend what is not well. Each is charged for one
    short call.
    """
    from trader.commands import doctor

    return doctor.doctor(context.obj)


@app.command("halt")
def halt_workspace(
    context: typer.Context,
    reason: Annotated[str, typer.Argument(metavar="[REASON]", help="Why, for whoever finds it.")] = "",
) -> None:
    """Stop every order of this workspace, until `trader resume`."""
    from trader.commands import halt

    halt.halt(context.obj, reason)


@app.command("resume")
def resume_workspace(context: typer.Context) -> None:
    """Let orders go out again, and lift breakers."""
    from trader.commands import halt

    halt.resume(context.obj)


app.add_typer(trace_app, name="trace")
app.add_typer(prompts_app, name="prompts")
app.add_typer(agents_app, name="agents")
app.add_typer(tools_app, name="tools")
app.add_typer(config_app, name="config")
app.add_typer(risk_app, name="risk")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 0 done, 1 failed, 2 wrong use, 3 refused for safety."""
    quieten()
    forgive_encodings()
    given = hoisted(sys.argv[1:] if arguments is None else arguments)
    command = typer.main.get_command(app)
    return exit_code(
        lambda: command.main(given, prog_name="trader", standalone_mode=False), debug="--debug" in given
    )
