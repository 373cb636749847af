"""What langgraph.json names is there, and answers for a day that a person types."""

import asyncio
import importlib.util
import json
from typing import Any

import pytest

from tests.transcripts import ROOT
from trader.agents.roster import roster
from trader.domain.errors import UsageError

GRAPHS: dict[str, str] = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))["graphs"]


@pytest.fixture(scope="module")
def opened() -> dict[str, Any]:
    """Every graph of the file, made as Studio's server makes it: from the path and the name of a function."""
    made = {}
    for name, place in GRAPHS.items():
        path, _, function = place.partition(":")
        spec = importlib.util.spec_from_file_location("studio", ROOT / path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        made[name] = getattr(module, function)()
    return made


def asked(graph: Any, **asked: str) -> dict[str, Any]:
    answer = asyncio.run(graph.ainvoke(asked))
    json.dumps(answer)
    assert isinstance(answer, dict)
    return answer


def test_both_graphs_show_every_agent(opened: dict[str, Any]) -> None:
    assert set(opened) == {"decide", "desk"}
    for name, graph in opened.items():
        drawn = {node.rpartition(":")[2] for node in graph.get_graph(xray=2).nodes}
        assert {agent.name for agent in roster()} <= drawn, name


def test_the_form_is_a_day_and_a_symbol(opened: dict[str, Any]) -> None:
    for graph in opened.values():
        assert set(graph.get_input_jsonschema()["properties"]) == {"day", "symbol"}


def test_alone_an_instrument_is_decided_as_on_the_desk(opened: dict[str, Any]) -> None:
    together = asked(opened["desk"], day="2012-06-02")  # a Saturday: the close before it
    (alone,) = asked(opened["decide"], day="2012-06-02", symbol="IBM")["decisions"]
    assert alone["as_of"] == "2012-06-01T20:00:00Z"
    assert alone in together["decisions"]
    assert len(together["decisions"]) == 4
    traded = {decision["id"] for decision in together["decisions"] if decision["outcome"] == "trade"}
    assert {order["order"]["decision"] for order in together["orders"]} == traded != set()


def test_what_is_left_open_is_the_last_day_and_the_first_symbol(opened: dict[str, Any]) -> None:
    (decision,) = asked(opened["decide"])["decisions"]
    assert (decision["symbol"], decision["as_of"]) == ("AAPL", "2013-03-01T21:00:00Z")


def test_what_is_not_there_is_said(opened: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no such symbol: FB"):
        asked(opened["decide"], symbol="FB")
    with pytest.raises(UsageError, match="not a day: soon"):
        asked(opened["desk"], day="soon")
    with pytest.raises(UsageError, match="no bar had closed by 1990-01-01"):
        asked(opened["desk"], day="1990-01-01")
