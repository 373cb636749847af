"""The numbers of a run, computed again from its journal in plain Python.

Written from the formulas that the documentation gives, with sqlite3, json, zlib, math and Decimal alone:
nothing of the program is imported that computes anything.
"""

import csv
import json
import math
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.replays import Town
from trader.runner import Ran

TICK, LOT = Decimal("0.01"), Decimal(1)
POSITION_LIMIT, COLLAR, DRAWDOWN_LIMIT = Decimal("0.05"), Decimal("0.1"), 0.10
LEAST_AGREEMENT, KELLY_FRACTION, VOLATILITY_CEILING = 0.5, 0.25, 0.02
BAND, BAND_SHARE, STOP_RANGES, PRIOR_CASES, POSITIONS = 0.005, 0.1, 3.0, 100.0, 20
FEE, SPREAD_AND_SLIPPAGE = Decimal("0.0001"), Decimal("0.0009")
ROUND_TRIP = 0.002
CASH = Decimal(100_000)


class Journal:
    """The file itself, read as docs/journal.md describes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ask(self, query: str, *given: object) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.path)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, given)]

    def blob(self, digest: str) -> Any:
        (row,) = self.ask("SELECT data FROM blobs WHERE digest = ?", digest)
        return json.loads(zlib.decompress(row["data"]))


@dataclass
class Made:
    """One decision, with what it was made from."""

    body: dict[str, Any]
    forms: dict[str, tuple[str, str, dict[str, Any]]]
    """Agent -> (form, record, body)."""
    account: dict[str, Any]
    facts: dict[str, Any]
    learned: dict[str, Any]

    @property
    def symbol(self) -> str:
        return str(self.body["symbol"])

    @property
    def known(self) -> dict[str, Any]:
        return next(row for row in self.learned["symbols"] if row["symbol"] == self.symbol)

    @property
    def opinions(self) -> list[dict[str, Any]]:
        return [body for form, _, body in self.forms.values() if form == "opinion"]

    @property
    def equity(self) -> Decimal:
        return Decimal(self.account["cash"]) + sum(
            (
                Decimal(held["quantity"]) * Decimal(self.account["marks"][held["symbol"]])
                for held in self.account["positions"]
            ),
            Decimal(0),
        )

    @property
    def held(self) -> Decimal:
        return sum(
            (Decimal(one["quantity"]) for one in self.account["positions"] if one["symbol"] == self.symbol),
            Decimal(0),
        )

    @property
    def last(self) -> Decimal:
        return Decimal(self.account["marks"][self.symbol])


@pytest.fixture(scope="module")
def journal(unbroken: Ran) -> Journal:
    return Journal(unbroken.journal)


@pytest.fixture(scope="module")
def made(journal: Journal) -> list[Made]:
    rows = journal.ask(
        "SELECT d.id, d.body, r.account, r.facts, r.learned"
        " FROM decisions d JOIN rounds r ON d.round = r.round"
    )
    return [
        Made(
            json.loads(row["body"]),
            {
                step["agent"]: (step["form"], step["record"], json.loads(zlib.decompress(step["body"])))
                for step in journal.ask("SELECT * FROM steps WHERE decision = ? ORDER BY agent", row["id"])
            },
            journal.blob(row["account"]),
            journal.blob(row["facts"]),
            journal.blob(row["learned"]),
        )
        for row in rows
    ]


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-12)


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def edge_of(p: float, known: dict[str, Any]) -> float:
    return float(p * known["mean_gain"] - (1 - p) * known["mean_loss"] - ROUND_TRIP)


def pooled(one: Made) -> tuple[float, float]:
    """The pool's probability, and the share of its weight that sees an edge."""
    base = one.known["base_rate"]
    calibrations = {row["record"]: row for row in one.learned["records"]}
    said = [
        (calibrations[record], body["p_up"])
        for form, record, body in one.forms.values()
        if form == "opinion" and body["p_up"] is not None
    ]
    total = sum(row["weight"] for row, _ in said)
    moved, agreeing = 0.0, 0.0
    for row, p in said:
        shift = row["intercept"] + row["slope"] * (logit(p) - logit(base))
        moved += row["weight"] / total * shift
        if edge_of(1 / (1 + math.exp(-(logit(base) + shift))), one.known) > 0:
            agreeing += row["weight"] / total
    return 1 / (1 + math.exp(-(logit(base) + moved))), agreeing


