"""Data sets: purged when made, believed only as their card says, decided by the desk walk-forward."""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from trader.agents.roster import roster
from trader.cli import main
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.errors import DataError, UsageError
from trader.evals.datasets.card import CARD, CASES, CaseRow, digest_of, read_card, write_card, write_cases
from trader.evals.datasets.deciding import decide_cases
from trader.evals.datasets.loading import PACKAGED, dataset_named, load_dataset
from trader.evals.datasets.making import Wanted, make_dataset, spans_overlap
from trader.evals.evaluation import scored
from trader.runner.sitting import Sitting
from trader.settings import load

START, END, SPLIT = date(2011, 9, 1), date(2012, 3, 30), date(2011, 12, 15)


@pytest.fixture(scope="module")
def market() -> Market:
    return open_feed("sample", ("AAPL", "IBM"))


def wanted(**changes: object) -> Wanted:
    said = {"name": "small", "source": "the samples", "licence": "theirs"}
    parts: dict[str, object] = {"horizon": 5, **said, "start": START, "end": END}
    return Wanted(**(parts | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "small"
    make_dataset(folder, market, market.symbols, wanted(split=SPLIT))
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(made, tmp_path / "copy"))


def rewritten(folder: Path, change: Callable[[list[CaseRow]], list[CaseRow]]) -> None:
    """Other cases, with a card that agrees: what somebody would hand on who made it by other means."""
    card = read_card(folder)
    rows = [CaseRow.model_validate_json(line) for line in (folder / CASES).read_text().splitlines()]
    raw = write_cases(folder, change(rows))
    market = open_feed(f"files:{folder / 'bars'}", card.symbols)
    write_card(folder, card.model_copy(update={"digest": digest_of(raw, market.digest)}))


def test_no_horizon_reaches_into_another_nor_into_the_test_part_nor_beyond_the_end(made: Path) -> None:
    found = load_dataset(made)
    assert found.card.purged > len(found.cases) > 20
    for symbol in found.card.symbols:
        mine = [case for case in found.cases if case.symbol == symbol]
        assert all(a.resolved <= b.as_of for a, b in pairwise(mine))
    train = [case for case in found.cases if case.part == "train"]
    assert max(case.resolved.date() for case in train) < SPLIT <= min(c.as_of.date() for c in found.scored)
    assert max(case.resolved.date() for case in found.cases) <= END
    assert {case.part for case in found.scored} == {"test"}


def test_bars_end_where_the_last_case_resolves_so_that_nothing_later_can_be_seen(made: Path) -> None:
    found = load_dataset(made)
    assert found.market.closes(found.card.symbols)[-1] == max(case.resolved for case in found.cases)


def test_a_set_made_twice_is_the_same_byte_for_byte(made: Path, market: Market, tmp_path: Path) -> None:
    make_dataset(tmp_path / "small", market, market.symbols, wanted(split=SPLIT))
    assert (tmp_path / "small" / CARD).read_bytes() == (made / CARD).read_bytes()
    assert (tmp_path / "small" / CASES).read_bytes() == (made / CASES).read_bytes()


def test_the_desk_decides_every_case_and_is_scored_on_the_test_part_alone(made: Path) -> None:
    found = load_dataset(made)
    settings, _ = load(flags={"desk.horizon": 5})
    sitting = Sitting.of(found.market, settings, roster())
    got = asyncio.run(decide_cases(found, sitting))
    assert {(made.symbol, made.as_of) for made in got.recorded.decisions} == {
        (case.symbol, case.as_of) for case in found.scored
    }
    assert len(got.recorded.cases) == len(found.scored)
    paid = {(case.symbol, case.as_of.replace(tzinfo=None)): case.returned for case in found.scored}
    for symbol, at, r in zip(
        got.recorded.cases.symbol.tolist(),
        got.recorded.cases.decided.tolist(),
        got.recorded.cases.returns.tolist(),
        strict=True,
    ):
        assert r == pytest.approx(paid[symbol, at], abs=1e-12)
    result = scored(got.recorded, got.book, found.market, (), ("momentum",))
    assert result.money is None
    assert result.agents[0].cases == len(found.scored)
    assert result.desk.scores["p50_ms"] is None or result.desk.scores["p50_ms"] >= 0


@pytest.mark.parametrize("file", [CASES, "bars/instruments.csv"])
def test_a_set_whose_files_have_changed_is_refused(copy: Path, file: str) -> None:
    path = copy / file
    text = path.read_text()
    path.write_text(
        text.replace('"returned":0.', '"returned":0.1', 1) if file == CASES else text.replace("0.01", "0.05")
    )
    with pytest.raises(DataError, match="the data set has changed"):
        load_dataset(copy)


def test_train_and_test_that_overlap_are_refused_though_the_card_agrees(copy: Path) -> None:
    def late(rows: list[CaseRow]) -> list[CaseRow]:
        first = next(number for number, row in enumerate(rows) if row.part == "test")
        return [
            row.model_copy(update={"part": "train"}) if number > first else row
            for number, row in enumerate(rows)
        ]

    rewritten(copy, late)
    with pytest.raises(DataError, match=r"train and test overlap: .* training cases resolve after"):
        load_dataset(copy)


def test_outcomes_that_the_bars_do_not_have_are_refused(copy: Path) -> None:
    rewritten(copy, lambda rows: [rows[0].model_copy(update={"returned": 0.5}), *rows[1:]])
    with pytest.raises(DataError, match=r"cases\.jsonl:1: AAPL at .* returned .*, and? ?not 0\.500000"):
        load_dataset(copy)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Invalid JSON"),
        ('{"symbol":"AAPL"}', "as_of: Field required"),
    ],
)
def test_a_line_that_is_no_case_is_named(copy: Path, line: str, said: str) -> None:
    (copy / CASES).write_text(f"{line}\n")
    with pytest.raises(DataError, match=rf"cases\.jsonl:1: .*{said}"):
        load_dataset(copy)


