"""`trader check lookahead` clears the default desk, and names whoever peeks."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.replays import cut
from tests.properties.desks import SETTINGS, rising
from tests.tools.markets import close_of
from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.policies.policy import Policy
from trader.agents.roster import roster
from trader.cli import main
from trader.data.market import Market
from trader.domain.errors import UsageError
from trader.domain.market import to_datetime64
from trader.domain.opinions import Opinion
from trader.evals.lookahead import Leak, check_lookahead, moments
from trader.tools.features import FEATURES, Arguments, Result
from trader.tools.registry import TOOLS
from trader.tools.tool import Tool, ToolContext

SOURCE = rising(420)
AT = (close_of(400),)
AGENTS = roster()


def next_close(here: ToolContext) -> float:
    """The return of the bar that has not come yet."""
    bars = here.view._market.bars[here.symbol]
    row = int(np.searchsorted(bars.available, to_datetime64(here.view.as_of), side="right")) - 1
    return float(bars.close[row + 1] / bars.close[row] - 1.0) if row + 1 < len(bars) else 0.0


def peeking() -> tuple[Tool[Any, Any], ...]:
    """The tools, with features that tell of a year what the next bar will do."""

    def run(here: ToolContext, arguments: Arguments) -> Result:
        honest = FEATURES.run(here, arguments)
        return honest.model_copy(update={"values": dict(honest.values) | {"return_252": next_close(here)}})

    return tuple(replace(FEATURES, run=run) if tool is FEATURES else tool for tool in TOOLS)


def found(
    tools: Callable[[], tuple[Tool[Any, Any], ...]] = lambda: TOOLS,
    agents: tuple[Agent, ...] = AGENTS,
    market: Market = SOURCE,
) -> tuple[Leak, ...]:
    return check_lookahead(market, SETTINGS, agents, AT, tools=tools).leaks


def test_the_default_desk_is_clean() -> None:
    result = check_lookahead(SOURCE, SETTINGS, AGENTS, moments(SOURCE, 2))
    assert result.clean
    assert result.finding.startswith("CLEAN: nothing after as_of changed a decision")
    assert result.compared > 300


def test_a_tool_that_peeks_is_named_and_those_who_believed_it_are_not() -> None:
    leaks = found(peeking)
    assert {"tool features of technicals", "tool features of momentum"} <= {leak.what for leak in leaks}
    assert all(leak.what.startswith("tool features of ") for leak in leaks)
    assert {leak.symbol for leak in leaks} == {"AAA", "BBB", "CCC"}
    assert {leak.future for leak in leaks} == {"nothing", "noise"}
    assert all("agent momentum" in leak.then for leak in leaks)


def test_an_agent_that_peeks_by_itself_is_named() -> None:
    """A rule that has found a way round its tools."""

    def agents(market: Market) -> tuple[Agent, ...]:
        def judge(agent: str, case: Case) -> Opinion:
            bars = market.bars[case.symbol]
            after = bars.close[bars.available > to_datetime64(case.as_of)]
            return Opinion(
                agent=agent, p_up=0.6 if len(after) and after[0] > 100 else 0.5, reasoning="I know."
            )

        own = Policy("seer", "with what will be", "nowhere", (), judge)
        return tuple(replace(one, policy=own) if one.name == "momentum" else one for one in AGENTS)

    from trader.data.perturbation import Future, perturbed
    from trader.evals import lookahead

    real = lookahead.said(SOURCE, SETTINGS, agents(SOURCE), AT[0])
    cut_away = perturbed(SOURCE, AT[0], Future.NOTHING)
    other = lookahead.said(cut_away, SETTINGS, agents(cut_away), AT[0])
    leaks = list(lookahead._leaks(AT[0], Future.NOTHING, real, other, AGENTS))
    assert {leak.what for leak in leaks} == {"agent momentum"}


@pytest.mark.parametrize(("count", "said"), [(0, "0 moments"), (200, "are too few")])
def test_too_little_data_is_no_proof(count: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        moments(SOURCE, count)


def test_the_command_clears_the_desk_and_says_how_much_it_compared(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = cut(workspace / "data", ("IBM",), date(2003, 6, 2), date(2005, 3, 31))
    given = ["check", "lookahead", "--feed", f"files:{data}", "--moments", "1"]
    assert main([*given, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["finding"].startswith("CLEAN")
    assert shown["compared"] > 20
    assert shown["leaks"] == []
    assert main([*given, "--at", "2005-02-xx"]) == 2
    assert "is not a day" in capsys.readouterr().err
