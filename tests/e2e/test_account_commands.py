"""What `trader positions`, `orders` and `risk` say of a book that has traded, beside its journal."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.replays import Town
from trader.cli import main
from trader.domain.orders import DONE
from trader.domain.portfolio import sum_exact
from trader.journal.reader import JournalReader
from trader.risk.limits import LIMITS
from trader.runner import Ran

Captured = pytest.CaptureFixture[str]
D = Decimal


@pytest.fixture
def folder(unbroken: Ran) -> Path:
    return unbroken.journal.parents[1]


def asked(folder: Path, capsys: Captured, *command: str, code: int = 0) -> dict[str, Any]:
    assert main(["--workspace", str(folder), *command, "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def check(folder: Path, capsys: Captured, code: int, *more: str, symbol: str = "AAPL") -> dict[str, Any]:
    return asked(folder, capsys, "risk", "check", "--symbol", symbol, *more, code=code)


def test_positions_and_cash_are_the_sums_of_the_fills(folder: Path, unbroken: Ran, capsys: Captured) -> None:
    found = asked(folder, capsys, "positions")
    with JournalReader(unbroken.journal) as reader:
        fills, entries = reader.fills(unbroken.book.id), reader.entries(unbroken.book.id)
        mark = reader.marks(unbroken.book.id)[-1]
    assert found["positions"]
    for held in found["positions"]:
        units = sum_exact(one.signed_quantity for one in fills if one.symbol == held["symbol"])
        units += sum_exact(one.quantity for one in entries if one.symbol == held["symbol"])
        assert D(held["quantity"]) == units
        assert D(held["value"]) == units * D(held["price"])
    spent = sum_exact(one.signed_quantity * one.price + one.fee for one in fills)
    assert D(found["account"]["cash"]) == 100_000 - spent + sum_exact(one.cash for one in entries)
    assert D(found["account"]["equity"]) == mark.equity


def test_orders_are_those_that_are_open_and_all_with_all(folder: Path, capsys: Captured) -> None:
    open_ = asked(folder, capsys, "orders")["orders"]
    every = asked(folder, capsys, "orders", "--all")["orders"]
    assert {one["client_id"] for one in open_} < {one["client_id"] for one in every}
    assert not {one["state"] for one in open_} & DONE
    filled = [one for one in every if one["state"] == "filled"]
    assert filled
    assert all(one["filled"] == one["quantity"] and D(one["fees"]) > 0 for one in filled)
    assert all(one["average_price"] and one["at"] for one in filled)


def test_each_limit_says_what_is_used_of_it(folder: Path, capsys: Captured) -> None:
    found = asked(folder, capsys, "risk")
    held = asked(folder, capsys, "positions")
    used = {one["name"]: one["used"] for one in found["limits"]}
    assert list(used) == [limit.slug for limit in LIMITS]
    weights = [abs(one["weight"]) for one in held["positions"]]
    assert used["position_size"] == pytest.approx(max(weights))
    assert used["gross_exposure"] == pytest.approx(sum(weights))
    assert used["open_positions"] == len(weights)
    assert used["drawdown"] == pytest.approx(held["account"]["drawdown"])
    assert used["futures_order"] is None
    assert found["halted"] is False
    assert {one["symbol"] for one in found["next"]} == {"AAPL", "IBM", "MSFT"}


def test_what_comes_next_is_the_most_that_a_check_allows(folder: Path, capsys: Captured) -> None:
    for following in asked(folder, capsys, "risk")["next"]:
        most = D(following["allowed"])
        buy = ["--side", "buy", "--quantity"]
        if most:
            assert check(folder, capsys, 0, *buy, str(most), symbol=following["symbol"])["allowed"] is True
        if following["limit"]:
            more = check(folder, capsys, 3, *buy, str(most + 1), symbol=following["symbol"])
            assert more["limit"] == following["limit"]


def test_an_order_beyond_a_limit_is_not_allowed_and_both_numbers_are_said(
    folder: Path, capsys: Captured
) -> None:
    found = check(folder, capsys, 3, "--side", "buy", "--quantity", "100000", symbol="MSFT")
    assert found["allowed"] is False
    assert found["limit"] == "position_size"
    assert found["asked"] > 10 > 0.05 == found["permitted"]


def test_a_sale_of_what_is_held_passes(folder: Path, capsys: Captured) -> None:
    held = asked(folder, capsys, "positions")["positions"][0]
    found = check(folder, capsys, 0, "--side", "sell", "--quantity", held["quantity"], symbol=held["symbol"])
    assert (found["allowed"], found["limit"], found["quantity"]) == (True, "", held["quantity"])


def test_a_short_sale_is_not_allowed_where_the_paper_account_would_refuse_it(
    folder: Path, capsys: Captured
) -> None:
    held = asked(folder, capsys, "positions")["positions"][0]
    more = str(D(held["quantity"]) + 1)
    found = check(folder, capsys, 3, "--side", "sell", "--quantity", more, symbol=held["symbol"])
    assert (found["allowed"], found["limit"]) == (False, "borrow")
    assert "whether the rest can be borrowed is not known" in found["sentence"]


@pytest.mark.parametrize(
    ("quantity", "price", "says"),
    [
        ("0", None, "quantity 0 is not above zero"),
        ("-5", None, "quantity -5 is not above zero"),
        ("NaN", None, "quantity NaN is not above zero"),
        ("Infinity", None, "quantity Infinity is not above zero"),
        ("1.5", None, "quantity 1.5 is not a multiple of the lot 1"),
        ("1", "30.001", "price 30.001 is off the tick 0.01"),
        ("1", "-30", "price -30 is not above zero"),
        ("1e30", None, "quantity 1E+30 is more than any venue counts"),
        ("1", "1e40", "price 1E+40 is more than any venue counts"),
    ],
)
def test_a_number_that_cannot_be_ordered_is_refused_by_name(
    folder: Path, capsys: Captured, quantity: str, price: str | None, says: str
) -> None:
    at = ["--price", price] if price else []
    found = check(folder, capsys, 3, "--side", "buy", "--quantity", quantity, *at)
    assert found["allowed"] is False
    assert says in found["sentence"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--symbol", "APPL", "--side", "buy", "--quantity", "1"], "unknown symbol: APPL"),
        (["--symbol", "AAPL", "--side", "bye", "--quantity", "1"], "unknown side: bye"),
        (["--symbol", "AAPL", "--side", "buy", "--quantity", "ten"], "--quantity: ten is not a number"),
    ],
)
def test_wrong_use_of_the_check(folder: Path, capsys: Captured, more: list[str], says: str) -> None:
    assert main(["--workspace", str(folder), "risk", "check", *more]) == 2
    assert says in capsys.readouterr().err


def test_people_read_tables(folder: Path, capsys: Captured) -> None:
    for command, shown in (
        (["positions"], "in all"),
        (["orders", "--all"], "filled"),
        (["risk"], "the next entry, before the next bar:"),
    ):
        assert main(["--workspace", str(folder), *command]) == 0
        assert shown in capsys.readouterr().out


def test_a_folder_without_a_journal_says_so(tmp_path: Path, capsys: Captured) -> None:
    for command in (["positions"], ["orders"], ["risk"]):
        assert main(["--workspace", str(tmp_path), *command]) == 1
        assert "there is no journal" in capsys.readouterr().err


def test_a_book_that_does_not_exist_is_named(folder: Path, capsys: Captured, town: Town) -> None:
    assert main(["--workspace", str(folder), "positions", "--book", "01XX"]) == 2
    assert "unknown book: 01XX" in capsys.readouterr().err
