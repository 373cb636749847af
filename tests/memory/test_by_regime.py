"""Kept apart by regime where that forecast better, and only there; from what was known and nothing else.

Synthetic: bars whose drift turns every year or so, and agents that are told what comes, rightly or wrongly.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.markets import bars, market
from trader.data.market import Market
from trader.data.view import MarketView
from trader.domain.learned import POOL, ByRegime, Calibration, LearnedState, RegimeTrial
from trader.domain.market import Regime
from trader.domain.value import canonical_json
from trader.memory.by_regime import choices, regimes_of
from trader.memory.cases import Forecasts, outcomes, resolve
from trader.memory.learning import Regimes, learn
from trader.memory.reflection import GROWTH
from trader.tools.market_state import market_state
from trader.tools.moments import as_datetime

BARS, HORIZON, SYMBOLS = 2600, 2, ("AAA", "BBB")
LEAN = 0.8
"""What agents move the log-odds by, either way."""


@cache
def source(drift: float = 0.0015, seed: int = 5) -> Market:
    """Years that rise and years that fall, more turbulent; without a drift the event is as frequent."""
    rng = np.random.default_rng(seed)
    falls = np.arange(BARS) // 325 % 2 == 1
    walks = {}
    for number, symbol in enumerate(SYMBOLS):
        steps = rng.normal(np.where(falls, -drift, drift), np.where(falls, 0.016, 0.010))
        walks[symbol] = bars(symbol, 100.0 * np.exp(np.cumsum(steps)), number)
    return market(BARS, SYMBOLS, bars=walks, actions={})


@cache
def view(bar: int = BARS) -> MarketView:
    """What is known at the close of so many bars."""
    return known_of(source(), bar)


def known_of(whole: Market, bar: int) -> MarketView:
    """The same of another market."""
    return whole.view(as_datetime(whole.bars[SYMBOLS[0]].available[bar - 1]))


def agent(name: str, right: dict[str, float], seed: int, whole: MarketView | None = None) -> Forecasts:
    """One that is right with the probability of the regime, at every HORIZON-th close."""
    rng, whole = np.random.default_rng(seed), whole or view()
    said = Forecasts.empty(name)
    for symbol in SYMBOLS:
        known = outcomes(whole, symbol, HORIZON)
        rows = np.arange(0, len(known.decided), HORIZON)
        blank = _said(name, symbol, known.decided[rows], np.zeros(len(rows)))
        (words,) = regimes_of(whole, [resolve(blank, (known,), {symbol: 0.5}, HORIZON, 0.0)])
        chance = np.array([right.get(word, 0.5) for word in words.tolist()])
        up = (known.happened[rows] > 0) == (rng.random(len(rows)) < chance)
        said = said.joined(_said(name, symbol, known.decided[rows], np.where(up, LEAN, -LEAN)))
    order = np.lexsort((said.symbol, said.decided))
    return Forecasts(name, *(getattr(said, key)[order] for key in ("decided", "symbol", "p_up", "base_rate")))


def _said(name: str, symbol: str, decided: np.ndarray, moved: np.ndarray) -> Forecasts:
    names = np.full(len(decided), symbol)
    return Forecasts(name, decided, names, 1.0 / (1.0 + np.exp(-moved)), np.full(len(decided), 0.5))


def learned(*agents: Forecasts, at: MarketView | None = None, before: ByRegime | None = None) -> LearnedState:
    said = {one.record: one for one in agents}
    families = {one.record: one.record for one in agents}
    return learn(at or view(), SYMBOLS, HORIZON, said, families, regimes=Regimes(before))


CALM = {"bull": 0.72, "bear": 0.28, "sideways": 0.5}
STEADY = dict.fromkeys(("", "bull", "bear", "sideways"), 0.65)


@pytest.fixture(scope="module")
def turning() -> LearnedState:
    """One agent that is good in calm markets and bad in others, and one that is the same in all."""
    return learned(agent("calm", CALM, 1), agent("steady", STEADY, 2))


def trial(state: LearnedState, of: str) -> RegimeTrial:
    found = state.by_regime.trial(of) if state.by_regime else None
    assert found is not None
    return found


def row(state: LearnedState, record: str, regime: str | None = None) -> Calibration:
    found = state.of_record(record, regime)
    assert found is not None
    return found


def test_who_is_right_in_one_regime_alone_is_believed_there_alone(turning: LearnedState) -> None:
    whole, bull, bear = (row(turning, "calm", regime) for regime in (None, "bull", "bear"))
    assert trial(turning, "calm").better
    assert trial(turning, "calm").gain > 0.0
    assert bull.record == "calm#bull"
    assert bull.slope > whole.slope > bear.slope >= 0.0
    assert bull.n + bear.n < whole.n


def test_who_is_the_same_in_all_is_left_as_one(turning: LearnedState) -> None:
    assert not trial(turning, "steady").better
    whole, bull = row(turning, "steady"), row(turning, "steady", "bull")
    assert (bull.intercept, bull.slope) == (whole.intercept, whole.slope)


def test_weights_are_kept_apart_together_and_make_one_in_each_regime(turning: LearnedState) -> None:
    assert trial(turning, POOL).better
    for regime in Regime:
        weights = [row(turning, name, regime).weight for name in ("calm", "steady")]
        assert sum(weights) == pytest.approx(1.0)
    assert row(turning, "calm", "bull").weight > row(turning, "calm", "bear").weight


def test_nothing_is_kept_apart_where_regimes_make_no_difference() -> None:
    found = 0
    for seed in range(8):
        still = known_of(source(0.0, seed), BARS)
        agents = agent("steady", STEADY, seed, still), agent("noise", {}, 100 + seed, still)
        state = learned(*agents, at=still)
        assert state.by_regime is not None
        found += sum(trial.better for trial in state.by_regime.trials)
        assert bool(state.by_regime.records) == any(trial.better for trial in state.by_regime.trials)
    assert found <= 3  # of 24, where one in forty is expected at most


def test_without_trials_a_state_is_what_it_was() -> None:
    said = agent("calm", CALM, 1)
    plain = learn(view(), SYMBOLS, HORIZON, {"calm": said}, {"calm": "calm"})
    assert plain.by_regime is None
    assert plain.model_copy(update={"by_regime": learned(said).by_regime}) == learned(said)


def test_it_is_tried_again_once_half_as_much_again_is_known() -> None:
    agents = agent("calm", CALM, 1), agent("steady", STEADY, 2)
    first = learned(*agents, at=view(1500)).by_regime
    soon, later = (learned(*agents, at=view(bar), before=first).by_regime for bar in (1600, 2500))
    assert first is not None
    assert soon is not None
    assert later is not None
    assert (soon.worth, soon.trials) == (first.worth, first.trials)
    assert soon.records != first.records  # what is kept apart goes on learning
    assert later.worth >= GROWTH * first.worth


def test_a_choice_is_told_when_it_is_made_and_when_it_is_another(turning: LearnedState) -> None:
    now = turning.by_regime
    assert now is not None
    told = {one.subject: one for one in choices(None, now)}
    assert set(told) == {"calm", "steady", POOL}
    assert told["calm"].after == {"apart": True}
    assert told["calm"].text.startswith("calm: kept apart by regime; apart, the log loss is lower by 0.")
    assert choices(now, now) == ()
    taken_back = now.model_copy(
        update={"trials": tuple(one.model_copy(update={"better": False}) for one in now.trials)}
    )
    assert [(one.subject, one.before) for one in choices(now, taken_back)] == [
        (one.of, {"apart": True}) for one in now.trials if one.better
    ]


def test_little_is_not_tried() -> None:
    assert learned(agent("calm", CALM, 1), at=view(25)).by_regime is None


def test_the_regime_of_a_case_is_the_one_that_the_round_recorded() -> None:
    known = outcomes(view(), "AAA", HORIZON)
    rows = np.arange(5, len(known.decided), 131)
    said = _said("any", "AAA", known.decided[rows], np.zeros(len(rows)))
    (words,) = regimes_of(view(), [resolve(said, (known,), {"AAA": 0.5}, HORIZON, 0.0)])
    for moment, word in zip(known.decided[rows], words.tolist(), strict=True):
        state = market_state(source().view(as_datetime(moment)), "AAA")
        assert word == (state.regime or "")


@settings(max_examples=4, deadline=None)
@given(bar=st.integers(1200, 2400), seed=st.integers(0, 2**32 - 1))
def test_nothing_that_comes_later_changes_what_is_kept_apart(bar: int, seed: int) -> None:
    agents = [agent("calm", CALM, 1), agent("steady", STEADY, 2)]
    moment = view(bar).as_of
    before = learned(*agents, at=view(bar - 300)).by_regime
    there = learned(*agents, at=view(bar), before=before)

    rng = np.random.default_rng(seed)
    changed = {}
    for symbol, series in source().bars.items():
        close = series.close.copy()
        close[bar:] *= np.exp(np.cumsum(rng.normal(0.0, 0.05, BARS - bar)))
        changed[symbol] = replace(series, close=close, high=np.maximum(series.high, close), low=close * 0.5)
    other = replace(source(), bars=changed).view(moment)
    for one in agents:
        later = one.decided >= np.datetime64(moment.replace(tzinfo=None), "s")
        one.p_up[later] = rng.uniform(0.1, 0.9, int(later.sum()))
    again = learned(*agents, at=other, before=before)
    assert canonical_json(again) == canonical_json(there)
