"""What came of earlier trades is shown as lessons, fenced and apart from the tools, and goes first."""

from dataclasses import replace
from typing import Any

import pytest

from tests.agents.conftest import make_case
from tests.memory.past import remembered
from tests.tools.markets import close_of, context, market
from trader.agents.agent import EXPERIENCE, Agent
from trader.agents.policies import POLICIES
from trader.agents.speaking import calls, citable
from trader.agents.speaking import context as shown
from trader.domain.reports import Evidence
from trader.llm.budget import Price, worst_case
from trader.memory.recall import Memory
from trader.prompts.frontmatter import read_prompt
from trader.prompts.loader import PACKAGED
from trader.prompts.prompt import Tier
from trader.settings.llm import Role
from trader.tools.toolbox import LiveToolbox, RecordedToolbox

SOURCE, NOW = market(400), close_of(380)
MEMORY = Memory.of(remembered(500))
ROLE = Role(models=("ollama/one",), temperature=0.5, max_output_tokens=300, timeout_s=3.0)


def momentum() -> Agent:
    return Agent(read_prompt(PACKAGED / "momentum.md").prompt, POLICIES[Tier.SENIOR]["momentum"], ROLE)


@pytest.fixture
def told() -> Evidence:
    recalled = momentum().recollect(LiveToolbox(), context(SOURCE, NOW, memory=MEMORY))
    return recalled[EXPERIENCE]


def prompt_of(**evidence: Evidence) -> str:
    (call,) = calls(momentum(), ROLE, make_case(evidence=evidence))
    return call.messages[-1].content


def tokens(role: Role, **evidence: Evidence) -> int:
    (call,) = calls(momentum(), role, make_case(evidence=evidence))
    return worst_case(call, Price()).tokens


def test_the_count_stands_under_lessons_in_a_fence_and_nowhere_else(told: Evidence) -> None:
    assert told.result is not None
    (summary,) = [one["summary"] for one in told.result["records"] if one["side"] == "long"]
    text = prompt_of(**{EXPERIENCE: told})
    before, _, lessons = text.partition("What you learned from earlier trades:")
    assert summary in lessons
    assert lessons.strip().startswith("```")
    assert told.digest in lessons
    assert EXPERIENCE not in before
    assert "(none)" in prompt_of().rpartition("What you learned from earlier trades:")[2]


def test_it_may_be_cited_and_costs_a_few_hundred_tokens(told: Evidence) -> None:
    case = make_case(evidence={EXPERIENCE: told})
    assert told.digest in citable(case)
    assert EXPERIENCE not in shown(case)["evidence"]
    added = tokens(ROLE, **{EXPERIENCE: told}) - tokens(ROLE)
    assert 100 < added < 700


def test_where_the_context_is_short_lessons_go_first(told: Evidence) -> None:
    room = tokens(ROLE) + 60
    short: Any = ROLE.model_copy(update={"context_tokens": room})
    (call,) = calls(momentum(), short, make_case(evidence={EXPERIENCE: told}))
    assert call.left_out == ("all lessons",)
    assert EXPERIENCE not in call.messages[-1].content


def test_who_wants_no_lessons_or_has_no_past_is_shown_nothing() -> None:
    agent = momentum()
    here = context(SOURCE, NOW, memory=MEMORY)
    silent = replace(agent, prompt=agent.prompt.model_copy(update={"lessons": 0}))
    assert silent.recollect(LiveToolbox(), here) == {}
    assert agent.recollect(LiveToolbox(), context(SOURCE, NOW)) == {}
    assert agent.recollect(RecordedToolbox({}), here) == {}


def test_an_agent_that_names_the_tool_itself_gets_it_once() -> None:
    agent = momentum()
    named = agent.prompt.tools + tuple(
        call.model_copy(update={"name": EXPERIENCE, "arguments": {"same_symbol": True}})
        for call in agent.prompt.tools[:1]
    )
    asking = replace(agent, prompt=agent.prompt.model_copy(update={"tools": named}))
    here = context(SOURCE, NOW, memory=MEMORY)
    assert asking.recollect(LiveToolbox(), here) == {}
    assert asking.gather(LiveToolbox(), here)[EXPERIENCE].arguments["same_symbol"] is True
