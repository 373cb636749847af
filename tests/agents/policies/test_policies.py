"""Each rule on cases that a trader could check by hand: what it sees, what it says, the number it states."""

from decimal import Decimal
from math import exp, tanh

import pytest

from tests.agents.conftest import Changes, make_case
from trader.agents.policies import POLICIES
from trader.agents.policies.lean import lean
from trader.agents.policies.policy import Policy
from trader.domain.instruments import AssetClass
from trader.domain.opinions import Abstention, Opinion
from trader.prompts.prompt import Tier


def judge(rule: str, changes: Changes | None = None, **fields: object) -> Opinion | Abstention:
    policy = POLICIES[Tier.SENIOR][rule]
    assert isinstance(policy, Policy)
    return policy.judge("somebody", make_case(changes, **fields))


def leaning(score: float, base_rate: float = 0.54) -> float:
    """Independent of `lean`: odds times exp(0.2 score)."""
    odds = base_rate / (1 - base_rate) * exp(0.2 * score)
    return odds / (1 + odds)


def test_a_full_score_moves_a_coin_to_55_percent():
    assert lean(0.5, 1.0) == pytest.approx(0.55, abs=2e-4)
    assert lean(0.5, -1.0) == pytest.approx(0.45, abs=2e-4)
    assert lean(0.55, 0.0) == pytest.approx(0.55)
    assert lean(0.6, 7.0) == lean(0.6, 1.0)


@pytest.mark.parametrize(
    ("rule", "changes", "p_up", "sentence"),
    [
        ("momentum", {}, leaning(tanh(0.8)), "the last 252 bars returned +20.0 %, +0.80 of their volatility"),
        (
            "momentum",
            {"features.values.return_252": -0.5},
            leaning(tanh(-2)),
            "the last 252 bars returned -50.0 %, -2.00 of their volatility",
        ),
        ("momentum", {"features.values.return_252": 0.0}, 0.54, None),
        ("value", {}, 0.54, None),
        (
            "value",
            {"fundamentals.earnings_yield": 0.1},
            leaning(tanh(0.5)),
            "earnings yield 10.0 %, neutral at 6 %",
        ),
        (
            "value",
            {"fundamentals.book_to_price": 0.0},
            leaning(tanh(-0.5)),
            "book to price 0.00, neutral at 0.4",
        ),
        (
            "value",
            {"fundamentals.earnings_yield": -0.02, "fundamentals.book_to_price": None},
            leaning(tanh(-2)),
            "earnings yield -2.0 %, neutral at 6 %",
        ),
        (
            "value",
            {"fundamentals": "none were published", "features.values.reversal_60m": 0.35},
            leaning(tanh(1)),
            "log return of five years -0.35, neutral at +0.35; no fundamentals",
        ),
        (
            "value",
            {"fundamentals.age_days": 500.0, "features.values.reversal_60m": -1.05},
            leaning(tanh(-1)),
            "log return of five years +1.05, neutral at +0.35; no fundamentals",
        ),
        (
            "sentiment",
            {"news": "no news", "macro.credit_spread_z": 3.0, "macro.market_volatility_z": 1.0},
            leaning(tanh(1)),
            "fear, read as contrarian: credit spread +3.0, volatility of the market +1.0 deviations",
        ),
        (
            "sentiment",
            {"news": "no news", "macro.vix_z": -6.0},
            leaning(tanh(-1)),
            "ease, read as contrarian: credit spread +0.5, volatility of the market -0.5, "
            "VIX -6.0 deviations",
        ),
        (
            "sentiment",
            {"macro": "no series", "news.count": 3, "news.mean_sentiment": 1.0},
            leaning(tanh(0.5 / 0.6)),
            "tone +1.00 of 3 news items",
        ),
        ("quant", {}, 0.57, "the forecaster says 57.0 %"),
        ("quant", {"forecast.p_up": 1.0}, 0.99, "the forecaster says 99.0 %"),
        ("quant", {"forecast.p_up": 0.41}, 0.41, "the forecaster says 41.0 %"),
    ],
)
def test_a_rule_states_its_number_and_its_reason(
    rule: str, changes: Changes, p_up: float, sentence: str | None
):
    form = judge(rule, changes)
    assert isinstance(form, Opinion)
    assert form.p_up == pytest.approx(p_up, abs=1e-12)
    if sentence is None:
        assert form.factors_for + form.factors_against == ()
    elif p_up > 0.54:
        assert form.factors_for == (sentence,)
    else:
        assert form.factors_against == (sentence,)
    assert f"to {100 * p_up:.1f} %" in form.reasoning
    assert form.size_cap == 1.0


def test_fear_and_tone_are_averaged_where_both_are_known():
    form = judge("sentiment", {"macro.credit_spread_z": 2.0, "macro.market_volatility_z": 2.0})
    assert isinstance(form, Opinion)
    assert form.p_up == pytest.approx(leaning((tanh(1) + tanh(0.2 * 6 / 9 / 0.6)) / 2))
    assert len(form.factors_for) == 2


def test_the_fear_of_stock_markets_says_nothing_of_a_coin():
    form = judge("sentiment", {"macro.credit_spread_z": 9.0}, asset_class=AssetClass.CRYPTO)
    assert isinstance(form, Opinion)
    assert form.factors_for == ("tone +0.20 of 6 news items",)


