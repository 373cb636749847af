"""The desk as a user gets it, and as a user changes it without a line of Python."""

import re
from pathlib import Path

import pytest

from tests.agents.conftest import make_case
from trader.agents.agent import NO_RULE
from trader.agents.roster import roster
from trader.domain.errors import PromptError, SettingsError
from trader.domain.opinions import Abstention, Opinion
from trader.domain.value import digest
from trader.prompts.frontmatter import parse_prompt
from trader.prompts.prompt import Tier
from trader.settings import load
from trader.settings.llm import Role

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


ROLES = {"fast": Role(models=("ollama/small",)), "careful": Role(models=("openai/large",))}


def test_several_models_are_several_opinions_of_one_family_and_one_rule(prompts: Path):
    extra = "policy: momentum\nmodels: [fast, gemini/flash, openrouter/x/flash, absent]\n"
    (prompts / "carry.md").write_text(CARRY.format(extra=extra), encoding="utf-8")
    voices = [agent for agent in roster(prompts, roles=ROLES) if agent.prompt.name == "carry"]
    assert [(agent.name, agent.role and agent.role.models) for agent in voices] == [
        ("carry.fast", ("ollama/small",)),
        ("carry.flash", ("gemini/flash",)),
        ("carry.flash-2", ("openrouter/x/flash",)),
    ]
    assert {agent.prompt.family for agent in voices} == {"carry"}
    first, *others = (agent.judge(make_case()) for agent in voices)
    assert isinstance(first, Opinion)
    assert {form.reason for form in others} == {"its rule speaks once, as carry.fast"}  # type: ignore[union-attr]
    assert [agent.record for agent in voices] == ["carry/rule:momentum", "carry/none", "carry/none"]


def test_without_roles_an_agent_with_several_models_follows_its_rule_under_its_own_name(prompts: Path):
    extra = "policy: momentum\nmodels: [fast, gemini/flash]\n"
    (prompts / "carry.md").write_text(CARRY.format(extra=extra), encoding="utf-8")
    assert [agent.name for agent in roster(prompts) if agent.prompt.name == "carry"] == ["carry"]


def test_a_table_names_several_models_in_place_of_the_one_in_the_file():
    tables = {"momentum": {"models": ["fast", "careful"]}}
    assert [agent.name for agent in roster(tables=tables, roles=ROLES)][6:8] == [
        "momentum.fast",
        "momentum.careful",
    ]


def test_a_persona_is_the_last_word_of_a_prompt_and_makes_another_record():
    plain = next(agent for agent in roster() if agent.name == "value")
    worn = next(
        agent for agent in roster(tables={"value": {"persona": "contrarian"}}) if agent.name == "value"
    )
    assert worn.prompt.body.startswith(plain.prompt.body.rstrip())
    assert worn.prompt.body.partition("# How you weigh: ")[2].startswith("contrarian")
    assert worn.prompt.digest == digest(worn.prompt.text) != plain.prompt.digest
    assert parse_prompt(worn.prompt.text, Path("value.md")).prompt.body == worn.prompt.body


def test_a_persona_of_the_workspace_is_laid_over_by_the_file(prompts: Path):
    (prompts / "personas").mkdir()
    (prompts / "personas" / "weary.md").write_text("You have seen {{ symbol }} before.\n", encoding="utf-8")
    (prompts / "carry.md").write_text(CARRY.format(extra="persona: weary\n"), encoding="utf-8")
    carry = next(agent for agent in roster(prompts) if agent.name == "carry")
    assert carry.prompt.body.endswith("pays.\n\nYou have seen {{ symbol }} before.\n")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("persona: contrarain\n", "carry.md:6: unknown persona: contrarain"),
        ("samples: 12\n", "carry.md:6: samples: input should be less than or equal to 9"),
        ("tool_rounds: 4\n", "carry.md:6: tool_rounds: input should be less than or equal to 3"),
        ("model: fast\nmodels: [fast]\n", "carry.md:7: both model and models are named"),
        ("models: [fast, fast]\n", "carry.md:6: a model is named twice"),
    ],
)
def test_what_a_file_gets_wrong_about_asking_is_said_with_its_line(prompts: Path, extra: str, message: str):
    (prompts / "carry.md").write_text(CARRY.format(extra=extra), encoding="utf-8")
    with pytest.raises(PromptError, match=re.escape(message)):
        roster(prompts)


def test_a_persona_with_an_unknown_variable_is_named_itself(prompts: Path):
    (prompts / "personas").mkdir()
    (prompts / "personas" / "weary.md").write_text("One\n{{ sybol }}\n", encoding="utf-8")
    (prompts / "carry.md").write_text(CARRY.format(extra="persona: weary\n"), encoding="utf-8")
    with pytest.raises(PromptError, match=re.escape("weary.md:2: undefined variable: sybol")):
        roster(prompts)


@pytest.mark.parametrize(
    ("agent", "table", "message"),
    [
        ("value", {"persona": "grumpy"}, "there is no persona grumpy"),
        ("value", {"models": ["slow"]}, "there is no role slow"),
        ("value", {"models": "fast"}, "expected a list of names"),
        ("executive", {"models": ["fast"]}, "only a senior has several opinions"),
        ("value", {"samples": 0}, "greater than or equal to 1"),
        ("news", {"samples": 2}, "a junior gathers facts"),
    ],
)
def test_what_a_table_gets_wrong_about_asking_is_said(agent: str, table: dict[str, object], message: str):
    with pytest.raises(SettingsError, match=message):
        roster(tables={agent: table}, roles=ROLES)


def test_one_model_for_everybody_is_asked_by_all_but_those_who_read_numbers_or_are_told_not_to():
    everyone = Role(models=("local-demo",))
    tables = {
        "risk": {"model": "none"},
        "momentum": {"models": ["fast", "careful"]},
        "quant": {"model": "fast"},
    }
    desk = roster(tables=tables, roles={**ROLES, "everyone": everyone})
    assert {agent.name: agent.role for agent in desk} == {
        **dict.fromkeys(("forecaster", "fundamentals", "macro", "portfolio", "technicals", "risk")),
        **dict.fromkeys(("news", "momentum", "quant", "sentiment", "value", "executive"), everyone),
    }


def test_a_table_that_names_no_role_is_wrong_whatever_everybody_is_asked():
    with pytest.raises(SettingsError, match=r"agents\.quant\.model: there is no role fats"):
        roster(tables={"quant": {"model": "fats"}}, roles={**ROLES, "everyone": Role(models=("m",))})
