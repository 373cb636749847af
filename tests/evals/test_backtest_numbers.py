"""The numbers of a backtest's report, against closed forms and by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backtest.planned import book, plan
from trader.evals.backtest_origin import may_have_seen
from trader.evals.backtest_report import Selection, headline, selection, unjudged
from trader.evals.curve import Curve, Performance, Resampling, performance
from trader.evals.findings import INSUFFICIENT
from trader.evals.rivals import AT_EXPOSURE, HELD, Rival, Row
from trader.evals.run_summary import RunSummary
from trader.evals.trading_costs import SIDES_BPS, TradingCosts, repriced
from trader.measures.bootstrap import drawn_dates
from trader.measures.performance import annual_return, annual_sharpe, resampled_sharpes, sortino

START = datetime(2012, 1, 30, 21, tzinfo=UTC)
ALONE = Selection(tried=1, deflated_sharpe=0.9, overfitting=None, superior=None, why_not="")
PLANNED = book(1, START, 200, horizon=1)


def curve(equity: list[float], horizon: int = 1, step: timedelta = timedelta(days=1)) -> Curve:
    moments = tuple(START + number * step for number in range(len(equity)))
    return Curve(moments, np.array(equity), np.full(len(equity), 0.5), 100.0, horizon)


def test_a_year_of_one_per_cent_a_month_compounds() -> None:
    returns = np.full(12, 0.01)
    assert annual_return(returns, 12.0) == pytest.approx(1.01**12 - 1.0)
    assert annual_return(np.full(24, 0.01), 12.0) == pytest.approx(1.01**12 - 1.0)
    assert annual_return(np.array([0.5, -1.0]), 12.0) == -1.0


def test_the_annual_ratios_are_those_of_their_definitions() -> None:
    returns = np.array([0.02, -0.01, 0.03, -0.02, 0.01])
    assert annual_sharpe(returns, 252.0) == pytest.approx(0.006 / np.sqrt(0.00043) * np.sqrt(252.0))
    assert sortino(returns, 252.0) == pytest.approx(0.006 / np.sqrt(0.0001) * np.sqrt(252.0))
    assert np.isnan(sortino(np.array([0.01, 0.02]), 252.0))
    assert np.isnan(annual_sharpe(np.zeros(5), 252.0))


def test_resampled_ratios_are_those_of_the_returns_that_were_drawn() -> None:
    returns = np.random.default_rng(1).normal(0.001, 0.01, 40)
    picks = drawn_dates(40, 5, 600, seed=3)
    one_by_one = [returns[row].mean() / returns[row].std(ddof=1) for row in picks]
    assert resampled_sharpes(returns, picks) == pytest.approx(np.array(one_by_one), rel=1e-12)


def test_months_multiply_to_the_whole_and_begin_at_the_opening_balance() -> None:
    found = curve([100.0, 101.0, 102.0, 99.0, 103.0]).months()
    assert found == {(2012, 1): pytest.approx(0.01), (2012, 2): pytest.approx(103.0 / 101.0 - 1.0)}
    assert np.prod([1.0 + value for value in found.values()]) == pytest.approx(1.03)


def test_a_fall_from_the_opening_balance_is_a_drawdown() -> None:
    assert curve([99.0, 100.5, 96.48]).drawdown.tolist() == pytest.approx([0.01, 0.0, 0.04])


def test_too_short_a_span_gets_no_interval_and_no_yearly_number() -> None:
    short = curve(list(100.0 + np.arange(20.0)), horizon=5)
    found = performance(short.returns, short.periods, Resampling(short), 0.95)
    assert found.net_return == pytest.approx(0.19)
    assert (found.sharpe_interval, found.annual_return) == (None, None)


def test_an_interval_holds_the_ratio_it_is_of_and_is_wider_for_longer_horizons() -> None:
    rng = np.random.default_rng(7)
    equity = (100.0 * np.cumprod(1.0 + rng.normal(0.0005, 0.01, 300))).tolist()
    widths = []
    for horizon in (1, 10):
        one = curve(equity, horizon)
        found = performance(one.returns, one.periods, Resampling(one), 0.95)
        assert found.sharpe is not None
        assert found.sharpe_interval is not None
        assert found.sharpe_interval[0] < found.sharpe < found.sharpe_interval[1]
        widths.append(found.sharpe_interval[1] - found.sharpe_interval[0])
    assert widths[0] < widths[1]


@given(st.decimals(0, 10**6, places=2), st.decimals(1, 10**6, places=2), st.decimals(0, 10**4, places=4))
def test_for_the_same_fills_net_return_never_rises_with_cost(
    notional: Decimal, end: Decimal, paid: Decimal
) -> None:
    zero = Decimal(0)
    costs = TradingCosts(paid, zero, zero, zero, zero, zero, notional)
    found = repriced(costs, Decimal(1000), end)
    returns = [found[bps] for bps in SIDES_BPS]
    assert returns == sorted(returns, reverse=True)
    assert found[0] == pytest.approx(float((end + paid) / 1000 - 1))


def said(less: float | None, interval: tuple[float, float] | None, luck: Selection = ALONE) -> str:
    known = Performance(0.05, 0.05, 0.1, 0.5, None, None, 0.1, None)
    desk, against = (Row(name, known, 0.2, less, interval) for name in ("the desk", AT_EXPOSURE))
    return headline(desk, against, curve([100.0, 101.0, 102.0]), luck)


def test_the_first_line_claims_nothing_that_the_interval_or_luck_could_explain() -> None:
    assert said(None, None).startswith(f"{INSUFFICIENT}: the desk earned +5.00% net; 2 rounds are worth 2.0")
    assert said(0.01, (-0.01, 0.03)).startswith(INSUFFICIENT)
    assert said(0.02, (0.01, 0.03)).startswith("BETTER THAN BUYING AND HOLDING AT ITS EXPOSURE")
    assert said(-0.02, (-0.03, -0.01)).startswith("WORSE THAN BUYING AND HOLDING AT ITS EXPOSURE")
    lucky = Selection(tried=50, deflated_sharpe=0.6, overfitting=0.5, superior=None, why_not="")
    assert said(0.02, (0.01, 0.03), lucky).startswith(INSUFFICIENT)
    assert "luck gives the best of 50 as much: deflated Sharpe ratio 0.60" in said(0.02, (0.01, 0.03), lucky)


def chosen_among(variants: int, rounds: int = 200, skill: float = 0.0) -> Selection:
    """What is said of the first of so many books of noise, the last of which may have skill."""
    rng = np.random.default_rng(11)
    curves = {}
    for number in range(1, variants + 1):
        steps = rng.normal(0.0, 0.01, rounds) + (skill if number == variants else 0.0)
        curves[number] = curve((100.0 * np.cumprod(1.0 + steps)).tolist())
    books = tuple(PLANNED.model_copy(update={"number": number}) for number in curves)
    hold = Rival(HELD, np.zeros(rounds - 1), 1.0)
    return selection(books[0], plan(books), curves, (hold,), 0)


def test_overfitting_and_superior_ability_need_ten_variants() -> None:
    few, many = chosen_among(9), chosen_among(10)
    assert (few.overfitting, few.superior) == (None, None)
    assert few.why_not == "9 with these rounds and symbols, and it takes 10"
    assert (many.tried, many.why_not) == (10, "")
    assert many.overfitting is not None
    assert many.superior is not None
    assert many.superior > 0.05
    assert few.deflated_sharpe is not None


def test_a_variant_with_skill_is_no_luck() -> None:
    found = chosen_among(12, skill=0.005)
    assert found.superior == 0.0
    assert found.overfitting is not None
    assert found.overfitting < 0.05


def test_what_a_model_may_have_seen_of_the_span_is_counted_or_unknown() -> None:
    rounds = [START + timedelta(days=number) for number in range(4)]
    assert may_have_seen((), {}, rounds) == "no model"
    known = {"a/old": date(2011, 12, 31), "a/new": date(2012, 1, 31)}
    assert may_have_seen(("a/new", "a/old", "b/other"), known, rounds) == (
        "a/new 2012-01-31: it may have seen 2 of 4 rounds; a/old 2011-12-31: before the first round; "
        "b/other unknown: it may have seen all of these days"
    )


def test_where_the_desk_had_no_word_of_its_own_the_report_says_so() -> None:
    made = {"trade": 2, "hold": 7, "undecided": 1}
    quiet = RunSummary.model_construct(decisions={"hold": 3}, llm_unpaid=0)
    assert list(unjudged(quiet)) == []
    assert list(unjudged(RunSummary.model_construct(decisions=made, llm_unpaid=1_200))) == [
        "1 of 10 decisions are undecided: what was held stayed",
        "1,200 calls of models were not made, because the budget was spent: rules spoke instead",
    ]
