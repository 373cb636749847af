"""What a position may lose, against sums done by hand."""

import itertools
from dataclasses import replace
from datetime import date
from math import fsum, log, sqrt

import numpy as np
import pytest

from tests.tools.markets import bars, close_of, context, macro_series, market, series
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.errors import ToolError
from trader.domain.market import Timeframe
from trader.measures.tails import historical
from trader.tools.risk_numbers import LEVELS, Arguments, Result, run

DAYS = 900
SOURCE = market(DAYS)
NOW = close_of(DAYS - 1)


def read(source: Market = SOURCE, symbol: str = "AAA", day: int = DAYS - 1, **arguments: object) -> Result:
    return run(context(source, close_of(day), symbol), Arguments.model_validate(arguments))


def test_tails_are_of_one_bar_and_of_the_horizon_at_both_levels() -> None:
    result = read()
    assert [(tail.bars, tail.level) for tail in result.tails] == [(1, 95), (1, 99), (5, 95), (5, 99)]
    close = context(SOURCE, NOW).view.bars("AAA").close
    for tail in result.tails:
        returns = close[tail.bars :] / close[: -tail.bars] - 1.0
        assert (tail.value_at_risk, tail.expected_shortfall) == historical(returns, tail.level)
    assert result.returns == DAYS - 1


def test_a_horizon_of_one_bar_is_told_once() -> None:
    tails = run(context(SOURCE, NOW, horizon=1), Arguments()).tails
    assert [(tail.bars, tail.level) for tail in tails] == [(1, level) for level in LEVELS]


def test_only_the_bars_asked_for_are_read() -> None:
    assert read(bars=300).returns == 299
    assert read(bars=251).returns == 254  # 250 returns over the horizon of five


def test_beta_and_correlation_are_those_of_exact_sums() -> None:
    result = read(symbol="BBB")
    view = context(SOURCE, NOW).view
    index = dict(zip(view.series("sp500").period.tolist(), view.series("sp500").value, strict=True))
    whole = view.bars("BBB")
    days = [day for day in whole.opened.astype("datetime64[D]").tolist() if day in index][-253:]
    prices = dict(zip(whole.opened.astype("datetime64[D]").tolist(), whole.close, strict=True))
    x = [log(index[b] / index[a]) for a, b in itertools.pairwise(days)]
    y = [log(prices[b] / prices[a]) for a, b in itertools.pairwise(days)]
    mx, my = fsum(x) / 252, fsum(y) / 252
    xy = fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    xx, yy = fsum((a - mx) ** 2 for a in x), fsum((b - my) ** 2 for b in y)
    assert result.beta == pytest.approx(xy / xx, rel=1e-9)
    assert result.correlation == pytest.approx(xy / sqrt(xx * yy), rel=1e-9)


def test_what_follows_the_index_twice_over_has_a_beta_of_two() -> None:
    index = macro_series(DAYS, 1)["sp500"].value[-DAYS:]
    source = market(DAYS, bars={"AAA": bars("AAA", index**2 / 1000)}, symbols=("AAA",), actions={})
    result = read(source)
    assert result.beta == pytest.approx(2.0, abs=1e-3)
    assert result.correlation == pytest.approx(1.0, abs=1e-4)


