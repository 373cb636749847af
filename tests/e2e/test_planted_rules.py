"""The whole desk on synthetic bars with a pattern: it finds it, says so, and is heard. Nothing is by hand."""

from pathlib import Path

import pytest

from benchmarks.planted_desk import Lived, live
from trader.cli import main
from trader.domain.lessons import Standing
from trader.graph.replay import replay
from trader.journal.reader import JournalReader
from trader.memory.rules import MEMORY, RECORD


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    return live(tmp_path_factory.mktemp("planted"), seed=0, rate=0.97, bars=100)


def test_the_pattern_is_found_and_stated(lived: Lived) -> None:
    (rule,) = lived.lessons.rules
    assert rule.condition.feature == "volume_ratio"
    assert rule.standing is Standing.ACTIVE
    assert rule.low > 0.5
    kinds = [one.change.kind for one in lived.events]
    assert [kind for kind in kinds if kind not in ("look", "regime")] == ["stated"]


def test_memory_speaks_where_the_rule_holds_and_only_there_and_its_record_is_weighed(lived: Lived) -> None:
    (rule,) = lived.lessons.rules
    with JournalReader(lived.journal) as reader:
        heard = 0
        for made in reader.decisions(lived.book):
            said = {one.agent: one for one in made.pool.contributions} if made.pool else {}
            state = reader.memories.state(lived.book, made.symbol, made.as_of)
            assert state is not None
            known = reader.learned(lived.book, made.learned).lessons
            holds = known is not None and bool(known.holding({"volume_ratio": state.volume_ratio}))
            assert (MEMORY in said) == holds
            if MEMORY in said:
                heard += 1
                assert said[MEMORY].record == RECORD
                assert made.as_of >= rule.stated_at
                assert said[MEMORY].shift > 0.0
        assert heard > 5
        learned = reader.last_learned(lived.book)
    assert learned is not None
    record = learned.of_record(RECORD)
    assert record is not None
    assert record.n > 0


def test_a_decision_that_memory_spoke_in_is_shown_and_decided_again_from_the_journal_alone(
    lived: Lived, capsys: pytest.CaptureFixture[str]
) -> None:
    with JournalReader(lived.journal) as reader:
        spoken = [
            made
            for made in reader.decisions(lived.book)
            if made.pool and any(one.agent == MEMORY for one in made.pool.contributions)
        ]
        assert replay(reader, spoken[0].id).differences == ()
    workspace = str(lived.journal.parents[1])
    assert main(["trace", "show", spoken[0].id, "--full", "--workspace", workspace]) == 0
    assert "When volume_ratio above" in capsys.readouterr().out


def test_turned_off_nothing_is_looked_for(tmp_path: Path) -> None:
    lived = live(tmp_path, seed=0, rate=0.97, bars=12, rules="off")
    assert lived.events == ()
    assert lived.lessons.rules == ()
