"""The page on writing an agent: its example is an agent, and its tables are complete."""

import re
from pathlib import Path

from trader.agents.policies import POLICIES
from trader.agents.roster import roster
from trader.prompts.frontmatter import KEYS
from trader.prompts.rendering import VARIABLES

PAGE = (Path(__file__).parents[2] / "docs" / "writing-an-agent.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_example_is_an_agent(tmp_path: Path):
    (example,) = re.findall(r"```markdown prompts/carry.md\n(.*?)```\n", PAGE, re.DOTALL)
    (tmp_path / "carry.md").write_text(example, encoding="utf-8")
    carry = next(agent for agent in roster(tmp_path) if agent.name == "carry")
    assert carry.source == "rule:momentum"
    assert not carry.prompt.overridden


def test_every_key_and_every_variable_has_its_row():
    assert [row[0].strip("`") for row in rows("The front matter")] == list(KEYS)
    named = re.findall(r"`(\w+)`", " ".join(row[0] for row in rows("What a body may say")))
    assert sorted(named) == sorted(VARIABLES)


def test_every_rule_has_its_row():
    told = [(row[0].strip("`"), row[1], row[2]) for row in rows("The rules")]
    assert told == [
        (rule.name, rule.summary, rule.source) for rules in POLICIES.values() for rule in rules.values()
    ]