def error_of(one: Made, p: float) -> float:
    sigma = math.sqrt(p * (1 - p) / (one.known["n_eff"] + PRIOR_CASES))
    return float(sigma * (one.known["mean_gain"] + one.known["mean_loss"]))


def sized(one: Made, p: float) -> list[tuple[str, float, float]]:
    """The order of sizing: each step's name, its number, and the weight after it."""
    known = one.known
    g, loss = known["mean_gain"] - ROUND_TRIP, known["mean_loss"] + ROUND_TRIP
    b = g / loss
    f = p - (1 - p) / b
    variance = ((b + 1) / b) ** 2 * p * (1 - p) / (known["n_eff"] + PRIOR_CASES)
    k = f * f / (f * f + variance)
    shared = 1 + (POSITIONS - 1) * one.learned["correlation"]
    ceiling = VOLATILITY_CEILING / known["volatility"]
    cap = min(body["size_cap"] for body in one.opinions) * float(POSITION_LIMIT)
    throttle = max(0.0, 1 - max(0.0, 1 - float(one.equity) / float(one.account["peak"])) / DRAWDOWN_LIMIT)
    full = max(0.0, f / loss)
    staked = k * full * KELLY_FRACTION / shared
    return [
        ("kelly", f, full),
        ("uncertainty", k, k * full),
        ("fraction", KELLY_FRACTION, k * full * KELLY_FRACTION),
        ("sharing", shared, staked),
        ("volatility ceiling", ceiling, min(staked, ceiling)),
        ("senior caps", cap, min(staked, ceiling, cap)),
        ("drawdown throttle", throttle, min(staked, ceiling, cap) * throttle),
    ]


def decided(one: Made) -> tuple[str, float, str]:
    """What the thresholds, the executive and the no-trade band make of the weight, and who held it back."""
    p, agreement = pooled(one)
    held = float(one.held * one.last / one.equity)
    (_, _, weight), edge, by = sized(one, p)[-1], edge_of(p, one.known), ""
    if edge <= 0:
        target = 0.0
    elif weight <= held:
        target = weight
    elif edge <= error_of(one, p):
        target, by = held, "entry edge"
    elif agreement < LEAST_AGREEMENT:
        target, by = held, "agreement"
    else:
        (verdict,) = (body for form, _, body in one.forms.values() if form == "verdict")
        target, by = max(held, weight * verdict["factor"]), "executive" if verdict["factor"] < 1 else ""
    small = abs(target - held) <= max(BAND, BAND_SHARE * target)
    return ("hold", held, by) if target == held or (small and target > 0) else ("trade", target, by)


def test_the_pool_of_every_decision(made: list[Made]) -> None:
    for one in made:
        p, agreement = pooled(one)
        assert one.body["pool"]["p_up"] == close(p)
        assert one.body["pool"]["agreement"] == close(agreement)
        assert one.body["edge"] == close(edge_of(p, one.known))
        assert one.body["edge_error"] == close(error_of(one, p))


def test_every_step_of_every_decision_s_size(made: list[Made]) -> None:
    for one in made:
        *steps, _ = one.body["sizing"]
        for step, (name, value, weight) in zip(steps, sized(one, pooled(one)[0]), strict=True):
            assert (step["name"], step["value"], step["weight"]) == (name, close(value), close(weight))


def test_what_every_decision_came_to(made: list[Made]) -> None:
    held_back = set()
    for one in made:
        outcome, target, by = decided(one)
        assert (one.body["outcome"], one.body["target_weight"]) == (outcome, close(target))
        restraints = {cut["by"] for cut in one.body["cuts"]} - {"volatility ceiling", "senior caps"}
        assert restraints == ({by} if by else set())
        held_back.add((outcome, by))
    assert held_back == {
        ("trade", ""),
        ("trade", "executive"),
        ("hold", ""),
        ("hold", "executive"),
        ("hold", "entry edge"),
    }
    assert len(made) == 48


def test_the_stop_of_every_decision(made: list[Made]) -> None:
    for one in made:
        price = Decimal(one.body["price"])
        stops = [Decimal(body["stop"]) for body in one.opinions if body["stop"]]
        below = [stop for stop in stops if stop < price]
        if below:
            assert Decimal(one.body["stop"]) == min(below)
        else:
            (atr,) = (
                fact["value"]
                for fact in one.forms["technicals"][2]["facts"]
                if fact["name"] == "features.values.atr_14"
            )
            assert float(one.body["stop"]) == close(float(price) - STOP_RANGES * atr)


