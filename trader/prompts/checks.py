"""What one prompt file can get wrong about the others, the tools, the rules and its own template."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from pydantic import ValidationError

from trader.domain.errors import PromptError, nearest
from trader.domain.value import Value
from trader.prompts.frontmatter import Header
from trader.prompts.personas import Persona
from trader.prompts.prompt import Tier
from trader.prompts.rendering import body_problems

Tools = Mapping[str, type[Value]]
"""Tool -> the model of its arguments."""
Policies = Mapping[Tier, Collection[str]]
"""Tier -> the rules that an agent of this tier may follow."""

NODES = frozenset(
    {"brief", "reports", "consensus", "intake", "decide", "allocate", "gate", "execute", "record", "memory"}
)
"""Names of the graphs' other nodes: no agent can have one of them."""
EVALUATIONS = frozenset({"all", "compare", "list", "make-dataset", "show"})
"""Words of `trader eval` that stand where an agent's name does."""


def problems(
    header: Header,
    tiers: Mapping[str, Tier],
    tools: Tools,
    policies: Policies,
    personas: Mapping[str, Persona],
) -> Iterator[PromptError]:
    """Everything wrong with one file that could be read, each with its line."""
    if header.prompt.name in NODES:
        yield header.error("name", f"{header.prompt.name} is the name of a step of the desk itself")
    if header.prompt.name in EVALUATIONS:
        yield header.error("name", f"`trader eval {header.prompt.name}` means something else")
    yield from _reads(header, tiers)
    yield from _tools(header, tools)
    yield from _policy(header, policies)
    yield from _asking(header)
    yield from body_problems(header.prompt)
    yield from _persona(header, personas)


def not_one_executive(headers: Iterable[Header]) -> Iterator[PromptError]:
    """An error where there is no executive, and one for each beyond the first."""
    hint = "a desk has exactly one executive"
    executives = [header for header in headers if header.prompt.tier is Tier.EXECUTIVE]
    if not executives:
        yield PromptError("there is no executive among the prompts", hint=hint)
    for other in executives[1:]:
        yield other.error("tier", f"a second executive: {executives[0].prompt.name} is one already", hint)


def _reads(header: Header, tiers: Mapping[str, Tier]) -> Iterator[PromptError]:
    own = header.prompt.tier
    for name in header.prompt.reads:
        if name not in tiers:
            below = [other for other, tier in tiers.items() if tier.rank < own.rank]
            yield header.error(f"reads.{name}", f"reads an unknown agent: {name}", nearest(name, below))
        elif tiers[name].rank >= own.rank:
            message = f"reads {name}, whose tier ({tiers[name]}) is not lower than its own"
            yield header.error(f"reads.{name}", message, "an agent reads agents of a lower tier only")


def _tools(header: Header, tools: Tools) -> Iterator[PromptError]:
    seen: set[str] = set()
    for call in header.prompt.tools:
        key = f"tools.{call.name}"
        if call.name not in tools:
            yield header.error(key, f"unknown tool: {call.name}", nearest(call.name, tools))
            continue
        if call.name in seen:
            yield header.error(key, f"the tool {call.name} is named twice")
        seen.add(call.name)
        try:
            tools[call.name].model_validate(call.arguments)
        except ValidationError as error:
            first = error.errors()[0]
            argument = ".".join(str(part) for part in first["loc"])
            hint = nearest(argument, tools[call.name].model_fields)
            yield header.error(key, f"{call.name}: {argument}: {first['msg'].lower()}", hint)


def _policy(header: Header, policies: Policies) -> Iterator[PromptError]:
    prompt = header.prompt
    known = policies.get(prompt.tier, ())
    if prompt.policy is None or prompt.policy in known:
        return
    if not known:
        yield header.error("policy", f"a {prompt.tier} follows no policy: it files what its tools say")
    else:
        message = f"unknown policy of a {prompt.tier}: {prompt.policy}"
        yield header.error("policy", message, nearest(prompt.policy, known))


def _asking(header: Header) -> Iterator[PromptError]:
    """How models are asked: only who judges can say the same thing several times and differ."""
    prompt = header.prompt
    if prompt.models and prompt.tier is not Tier.SENIOR:
        yield header.error("models", "only a senior has several opinions", "name one role under `model`")
    if prompt.models and prompt.model is not None:
        yield header.error("models", "both model and models are named", "leave one of them out")
    if len(set(prompt.models)) < len(prompt.models):
        yield header.error("models", "a model is named twice", "`samples` asks one model several times")
    if prompt.samples > 1 and prompt.tier is Tier.JUNIOR:
        yield header.error("samples", "a junior gathers facts, and is asked once")


def _persona(header: Header, personas: Mapping[str, Persona]) -> Iterator[PromptError]:
    name = header.prompt.persona
    if name is None:
        return
    if name not in personas:
        yield header.error("persona", f"unknown persona: {name}", nearest(name, personas))
        return
    persona = personas[name]
    page = {"body": persona.body, "body_line": 1, "path": persona.path}
    yield from body_problems(header.prompt.model_copy(update=page))