def test_liquidity_by_exact_sums_across_a_split() -> None:
    """The window holds the split: the price halves, the return does not."""
    whole = SOURCE.bars["BBB"].close
    day = DAYS // 2 + 20
    halved = np.where(np.arange(DAYS) < DAYS // 2, whole, whole / 2)
    source = market(DAYS, bars={"AAA": bars("AAA", halved)}, symbols=("AAA",))
    result = read(source, day=day)
    view = context(source, close_of(day)).view
    traded, close = view.traded("AAA", 63), view.bars("AAA", 64).close
    value = [float(price * volume) for price, volume in zip(traded.close, traded.volume, strict=True)]
    moves = [abs(b / a - 1) for a, b in itertools.pairwise(close)]
    assert result.notional == pytest.approx(fsum(value) / 63)
    assert result.illiquidity == pytest.approx(
        1e6 * fsum(move / worth for move, worth in zip(moves, value, strict=True)) / 63
    )
    assert max(moves) < 0.2


def test_what_is_not_there_is_named_and_the_rest_is_given() -> None:
    silent = {name: replace(one, volume=np.zeros(len(one))) for name, one in SOURCE.bars.items()}
    result = read(market(DAYS, bars=silent, series={}))
    assert (result.beta, result.correlation, result.illiquidity, result.notional) == (None,) * 4
    assert len(result.tails) == 4
    assert [stress.crisis for stress in result.stress] == ["2011"]
    assert [reason.partition(" ")[0] for reason in result.missing] == [
        "there",
        "liquidity",
        "2000-02:",
        "2008:",
    ]


def test_an_index_that_has_ended_or_never_moves_gives_no_beta() -> None:
    whole = macro_series(DAYS, 1)["sp500"]
    old = replace(
        whole, period=whole.period[:-100], published=whole.published[:-100], value=whole.value[:-100]
    )
    assert read(market(DAYS, series={"sp500": old})).missing[0] == f"sp500 ended on {old.period[-1]}"
    flat = series("sp500", whole.period, np.full(len(whole), 7.0), 1)
    assert read(market(DAYS, series={"sp500": flat})).missing[0] == "sp500 never moves"
    short = replace(
        whole, period=whole.period[:-850], published=whole.published[:-850], value=whole.value[:-850]
    )
    assert (
        "beta needs 64 days of both AAA and sp500, has 50"
        in read(market(DAYS, series={"sp500": short})).missing
    )


def test_crises_are_the_indexs_times_beta_where_the_symbol_has_no_bars_of_them() -> None:
    result = read(weight=0.1)
    first = result.stress[0]
    assert [(stress.crisis, stress.source) for stress in result.stress] == [
        ("2000-02", "beta"),
        ("2008", "beta"),
        ("2011", "own"),
    ]
    index = macro_series(DAYS, 1)["sp500"]
    inside = (index.period >= np.datetime64("2000-03-24")) & (index.period <= np.datetime64("2002-10-09"))
    close = index.value[inside]
    assert result.beta is not None
    move = min(0.0, result.beta * float((close[1:] / close[:-1]).min() - 1.0))
    assert first.worst_bar == pytest.approx(max(-1.0, move))
    assert all(stress.equity == pytest.approx(0.1 * stress.worst_fall) for stress in result.stress)


@pytest.mark.parametrize(
    ("as_of", "crises"),
    [
        (date(2002, 11, 20), []),
        (date(2002, 11, 22), ["2000-02"]),
        (date(2009, 3, 20), ["2000-02"]),
        (date(2012, 6, 1), ["2000-02", "2008", "2011"]),
    ],
)
def test_real_crises_are_told_only_when_they_were_over(as_of: date, crises: list[str]) -> None:
    source = open_feed("sample", ("IBM",), Timeframe.D1)
    whole = source.bars["IBM"]
    row = int(np.searchsorted(whole.opened.astype("datetime64[D]"), np.datetime64(as_of), side="right")) - 1
    moment = whole.available[row].astype("datetime64[s]").astype(object).replace(tzinfo=NOW.tzinfo)
    stress = run(context(source, moment, "IBM"), Arguments()).stress
    assert [one.crisis for one in stress] == crises
    assert all(one.source == "own" for one in stress)
    if stress:
        assert stress[0].worst_fall == pytest.approx(
            -0.56, abs=0.03
        )  # 138 in July 2001 to 58 in October 2002


def test_too_little_history_is_said() -> None:
    with pytest.raises(ToolError, match="risk_numbers need 255 bars, has 200"):
        read(day=199)