def to_tick(price: Decimal, rounding: str) -> Decimal:
    return (price / TICK).to_integral_value(rounding) * TICK


def in_order(made: list[Made]) -> Iterator[list[Made]]:
    """The decisions to trade of each round, as money is allotted: reductions, then the larger edge."""
    for moment in sorted({one.body["as_of"] for one in made}):
        trades = [one for one in made if one.body["as_of"] == moment and one.body["outcome"] == "trade"]
        yield sorted(
            trades,
            key=lambda one: (
                one.body["target_weight"] > one.body["held_weight"],
                -one.body["edge"],
                one.symbol,
            ),
        )


def test_every_ruling_and_every_order(made: list[Made], journal: Journal) -> None:
    rulings = {(row["decision"], row["stage"]): row for row in journal.ask("SELECT * FROM rulings")}
    orders = journal.ask("SELECT * FROM orders")
    sent = {row["decision"]: row for row in orders if row["type"] == "limit"}
    stops = {row["decision"]: row for row in orders if row["type"] == "stop"}
    expected = 0
    for one in (one for trades in in_order(made) for one in trades):
        assert one.facts["breakers"] == []
        target = Decimal(repr(one.body["target_weight"])) * one.equity / one.last
        quantity = ((abs(target - one.held)) / LOT).to_integral_value(ROUND_FLOOR) * LOT
        if quantity == 0:
            continue
        expected += 1
        buying = target > one.held
        if buying:
            limit = to_tick(one.last * (1 + COLLAR), ROUND_FLOOR)
            room = POSITION_LIMIT * one.equity - one.held * one.last
            allowed = min(quantity, (room / limit / LOT).to_integral_value(ROUND_FLOOR) * LOT)
        else:
            limit, allowed = to_tick(one.last * (1 - COLLAR), ROUND_CEILING), quantity
        for stage in ("allocate", "gate"):
            ruling = rulings[one.body["id"], stage]
            assert Decimal(ruling["quantity"]) == allowed
            asked = quantity if stage == "allocate" else allowed
            assert Decimal(ruling["quantity_asked"]) == asked
            assert ruling["outcome"] == ("allowed" if asked == allowed else "cut")
            assert ruling["limit"] == ("" if asked == allowed else "position_size")
        order = sent[one.body["id"]]
        assert (order["side"], Decimal(order["quantity"]), Decimal(order["limit_price"])) == (
            "buy" if buying else "sell",
            allowed,
            limit,
        )
        if buying:
            stop = stops[one.body["id"]]
            assert Decimal(stop["stop_price"]) == to_tick(Decimal(one.body["stop"]), ROUND_CEILING)
            assert (stop["side"], stop["quantity"]) == ("sell", order["quantity"])
    assert expected == len(sent)
    assert {row["outcome"] for row in rulings.values()} == {"allowed", "cut"}


@dataclass
class Day:
    opened: Decimal
    low: Decimal
    closed: Decimal


@pytest.fixture(scope="module")
def bars(town: Town) -> dict[str, dict[str, Day]]:
    """Symbol -> day -> prices, from the run's own files."""
    days = {}
    for path in town.data.glob("*.1d.csv"):
        with path.open(encoding="utf-8") as file:
            days[path.name.split(".")[0]] = {
                row["timestamp"]: Day(Decimal(row["open"]), Decimal(row["low"]), Decimal(row["close"]))
                for row in csv.DictReader(file)
            }
    return days


def test_every_fill(journal: Journal, bars: dict[str, dict[str, Day]]) -> None:
    orders = {row["client_id"]: row for row in journal.ask("SELECT * FROM orders")}
    fills = journal.ask("SELECT * FROM fills")
    kinds = set()
    for fill in fills:
        order, day = orders[fill["client_id"]], bars[fill["symbol"]][fill["at"][:10]]
        market = day.opened
        if order["type"] == "stop":
            stop = Decimal(order["stop_price"])
            assert min(day.opened, day.low) <= stop
            market = min(day.opened, stop)
        else:
            days = sorted(bars[fill["symbol"]])
            assert fill["at"][:10] == days[days.index(order["at"][:10]) + 1]
        if fill["side"] == "buy":
            price = to_tick(market * (1 + SPREAD_AND_SLIPPAGE), ROUND_CEILING)
        else:
            price = to_tick(market * (1 - SPREAD_AND_SLIPPAGE), ROUND_FLOOR)
        assert (Decimal(fill["market"]), Decimal(fill["price"])) == (market, price)
        assert Decimal(fill["fee"]) == round(Decimal(fill["quantity"]) * price * FEE, 8)
        assert Decimal(fill["quantity"]) == Decimal(order["quantity"])
        kinds.add((order["type"], fill["side"]))
    assert kinds == {("limit", "buy"), ("limit", "sell"), ("stop", "sell")}