def test_currencies_have_no_drift_to_be_cheap_against():
    changes: Changes = {"fundamentals": "none", "features.values.reversal_60m": 0.0}
    stock, currency = judge("value", changes), judge("value", changes, asset_class=AssetClass.FX)
    assert isinstance(stock, Opinion)
    assert isinstance(currency, Opinion)
    assert stock.p_up == pytest.approx(leaning(tanh(0.5)))
    assert currency.p_up == pytest.approx(0.54)


def test_momentum_measures_every_bar_by_its_own_year():
    """252 bars of 15 minutes are 2.6 days: the same return in units of their volatility leans the same."""
    year = 365 * 96.0
    volatility = 0.25 * (year / 252) ** 0.5
    daily = judge("momentum")
    quarters = judge("momentum", {"features.values.volatility_252": volatility}, bars_a_year=year)
    assert isinstance(daily, Opinion)
    assert isinstance(quarters, Opinion)
    assert daily.p_up == pytest.approx(quarters.p_up)


@pytest.mark.parametrize(
    ("changes", "cap", "stop"),
    [
        ({}, 1 - 0.05 / 0.75, "94"),
        ({"features.values.drawdown_252": 0.0}, 1.0, "94"),
        ({"features.values.drawdown_252": -0.75}, 0.0, "94"),
        ({"features.values.drawdown_252": 0.0, "features.values.volatility_21": 0.5}, 0.25, "94"),
        ({"features.values.drawdown_252": 0.0, "features.values.volatility_21": 0.0}, 1.0, "94"),
        ({"features.values.atr_14": 1.23456789}, 1 - 0.05 / 0.75, "96.2963"),
        ({"features.values.atr_14": 40.0}, 1 - 0.05 / 0.75, None),
        ({"features.values.atr_14": None}, 1 - 0.05 / 0.75, None),
    ],
)
def test_risk_caps_the_size_and_names_a_stop_and_never_a_direction(
    changes: Changes, cap: float, stop: str | None
):
    form = judge("risk", changes)
    assert isinstance(form, Opinion)
    assert form.p_up is None
    assert form.size_cap == pytest.approx(cap)
    assert form.stop == (Decimal(stop) if stop else None)


def test_the_cap_says_what_it_was_made_of():
    form = judge("risk", {"features.values.volatility_21": 0.5})
    assert isinstance(form, Opinion)
    assert form.reasoning == (
        "At most 23 % of the position limit: volatility 50 % a year in 21 bars, 25 % in 252; "
        "5.0 % below the high of 252 bars."
    )
    assert form.factors_against == (
        "volatility 50 % a year in 21 bars, 25 % in 252",
        "5.0 % below the high of 252 bars",
    )


@pytest.mark.parametrize(
    ("rule", "changes", "reason"),
    [
        ("momentum", {"features.values.return_252": None}, "features has no return_252 or volatility_252"),
        ("momentum", {"features": "needs 2 bars, has 1"}, "features: needs 2 bars, has 1"),
        ("momentum", {"features.values.volatility_252": 0.0}, "the price has not moved in 252 bars"),
        (
            "value",
            {"fundamentals": "none were published", "features.values.reversal_60m": None},
            "fundamentals: none were published; features has no reversal_60m",
        ),
        (
            "value",
            {"fundamentals.age_days": 401.0, "features": "no bars"},
            "fundamentals has no earnings_yield or book_to_price of the last 400 days; features: no bars",
        ),
        ("sentiment", {"macro": "no series", "news": "no news"}, "macro: no series; news: no news"),
        (
            "sentiment",
            {"macro.credit_spread_z": None, "macro.market_volatility_z": None, "news.count": 0},
            "macro has no credit_spread_z or market_volatility_z or vix_z; news has no mean_sentiment",
        ),
        ("quant", {"forecast": "needs 500 rows, has 12"}, "forecast: needs 500 rows, has 12"),
        ("quant", {"forecast.p_up": 1.5}, "the forecaster's 1.5 is not a probability"),
        (
            "risk",
            {"features.values.volatility_21": None},
            "features has no volatility_21 or volatility_252 or drawdown_252",
        ),
    ],
)
def test_what_is_missing_is_an_abstention_that_names_it(rule: str, changes: Changes, reason: str):
    assert judge(rule, changes) == Abstention(agent="somebody", reason=reason)


def test_a_coin_without_news_lacks_only_the_news():
    form = judge("sentiment", {"news": "no news"}, asset_class=AssetClass.CRYPTO)
    assert form == Abstention(agent="somebody", reason="news: no news")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "0.2", True, [0.2], {"a": 1}])
@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("momentum", "features.values.return_252"),
        ("momentum", "features.values.volatility_252"),
        ("quant", "forecast.p_up"),
        ("risk", "features.values.drawdown_252"),
    ],
)
def test_what_is_not_a_number_never_passes(rule: str, place: str, bad: object):
    assert isinstance(judge(rule, {place: bad}), Abstention)


def test_every_rule_says_where_it_was_published_and_what_it_reads():
    for rules in POLICIES.values():
        for name, policy in rules.items():
            assert policy.name == name
            assert any(year in policy.source for year in map(str, range(1950, 2026)))
