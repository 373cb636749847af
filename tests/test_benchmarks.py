"""What the benchmarks find in counts, bytes and memory, and that they compare like with like. No times."""

import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import stopwatch
from benchmarks.bare_graph import Turns, build_bare, round_times
from benchmarks.children import ChildFailed, measured, python
from benchmarks.crowd import write_crowd
from benchmarks.decision import by_part, recorded_turns
from benchmarks.faults import killed_runs, random_rounds
from benchmarks.figures import Bound, Disagreement, Figure, agreed, exponent, quantile, shown, table
from benchmarks.journal import contents_of_both, rows_of_both, write_both
from benchmarks.stopwatch import Place, Stopwatch
from benchmarks.tape import Batch, by_decision, by_round, rows_of
from benchmarks.watched import PARTS, Entry, Put, Round, Watched, watch_closely
from benchmarks.whole_run import DECISIONS, JOURNAL, MB, PEAK, default_run
from tests.journal.story import DAY, START, beginning, evidence, round_of
from trader.data.feeds import open_feed
from trader.graph.desk import build_desk

ROUNDS = 3


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A few rounds of two symbols."""
    place = tmp_path_factory.mktemp("watched")
    start = write_crowd(place / "data", symbols=2, bars=280, rounds=ROUNDS)
    return watch_closely(place, {"run.feed": f"files:{place / 'data'}", "run.start": start})


@pytest.fixture
def taped() -> list[Round]:
    """Two rounds of a story, as a recorder was given them; the second has evidence that is there already."""
    tapes, seen = [], Put(evidence("IBM"))
    for as_of, before in ((START, [seen, tuple(beginning())]), (START + DAY, [seen])):
        told: list[Entry] = [(record,) for record in round_of(as_of)]
        tapes.append((*before, *told))
    return [Round(0.0, 0.0, {}, 4, tape) for tape in tapes]


@pytest.mark.slow
def test_the_default_run_keeps_to_its_decisions_its_journal_and_its_memory(tmp_path: Path) -> None:
    ran = default_run(tmp_path)
    assert ran.decisions == DECISIONS
    assert JOURNAL.met(ran.journal_bytes / MB)
    if sys.platform != "win32":
        assert ran.peak_bytes is not None
        assert PEAK.met(ran.peak_bytes / MB)


def test_a_watched_run_has_every_part_and_they_fit_into_its_time(watched: Watched) -> None:
    assert len(watched.rounds) == ROUNDS
    for one in watched.rounds:
        assert one.decisions == 2
        assert 0 < sum(one.parts.values()) < one.own_ms
    assert {part for one in watched.rounds for part in one.parts} == set(PARTS)
    assert by_part(watched.rounds)["graph and rest"] > 0


def test_the_peer_of_a_decision_is_the_desk_with_nothing_in_its_nodes(watched: Watched) -> None:
    turns = Turns()
    desk, bare = build_desk(watched.agents), build_bare(watched.agents, watched.symbols, turns)
    assert edges(bare) == edges(desk)
    round_times(watched.agents, watched.symbols, ROUNDS, turns)
    assert turns.agents == recorded_turns(watched.rounds) == ROUNDS * 2 * (len(watched.agents) + 2)


def edges(graph: object) -> set[tuple[str, str, bool]]:
    drawn = graph.get_graph(xray=True)  # type: ignore[attr-defined]
    return {(edge.source, edge.target, edge.conditional) for edge in drawn.edges}


def test_a_crowd_is_as_large_and_as_long_as_asked(tmp_path: Path) -> None:
    start = write_crowd(tmp_path / "data", symbols=6, bars=30, rounds=5)
    market = open_feed(f"files:{tmp_path / 'data'}", (), None)
    assert len(market.symbols) == 6
    assert {len(bars) for bars in market.bars.values()} == {30}
    assert len([close for close in market.closes(market.symbols) if close.date() >= start]) == 5


def rows(batches: list[Batch]) -> Counter[str]:
    return Counter(repr(row) for batch in batches for entry in batch for row in rows_of(entry))


def test_both_journals_have_the_same_rows(taped: list[Round], tmp_path: Path) -> None:
    for batches in (by_decision(taped), by_round(taped)):
        write_both(tmp_path, batches)
        here, peer = contents_of_both(tmp_path)
        assert here == peer
        assert sum(map(len, here.values())) == len(
            {repr(row) for batch in batches for entry in batch for row in rows_of(entry)}
        )


def test_a_peer_that_wrote_less_is_not_compared(taped: list[Round], tmp_path: Path) -> None:
    write_both(tmp_path, by_round(taped))
    assert rows_of_both(tmp_path)[0] > 0
    write_both(tmp_path, by_round(taped), by_round(taped[:1]))
    with pytest.raises(Disagreement, match="the rows of "):
        rows_of_both(tmp_path)


def test_a_tape_cut_into_decisions_has_each_row_once_and_a_decision_in_each(taped: list[Round]) -> None:
    whole, cut = rows(by_round(taped)), rows(by_decision(taped))
    assert whole == cut
    assert len(by_decision(taped)) == 8
    for batch in by_decision(taped):
        assert [row.table.name for entry in batch for row in rows_of(entry)].count("decisions") == 1


def test_the_time_of_an_inner_part_is_not_that_of_the_outer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(stopwatch, "perf_counter", lambda: float(next(ticks)))

    class Work:
        def outer(self) -> str:
            return f"{self.inner()}{self.inner()}"

        def inner(self) -> str:
            return "x"

    watch = Stopwatch()
    with watch.on([Place("outer", Work, "outer"), Place("inner", Work, "inner")]):
        assert Work().outer() == "xx"
    assert watch.ms == {"outer": 3000.0, "inner": 2000.0}
    assert Work().outer() == "xx"
    assert sum(watch.ms.values()) == 5000.0


@pytest.mark.skipif(sys.platform == "win32", reason="its peak is not known")
def test_the_peak_of_a_child_is_its_own(tmp_path: Path) -> None:
    size = 150 * MB
    mine = b"\x01" * size
    little = measured("pass", tmp_path).peak_bytes
    much = measured(f"held = b'x' * {size}", tmp_path).peak_bytes
    assert little is not None
    assert much is not None
    assert little < len(mine) < much < little + 1.2 * size


def test_a_child_that_fails_is_told_and_not_measured(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match=r"exit code 3: no such bar"):
        python(["-c", "import sys; print('no such bar', file=sys.stderr); sys.exit(3)"], tmp_path)


def test_no_setting_of_the_desk_reaches_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADER_RUN_CYCLES", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    asked = "import os; print(sorted({'TRADER_RUN_CYCLES', 'PYTHONDONTWRITEBYTECODE'} & set(os.environ)))"
    assert python(["-c", asked], tmp_path).said == "[]\n"


def test_few_random_rounds_and_kills_hold_what_many_must(tmp_path: Path) -> None:
    said: list[str] = []
    assert random_rounds(20, said.append) == 0
    if sys.platform != "win32":
        killed = killed_runs(tmp_path, 2, said.append)
        assert (killed.kills, killed.lost, killed.different) == (2, 0, 0)


def test_sides_that_differ_are_no_figure() -> None:
    assert agreed("rows", 5, 5, "them").ratio == 1.0
    with pytest.raises(Disagreement, match="rows: 5 here, 6 with them"):
        agreed("rows", 5, 6, "them")


def test_a_target_is_met_on_its_side_of_the_bound() -> None:
    slow = Figure("time", 21.0, "ms", 7.0, "them", Bound("at most", 20.0))
    fast = Figure("rate", 21.0, "/s", 7.0, "them", Bound("at least", 3.0, "ratio"))
    assert (slow.met, fast.met) == (False, True)
    assert Bound("at most", 20.0).met(20.0)
    assert Figure("no peer", 21.0, target=Bound("at least", 3.0, "ratio")).met is False
    assert Figure("no target", 21.0).met is None


def test_the_exponent_of_growth_is_that_of_the_power() -> None:
    assert exponent(10, 5.0, 100, 5.0) == 0.0
    assert exponent(10, 5.0, 100, 50.0) == pytest.approx(1.0)
    assert exponent(4, 2.0, 40, 200.0) == pytest.approx(2.0)


def test_a_quantile_is_one_of_the_numbers() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile(range(1, 101), 0.95) == 95
    assert quantile([7.0], 0.95) == 7.0
    with pytest.raises(ValueError, match="no numbers"):
        quantile([], 0.5)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (0.0392, "0.0392"),
        (1.0, "1"),
        (1.44, "1.44"),
        (20.96, "21.0"),
        (99.97, "100"),
        (1234.5, "1,234"),
    ],
)
def test_numbers_are_shown_with_three_digits(number: float, text: str) -> None:
    assert shown(number) == text


def test_the_table_names_a_benchmark_once_and_says_what_is_not_met() -> None:
    lines = table(
        [
            ("journal", Figure("rate", 300.0, "/s", 150.0, "them", Bound("at least", 3.0, "ratio"))),
            ("journal", Figure("rows", 12)),
        ]
    ).splitlines()
    assert lines[0].split() == ["benchmark", "figure", "here", "peer", "ratio", "target", "met"]
    assert lines[2] == "journal    rate    300 /s  150 /s, them      2  at least 3 of the peer's  NO"
    assert lines[3] == "           rows        12"


def test_a_name_that_is_none_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["decison"]) == 2
    assert capsys.readouterr().err == "benchmarks: there is no 'decison'; try: decision\n"


def test_the_table_comes_under_the_machine_and_disagreement_in_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(folder: Path, say: object) -> Iterator[Figure]:
        assert folder.is_dir()
        yield agreed("rows", 5, wrote, "them")

    monkeypatch.setattr("benchmarks.startup.measure", measure)
    wrote = 5
    assert command.main(["startup"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("Python 3.")
    assert last.split() == ["startup", "rows", "5", "5,", "them", "1"]
    wrote = 6
    assert command.main(["startup"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "rows: 5 here, 6 with them" in told.err


def test_the_page_has_every_benchmark() -> None:
    page = (Path(__file__).parents[1] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for name in command.BENCHMARKS:
        assert f"## `{name}`" in page
