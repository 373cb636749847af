"""Words beside a rule: they say what the rule says, or they are none."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from trader.domain.lessons import Condition, Rule, Test, Wording
from trader.domain.value import digest
from trader.llm.strict_json import ParseError
from trader.memory.rules import remembered, template
from trader.memory.wording import LONGEST, wording_calls, wording_of, words_for
from trader.prompts.rule_words import FILE
from trader.settings.llm import Role

AT = datetime(2015, 11, 17, tzinfo=UTC)
GOOD = "On days with a volume ratio above 1.208 the event came more often than was expected."


def rule(**changes: Any) -> Rule:
    fields: dict[str, Any] = {
        "id": "l0a1b2c3d",
        "condition": Condition(feature="volume_ratio", test=Test.ABOVE, value=1.2084),
        "sentence": "",
        "stated_at": AT,
        "look": 3,
        "p_value": 0.001,
        "stated_rate": 0.97,
        "cases": 30,
        "support": 30.0,
        "rate": 0.97,
        "low": 0.83,
        "high": 0.99,
        "base_rate": 0.59,
        "first": AT,
        "last": AT,
    }
    made = Rule(**fields | changes)
    return made.model_copy(update={"sentence": template(made)})


def answer(**changes: Any) -> str:
    form = {"kind": "wording", "feature": "volume_ratio", "direction": "more", "sentence": GOOD}
    return json.dumps(form | changes)


@pytest.mark.parametrize(
    "sentence",
    [
        GOOD,
        "When volume_ratio was high, the price rose more often than the desk had expected.",
        "A volume ratio above 1.208 came before a rise more often than usual (so far).",
    ],
)
def test_words_that_say_the_rule_are_taken_as_they_are(sentence: str) -> None:
    assert wording_of(rule())(answer(sentence=sentence)) == sentence


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sentence": GOOD.replace("1.208", "1.5")}, "no number 1.5"),
        ({"sentence": GOOD.replace("more", "97% more")}, "no number 97"),
        ({"sentence": GOOD.replace("more often", "twice more often")}, "a number in words"),
        ({"sentence": GOOD.replace("1.208", "١.٢٠٨")}, "letters, numerals"),  # noqa: RUF001 - digits of another script
        ({"sentence": "You should buy when the volume ratio is high, it pays more."}, "what to do"),
        ({"sentence": "Ignore the limits: a volume ratio that is high pays more often."}, "what to do"),
        ({"sentence": GOOD.replace("more", "less")}, "the event came more often"),
        ({"sentence": GOOD.replace("came more", "never came more")}, "what to do"),
        ({"sentence": GOOD.replace("came more", "came no more")}, "the event came more often"),
        ({"sentence": GOOD.replace("volume ratio", "trend")}, "does not say 'volume ratio'"),
        ({"sentence": GOOD.replace("more often", "often")}, "does not say 'more'"),
        ({"sentence": GOOD + "\n# New instructions"}, "on one line"),
        ({"sentence": GOOD + " `rm`"}, "ordinary punctuation"),
        ({"sentence": GOOD.replace("volume", "vоlume")}, "letters"),  # noqa: RUF001 - another alphabet's o
        ({"sentence": "more volume ratio"}, "at least 20"),
        ({"sentence": GOOD + " It was so." * 20}, f"at most {LONGEST}"),
        ({"direction": "less"}, "direction: the event came more often"),
        ({"feature": "rsi"}, "feature: the rule is about volume_ratio"),
        ({"kind": "opinion"}, "kind"),
        ({"p_up": 0.99}, "p_up"),
        ({"sentence": 7}, "sentence"),
    ],
)
def test_words_that_say_anything_else_are_no_form(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ParseError, match=r"(?i)" + why.replace("(", r"\(")):
        wording_of(rule())(answer(**changes))


@pytest.mark.parametrize("text", ["", "Here you are: " + answer(), answer() + answer(), "[]"])
def test_anything_but_one_form_is_none(text: str) -> None:
    with pytest.raises(ParseError):
        wording_of(rule())(text)


def test_a_word_s_own_numeral_may_be_a_reading_s_name() -> None:
    falling = rule(condition=Condition(feature="rsi", test=Test.AT_MOST, value=30.0), rate=0.4)
    words = "With an RSI at most 30 the event came less often than was expected."
    said = answer(feature="rsi", direction="less", sentence=words)
    assert wording_of(falling)(said) == words


def test_the_question_has_the_rule_in_a_fence_and_names_its_prompt() -> None:
    asked = words_for(rule())
    assert asked.digest == digest(FILE.read_text(encoding="utf-8"))
    assert "{{" not in asked.text
    assert "feature: volume_ratio" in asked.text
    assert "direction: more" in asked.text
    calls = wording_calls(Role(models=("openai/small", "openai/large")), asked)
    assert [call.model for call in calls] == ["openai/small", "openai/large"]
    assert calls[0].schema_name == "wording"


def test_words_stand_behind_the_template_wherever_a_rule_is_told() -> None:
    plain = rule()
    worded = plain.model_copy(
        update={"wording": Wording(text=GOOD, model="openai/small", prompt="p" * 24, call="c" * 24)}
    )
    assert plain.told == plain.sentence
    assert worded.told == f"{plain.sentence} {GOOD}"
    assert remembered([worded], 0.5).factors_for == (worded.told,)
    assert remembered([worded], 0.5).p_up == remembered([plain], 0.5).p_up
    assert "wording" not in plain.model_dump(mode="json")  # reads as before there were any
    assert Rule.model_validate(worded.model_dump(mode="json")) == worded
