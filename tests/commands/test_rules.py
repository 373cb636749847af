"""`trader memory rules`: what was found, what changed, and a person's word on it."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from benchmarks.planted import Plan, life, world
from tests.commands import example
from trader.cli import main
from trader.domain.lessons import Lessons, Rule
from trader.journal.reader import JournalReader
from trader.journal.records import LearningEvent, StateLearned
from trader.journal.writer import Journal
from trader.workspace import Workspace

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def lessons() -> tuple[Lessons, list[LearningEvent]]:
    """What a life with a strong pattern has taught."""
    plan, events = Plan(rate=0.85, dates=400), []
    known = Lessons()
    for date, now, changes in life(world(plan, seed=1)):
        at = example.FRIDAY + timedelta(days=date)
        known = now
        events += [LearningEvent(book=example.BOOK, at=at, change=one) for one in changes]
    return known, events


@pytest.fixture
def rule(told: Workspace, lessons: tuple[Lessons, list[LearningEvent]]) -> Rule:
    """The one rule that the workspace's newest book has."""
    known, events = lessons
    state = example.learned().model_copy(update={"lessons": known})
    with Journal.open(told.journal) as journal:
        journal.append(StateLearned.of(example.BOOK, state), *events)
    (found,) = known.rules
    return found


def shown(given: Sequence[str], capsys: Captured) -> dict[str, object]:
    assert main(["memory", "rules", *given, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_rules_are_listed_with_their_record(rule: Rule, capsys: Captured) -> None:
    assert main(["memory", "rules"]) == 0
    told = capsys.readouterr().out
    for part in (rule.id, "active", "rsi above", f"{rule.low:.0%} to {rule.high:.0%}", "40 looks"):
        assert part in told
    document = shown([], capsys)
    assert document["rules"] == [rule.model_dump(mode="json") | {"effect": rule.effect, "asked": None}]


def test_every_change_is_an_event_with_its_evidence(rule: Rule, capsys: Captured) -> None:
    changes = shown([], capsys)["changes"]
    assert isinstance(changes, list)
    stated = [change for change in changes if change["kind"] == "stated"]
    assert [change["subject"] for change in stated] == [rule.id]
    assert stated[0]["evidence"]["p_value"] <= stated[0]["evidence"]["level"]
    assert main(["memory", "rules", "--changes"]) == 0
    assert "nothing stands out" in capsys.readouterr().out


@pytest.mark.parametrize(("option", "stands"), [("--pin", "pinned"), ("--mute", "muted")])
def test_a_persons_word_is_written_down_for_the_run(
    option: str, stands: str, rule: Rule, told: Workspace, capsys: Captured
) -> None:
    (entry,) = shown([option, rule.id[:4]], capsys)["rules"]  # type: ignore[misc]
    assert entry["asked"] == stands
    assert main(["memory", "rules"]) == 0
    assert f"to be {stands}" in " ".join(capsys.readouterr().out.split())
    with JournalReader(told.journal) as reader:
        assert {rule: wish.value for rule, wish in reader.lessons.wishes(example.BOOK).items()} == {
            rule.id: stands
        }
    shown(["--release", rule.id], capsys)
    with JournalReader(told.journal) as reader:
        assert reader.lessons.wishes(example.BOOK)[rule.id].value == "active"


def test_a_rule_that_there_is_not_is_refused(rule: Rule, capsys: Captured) -> None:
    assert main(["memory", "rules", "--pin", "l999"]) == 2
    assert "l999" in capsys.readouterr().err


def test_without_rules_it_says_so(told: Workspace, capsys: Captured) -> None:
    assert main(["memory", "rules"]) == 0
    assert "no rule has been found" in capsys.readouterr().out


def test_an_agents_weight_is_shown_over_time(told: Workspace, capsys: Captured) -> None:
    later = example.learned().model_copy(update={"cut_off": example.FRIDAY + timedelta(days=7)})
    with Journal.open(told.journal) as journal:
        journal.append(StateLearned.of(example.BOOK, later))
    assert main(["agents", "show", "momentum"]) == 0
    assert "learned at" in capsys.readouterr().out
    assert main(["agents", "show", "momentum", "--json"]) == 0
    history = json.loads(capsys.readouterr().out)["agent"]["history"]
    assert [one["weight"] for one in history] == [example.learned().records[0].weight] * 2