def test_cash_and_equity_at_every_close(journal: Journal, bars: dict[str, dict[str, Day]]) -> None:
    fills, entries = journal.ask("SELECT * FROM fills"), journal.ask("SELECT * FROM entries")
    marks = journal.ask("SELECT * FROM marks ORDER BY as_of")
    for mark in marks:
        cash, units = CASH, dict.fromkeys(bars, Decimal(0))
        for fill in (one for one in fills if one["at"] <= mark["as_of"]):
            quantity = Decimal(fill["quantity"]) * (1 if fill["side"] == "buy" else -1)
            units[fill["symbol"]] += quantity
            cash -= quantity * Decimal(fill["price"]) + Decimal(fill["fee"])
        for entry in (one for one in entries if one["at"] <= mark["as_of"]):
            cash += Decimal(entry["cash"])
            units[entry["symbol"]] += Decimal(entry["quantity"])
        value = sum(
            (held * bars[symbol][mark["as_of"][:10]].closed for symbol, held in units.items()), Decimal(0)
        )
        assert Decimal(mark["cash"]) == cash
        assert Decimal(mark["equity"]) == cash + value
        assert Decimal(mark["gross"]) == value
    assert len(marks) == len(journal.ask("SELECT * FROM rounds"))


def event_returns(
    town: Town, bars: dict[str, Day], symbol: str, until: str, horizon: int
) -> dict[str, float]:
    """Day -> C(t+h) / O(t+1) - 1, splits undone, dividends with an ex-date in (t+1, t+h] added."""
    with (town.data / "actions.csv").open(encoding="utf-8") as file:
        actions = [row for row in csv.DictReader(file) if row["symbol"] == symbol]
    days = sorted(day for day in bars if day <= until)
    found = {}
    for t in range(len(days) - horizon):
        first, last = days[t + 1], days[t + horizon]
        inside = [row for row in actions if first < row["ex_date"] <= last]
        units, cash = 1.0, 0.0
        for row in sorted(inside, key=lambda row: row["ex_date"]):
            if row["kind"] == "split":
                units *= float(row["amount"])
            else:
                cash += units * float(row["amount"])
        found[days[t]] = (units * float(bars[last].closed) + cash) / float(bars[first].opened) - 1
    return found


def correlation(x: list[float], y: list[float]) -> float:
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    both = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return both / math.sqrt(sum((a - mean_x) ** 2 for a in x) * sum((b - mean_y) ** 2 for b in y))


def means(returns: list[float]) -> tuple[float, float, float]:
    gains, losses = [r for r in returns if r > 0], [-r for r in returns if r <= 0]
    return len(gains) / len(returns), sum(gains) / len(gains), sum(losses) / len(losses)


@pytest.mark.parametrize("which", [0, -1], ids=["at the first round", "after the split"])
def test_base_rates_payoffs_and_their_correlation(
    journal: Journal, town: Town, bars: dict[str, dict[str, Day]], which: int
) -> None:
    row = journal.ask("SELECT * FROM rounds ORDER BY as_of")[which]
    learned = journal.blob(row["learned"])
    horizon, until = learned["horizon"], row["as_of"][:10]
    returns = {symbol: event_returns(town, bars[symbol], symbol, until, horizon) for symbol in bars}
    pool = means([r for found in returns.values() for r in found.values()])
    for known in learned["symbols"]:
        own = list(returns[known["symbol"]].values())
        n_eff = len(own) / horizon
        shrunk = [
            (n_eff * mine + PRIOR_CASES * shared) / (n_eff + PRIOR_CASES)
            for mine, shared in zip(means(own), pool, strict=True)
        ]
        assert [known["base_rate"], known["mean_gain"], known["mean_loss"]] == [close(x) for x in shrunk]
        assert (known["n"], known["n_eff"]) == (len(own), close(n_eff))
    pairs = [
        correlation(list(returns[a].values()), list(returns[b].values())) for a, b in combinations(returns, 2)
    ]
    assert learned["correlation"] == close(sum(pairs) / len(pairs))
