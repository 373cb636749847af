"""The same prompt in other words: nothing that is filled in or names something is touched."""

import re

import pytest

from trader.agents.roster import roster
from trader.domain.value import digest
from trader.prompts.prompt import Prompt
from trader.prompts.rendering import body_problems
from trader.prompts.rewording import REWORDINGS, reworded

PROMPTS = [agent.prompt for agent in roster()]
KEPT = re.compile(r"\{\{.*?\}\}|`[^`\n]+`")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
def test_variables_names_and_numbers_are_the_same_and_the_words_are_not(prompt: Prompt) -> None:
    found = reworded(prompt)
    assert {"politely", "lines joined"} <= set(found)
    for name, other in found.items():
        assert sorted(KEPT.findall(other.body)) == sorted(KEPT.findall(prompt.body))
        if name != "lists numbered":
            assert sorted(NUMBER.findall(other.body)) == sorted(NUMBER.findall(prompt.body))
        assert other.body != prompt.body
        assert other.digest == digest(other.text) != prompt.digest
        assert list(body_problems(other)) == []
        assert other.text.startswith(prompt.text[: prompt.text.index(prompt.body)])


def test_momentum_has_all_five_and_they_are_the_same_each_time() -> None:
    (prompt,) = [one for one in PROMPTS if one.name == "momentum"]
    assert list(reworded(prompt)) == list(REWORDINGS)
    assert reworded(prompt) == reworded(prompt)


def test_each_list_is_turned_round_whole() -> None:
    (prompt,) = [one for one in PROMPTS if one.name == "momentum"]
    turned = reworded(prompt)["lists turned round"].body
    assert sorted(turned.splitlines()) == sorted(prompt.body.splitlines())
    first, last = (turned.index(f"- `{name}`") for name in ("evidence", "p_up"))
    assert first < last
