"""Files become agents, and what is wrong with one is said with its line before anything runs."""

from pathlib import Path

import pytest

from tests.prompts.conftest import EXECUTIVE, MOMENTUM, POLICIES, TECHNICALS, TOOLS, Load
from trader.domain.errors import PromptError
from trader.domain.instruments import AssetClass
from trader.domain.value import digest
from trader.prompts.loader import load_prompts
from trader.prompts.prompt import Tier, ToolCall


def test_juniors_come_first_and_the_executive_last(load: Load):
    carry = MOMENTUM.replace("name: momentum", "name: carry")
    assert [prompt.name for prompt in load("carry.md", carry)] == [
        "technicals",
        "carry",
        "momentum",
        "executive",
    ]


def test_a_prompt_has_what_its_file_says(load: Load, packaged: Path):
    technicals, momentum, executive = load()
    assert technicals.tools == (ToolCall(name="features"), ToolCall(name="levels", arguments={"bars": 100}))
    assert technicals.asset_classes == tuple(AssetClass)
    assert technicals.family == "technicals"
    assert momentum.tier is Tier.SENIOR
    assert momentum.asset_classes == (AssetClass.EQUITY, AssetClass.FX)
    assert (momentum.reads, momentum.policy, momentum.family, momentum.lessons) == (
        ("technicals",), "momentum", "trend", 3,
    )  # fmt: skip
    assert momentum.body == "{{ signal }} {{ reports }}\nYou judge {{ symbol }}.\n"
    assert momentum.body_line == 12
    assert momentum.path == packaged / "momentum.md"
    assert executive.policy is None


def test_a_workspace_file_stands_in_for_the_packaged_one(load: Load, workspace: Path):
    before = {prompt.name: prompt for prompt in load()}
    after = {prompt.name: prompt for prompt in load("momentum.md", MOMENTUM + "Be brief.\n")}
    assert after["momentum"].overridden
    assert after["momentum"].path == workspace / "momentum.md"
    assert after["momentum"].digest != before["momentum"].digest
    assert after["technicals"] == before["technicals"]
    assert not after["technicals"].overridden


def test_a_new_file_is_a_new_agent_and_nothing_is_overridden(load: Load):
    carry = next(
        prompt
        for prompt in load("carry.md", "---\nname: carry\ntier: senior\nmandate: Yield\n---\n")
        if prompt.name == "carry"
    )
    assert not carry.overridden
    assert (carry.policy, carry.tools, carry.reads, carry.family) == (None, (), (), "carry")


def test_the_digest_is_of_the_text_and_not_of_its_line_ends(load: Load, workspace: Path):
    unix = next(prompt for prompt in load("momentum.md", MOMENTUM) if prompt.name == "momentum")
    (workspace / "momentum.md").write_bytes(b"\xef\xbb\xbf" + MOMENTUM.replace("\n", "\r\n").encode())
    windows = next(prompt for prompt in load() if prompt.name == "momentum")
    assert unix.digest == windows.digest == digest(MOMENTUM)


def test_notes_beside_the_prompts_are_no_agents(load: Load):
    assert len(load("_notes.md", "remember the dividends")) == 3


def test_a_folder_that_does_not_exist_has_no_prompts(packaged: Path, tmp_path: Path):
    assert len(load_prompts(packaged, tmp_path / "absent", TOOLS, POLICIES)) == 3
    assert len(load_prompts(packaged, None, TOOLS, POLICIES)) == 3


