"""The desk as a user gets it, and as a user changes it without a line of Python."""

from pathlib import Path

import pytest

from tests.agents.conftest import make_case
from trader.agents.agent import NO_RULE
from trader.agents.roster import roster
from trader.domain.errors import PromptError, SettingsError
from trader.domain.opinions import Abstention, Opinion
from trader.prompts.prompt import Tier
from trader.settings import load

CARRY = """\
---
name: carry
tier: senior
mandate: What is paid for holding
reads: [technicals]
{extra}---
You judge what holding {{{{ symbol }}}} pays.
"""


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    folder.mkdir()
    return folder


def test_the_desk_has_its_twelve_agents_in_order():
    assert [(agent.tier, agent.name) for agent in roster()] == [
        *(
            (Tier.JUNIOR, name)
            for name in ("forecaster", "fundamentals", "macro", "news", "portfolio", "technicals")
        ),
        *((Tier.SENIOR, name) for name in ("momentum", "quant", "risk", "sentiment", "value")),
        (Tier.EXECUTIVE, "executive"),
    ]


def test_every_packaged_senior_and_the_executive_follow_a_rule():
    assert {agent.name: agent.source for agent in roster() if agent.tier is not Tier.JUNIOR} == {
        name: f"rule:{name}" for name in ("momentum", "quant", "risk", "sentiment", "value", "executive")
    }


def test_a_file_dropped_into_the_workspace_is_a_senior_with_no_python(prompts: Path):
    (prompts / "carry.md").write_text(CARRY.format(extra="policy: momentum\n"), encoding="utf-8")
    carry = next(agent for agent in roster(prompts) if agent.name == "carry")
    assert (carry.tier, carry.record) == (Tier.SENIOR, "carry/rule:momentum")
    assert [call.name for call in carry.calls] == ["features"]
    form = carry.judge(make_case())
    assert isinstance(form, Opinion)
    assert form.agent == "carry"


def test_a_file_with_no_policy_is_a_senior_that_abstains(prompts: Path):
    (prompts / "carry.md").write_text(CARRY.format(extra=""), encoding="utf-8")
    carry = next(agent for agent in roster(prompts) if agent.name == "carry")
    assert carry.source == "none"
    assert carry.judge(make_case()) == Abstention(agent="carry", reason=NO_RULE)


def test_an_edited_prompt_has_another_digest_and_the_same_record(prompts: Path):
    before = next(agent for agent in roster() if agent.name == "momentum")
    (prompts / "momentum.md").write_text(before.prompt.text + "Be brief.\n", encoding="utf-8")
    after = next(agent for agent in roster(prompts) if agent.name == "momentum")
    assert after.prompt.digest != before.prompt.digest
    assert after.record == before.record


def test_settings_take_agents_off_the_desk_and_change_their_rule():
    tables = {"news": {"enabled": False}, "value": {"policy": "momentum"}, "quant": {"policy": "none"}}
    desk = {agent.name: agent for agent in roster(tables=tables)}
    assert "news" not in desk
    assert desk["value"].record == "value/rule:momentum"
    assert desk["quant"].source == "none"
    assert desk["sentiment"].source == "rule:sentiment"


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        (
            "[agents.momentm]\nenabled = true\n",
            ":1: agents.momentm: there is no such agent",
            "did you mean momentum?",
        ),
        (
            "[agents.news]\nenable = false\n",
            ":2: agents.news.enable: there is no such setting",
            "did you mean enabled?",
        ),
        ("[agents.news]\nenabled = 0\n", ":2: agents.news.enabled: expected true or false, found 0", ""),
        (
            "[agents.executive]\nenabled = false\n",
            ":2: agents.executive.enabled: a desk has exactly one executive",
            "",
        ),
        (
            "[agents.value]\npolicy = 'valu'\n",
            ":2: agents.value.policy: a senior has no policy valu",
            "did you mean value?",
        ),
        ("[agents.value]\npolicy = 7\n", ":2: agents.value.policy: a senior has no policy 7", "there are: "),
        (
            "[agents.news]\npolicy = 'value'\n",
            ":2: agents.news.policy: a junior has no policy value",
            "a junior follows none: it files what its tools say",
        ),
        (
            "[agents.news]\nmodel = 'fast'\n",
            ":2: agents.news.model: there is no role fast",
            "[llm.roles.fast] in trader.toml makes one",
        ),
    ],
)
def test_a_table_that_fits_no_agent_is_said_with_its_line(
    tmp_path: Path, text: str, sentence: str, hint: str
):
    path = tmp_path / "trader.toml"
    path.write_text(text, encoding="utf-8")
    settings, sources = load(path)
    with pytest.raises(SettingsError) as caught:
        roster(tables=settings.agents, sources=sources)
    assert caught.value.message == f"{path}{sentence}"
    assert caught.value.hint.startswith(hint)
    assert bool(caught.value.hint) == bool(hint)


def test_a_wrong_file_stops_the_desk_before_anything_runs(prompts: Path):
    (prompts / "carry.md").write_text(CARRY.format(extra="tools: [featurs]\n"), encoding="utf-8")
    with pytest.raises(PromptError, match=r"carry\.md:6: unknown tool: featurs"):
        roster(prompts)
