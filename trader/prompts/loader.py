"""From two folders of Markdown to a desk of agents. A wrong file is told before anything runs."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from trader.domain.errors import PromptError, nearest
from trader.domain.value import Value
from trader.prompts.frontmatter import Header, read_prompt
from trader.prompts.prompt import Prompt, Tier
from trader.prompts.rendering import check_body

PACKAGED = Path(__file__).parent
"""The folder of the prompts that come with the program."""

NODES = frozenset(
    {"brief", "reports", "consensus", "intake", "decide", "allocate", "gate", "execute", "record"}
)
"""Names of the graphs' other nodes: no agent can have one of them."""

Tools = Mapping[str, type[Value]]
"""Tool -> the model of its arguments."""
Policies = Mapping[Tier, Collection[str]]
"""Tier -> the rules that an agent of this tier may follow."""


def load_prompts(
    packaged: Path, workspace: Path | None, known_tools: Tools, known_policies: Policies
) -> tuple[Prompt, ...]:
    """Every prompt, juniors first and the executive last, each tier by name.

    A file in `workspace` stands in for the packaged one of the same name; any other there is a new agent.
    Files whose name begins with `_` or `.` are no agents. Raises PromptError, naming the file and the line.
    """
    prompts, errors = examine(packaged, workspace, known_tools, known_policies)
    if errors:
        raise errors[0]
    return prompts


def examine(
    packaged: Path, workspace: Path | None, known_tools: Tools, known_policies: Policies
) -> tuple[tuple[Prompt, ...], tuple[PromptError, ...]]:
    """The prompts that can be read, in the order of the desk, and everything wrong with any file."""
    errors: list[PromptError] = []
    headers: dict[str, Header] = {}
    tiers: dict[str, Tier] = {}
    for path in [*_files(packaged), *(_files(workspace) if workspace else ())]:
        try:
            header = read_prompt(path)
        except PromptError as error:
            errors.append(error)
            tiers.setdefault(path.stem, Tier.JUNIOR)  # whoever reads it is not wrong as well
            continue
        overridden = header.prompt.model_copy(update={"overridden": header.prompt.name in headers})
        headers[header.prompt.name] = header._replace(prompt=overridden)
        tiers[header.prompt.name] = header.prompt.tier
    for header in headers.values():
        errors += _errors(header, tiers, known_tools, known_policies)
    if not errors:  # an unreadable file may be the executive's
        errors += _caught(lambda: _one_executive(headers.values()))
    prompts = (header.prompt for header in headers.values())
    return tuple(sorted(prompts, key=lambda prompt: (prompt.tier.rank, prompt.name))), tuple(errors)


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.glob("*.md") if not path.name.startswith(("_", "."))))


def _one_executive(headers: Collection[Header]) -> None:
    hint = "a desk has exactly one executive"
    executives = [header for header in headers if header.prompt.tier is Tier.EXECUTIVE]
    if not executives:
        raise PromptError("there is no executive among the prompts", hint=hint)
    if len(executives) > 1:
        first, second = executives[:2]
        raise second.error("tier", f"a second executive: {first.prompt.name} is one already", hint)


def _errors(
    header: Header, tiers: Mapping[str, Tier], tools: Tools, policies: Policies
) -> Iterator[PromptError]:
    """What is wrong with one file, at most one error of each check."""
    yield from _caught(lambda: _check_name(header))
    yield from _caught(lambda: _check_reads(header, tiers))
    yield from _caught(lambda: _check_tools(header, tools))
    yield from _caught(lambda: _check_policy(header, policies))
    yield from _caught(lambda: check_body(header.prompt))


def _caught(check: Callable[[], None]) -> tuple[PromptError, ...]:
    try:
        check()
    except PromptError as error:
        return (error,)
    return ()


def _check_name(header: Header) -> None:
    if header.prompt.name in NODES:
        raise header.error("name", f"{header.prompt.name} is the name of a step of the desk itself")


def _check_reads(header: Header, tiers: Mapping[str, Tier]) -> None:
    own = header.prompt.tier
    for name in header.prompt.reads:
        if name not in tiers:
            below = [other for other, tier in tiers.items() if tier.rank < own.rank]
            raise header.error(f"reads.{name}", f"reads an unknown agent: {name}", nearest(name, below))
        if tiers[name].rank >= own.rank:
            message = f"reads {name}, whose tier ({tiers[name]}) is not lower than its own"
            raise header.error(f"reads.{name}", message, "an agent reads agents of a lower tier only")


def _check_tools(header: Header, tools: Tools) -> None:
    seen: set[str] = set()
    for call in header.prompt.tools:
        key = f"tools.{call.name}"
        if call.name not in tools:
            raise header.error(key, f"unknown tool: {call.name}", nearest(call.name, tools))
        if call.name in seen:
            raise header.error(key, f"the tool {call.name} is named twice")
        seen.add(call.name)
        try:
            tools[call.name].model_validate(call.arguments)
        except ValidationError as error:
            first = error.errors()[0]
            argument = ".".join(str(part) for part in first["loc"])
            hint = nearest(argument, tools[call.name].model_fields)
            raise header.error(key, f"{call.name}: {argument}: {first['msg'].lower()}", hint) from None


def _check_policy(header: Header, policies: Policies) -> None:
    prompt = header.prompt
    if prompt.policy is None:
        return
    known = policies.get(prompt.tier, ())
    if not known:
        raise header.error("policy", f"a {prompt.tier} follows no policy: it files what its tools say")
    if prompt.policy not in known:
        message = f"unknown policy of a {prompt.tier}: {prompt.policy}"
        raise header.error("policy", message, nearest(prompt.policy, known))
