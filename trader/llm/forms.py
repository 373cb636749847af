"""What a model may fill in: one JSON object for its tier, read strictly, or no form at all.

Nothing is rounded, clipped, translated or guessed: what does not fit is a ParseError, which the model may see
once. Text inside a form has no power beyond being shown.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from trader.domain.opinions import P_MAX, P_MIN, Abstention, Opinion, Verdict, VerdictAction
from trader.domain.reports import Fact, Report
from trader.domain.value import Number, Value
from trader.llm.schemas import EXECUTIVE, JUNIOR, SENIOR, TOOLS, schema_for
from trader.llm.strict_json import ParseError, object_in

__all__ = ["Form", "ParseError", "Question", "ToolRequest", "parse", "schema_for"]

Form = Report | Opinion | Abstention | Verdict


class ToolRequest(Value):
    """What an agent wants to know before it fills its form: its own tools with arguments."""

    calls: tuple[tuple[str, dict[str, Any]], ...]


class Question(Value):
    """Who is asked, about what, and what the answer may rest on."""

    agent: str
    tier: str
    """`junior`, `senior` or `executive`."""
    symbol: str
    evidence: frozenset[str] = frozenset()
    """Digests that an answer may cite."""
    tool_rounds: int | None = None
    """How often it may still ask for tools; None where its form has no place for that."""


class _Shape(Value):
    """JSON as it was sent: a number is a number, and text is never read as one."""

    model_config = ConfigDict(strict=True)


Reason = Annotated[str, Field(min_length=1, max_length=4000)]
Line = Annotated[str, Field(min_length=1, max_length=500)]
Lines = Annotated[list[Line], Field(max_length=12)]
Digests = Annotated[list[str], Field(max_length=100)]


class _Opinion(_Shape):
    kind: Literal["opinion"]
    symbol: str
    p_up: Number | None = Field(ge=P_MIN, le=P_MAX)
    size_cap: Number | None = Field(default=None, ge=0.0, le=1.0)
    stop: Number | None = Field(default=None, gt=0.0, le=1e12)
    reasoning: Reason
    factors_for: Lines = []
    factors_against: Lines = []
    evidence: Digests = []


class _Abstention(_Shape):
    """The senior's flat form with nothing in it but a reason: a number would contradict it."""

    kind: Literal["abstention"]
    symbol: str
    p_up: None = None
    size_cap: Number | None = Field(default=None, ge=0.0, le=1.0)
    stop: None = None
    reasoning: Reason
    factors_for: Lines = []
    factors_against: Lines = []
    evidence: Digests = []


class _Verdict(_Shape):
    kind: Literal["verdict"]
    symbol: str
    action: Literal["approve", "shrink", "veto"]
    factor: Number = Field(ge=0.0, le=1.0)
    reason: Reason


class _Fact(_Shape):
    name: Line
    value: Number | Line
    evidence: str


class _Report(_Shape):
    kind: Literal["report"]
    symbol: str
    facts: Annotated[list[_Fact], Field(max_length=60)]
    missing: Lines = []


class _Wanted(_Shape):
    tool: Line
    arguments: Annotated[str, Field(max_length=2000)]


class _ToolRequest(_Shape):
    """The form of the tier with nothing in it but calls: what else stands there is not looked at."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["tools"]
    symbol: str
    tools: Annotated[list[_Wanted], Field(min_length=1, max_length=4)]


def parse(text: str, question: Question) -> Form | ToolRequest:
    """The form in `text`, or the tools that it asks for while the question allows it.

    Raises ParseError for anything but exactly one whole form.
    """
    given = object_in(text)
    if question.tool_rounds is not None:
        if given.get("kind") == TOOLS:
            return _tool_request(given, question)
        if given.pop("tools", None):
            raise ParseError(f"tools: they are asked for with the kind {TOOLS!r}")
    readers: dict[str, Callable[[dict[str, Any], Question], Form]] = {
        JUNIOR: _report,
        SENIOR: _abstention if given.get("kind") == "abstention" else _opinion,
        EXECUTIVE: _verdict,
    }
    try:
        return readers[question.tier](given, question)
    except ValidationError as error:
        raise ParseError(_told(error)) from None


def _tool_request(given: dict[str, Any], question: Question) -> ToolRequest:
    if not question.tool_rounds:
        raise ParseError("kind: there are no more tools to ask for; fill the form")
    if unknown := sorted(given.keys() - schema_for(question.tier, tools=True)["properties"]):
        raise ParseError(f"{_place((unknown[0],))}: there is no such key")
    try:
        form = _ToolRequest.model_validate(given)
    except ValidationError as error:
        raise ParseError(_told(error)) from None
    _fits(form.symbol, (), question)
    return ToolRequest(calls=tuple((one.tool, object_in(one.arguments)) for one in form.tools))


def _opinion(given: dict[str, Any], question: Question) -> Opinion:
    form = _Opinion.model_validate(given)
    _fits(form.symbol, form.evidence, question)
    return Opinion(
        agent=question.agent,
        p_up=form.p_up,
        size_cap=1.0 if form.size_cap is None else form.size_cap,
        stop=None if form.stop is None else Decimal(repr(form.stop)),
        reasoning=form.reasoning,
        factors_for=tuple(form.factors_for),
        factors_against=tuple(form.factors_against),
        evidence=tuple(form.evidence),
    )


def _abstention(given: dict[str, Any], question: Question) -> Abstention:
    form = _Abstention.model_validate(given)
    _fits(form.symbol, form.evidence, question)
    return Abstention(agent=question.agent, reason=form.reasoning)


def _verdict(given: dict[str, Any], question: Question) -> Verdict:
    form = _Verdict.model_validate(given)
    _fits(form.symbol, (), question)
    action = VerdictAction(form.action)
    return Verdict(agent=question.agent, action=action, factor=form.factor, reason=form.reason)


def _report(given: dict[str, Any], question: Question) -> Report:
    form = _Report.model_validate(given)
    cited = [fact.evidence for fact in form.facts]
    _fits(form.symbol, cited, question)
    return Report(
        agent=question.agent,
        facts=tuple(Fact(name=fact.name, value=fact.value, evidence=fact.evidence) for fact in form.facts),
        missing=tuple(form.missing),
        evidence=tuple(dict.fromkeys(cited)),
    )


def _fits(symbol: str, cited: "list[str] | tuple[str, ...]", question: Question) -> None:
    """Raises ParseError for another symbol, or evidence that nobody has seen."""
    if symbol != question.symbol:
        raise ParseError(f"symbol: the question was about {question.symbol}, not {symbol[:40]!r}")
    if unknown := [digest for digest in cited if digest not in question.evidence]:
        raise ParseError(f"evidence: there is none called {unknown[0][:40]!r}")


def _told(error: ValidationError) -> str:
    """Each thing that is wrong, by its key; at most five, for a model reads them."""
    said = [
        f"{_place(problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return "; ".join(said[:5]) + (f"; and {len(said) - 5} more" if len(said) > 5 else "")


def _place(keys: tuple[int | str, ...]) -> str:
    """Where it is, in ASCII: a key may have letters that only look like those of the form, or none at all."""
    return ascii(".".join(str(key) for key in keys))[1:-1][:60] or "form"