def test_a_case_that_stands_twice_and_a_set_without_one_are_refused(copy: Path) -> None:
    first = (copy / CASES).read_text().splitlines()[0]
    (copy / CASES).write_text(f"{first}\n{first}\n")
    with pytest.raises(DataError, match="stands here twice"):
        load_dataset(copy)
    (copy / CASES).write_text("")
    with pytest.raises(DataError, match="no case"):
        load_dataset(copy)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": date(2000, 2, 1)}, "before the warm-up"),
        ({"start": date(2013, 5, 1), "end": date(2013, 6, 1)}, "no case resolves"),
        ({"start": END, "end": START}, "is after --end"),
        ({"split": date(2010, 1, 1)}, "leaves a part without a case"),
    ],
)
def test_spans_without_cases_are_refused(
    market: Market, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        make_dataset(tmp_path / "none", market, market.symbols, wanted(**changes))


def test_a_folder_in_use_is_left_alone(made: Path, market: Market) -> None:
    with pytest.raises(UsageError, match="is not empty"):
        make_dataset(made, market, market.symbols, wanted())


def test_parts_that_touch_do_not_overlap() -> None:
    assert spans_overlap([]) == ""


def test_the_packaged_set_is_whole_and_named() -> None:
    found = load_dataset(dataset_named("sample"))
    assert len(found.cases) >= 150
    assert [path.name for path in PACKAGED.iterdir() if path.is_dir()] == ["sample"]
    with pytest.raises(UsageError, match="unknown set of cases: moon"):
        dataset_named("moon")


def test_the_commands_make_a_set_and_score_it(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [
        "eval",
        "make-dataset",
        "mine",
        "--symbols",
        "IBM",
        "--start",
        "2012-01-03",
        "--end",
        "2012-02-20",
    ]
    assert main(given) == 0
    assert "purged" in capsys.readouterr().err
    assert main(["eval", "momentum", "--on", "mine", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "6 cases are too few to say anything" in told["findings"]
    assert told["dataset"]["digest"] == read_card(Path("mine")).digest
    assert told["money"] is None
    for wrong, said in (
        (["--on", "mine", "--repeat", "3"], "about decisions of the journal"),
        (["--on", "mine", "--model", "openai/x"], "who is to ask it"),
        (["--on", "moon"], "unknown set of cases"),
    ):
        assert main(["eval", *wrong]) == 2
        error = capsys.readouterr().err
        assert said in error or "are for decisions of the journal" in error
