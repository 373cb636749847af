"""A whole run that learns from itself: a threshold moves, and rules are put into words.

Synthetic bars: calm spells that rise and wild ones that mostly fall, so that entries pay where a stop is near
for what is gained. The only agent with a model is never consulted on such an instrument: its model is asked
for words alone.
"""

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from benchmarks.planted_bars import flags
from benchmarks.planted_desk import flattening
from tests.e2e.replays import Watcher
from tests.llm.server import Reply, serving
from trader.clock import SystemClock
from trader.domain.decisions import Decision
from trader.domain.value import digest
from trader.graph.replay import replay
from trader.journal.reader import JournalReader
from trader.journal.records import LearningEvent, ModelCalled
from trader.memory.rules import MEMORY
from trader.memory.thresholds import BOUNDS
from trader.memory.wording import words_for
from trader.risk.limits import resolve_limits
from trader.runner import Control, run
from trader.settings import load, restored
from trader.workspace import Workspace

SYMBOL, FIRST, WARM_UP, BARS, SPELL = "SYNTHETIC", date(2015, 1, 1), 260, 110, 45
WORDS = "When MACD was above that level the event came more often than was expected."


def write_bars(folder: Path) -> None:
    folder.mkdir()
    header = "symbol,asset_class,calendar,currency,lot_size,tick_size"
    (folder / "instruments.csv").write_text(f"{header}\n{SYMBOL},crypto,24/7,USD,0.0001,0.0001\n")
    rng, rows, price = np.random.default_rng(0), ["date,open,high,low,close,volume"], 100.0
    for i in range(WARM_UP + BARS):
        calm = i // SPELL % 2 == 0
        move = 0.014 + rng.normal(scale=0.003) if calm else rng.choice([0.02, -0.02], p=[0.22, 0.78])
        closed = price * (1.0 + move + (0.0 if calm else rng.normal(scale=0.002)))
        high, low = max(price, closed) * 1.001, min(price, closed) * 0.999
        rows.append(f"{FIRST + timedelta(days=i)},{price:.4f},{high:.4f},{low:.4f},{closed:.4f},1000000")
        price = closed
    (folder / f"{SYMBOL}.1d.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")


def said(sentence: str, direction: str) -> Reply:
    form = {"kind": "wording", "feature": "macd", "direction": direction, "sentence": sentence}
    return Reply(json.dumps(form), tokens=(300, 40, 0))


REPLIES = (
    said("Buy when MACD is high, it pays more.", "more"),  # no form; mended once
    said(WORDS, "more"),
    said(
        "A low MACD was followed by 99 losses, so less often.", "less"
    ),  # no form, and no better when asked again
    said("A low MACD was followed by 98 losses, so less often.", "less"),
)


class Lived(NamedTuple):
    workspace: Workspace
    decisions: list[Decision]
    events: list[LearningEvent]
    calls: list[ModelCalled]
    requests: int


async def live(folder: Path) -> Lived:
    write_bars(folder / "data")
    workspace = Workspace(folder / "workspace")
    workspace.root.mkdir()
    async with serving(*REPLIES) as server:
        set_to = flags(FIRST + timedelta(days=WARM_UP)) | {
            "run.feed": f"files:{folder / 'data'}",
            "run.symbols": (SYMBOL,),
            "desk.stop_atr": 0.6,
            "desk.refit_forecaster": 5000,
            "memory.thresholds": "learned",
            "agents.fundamentals.enabled": True,
            "agents.fundamentals.model": "words",
            "agents.executive.model": "none",
            "llm.roles.words.models": ("openai/small",),
            "llm.roles.words.api_base": server.api_base,
        }
        with flattening(workspace, 2) as flatten:
            ran = await run(
                workspace,
                load(flags=set_to)[0],
                new=True,
                observer=Watcher(after=flatten),
                control=Control(),
                clock=SystemClock(),
            )
        requests = len(server.requests)
    with JournalReader(ran.journal) as reader:
        made = reader.decisions(ran.book.id, newest_first=False)
        return Lived(
            workspace, made, reader.lessons.events(ran.book.id), reader.model_calls(ran.book.id), requests
        )


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return asyncio.run(live(tmp_path_factory.mktemp("learning")))