def edited(old: str, new: str) -> str:
    assert old in MOMENTUM
    return MOMENTUM.replace(old, new)


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        (edited("lessons", "lesons"), 10, "unknown key: lesons", "did you mean lessons"),
        (
            edited("tools: [features]", "tools: [featurs]"),
            7,
            "unknown tool: featurs",
            "did you mean features?",
        ),
        (
            edited("tools: [features]", "tools:\n  - features\n  - forcast"),
            9,
            "unknown tool: forcast",
            "did you mean forecast?",
        ),
        (edited("[features]", "[features, features]"), 7, "the tool features is named twice", ""),
        (
            edited("[features]", "[levels: {barz: 3}]"),
            7,
            "levels: barz: extra inputs are not permitted",
            "did you mean bars?",
        ),
        (
            edited("[features]", "[features: 3, levels: 4]"),
            7,
            "tools: input should be a valid dictionary, found 3",
            "",
        ),
        (
            edited("policy: momentum", "policy: momentm"),
            8,
            "unknown policy of a senior: momentm",
            "did you mean momentum?",
        ),
        (
            edited("policy: momentum", "policy: executive"),
            8,
            "unknown policy of a senior: executive",
            "there are: momentum, value",
        ),
        (edited("{{ symbol }}", "{{ symbl }}"), 13, "undefined variable: symbl", "did you mean symbol?"),
        (edited("{{ symbol }}", "{% endiv %}"), 13, "template: Encountered unknown tag 'endiv'", ""),
        (edited("{{ symbol }}", "{{ symbol | shout }}"), 13, "template: No filter named 'shout'", ""),
        (edited("{{ symbol }}", "{% include 'x' %}"), 13, "a prompt cannot include another file", ""),
        (
            edited("[technicals]", "[tecnicals]"),
            6,
            "reads an unknown agent: tecnicals",
            "did you mean technicals?",
        ),
        (
            edited("[technicals]", "[momentum]"),
            6,
            "reads momentum, whose tier (senior) is not lower than its own",
            "an agent reads",
        ),
        (
            edited("[technicals]", "[executive]"),
            6,
            "reads executive, whose tier (executive) is not lower than its own",
            "an agent reads",
        ),
        (
            edited("name: momentum", "name: trend"),
            2,
            "the agent trend stands in a file called momentum.md",
            "call the file trend.md",
        ),
        (edited("name: momentum\n", ""), 1, "name is missing", ""),
        (edited("mandate: Trend\n", ""), 1, "mandate is missing", ""),
        (
            edited("tier: senior", "tier: middle"),
            3,
            "tier: input should be 'junior', 'senior' or 'executive', found 'middle'",
            "",
        ),
        (
            edited("fx]", "bonds]"),
            5,
            "asset_classes: input should be 'equity', 'crypto', 'fx', 'future' or 'index', found 'bonds'",
            "",
        ),
        (
            edited("lessons: 3", "lessons: -1"),
            10,
            "lessons: input should be greater than or equal to 0, found -1",
            "",
        ),
        (edited("lessons: 3", "lessons: 3\nlessons: 4"), 11, "lessons stands here a second time", ""),
        (
            edited("reads: [technicals]", "reads: [technicals"),
            7,
            "bad YAML: expected ',' or ']', but got ':'",
            "",
        ),
        (
            edited("reads: [technicals]", "reads: @technicals"),
            6,
            "bad YAML: found character '@' that cannot start any token",
            "",
        ),
        ("You judge.\n", 1, "no front matter", "an agent's file begins with"),
        ("", 1, "no front matter", "an agent's file begins with"),
        ("---\nname: momentum\n", 1, "the front matter is not closed", "close it with"),
        ("---\n- a list\n---\n", 2, "the front matter is not a list of `key: value`", ""),
        ("---\n---\n", 2, "the front matter is not a list of `key: value`", ""),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    load: Load, workspace: Path, text: str, line: int, message: str, hint: str
):
    with pytest.raises(PromptError) as caught:
        load("momentum.md", text)
    assert caught.value.message == f"{workspace / 'momentum.md'}:{line}: {message}"
    assert caught.value.hint.startswith(hint)
    assert bool(caught.value.hint) == bool(hint)


def test_a_desk_has_exactly_one_executive(load: Load, packaged: Path, workspace: Path):
    with pytest.raises(PromptError, match=r"chief\.md:3: a second executive: executive is one already"):
        load("chief.md", EXECUTIVE.replace("name: executive", "name: chief"))
    (workspace / "chief.md").unlink()
    (packaged / "executive.md").unlink()
    with pytest.raises(PromptError, match="there is no executive among the prompts"):
        load()


def test_a_junior_follows_no_policy(load: Load):
    with pytest.raises(PromptError, match=r"technicals\.md:6: a junior follows no policy"):
        load("technicals.md", TECHNICALS.replace("\n---\nYou", "\npolicy: momentum\n---\nYou"))


def test_a_step_of_the_desk_lends_its_name_to_no_agent(load: Load):
    with pytest.raises(
        PromptError, match=r"consensus\.md:2: consensus is the name of a step of the desk itself"
    ):
        load("consensus.md", MOMENTUM.replace("name: momentum", "name: consensus"))


@pytest.mark.parametrize("name", ["all", "compare", "list", "make-dataset", "show"])
def test_a_word_of_the_evaluation_is_no_agent_s_name(load: Load, name: str):
    with pytest.raises(PromptError, match=rf"{name}\.md:2: `trader eval {name}` means something else"):
        load(f"{name}.md", MOMENTUM.replace("name: momentum", f"name: {name}"))


@pytest.mark.parametrize("name", ["Momentum2", "my agent", "1st", "a" * 33])
def test_an_agent_has_a_name_that_fits_everywhere(load: Load, name: str):
    with pytest.raises(PromptError, match=rf"{name}\.md:2: {name} cannot be an agent's name"):
        load(f"{name}.md", MOMENTUM.replace("name: momentum", f"name: {name}"))


def test_a_policy_of_none_is_no_policy(load: Load):
    for none in ("none", "null", "~", ""):
        momentum = next(
            p
            for p in load("momentum.md", edited("policy: momentum", f"policy: {none}"))
            if p.name == "momentum"
        )
        assert momentum.policy is None


def test_a_file_that_is_not_text_is_said_without_a_traceback(load: Load, workspace: Path):
    (workspace / "momentum.md").write_bytes(b"---\nname: \xff\n---\n")
    with pytest.raises(PromptError, match=r"momentum\.md: not UTF-8 text"):
        load()
