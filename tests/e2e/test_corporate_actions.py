"""Splits and dividends happen to the book on their dates, and neither makes nor takes money."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.replays import Town, Watcher, cut, drive
from trader.domain.orders import OrderType
from trader.domain.portfolio import Account, EntryKind
from trader.journal.reader import JournalReader
from trader.runner import Ran
from trader.workspace import Workspace

D = Decimal


@pytest.fixture(scope="module")
def accounts(unbroken: Ran) -> dict[date, Account]:
    """The account after each day's bar."""
    with JournalReader(unbroken.journal) as reader:
        rounds = [reader.round(one.round).opened for one in reader.rounds(unbroken.book.id)]
    return {opened.as_of.date(): opened.account for opened in rounds}


def profit(account: Account, symbol: str, was: Decimal) -> Decimal:
    """What the units held now have gained since they were worth `was` each."""
    return account.quantity(symbol) * (account.marks[symbol] - was)


BEFORE_SPLIT, SPLIT = date(2005, 2, 25), date(2005, 2, 28)


def test_a_split_doubles_the_units_and_leaves_the_equity(accounts: dict[date, Account]) -> None:
    before, after = accounts[BEFORE_SPLIT], accounts[SPLIT]
    assert before.quantity("AAPL") > 0
    assert after.quantity("AAPL") == 2 * before.quantity("AAPL")
    assert after.cash == before.cash
    moved = profit(after, "AAPL", before.marks["AAPL"] / 2)
    moved += sum(profit(after, symbol, before.marks[symbol]) for symbol in ("IBM", "MSFT"))
    assert after.equity - before.equity == moved
    assert abs(moved) < before.equity / 1000
    held_before, held_after = before.position("AAPL"), after.position("AAPL")
    assert held_before is not None
    assert held_after is not None
    assert held_after.cost == held_before.cost


def test_a_split_restates_the_working_stops(accounts: dict[date, Account]) -> None:
    """What guarded 51 units at 72.18 guards 102 at 36.09."""
    before, after = (
        {
            one.order.client_id: one.order
            for one in accounts[day].working
            if one.order.symbol == "AAPL" and one.order.type is OrderType.STOP
        }
        for day in (BEFORE_SPLIT, SPLIT)
    )
    assert before
    assert before.keys() == after.keys()
    for name, stop in before.items():
        assert stop.stop_price is not None
        assert after[name].quantity == 2 * stop.quantity
        assert after[name].stop_price == (stop.stop_price / 2).quantize(D("0.01"))


def test_agents_see_the_prices_that_a_split_leaves_comparable(
    unbroken: Ran, accounts: dict[date, Account]
) -> None:
    """The day of the split is a day like others, not a fall by half."""
    with JournalReader(unbroken.journal) as reader:
        made = next(one for one in reader.decisions(unbroken.book.id, "AAPL") if one.as_of.date() == SPLIT)
        (shown,) = reader.find_evidence(made.id, "momentum")
    assert shown.result is not None
    was, now = (accounts[day].marks["AAPL"] for day in (BEFORE_SPLIT, SPLIT))
    assert shown.result["values"]["return_1"] == pytest.approx(float(2 * now / was - 1))
    assert made.price == now


@pytest.mark.parametrize(
    ("symbol", "day", "amount"),
    [("IBM", date(2005, 2, 8), "0.18"), ("MSFT", date(2005, 2, 15), "0.08")],
)
def test_a_dividend_is_credited_for_what_was_held_before_its_day(
    unbroken: Ran, accounts: dict[date, Account], symbol: str, day: date, amount: str
) -> None:
    before = max(known for known in accounts if known < day)
    held = accounts[before].quantity(symbol)
    assert held > 0
    with JournalReader(unbroken.journal) as reader:
        (entry,) = (
            one
            for one in reader.entries(unbroken.book.id)
            if one.kind is EntryKind.DIVIDEND and one.at.date() == day
        )
        fills = [one for one in reader.fills(unbroken.book.id) if one.at.date() == day]
    assert (entry.symbol, entry.cash) == (symbol, held * D(amount))
    traded = sum((-one.signed_quantity * one.price - one.fee for one in fills), D(0))
    assert accounts[day].cash == accounts[before].cash + entry.cash + traded


def test_nothing_else_moved_the_account(unbroken: Ran) -> None:
    """Three of the sample's actions are in the span, and a book is told of no other."""
    with JournalReader(unbroken.journal) as reader:
        entries = reader.entries(unbroken.book.id)
    assert [(one.symbol, one.at.date(), one.kind) for one in entries] == [
        ("IBM", date(2005, 2, 8), EntryKind.DIVIDEND),
        ("MSFT", date(2005, 2, 15), EntryKind.DIVIDEND),
        ("AAPL", SPLIT, EntryKind.SPLIT),
    ]


def test_a_company_s_first_dividend_in_years_is_credited_too(tmp_path: Path) -> None:
    """Apple, 9 August 2012: the day after IBM's."""
    data = cut(tmp_path / "data", ("AAPL", "IBM"), date(2011, 7, 1), date(2012, 8, 9))
    watcher = Watcher()
    drive(
        Workspace(tmp_path), Town(data, {"run.start": date(2012, 8, 6), "desk.horizon": 20}), watcher=watcher
    )
    by_day = {closed.as_of.date(): closed for closed in watcher.rounds}
    for symbol, day, before, amount in (
        ("IBM", date(2012, 8, 8), date(2012, 8, 7), "0.85"),
        ("AAPL", date(2012, 8, 9), date(2012, 8, 8), "2.65"),
    ):
        held = by_day[before].account.quantity(symbol)
        assert held > 0
        (entry,) = by_day[day].entries
        assert (entry.symbol, entry.kind, entry.cash) == (symbol, EntryKind.DIVIDEND, held * D(amount))
