"""Which books a command means, and what keeps a backtest from beginning."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.replays import cut
from trader.backtest.books.folder import Folder
from trader.backtest.books.variants import MOST, combinations, parsed
from trader.cli import main
from trader.commands.backtest_plan import Flags, planned
from trader.commands.session import Session
from trader.domain.errors import TraderError, UsageError
from trader.workspace import Workspace

SYMBOLS = ("AAPL", "IBM")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A year and a half of two shares."""
    return cut(tmp_path_factory.mktemp("plan") / "data", SYMBOLS, date(2003, 9, 2), date(2005, 2, 28))


def flags(data: Path, **others: object) -> Flags:
    return Flags(feed=f"files:{data}", **({"start": "2005-02-04"} | others))  # type: ignore[arg-type]


def test_every_combination_is_a_book_and_the_first_is_at_ten_basis_points(
    data: Path, workspace: Path
) -> None:
    plan, settings = planned(
        Session(workspace), flags(data, cost="0,10", seeds=2, vary=("desk.kelly_fraction=0.1,0.25",))
    )
    assert [book.varied for book in plan.books[:3]] == [
        {"desk.kelly_fraction": "0.1", "seed": "0", "cost": "10"},
        {"desk.kelly_fraction": "0.1", "seed": "0", "cost": "0"},
        {"desk.kelly_fraction": "0.1", "seed": "1", "cost": "10"},
    ]
    assert len(plan.books) == 8
    assert [one.paper.cost_bps for one in settings[:2]] == [10.0, 0.0]
    assert settings[-1].desk.kelly_fraction == 0.25
    assert settings[-1].run.seed == 1


def test_each_symbol_has_a_book_and_so_has_each_fold(data: Path, workspace: Path) -> None:
    plan, _ = planned(Session(workspace), flags(data, each_symbol=True, folds=2))
    assert [(book.symbols, book.rounds) for book in plan.books] == [
        (("AAPL",), 8),
        (("AAPL",), 8),
        (("IBM",), 8),
        (("IBM",), 8),
    ]
    assert plan.books[0].last < plan.books[1].first
    assert plan.symbols == SYMBOLS


def test_the_same_command_is_the_same_backtest_and_another_is_not(data: Path, workspace: Path) -> None:
    ids = [planned(Session(workspace), one)[0].id for one in (flags(data), flags(data), flags(data, seed=7))]
    assert ids[0] == ids[1] != ids[2]


def test_an_edited_prompt_makes_another_backtest(data: Path, workspace: Path) -> None:
    before = planned(Session(workspace), flags(data))[0]
    (workspace / "prompts").mkdir()
    packaged = Path("trader/prompts/momentum.md")
    text = (Path(__file__).parents[2] / packaged).read_text(encoding="utf-8")
    (workspace / "prompts" / "momentum.md").write_text(text + "\nBe brief.\n", encoding="utf-8")
    assert planned(Session(workspace), flags(data))[0].id != before.id


def test_the_command_of_a_plan_means_the_same_plan(data: Path, workspace: Path) -> None:
    asked = flags(data, symbols=["AAPL", "IBM"], end="2005-02-25", cost="0,10", each_symbol=True)
    assert asked.command == (
        f"trader backtest --symbols AAPL,IBM --start 2005-02-04 --end 2005-02-25 --feed files:{data} "
        "--cost 0,10 --each-symbol"
    )


@pytest.mark.parametrize(
    ("others", "message", "hint"),
    [
        ({"symbols": ["AAPL", "APPL"]}, "unknown symbol: APPL", "did you mean AAPL?"),
        ({"end": "2005-01-01"}, "--start 2005-02-04 is after --end 2005-01-01", ""),
        (
            {"start": "2005-03-02"},
            "--start 2005-03-02 is after the data, which ends on 2005-02-28",
            "the data goes from",
        ),
        ({"start": "2003-12-01"}, "63 closes before 2003-12-01: the desk needs 252", "--start 2004-09-01"),
        ({"start": "2001-01-01"}, "--start 2001-01-01 is before the data", "--start 2004-09-01 or later"),
        ({"end": "2005-02-08"}, "3 closes are too few: with a horizon of 5 bars", "a later --end"),
        ({"folds": 9}, "--folds 9: 16 closes are too few", "fewer folds"),
        ({"vary": ("desk.kelly=1,2",)}, "--vary: there is no setting desk.kelly", "kelly_fraction"),
        ({"vary": ("desk.kelly_fraction=much",)}, "--vary: desk.kelly_fraction: expected a number", ""),
        ({"vary": ("risk.position_size=2",)}, "flag --vary: [risk] position_size = 2 is above 1", ""),
        ({"vary": ("desk.kelly_fraction",)}, "not KEY=V1,V2", "--vary desk.kelly_fraction=0.1,0.25"),
        ({"vary": ("horizon=5,10",)}, "--vary horizon: a setting has its table", "desk.horizon"),
        ({"vary": ("run.symbols=AAPL,IBM",)}, "it is the same for all books", "--each-symbol"),
        ({"vary": ("desk.band=0.1", "desk.band=0.2")}, "--vary desk.band is there twice", ""),
        ({"cost": "-1"}, "--cost: paper.cost_bps: expected a number", ""),
        ({"cost": ","}, "--cost: no cost is named", "--cost 0,5,10,25"),
    ],
)
def test_what_cannot_be_a_backtest_says_what_to_do(
    data: Path, workspace: Path, others: dict[str, object], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        planned(Session(workspace), flags(data, **others))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_an_account_in_another_currency_has_no_rate(data: Path, workspace: Path) -> None:
    (workspace / "trader.toml").write_text('[paper]\ncurrency = "EUR"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="no rate is known"):
        planned(Session(workspace), flags(data))


def test_too_many_books_are_a_mistake() -> None:
    with pytest.raises(UsageError, match=f"1,000 books are more than {MOST}"):
        combinations({"seed": [str(number) for number in range(1_000)]})


def test_values_of_a_setting_are_told_apart_once() -> None:
    assert parsed(["a.b = 1, 2,1"]) == {"a.b": ("1", "2")}


def test_an_engine_that_is_none_names_those_that_are(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backtest", "--engine", "rays"]) == 2
    assert "did you mean ray?" in capsys.readouterr().err


def test_books_share_what_a_day_may_cost(data: Path, workspace: Path) -> None:
    (workspace / "trader.toml").write_text("[llm.budget]\nper_day_usd = 1.0\n", encoding="utf-8")
    _, alone = planned(Session(workspace), flags(data))
    _, three = planned(Session(workspace), flags(data, seeds=3))
    assert [one.llm.budget.per_day_usd for one in alone] == [Decimal("1.0")]
    assert [one.llm.budget.per_day_usd for one in three] == [Decimal("0.333333")] * 3


def test_a_plan_that_cannot_be_written_says_where(data: Path, workspace: Path) -> None:
    plan, _ = planned(Session(workspace), flags(data))
    (workspace / ".trader").mkdir()
    (workspace / ".trader" / "backtests").touch()
    with pytest.raises(TraderError, match="cannot be written") as caught:
        Folder(Workspace(workspace), plan).save()
    assert "--workspace DIR" in caught.value.hint