def test_a_threshold_moves_within_its_bounds_and_says_from_what_to_what_and_why(lived: Lived) -> None:
    moved = [one.change for one in lived.events if one.change.kind == "threshold"]
    assert len(moved) >= 2
    assert {change.subject for change in moved} == {"reward_to_risk"}
    place = None
    for change in moved:
        assert change.before == {"value": place}
        place = change.after["value"]
        assert BOUNDS["reward_to_risk"].low <= place <= BOUNDS["reward_to_risk"].high
        assert change.evidence["t"] > 2.0
        assert change.evidence["worth"] >= 30.0


def test_no_limit_is_touched(lived: Lived) -> None:
    with JournalReader(lived.workspace.journal) as reader:
        book = reader.books()[-1]
        (known,) = reader.runs(book.id)
        rounds = [reader.round(one.round) for one in reader.rounds(book.id)]
    limits = resolve_limits(restored(known.started.settings).risk)
    assert limits == resolve_limits({})
    assert len(rounds) == len(lived.decisions)
    changed = {one.change.subject for one in lived.events if one.change.kind == "threshold"}
    assert not changed & set(limits.permitted)


def test_a_rule_is_told_in_the_model_s_words_behind_its_numbers_and_never_in_others(lived: Lived) -> None:
    told = [one.change for one in lived.events if one.change.kind == "worded"]
    assert len(told) == 2
    first, second = told
    assert first.after == {"wording": WORDS}
    assert first.evidence["model"] == "openai/small"
    assert second.after == {}
    assert second.text.startswith("the template alone: openai/small gave no form: ")
    with JournalReader(lived.workspace.journal) as reader:
        learned = reader.last_learned(reader.books()[-1].id)
    assert learned is not None
    assert learned.lessons is not None
    worded, plain = learned.lessons.rules
    assert worded.wording is not None
    assert (worded.wording.text, worded.wording.call) == (WORDS, first.evidence["call"])
    assert worded.wording.prompt == words_for(worded).digest
    assert plain.wording is None
    assert "99" not in plain.told


def test_each_asking_is_a_call_in_the_journal_like_any_other(lived: Lived) -> None:
    rules = [one.change.subject for one in lived.events if one.change.kind == "worded"]
    assert lived.requests == len(lived.calls) == 4
    assert [one.decision for one in lived.calls] == [rules[0]] * 2 + [rules[1]] * 2
    assert {one.agent for one in lived.calls} == {MEMORY}
    assert [one.error_kind for one in lived.calls] == ["ParseError", "", "ParseError", "ParseError"]
    assert [one.repair for one in lived.calls] == [False, True, False, True]
    with JournalReader(lived.workspace.journal) as reader:
        assert WORDS in reader.blob(lived.calls[1].answer)["text"]
        assert digest(reader.blob(lived.calls[0].call)) == lived.calls[0].call


def test_what_was_learned_is_decided_on_again_from_the_journal_alone(lived: Lived) -> None:
    moved = next(one.at for one in lived.events if one.change.kind == "threshold")
    after = next(made for made in lived.decisions if made.as_of == moved)
    spoken = next(
        made
        for made in reversed(lived.decisions)
        if made.pool and any(one.agent == MEMORY for one in made.pool.contributions)
    )
    with JournalReader(lived.workspace.journal) as reader:
        for made in (after, spoken, lived.decisions[-1]):
            assert replay(reader, made.id).differences == ()
        known = [state.lessons for state in reader.lessons.states(reader.books()[-1].id)]
    places = {one.thresholds.reward_to_risk for one in known if one and one.thresholds}
    assert len(places) >= 3
