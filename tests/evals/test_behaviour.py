"""The packaged behaviour cases: many, told apart, kept by the rules, and broken by whoever misbehaves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.models import Asked, desk_server, form
from tests.llm.server import Reply
from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.policies.policy import Policy
from trader.agents.roster import roster
from trader.cli import main
from trader.clock import SystemClock
from trader.domain.opinions import Opinion
from trader.evals.behaviour.situations import SITUATIONS
from trader.evals.behaviour.table import EVERYBODY, cases
from trader.evals.behaviour.trying import Behaviour, try_behaviour
from trader.graph.models import Models
from trader.runner.asking import models_beside
from trader.settings import Settings, load
from trader.settings.llm import Role

SETTINGS = load()[0]
FEW = ("2 bars", "20 bars", "panic", "falling", "scrambled after", "in cents", "good news")


def test_there_are_more_than_a_hundred_and_each_is_another() -> None:
    ids = [case.id for case in cases()]
    assert len(ids) >= 100
    assert len(set(ids)) == len(ids)
    assert {case.situation for case in cases()} == set(SITUATIONS)
    assert {case.who for case in cases()} == set(EVERYBODY)


@pytest.mark.slow
async def test_the_rules_and_their_desk_keep_every_one() -> None:
    found = await try_behaviour(SETTINGS, roster())
    assert [f"{one.case.id}: {one.wrong}" for one in found.failed] == []
    assert found.finding == f"PASSED: {len(list(cases()))} of {len(list(cases()))} behaviour cases."


def misbehaving(p_up: float) -> tuple[Agent, ...]:
    def judge(agent: str, case: Case) -> Opinion:
        return Opinion(agent=agent, p_up=p_up, reasoning="always")

    bold = Policy("bold", "always the same", "nowhere", (), judge)
    return tuple(replace(one, policy=bold) if one.name == "momentum" else one for one in roster())


async def test_an_agent_that_is_sure_of_everything_is_found_out() -> None:
    found = await try_behaviour(SETTINGS, misbehaving(0.95), ("momentum",), within=FEW)
    failed = {one.case.situation: one.wrong for one in found.failed}
    assert failed["2 bars"] == "it gave an opinion with p_up 0.95"
    assert "from the base rate" in failed["panic"]
    assert "is above the base rate" in failed["falling"] or "from the base rate" in failed["falling"]
    assert found.finding.startswith("FAILED: ")


@asynccontextmanager
async def asked(settings: Settings, agents: tuple[Agent, ...], folder: Path) -> AsyncIterator[Models | None]:
    from decimal import Decimal

    async with models_beside(
        settings, agents, SystemClock(), folder=folder, note=lambda text: None, spent=Decimal(0)
    ) as models:
        yield models


async def of_model(answer: float, tmp_path: Path) -> Behaviour:
    def answering(request: Asked) -> Reply:
        return form(request, p_up=answer)

    async with desk_server(answering) as server:
        role = Role(models=("openai/any",), api_base=server.api_base)
        agents = tuple(replace(one, role=role) if one.name == "momentum" else one for one in roster())
        async with asked(SETTINGS, agents, tmp_path) as models:
            return await try_behaviour(SETTINGS, agents, ("momentum",), within=FEW, models=models)


async def test_a_model_is_tried_in_the_same_situations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says the same whatever it reads: nothing moves it, and it never abstains."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    found = await of_model(0.56, tmp_path)
    failed = {one.case.situation for one in found.failed}
    assert "20 bars" in failed
    assert not failed & {"scrambled after", "in cents", "good news"}
    assert found.calls


def test_who_no_case_is_about_is_named(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "momentun", "--on", "behaviour"]) == 2
    assert "did you mean momentum?" in capsys.readouterr().err
    assert main(["eval", "risk", "--on", "behaviour", "--max-brier", "1"]) == 2
    assert "have no bounds" in capsys.readouterr().err
