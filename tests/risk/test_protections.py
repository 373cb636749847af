"""What an instrument has done keeps entries out of it for a time, and out of nothing else."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.risk.books import NOW, facts, limits, order
from trader.domain.errors import SettingsError
from trader.domain.orders import RulingOutcome, Side
from trader.domain.portfolio import RoundTrip
from trader.risk.gate import rule
from trader.risk.protections import Protection, pauses, resolve_protections

D = Decimal
COOLDOWN = {"rule": "cooldown", "bars": 5}
LOSSES = {"rule": "losses", "bars": 10, "trades": 2, "within": 20}
LOW_PROFIT = {"rule": "low_profit", "bars": 10, "trades": 2, "within": 20, "least": D("0.01")}
DRAWDOWN = {"rule": "drawdown", "bars": 10, "trades": 2, "within": 20, "most": D("0.05")}


def trade(days_ago: float, result: str | int, *, stopped: bool = False, symbol: str = "AAPL") -> RoundTrip:
    """A trade that had cost 100 to enter."""
    at = NOW - timedelta(days=days_ago)
    return RoundTrip(
        symbol=symbol,
        opened_at=at - timedelta(days=1),
        closed_at=at,
        quantity=D(1),
        entry=D(100),
        exit=D(100) + D(result),
        realised=D(result),
        cost=D(100),
        stopped=stopped,
    )


def days_since(moment: datetime) -> float:
    """One bar a day."""
    return (NOW - moment) / timedelta(days=1)


def paused(row: dict[str, object], *trades: RoundTrip) -> list[str]:
    found = pauses(trades, resolve_protections([row]), days_since)
    return [one.sentence for one in found]


@pytest.mark.parametrize(("days", "expected"), [(0, True), (4.99, True), (5, False), (6, False)])
def test_a_cooldown_lasts_so_many_bars_from_the_stop(days, expected):
    assert bool(paused(COOLDOWN, trade(days, -3, stopped=True))) is expected


def test_a_cooldown_follows_a_stop_and_no_other_end():
    assert paused(COOLDOWN, trade(1, -3)) == []
    assert paused(COOLDOWN, trade(3, -3, stopped=True), trade(1, -3)) == []
    assert paused(COOLDOWN, trade(3, 5), trade(1, 5, stopped=True)) == [
        "cooldown: a stop was filled; no entry in AAPL for 5 bars"
    ]


@pytest.mark.parametrize(("days", "expected"), [(0, True), (4.99, True), (5, False), (6, False)])
def test_a_stop_pauses_its_own_instrument_though_units_of_other_entries_are_held(days, expected):
    stopped = NOW - timedelta(days=days)
    found = pauses([], resolve_protections([LOSSES, COOLDOWN]), days_since, {"IBM": stopped})
    assert [(one.symbol, one.rule, one.since) for one in found] == [("IBM", "cooldown", stopped)] * expected


def test_a_stop_that_is_long_ago_leaves_the_trades_after_it_to_say():
    found = pauses(
        [trade(9, -1, stopped=True), trade(1, -1, stopped=True)],
        resolve_protections([COOLDOWN]),
        days_since,
        {"AAPL": NOW - timedelta(days=9)},
    )
    assert [one.since for one in found] == [NOW - timedelta(days=1)]


def test_losses_count_within_the_window_before_the_last_trade():
    assert paused(LOSSES, trade(21, -1), trade(1, -1))
    assert paused(LOSSES, trade(21.5, -1), trade(1, -1)) == []
    assert paused(LOSSES, trade(5, -1), trade(3, 2), trade(1, -1)) == [
        "losses: 2 losing trades within 20 bars; no entry in AAPL for 10 bars"
    ]
    assert paused(LOSSES, trade(5, 0), trade(1, -1)) == []
    assert paused(LOSSES, trade(12, -1), trade(10, -1)) == []


def test_low_profit_is_below_what_is_needed_over_enough_trades():
    assert paused(LOW_PROFIT, trade(5, 1), trade(1, "0.983")) == [
        "low profit: 2 trades within 20 bars made 0.99 %, 1 % needed; no entry in AAPL for 10 bars"
    ]
    assert paused(LOW_PROFIT, trade(5, 1), trade(1, 1)) == []
    assert paused(LOW_PROFIT, trade(1, -50)) == []


def test_a_drawdown_is_the_deepest_fall_of_the_results_added_up():
    assert paused(DRAWDOWN, trade(9, 10), trade(6, -3), trade(3, "-2.01"), trade(1, 1)) == [
        "drawdown: trades within 20 bars fell by 5.01 %, 5 % allowed; no entry in AAPL for 10 bars"
    ]
    assert paused(DRAWDOWN, trade(9, 10), trade(6, -3), trade(3, -2), trade(1, -0)) == []
    assert paused(DRAWDOWN, trade(3, -4), trade(1, 9)) == []
    assert paused(DRAWDOWN, trade(3, -3), trade(1, -3))
    assert paused(DRAWDOWN, trade(1, -9)) == []


def test_one_instrument_pauses_no_other_and_rows_add_up():
    rows = resolve_protections([COOLDOWN, LOSSES])
    found = pauses(
        [trade(4, -1), trade(2, -1, stopped=True), trade(1, 5, symbol="IBM")],
        rows,
        days_since,
    )
    assert [(one.symbol, one.rule) for one in found] == [("AAPL", "cooldown"), ("AAPL", "losses")]
    assert [(one.asked, one.permitted, one.since) for one in found] == [
        (1, 0, NOW - timedelta(days=2)),
        (2, 2, NOW - timedelta(days=2)),
    ]


def test_the_gate_keeps_entries_out_and_lets_reductions_through():
    (row,) = resolve_protections([COOLDOWN])
    pause = pauses([trade(1, -3, stopped=True)], [row], lambda since: 1.0)
    known = facts({"AAPL": 10}, pauses=pause)
    refused = rule(order(), known, limits())
    assert (refused.outcome, refused.limit, refused.asked, refused.permitted) == (
        RulingOutcome.REFUSED,
        "cooldown",
        1.0,
        0.0,
    )
    assert "no entry in AAPL for 5 bars" in refused.sentence
    assert rule(order(Side.SELL, 10, "98"), known, limits()).outcome is RulingOutcome.ALLOWED
    turned = rule(order(Side.SELL, 15, "98"), known, limits())
    assert (turned.outcome, turned.quantity) == (RulingOutcome.CUT, 10)
    assert rule(order(symbol="IBM"), known, limits()).outcome is RulingOutcome.ALLOWED


def test_the_limits_carry_the_rows_of_the_settings():
    assert limits(protections=[COOLDOWN, LOSSES]).protections == (
        Protection(rule="cooldown", bars=5),
        Protection(rule="losses", bars=10, trades=2, within=20),
    )
    assert limits().protections == ()


NO_LIST = ("[risk] protections is no list of tables", "[[risk.protections]]")
SHARES = "shares are fractions: 0.05 is 5 %"


@pytest.mark.parametrize(
    ("rows", "message", "hint"),
    [
        ("cooldown", *NO_LIST),
        ("", *NO_LIST),
        ({}, *NO_LIST),
        (5, *NO_LIST),
        ({"rule": "cooldown"}, *NO_LIST),
        (["cooldown"], *NO_LIST),
        (
            [{"rule": "coldown", "bars": 5}],
            "[[risk.protections]] has no rule coldown",
            "did you mean cooldown?",
        ),
        (
            [{"bars": 5}],
            "[[risk.protections]] has no rule None",
            "there are: cooldown, drawdown, losses, low_profit",
        ),
        ([{"rule": "cooldown"}], "[[risk.protections]] cooldown needs bars", "rule, bars"),
        (
            [COOLDOWN | {"bar": 3}],
            "[[risk.protections]] cooldown has no setting bar",
            "did you mean bars?",
        ),
        (
            [LOSSES | {"least": 0}],
            "[[risk.protections]] losses has no setting least",
            "there are: bars, rule, trades, within",
        ),
        (
            [{"rule": "losses", "bars": 5}],
            "[[risk.protections]] losses needs within",
            "rule, bars, trades, within",
        ),
        *(
            (
                [LOSSES | {name: value}],
                f"[[risk.protections]] losses: {name} = {value!r} is no whole number above zero",
                "",
            )
            for name in ("bars", "trades", "within")
            for value in (0, True, D("2.5"))
        ),
        *(
            (
                [row | {name: value}],
                f"[[risk.protections]] {row['rule']}: {name} = {value!r} is not from {lowest} to 1",
                SHARES,
            )
            for row, name, lowest in ((LOW_PROFIT, "least", -1), (DRAWDOWN, "most", 0))
            for value in (5, D("1.01"), lowest - D("0.01"), "much", True, float("nan"))
        ),
    ],
)
def test_a_row_that_may_not_be_is_named_with_what_may(rows, message, hint):
    with pytest.raises(SettingsError) as wrong:
        resolve_protections(rows)
    assert (wrong.value.message, wrong.value.hint) == (message, hint)


def test_the_lowest_and_highest_shares_may_be_set():
    assert resolve_protections([LOW_PROFIT | {"least": -1}])[0].limit == -1
    assert resolve_protections([LOW_PROFIT | {"least": 1}])[0].limit == 1
    assert resolve_protections([DRAWDOWN | {"most": 0}])[0].limit == 0
    losses = resolve_protections([{"rule": "losses", "bars": 1, "within": 1}])[0]
    assert (losses.trades, losses.within, losses.bars) == (1, 1, 1)
