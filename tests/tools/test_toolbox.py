"""Calling tools by name: one computation for one question, and never an exception."""

import importlib
from typing import Any

import pytest

from tests.tools.markets import account, close_of, context, market
from trader.domain.errors import ToolError, UnknownName
from trader.domain.reports import Evidence
from trader.domain.value import Value, canonical_json
from trader.tools.registry import TOOLS, tool
from trader.tools.tool import Schema, Tool, ToolContext
from trader.tools.toolbox import KEPT, LiveToolbox, RecordedToolbox

SOURCE = market(120)
NOW = close_of(100)


class Asked(Value):
    number: float = 1.0


class Given(Value):
    half: float


class Counter:
    """A tool that counts how often it is run."""

    def __init__(self, **flags: bool) -> None:
        self.calls = 0
        self.tool = Tool("half", "Half of a number", Asked, Given, self.run, **flags)

    def run(self, _: ToolContext, arguments: Asked) -> Given:
        self.calls += 1
        return Given(half=arguments.number / 2)


def failing(error: Exception) -> Tool[Asked, Given]:
    def run(_: ToolContext, __: Asked) -> Given:
        raise error

    return Tool("half", "Fails", Asked, Given, run)


def test_the_answer_is_evidence_with_the_arguments_that_were_used() -> None:
    evidence = LiveToolbox([Counter().tool]).call("half", {}, context(SOURCE, NOW))
    assert evidence == Evidence(tool="half", arguments={"number": 1.0}, result={"half": 0.5})


def test_the_same_question_at_the_same_moment_is_computed_once() -> None:
    counter = Counter()
    box = LiveToolbox([counter.tool])
    first = box.call("half", {}, context(SOURCE, NOW))
    again = box.call("half", {"number": 1.0}, context(SOURCE, NOW))
    assert counter.calls == 1
    assert again is first


@pytest.mark.parametrize(
    "other",
    [
        context(SOURCE, close_of(101)),
        context(SOURCE, NOW, "BBB"),
        context(SOURCE, NOW, horizon=10),
        context(SOURCE, NOW, costs=0.5),
    ],
    ids=["a later moment", "another symbol", "another horizon", "other costs"],
)
def test_another_question_is_computed_again(other: ToolContext) -> None:
    counter = Counter()
    box = LiveToolbox([counter.tool])
    box.call("half", {}, context(SOURCE, NOW))
    box.call("half", {}, other)
    assert counter.calls == 2


def test_a_tool_that_reads_no_symbol_is_computed_once_for_all_of_them() -> None:
    counter = Counter(reads_symbol=False)
    box = LiveToolbox([counter.tool])
    box.call("half", {}, context(SOURCE, NOW, "AAA"))
    box.call("half", {}, context(SOURCE, NOW, "BBB"))
    assert counter.calls == 1


@pytest.mark.parametrize(("reads_account", "calls"), [(True, 2), (False, 1)])
def test_only_a_tool_that_reads_the_account_is_asked_again_for_another_one(
    reads_account: bool, calls: int
) -> None:
    counter = Counter(reads_account=reads_account)
    box = LiveToolbox([counter.tool])
    for units in (1, 2, 2):
        box.call("half", {}, context(SOURCE, NOW, held=account(SOURCE, NOW, AAA=units)))
    assert counter.calls == calls


def test_a_live_toolbox_forgets_the_oldest() -> None:
    counter = Counter()
    box = LiveToolbox([counter.tool])
    here = context(SOURCE, NOW)
    for number in range(KEPT + 1):
        box.call("half", {"number": float(number)}, here)
    box.call("half", {"number": float(KEPT)}, here)
    assert counter.calls == KEPT + 1
    box.call("half", {"number": 0.0}, here)
    assert counter.calls == KEPT + 2


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("haalf", {}, "unknown tool: haalf; did you mean half?"),
        ("half", {"number": "many"}, "number: "),
        ("half", {"nummer": 1}, "nummer: "),
    ],
)
def test_a_wrong_question_is_evidence_that_says_what_is_wrong(
    name: str, arguments: dict[str, Any], error: str
) -> None:
    counter = Counter()
    evidence = LiveToolbox([counter.tool]).call(name, arguments, context(SOURCE, NOW))
    assert evidence.result is None
    assert evidence.error.startswith(error)
    assert evidence.arguments == arguments
    assert counter.calls == 0


def test_what_a_tool_lacks_is_evidence() -> None:
    evidence = LiveToolbox([failing(ToolError("needs 1,260 bars, has 300"))]).call(
        "half", {}, context(SOURCE, NOW)
    )
    assert evidence.error == "needs 1,260 bars, has 300"


def test_a_tool_that_breaks_is_evidence() -> None:
    evidence = LiveToolbox([failing(ZeroDivisionError("division by zero"))]).call(
        "half", {}, context(SOURCE, NOW)
    )
    assert evidence.error == "broke: ZeroDivisionError: division by zero"


def test_a_recorded_toolbox_answers_what_was_recorded_and_runs_nothing() -> None:
    counter = Counter()
    here = context(SOURCE, NOW)
    live = LiveToolbox([counter.tool])
    said = [("AAA", live.call("half", {}, here)), ("AAA", live.call("half", {"number": "many"}, here))]
    recorded = RecordedToolbox.of(said, [counter.tool])
    assert recorded.call("half", {"number": 1.0}, here) == said[0][1]
    assert recorded.call("half", {"number": "many"}, here) == said[1][1]
    assert counter.calls == 1


@pytest.mark.parametrize(
    ("name", "arguments", "symbol"),
    [("half", {"number": 2.0}, "AAA"), ("half", {}, "BBB"), ("third", {}, "AAA")],
)
def test_what_was_not_recorded_is_said_to_be_missing(
    name: str, arguments: dict[str, Any], symbol: str
) -> None:
    counter = Counter()
    said = LiveToolbox([counter.tool]).call("half", {}, context(SOURCE, NOW))
    box = RecordedToolbox.of([("AAA", said)], [counter.tool])
    evidence = box.call(name, arguments, context(SOURCE, NOW, symbol))
    assert (evidence.result, evidence.error) == (None, "not recorded")


@pytest.mark.parametrize("named", TOOLS, ids=lambda named: named.name)
def test_every_tool_and_each_of_its_fields_is_described(named: Tool[Any, Any]) -> None:
    schema = named.schema
    assert tool(named.name) is named
    assert schema["summary"]
    for side in ("arguments", "result"):
        for form in (schema[side], *schema[side].get("$defs", {}).values()):
            assert form["description"]
            if form["type"] == "object" and form["title"] in described(named):
                assert [
                    name for name, field in form["properties"].items() if "description" not in field
                ] == []


def described(named: Tool[Any, Any]) -> set[str]:
    """Titles of the forms that are the tool's own; others (a payoff, a sizing step) belong to the domain."""
    module = importlib.import_module(named.run.__module__)
    return {
        name
        for name, form in vars(module).items()
        if isinstance(form, type) and issubclass(form, Schema) and form.__module__ == module.__name__
    }


def test_a_schema_is_plain_json() -> None:
    assert all(canonical_json(named.schema) for named in TOOLS)


def test_an_unknown_tool_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName) as raised:
        tool("feature")
    assert "features" in raised.value.hint
