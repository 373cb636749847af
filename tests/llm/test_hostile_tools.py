"""Where an agent may ask for tools: what it may not ask for, and how often it may not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.llm.conftest import call_of
from tests.llm.hostile import GOOD
from tests.llm.hostile_words import INVISIBLE, ORDERS, TOOLS, tool_calls
from tests.llm.server import Reply, serving
from tests.llm.test_forms import ATTACKS, TIERS, question
from trader.clock import SystemClock
from trader.llm.asking import Results, ask_for_form
from trader.llm.forms import ParseError, Question, ToolRequest, parse
from trader.llm.litellm_client import LitellmClient
from trader.llm.schemas import schema_for

CLOCK = SystemClock()
NO_ARGUMENTS = (
    None, 1, {}, [], "", "x", "[]", "null", "NaN", '{"a": NaN}', '{"a": 1, "a": 2}', "{} {}", "{", "{" * 500,
    '{"a":' * 50 + "1" + "}" * 50, '{"a": "\\u0000"}', "x" * 5000, '{"a": 1e999}', '{"a": -1e999}',
)  # fmt: skip


def may_ask(tier: str, rounds: int = 2) -> Question:
    return question(tier).model_copy(update={"tool_rounds": rounds})


def request(*calls: dict[str, Any], **changes: Any) -> str:
    return json.dumps({**GOOD["senior"], "kind": "tools", "tools": list(calls), **changes})


def requests() -> Iterator[tuple[str, str]]:
    """Requests that are none."""
    good = {"tool": "features", "arguments": "{}"}
    yield "none", request()
    yield "too many", request(*[good] * 5)
    for symbol in ("AAPL", "", None, ["MSFT"], "MSFT\u200b"):
        yield f"about {symbol!r}", request(good, symbol=symbol)
    for kind in ("Tools", "tool", "tool_call", "function_call", ["tools"], None):
        yield f"of the kind {kind!r}", request(good, kind=kind)
    for arguments in NO_ARGUMENTS:
        yield f"arguments {arguments!r:.20}", request({"tool": "features", "arguments": arguments})
    for tool in (None, 1, "", [], {}, "x" * 600, ["features"]):
        yield f"tool {tool!r:.20}", request({"tool": tool, "arguments": "{}"})
    for key in ("id", "type", "confirm", "approved", *INVISIBLE):
        yield f"more in a call: {key!r}", request({**good, key: True})
        yield f"more in the form: {key!r}", request(good, **{key: True})
    for tool in TOOLS:
        yield from (
            (f"{tool} {n}", json.dumps({**GOOD["senior"], "tools": call}))
            for n, call in enumerate(tool_calls(tool))
        )
    for order in ORDERS:
        yield f"tools: {order[:20]}", json.dumps({**GOOD["senior"], "tools": order})


REQUESTS = tuple(requests())


@pytest.mark.parametrize("tier", TIERS)
def test_no_hostile_answer_is_a_form_or_a_request_where_tools_may_be_asked_for(tier: str) -> None:
    for name, text in [(name, text) for of, name, text in ATTACKS if of == tier]:
        with pytest.raises(ParseError) as refused:
            pytest.fail(f"{name} went through: {parse(text, may_ask(tier))}")
        assert str(refused.value).isprintable(), name


def test_no_hostile_request_is_one() -> None:
    assert len({text for _, text in REQUESTS}) > 250
    for name, text in REQUESTS:
        with pytest.raises(ParseError) as refused:
            pytest.fail(f"{name} went through: {parse(text, may_ask('senior'))}")
        assert str(refused.value).isprintable(), name
        assert len(str(refused.value)) < 1000, name


def test_a_request_is_none_where_no_tools_may_be_asked_for_or_no_more() -> None:
    text = request({"tool": "features", "arguments": "{}"})
    assert isinstance(parse(text, may_ask("senior")), ToolRequest)
    for rounds in (0, None):
        with pytest.raises(ParseError):
            parse(text, question("senior").model_copy(update={"tool_rounds": rounds}))


@pytest.mark.parametrize("rounds", [1, 3])
async def test_a_model_that_asks_for_tools_for_ever_is_answered_so_often_and_then_abstains(
    client: LitellmClient, rounds: int
) -> None:
    used: list[ToolRequest] = []

    def use_tools(asked: ToolRequest, left: int) -> Results:
        used.append(asked)
        return Results(text="you have no such tool", evidence=frozenset())

    async with serving(
        Reply(request({"tool": "place_order", "arguments": '{"quantity": 1000000}'}))
    ) as server:
        result = await ask_for_form(
            client,
            [call_of(server.api_base, form_schema=schema_for("senior", tools=True))],
            may_ask("senior", rounds),
            deadline=CLOCK.monotonic() + 20.0,
            clock=CLOCK,
            use_tools=use_tools,
        )
    assert result.form is None
    assert "no more tools" in result.cause
    assert len(used) == rounds
    assert len(server.requests) == rounds + 2, "the first, one after each round, and one repair"
    assert all("tools" not in sent for sent in server.requests)
