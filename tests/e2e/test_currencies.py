"""A replay with shares in two currencies, and a protection after a real stop: whole, and exact."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.conftest import END, HISTORY, START
from tests.e2e.replays import Town, Watcher, cut, drive
from trader.cli import main
from trader.domain.errors import UsageError
from trader.domain.portfolio import sum_exact
from trader.domain.value import plain
from trader.graph.replay import replay
from trader.journal.reader import JournalReader
from trader.runner.opening import market_of
from trader.workspace import Workspace

SYMBOLS = ("AAPL", "IBM", "MSFT")
COOLDOWN = {"rule": "cooldown", "bars": 5}


def in_euros(data: Path, *symbols: str) -> None:
    """From now on these are quoted in euros, and the folder has what a euro costs."""
    table = data / "instruments.csv"
    lines = table.read_text().splitlines()
    quoted = [line.replace(",USD,", ",EUR,") if line.split(",")[0] in symbols else line for line in lines]
    quoted.append("EURUSD,Euro,test,fx,USD,0.00001,1,1,24/5,true")
    table.write_text("\n".join([*quoted, ""]))
    days = (HISTORY + timedelta(days=number) for number in range((END - HISTORY).days + 1))
    rows = ["date,open,high,low,close,volume"]
    for number, day in enumerate(day for day in days if day.weekday() < 5):
        price = Decimal("1.2") + Decimal(number % 97) / 1000
        rows.append(f"{day},{price},{price},{price},{price},0")
    (data / "EURUSD.1d.csv").write_text("\n".join([*rows, ""]))


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Town:
    data = cut(tmp_path_factory.mktemp("abroad") / "data", SYMBOLS, HISTORY, END)
    in_euros(data, "IBM", "AAPL")
    flags = {
        "run.start": START,
        "run.symbols": SYMBOLS,
        "desk.refit_bars": 1,
        "risk.price_collar": 0.1,
        "risk.protections": [COOLDOWN],
        "paper.rates": ("EURUSD",),
    }
    return Town(data, flags)


def test_two_currencies_and_a_cooldown_after_a_real_stop(
    abroad: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watcher = Watcher()
    ran = drive(Workspace(tmp_path), abroad, watcher=watcher)
    assert ran.book.symbols == SYMBOLS
    with JournalReader(ran.journal) as reader:
        fills, entries = reader.fills(ran.book.id), reader.entries(ran.book.id)
        opened = [reader.round(one.round).opened for one in reader.rounds(ran.book.id)]
        decided = reader.decisions(ran.book.id)
        assert replay(reader, decided[-1].id).identical
        recomputed = replay(reader, decided[-1].id, market_of(reader, ran.book))
        assert recomputed.data is not None
        assert recomputed.data[0] == recomputed.data[1], "the rates' bars are read again as well"
    foreign = [fill for fill in fills if fill.symbol != "MSFT"]
    assert foreign
    for fill in foreign:
        # the rate is that of the close before the bar that filled
        assert fill.rate_source.startswith("close of EURUSD at 2005-")
        assert fill.rate_source < f"close of EURUSD at {fill.at:%Y-%m-%d %H:%M}"
        assert 1 < fill.rate < 2
        assert fill.fee_currency == "USD"
    spent = sum_exact(fill.signed_quantity * fill.price * fill.rate + fill.fee for fill in fills)
    last = watcher.rounds[-1].account
    assert last.cash == ran.book.cash - spent + sum_exact(entry.cash for entry in entries)
    assert last.equity == last.cash + sum_exact(
        held.quantity * last.marks[held.symbol] * (1 if held.symbol == "MSFT" else last.rates["EUR"].worth)
        for held in last.positions
    )

    assert main(["--workspace", str(tmp_path), "positions"]) == 0
    euro = last.rates["EUR"]
    assert f"1 EUR is {plain(euro.worth)} USD: close of EURUSD at {euro.at:%Y-%m-%d %H:%M} UTC" in (
        capsys.readouterr().out
    )
    assert main(["--workspace", str(tmp_path), "positions", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["account"]["rates"] == [euro.model_dump(mode="json")]

    stops = {fill.client_id: fill for fill in fills if "-s" in fill.client_id}
    assert stops, "the replay has a stop-out"
    paused = {(one.as_of, pause["symbol"]): pause["rule"] for one in opened for pause in one.facts["pauses"]}
    for fill in stops.values():
        following = [one.as_of for one in opened if fill.at <= one.as_of]
        assert paused[following[0], fill.symbol] == "cooldown"
        later = following[COOLDOWN["bars"] + 1 :]
        assert later == [] or (later[0], fill.symbol) not in paused
    entered = [
        fill
        for fill in fills
        for stop in stops.values()
        if fill.client_id.endswith("-e1") and fill.symbol == stop.symbol
        if stop.at < fill.at <= stop.at + timedelta(days=COOLDOWN["bars"])
    ]
    assert entered == []


def test_a_currency_without_a_rate_stops_the_run_before_it_begins(abroad: Town, tmp_path: Path) -> None:
    town = Town(abroad.data, {**abroad.flags, "paper.rates": ()})
    with pytest.raises(UsageError, match="AAPL is quoted in EUR, the account is in USD") as refused:
        drive(Workspace(tmp_path), town)
    assert 'paper.rates = ["EURUSD"], or ["USDEUR"]' in refused.value.hint
    nothing = Town(abroad.data, {**abroad.flags, "run.symbols": ()})
    with pytest.raises(UsageError, match=r"run\.symbols is not"):
        drive(Workspace(tmp_path), nothing)
