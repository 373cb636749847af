"""A desk of models beside the same desk without any, and beside one agent that has everything."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.models import Asked, desk_server, form
from tests.e2e.replays import Town
from tests.e2e.test_models import desk
from tests.llm.server import Reply
from trader.agents.roster import roster
from trader.cli import main
from trader.clock import SystemClock
from trader.data.feeds import open_feed
from trader.evals.cases import Recorded
from trader.evals.datasets.deciding import Decided
from trader.evals.evaluation import evaluate
from trader.evals.other_desks import (
    ONE_AGENT,
    RULES,
    Beside,
    OtherDesk,
    beside_a_set,
    lone,
    one_agent_again,
    rules_again,
    why_not,
)
from trader.journal.reader import JournalReader
from trader.measures.forecasts import expit, logit
from trader.prompts.prompt import Tier
from trader.runner import Ran
from trader.settings import Settings
from trader.settings.llm import Role
from trader.workspace import Workspace

Elsewhere = Callable[[str], Workspace]


def bold(asked: Asked) -> Reply:
    return form(asked, p_up=0.8) if asked.part == "generalist" else form(asked)


async def alone(ran: Ran, role: Role) -> OtherDesk:
    with JournalReader(ran.journal) as reader:
        return await one_agent_again(
            reader,
            reader.decisions(ran.book.id),
            open_feed(ran.book.feed, ran.book.symbols),
            role,
            folder=Workspace(ran.journal.parents[1]).cache,
            note=lambda text: pytest.fail(text),
            clock=SystemClock(),
        )


async def test_both_stand_beside_a_desk_of_models(
    town: Town, elsewhere: Elsewhere, unbroken: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk_server(bold) as server:
        workspace = elsewhere("beside")
        ran = await desk(town, workspace, server, run__cycles=2)
        with JournalReader(ran.journal) as reader:
            decisions = reader.decisions(ran.book.id, newest_first=False)
            ruled = await rules_again(reader, decisions)
        role = Role(models=("openai/big",), api_base=server.api_base)
        before = len(server.requests)
        one = await alone(ran, role)
        asked = server.requests[before:]
        again = await alone(ran, role)
        assert len(server.requests) - before == len(asked)  # the second time is free

        def command() -> tuple[int, str]:
            code = main(["--workspace", str(workspace.root), "eval", "all"])
            return code, capsys.readouterr().out

        code, shown = await asyncio.to_thread(command)
    with JournalReader(unbroken.journal) as reader:
        rules = {(made.symbol, made.as_of): made.pool for made in reader.decisions(unbroken.book.id)}
    assert set(ruled.said) == {(made.symbol, made.as_of) for made in decisions}
    for place, p_up in ruled.said.items():
        said_by_rules = rules[place]
        assert said_by_rules is not None
        # The same forecasts and calibration; weights were fitted beside those of the models' records.
        assert p_up == pytest.approx(said_by_rules.p_up, abs=0.005)

    assert len(asked) == len(decisions) == len(one.said) == 6
    assert {request["model"] for request in asked} == {"big"}
    text = "\n".join(message["content"] for message in asked[0]["messages"])
    assert all(f"{name}:" in text for name in ("technicals", "forecaster", "macro", "news", "portfolio"))
    assert "# Your part: generalist" in text
    for made in decisions:  # believed by half, as whoever has shown nothing
        assert made.pool is not None
        base = logit(made.pool.base_rate)
        wanted = float(expit(base + 0.5 * (logit(0.8) - base)))
        assert one.said[made.symbol, made.as_of] == pytest.approx(wanted, abs=1e-9)
    assert again.said == one.said
    assert one.name == f"{ONE_AGENT}, openai/big"
    assert one.note.startswith("one agent with all tools: 6 of 6 cases answered in 6 calls, ")

    assert code == 0
    assert RULES in shown
    assert "one agent with all tools is not shown: it asks a model, and --one-agent MODEL says which" in shown
    with JournalReader(ran.journal) as reader:
        found = evaluate(
            reader,
            ran.book,
            open_feed(ran.book.feed, ran.book.symbols),
            beside=Beside((ruled, one), ("why",)),
        )
    rows = {row.name: row for row in found.baselines}
    assert rows[RULES].cases == rows[one.name].cases == len(found.cases)
    assert rows[RULES].scores["brier"] != rows[one.name].scores["brier"]
    assert one.note in found.findings
    assert "why" in found.findings


def test_one_agent_has_every_tool_and_every_report_and_nobody_above_it() -> None:
    agents = roster()
    everybody = lone(agents, Role(models=("openai/big",)))
    (one,) = [agent for agent in everybody if agent.tier is Tier.SENIOR]
    assert {call.name for call in one.calls} == {call.name for agent in agents for call in agent.calls}
    assert set(one.prompt.reads) == {agent.name for agent in agents if agent.tier is Tier.JUNIOR}
    assert [agent.name for agent in everybody if agent.role] == ["generalist"]
    assert everybody[-1].policy is None


def test_without_a_model_neither_applies_and_it_is_said() -> None:
    assert why_not(False, asked_alone=False) == (
        "not applicable, because nobody on this desk asked a model: "
        "the desk with no model, and one agent with all tools",
    )
    assert why_not(False, asked_alone=True) == (
        "not applicable, because nobody on this desk asked a model: the desk with no model",
    )
    assert why_not(True, asked_alone=True) == ()


async def test_on_a_set_each_desk_decides_it_and_only_what_is_asked_for(unbroken: Ran, town: Town) -> None:
    decided: list[tuple[Sequence[str], int]] = []
    with JournalReader(unbroken.journal) as reader:
        made = tuple(reader.decisions(unbroken.book.id))

    async def decide(agents: Any, settings: Settings) -> Decided:
        decided.append(([agent.name for agent in agents if agent.role], settings.desk.quorum))
        return Decided(unbroken.book, Recorded(made, None, (), ()))  # type: ignore[arg-type]

    role = Role(models=("openai/big",))
    asking = tuple(replace(agent, role=role) if agent.name == "quant" else agent for agent in roster())
    found = await beside_a_set(decide, asking, town.settings, role)
    assert decided == [([], 2), (["generalist"], 1)]
    assert [one.name for one in found.desks] == [RULES, f"{ONE_AGENT}, openai/big"]
    assert found.missing == ()
    decided.clear()
    assert (await beside_a_set(decide, roster(), town.settings, None)).desks == ()
    assert decided == []
