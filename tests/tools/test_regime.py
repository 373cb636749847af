"""Regimes: planted ones are recognised, the model is that of its refit moment, and the rule is as written."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tools.markets import bars, close_of, context, market
from trader.data.market import Market
from trader.domain.errors import ToolError
from trader.domain.market import Bars, Regime
from trader.features.plain_regime import FEWEST, READ, plain_regime, plain_regimes
from trader.tools.hidden_markov import filtered, fit
from trader.tools.regime import REFIT_BARS, Arguments, Result, observations, run

SPELL = 150
SPREAD = {Regime.BULL: 0.006, Regime.SIDEWAYS: 0.014, Regime.BEAR: 0.035}
DRIFT = {Regime.BULL: 0.0012, Regime.SIDEWAYS: 0.0, Regime.BEAR: -0.0030}
SPELLS = tuple(Regime) * 3


def synthetic(seed: int = 3) -> Bars:
    """Synthetic, written for this test: nine spells of 150 days, calm and rising, level, wild and falling."""
    rng = np.random.default_rng(seed)
    regimes = np.repeat(SPELLS, SPELL)
    drift, spread = (np.array([table[regime] for regime in regimes]) for table in (DRIFT, SPREAD))
    close = 1000.0 * np.exp(np.cumsum(drift + rng.normal(0.0, 1.0, len(drift)) * spread))
    whole = bars("AAA", close)
    half = 0.5 * whole.close * spread * rng.uniform(0.7, 1.6, len(close))
    return replace(
        whole,
        high=np.maximum(whole.open, whole.close) + half,
        low=np.maximum(np.minimum(whole.open, whole.close) - half, 0.01),
    )


PLANTED = market(len(SPELLS) * SPELL, bars={"AAA": synthetic()}, symbols=("AAA",), actions={})


def at(day: int, source: Market = PLANTED, **arguments: int) -> Result:
    return run(context(source, close_of(day)), Arguments(**arguments))


@pytest.mark.parametrize("spell", range(4, 9))
def test_a_planted_regime_is_recognised_before_its_spell_is_over(spell: int) -> None:
    result = at((spell + 1) * SPELL - 30)
    assert result.regime is SPELLS[spell]
    assert max(state.probability for state in result.states) > 0.9


def test_the_states_are_told_with_their_own_numbers() -> None:
    states = {state.name: state for state in at(len(SPELLS) * SPELL - 1).states}
    assert tuple(states) == tuple(Regime)
    assert sum(state.probability for state in states.values()) == pytest.approx(1.0)
    for name, state in states.items():
        assert state.volatility == pytest.approx(SPREAD[name] * np.sqrt(365), rel=0.3)
        assert state.lasts > 40
    assert states[Regime.BEAR].mean_return < 0.0 < states[Regime.BULL].mean_return


def test_the_model_is_that_of_the_last_refit_moment() -> None:
    day = 9 * REFIT_BARS - 1  # the bar that completes the ninth quarter
    before, after, later = at(day - 1), at(day), at(day + REFIT_BARS - 1)
    assert before.fitted_until == close_of(8 * REFIT_BARS - 1)
    assert after.fitted_until == later.fitted_until == close_of(day)
    assert [state.mean_return for state in after.states] == [state.mean_return for state in later.states]
    assert after.fitted_on == 9 * REFIT_BARS - 20


def test_the_model_does_not_change_with_what_came_after_its_refit_moment() -> None:
    """Bars between refit moment and now are changed: the fitted numbers stay, to the bit."""
    day = 9 * REFIT_BARS
    whole = synthetic()
    close = whole.close.copy()
    close[day:] *= 0.5
    other = replace(whole, close=close, low=np.minimum(whole.low, close))
    changed = market(len(close), bars={"AAA": other}, symbols=("AAA",), actions={})
    one, two = at(day + 40), at(day + 40, changed)
    assert [state.volatility for state in one.states] == [state.volatility for state in two.states]
    assert [state.probability for state in one.states] != [state.probability for state in two.states]


def test_where_the_filter_began_is_forgotten() -> None:
    """A filter over the whole history says what the tool says, whose own begins a year before."""
    for day in (900, 1000, 1100, 1200, 1300):
        view = context(PLANTED, close_of(day)).view
        seen = observations(view.bars("AAA"))
        refit = (day + 1) // REFIT_BARS * REFIT_BARS
        model = fit(observations(view.bars("AAA")[:refit][-1279:]), 3, by=1)
        said = [state.probability for state in at(day).states]
        assert said == pytest.approx(list(filtered(model, seen)[-1]), abs=1e-9)


def test_a_shorter_history_is_another_model() -> None:
    assert at(1300, bars=252).fitted_on == 252
    assert at(1349).fitted_on == 1260


def test_what_the_model_sees_is_returns_and_the_mean_of_log_ranges() -> None:
    whole = synthetic()[:30]
    seen = observations(whole)
    assert seen.shape == (10, 2)
    assert seen[0, 0] == pytest.approx(np.log(whole.close[20] / whole.close[19]))
    logs = [np.log(np.log(high / low)) for high, low in zip(whole.high[:21], whole.low[:21], strict=True)]
    assert seen[0, 1] == pytest.approx(sum(logs) / 21)


def test_bars_without_a_range_have_one_of_a_basis_point() -> None:
    whole = synthetic()[:30]
    flat = replace(whole, high=whole.close, low=whole.close, open=whole.close)
    assert observations(flat)[:, 1] == pytest.approx(np.full(10, np.log(1e-4)))


def test_too_little_history_and_a_market_that_never_moves_are_said() -> None:
    with pytest.raises(ToolError, match="regime needs 252 bars, has 251"):
        at(250)
    still = bars("AAA", [100.0] * 400)
    still = replace(still, open=still.close, high=still.close, low=still.close)
    with pytest.raises(ToolError, match="regime of AAA cannot be fitted: a column never moves"):
        at(399, market(400, bars={"AAA": still}, symbols=("AAA",), actions={}))


def wave(size: float, days: int) -> np.ndarray:
    """Returns of this size, up and down in turn."""
    return size * (-1.0) ** np.arange(days)


@pytest.mark.parametrize(
    ("drift", "earlier", "now", "regime", "tercile"),
    [
        (0.001, 0.02, 0.01, Regime.BULL, 0),
        (0.001, 0.01, 0.02, Regime.SIDEWAYS, 2),
        (-0.001, 0.01, 0.02, Regime.BEAR, 2),
        (-0.001, 0.02, 0.01, Regime.SIDEWAYS, 0),
    ],
)
def test_the_rule_by_hand(drift: float, earlier: float, now: float, regime: Regime, tercile: int) -> None:
    growing = np.linspace(1.0, 1.01, 30)  # no two windows alike
    returns = drift + np.concatenate((wave(earlier, 270), growing * wave(now, 30)))
    close = 100.0 * np.exp(np.cumsum(returns))
    said = plain_regime(close)
    assert (said.regime, said.tercile) == (regime, tercile)
    assert said.over_average == pytest.approx(close[-1] / close[-200:].mean() - 1.0)


def test_the_rule_at_many_closes_says_what_it_says_at_each() -> None:
    rng = np.random.default_rng(0)
    close = 100.0 * np.exp(np.cumsum(rng.normal(scale=0.02, size=1800)))
    rows = np.arange(3, len(close), 11)
    single = [
        plain_regime(close[max(0, row + 1 - READ) : row + 1]).regime if row + 1 >= FEWEST else ""
        for row in rows.tolist()
    ]
    assert plain_regimes(close, rows).tolist() == single
    assert plain_regimes(close[: FEWEST - 1], np.arange(FEWEST - 1)).tolist() == [""] * (FEWEST - 1)
