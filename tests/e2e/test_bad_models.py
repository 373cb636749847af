"""What a user gets wrong about a model: the run goes on without it, and each call says in one line why.

A server that is not there, and a decision's budget of zero, are in `test_models.py`.
"""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.models import Answering, desk_server, form
from tests.e2e.replays import Town
from tests.e2e.test_models import Elsewhere, calls_of, desk, replayed, steps
from tests.llm.server import Reply
from trader.commands.doctor import PROMPT_TOKENS
from trader.domain.decisions import Outcome
from trader.journal.reader import JournalReader
from trader.llm.budget import Price, worst_case
from trader.llm.client import Call
from trader.runner import Ran

pytestmark = pytest.mark.filterwarnings("ignore:Item .* on TypedDict class")
"""Of litellm's own types, made at its first call: it silences them as it is imported, which a test undoes."""

ROUND = {"run.cycles": 1, "llm.budget.deadline_s": 20.0}


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong, and what is written down of each call."""

    kind: str
    """The class of the error."""
    said: str
    answering: Answering = form
    settings: dict[str, Any] = field(default_factory=dict)


ANTHROPIC = {
    key: value
    for role in ("fast", "careful")
    for key, value in (
        (f"llm.roles.{role}.models", ("anthropic/claude-haiku-4-5",)),
        (f"llm.roles.{role}.api_base", None),
    )
}
MISTAKES = {
    "no key": Mistake("ModelRefused", "there is no key for anthropic", settings=ANTHROPIC),
    "a wrong key": Mistake("ModelRefused", "who are you", lambda asked: Reply("who are you", status=401)),
    "an unknown model": Mistake("ModelRefused", "no such", lambda asked: Reply("no such model", status=404)),
    "no JSON": Mistake("ParseError", "not one JSON object", lambda asked: Reply("It will rise. Buy!")),
}


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_mistake_is_an_abstention_with_its_cause_and_no_order(
    town: Town, elsewhere: Elsewhere, name: str
) -> None:
    mistake = MISTAKES[name]
    async with desk_server(mistake.answering) as server:
        ran = await desk(town, elsewhere(name.replace(" ", "-")), server, **ROUND, **mistake.settings)
    errors = calls_of(ran)
    assert errors
    assert {call.error_kind for call in errors} == {mistake.kind}
    assert all(mistake.said in call.error and "\n" not in call.error for call in errors), errors[0].error
    seniors = [step for step in steps(ran) if step.tier == "senior"]
    assert {step.form for step in seniors} == {"abstention"}
    with JournalReader(ran.journal) as reader:
        made = reader.decisions(ran.book.id)
        assert reader.orders(ran.book.id) == []
    assert {one.outcome for one in made} == {Outcome.UNDECIDED}
    assert all(one.cause for one in made)
    assert set(await replayed(ran)) == {()}


async def test_a_model_without_json_mode_is_asked_for_the_schema_in_words(
    town: Town, elsewhere: Elsewhere
) -> None:
    def answering(asked: Any) -> Reply:
        refused = "response_format" in asked.request
        return Reply("response_format is not supported", status=400) if refused else form(asked)

    async with desk_server(answering) as server:
        ran = await desk(town, elsewhere("plain"), server, **ROUND)
    assert {call.error for call in calls_of(ran)} == {""}
    assert {step.source for step in steps(ran) if step.tier == "senior"} == {"model:openai/small"}


async def test_an_agents_budget_of_zero_is_its_rule(town: Town, elsewhere: Elsewhere) -> None:
    async with desk_server() as server:
        ran = await desk(town, elsewhere("zero"), server, **ROUND, **{"llm.budget.per_agent_tokens": 0})
    assert server.requests == []
    seniors = [step for step in steps(ran) if step.tier == "senior"]
    assert all(step.source.startswith("rule:") for step in seniors)


async def test_doctor_knows_how_long_a_prompt_is_at_most(town: Town, elsewhere: Elsewhere) -> None:
    async with desk_server() as server:
        ran: Ran = await desk(town, elsewhere("long"), server, **ROUND)
    with JournalReader(ran.journal) as reader:
        asked = [Call.model_validate(reader.blob(call.call)) for call in calls_of(ran)]
    longest = max(worst_case(call, Price()).tokens - call.max_output_tokens for call in asked)
    assert PROMPT_TOKENS / 2 < longest <= PROMPT_TOKENS


def test_a_budget_that_holds_nothing_is_said_once_while_it_runs(town: Town, tmp_path: Path) -> None:
    (tmp_path / "trader.toml").write_text("[llm.budget]\nper_decision_tokens = 0\n", encoding="utf-8")
    ended = ran_as_a_program(town, tmp_path, cycles=2)
    assert ended.returncode == 0, ended.stderr
    note = "the budget for language models does not hold executive, momentum, quant, risk, sentiment, value"
    assert ended.stdout.count(note) == 1
    assert "36 more not made because the budget was spent" in ended.stdout


def ran_as_a_program(town: Town, folder: Path, cycles: int) -> "subprocess.CompletedProcess[str]":
    data = ["--feed", f"files:{town.data}", "--start", "2005-02-04", "--cycles", str(cycles)]
    model = ["--model", "anthropic/claude-haiku-4-5"]
    variables = {name: value for name, value in os.environ.items() if name != "ANTHROPIC_API_KEY"}
    return subprocess.run(
        [sys.executable, "-m", "trader", "run", "--mode", "paper", *data, *model],
        cwd=folder,
        env=variables | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
    )


def test_a_run_whose_models_fail_ends_with_1_and_says_why(town: Town, tmp_path: Path) -> None:
    ended = ran_as_a_program(town, tmp_path, cycles=1)
    assert ended.returncode == 1, ended.stderr
    assert "3 undecided" in ended.stdout
    assert "undecided because models failed: 3 decisions, the last with 0 of the 2 forecasts" in ended.stderr
    assert "there is no key for anthropic" in ended.stderr
    assert "`trader doctor`" in ended.stderr
