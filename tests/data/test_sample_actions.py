"""Splits and dividends from the ratio of adjusted to traded closes, on series whose actions are known."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.data.samples.actions import Action, actions_from_adjusted_close
from trader.domain.errors import DataError

START = date(2000, 1, 3)


def days(count: int) -> list[date]:
    return [START + timedelta(days=index) for index in range(count)]


def adjust(closes: list[Decimal], factors: dict[int, Decimal], places: int) -> list[Decimal]:
    """Closes with every factor at a later bar multiplied in, rounded as a source would print them."""
    adjusted = []
    for index, close in enumerate(closes):
        for at, factor in factors.items():
            close = close * factor if at > index else close
        adjusted.append(round(close, places))
    return adjusted


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Decimal], dict[int, Decimal], int, int | None]:
    cents = st.integers(1600, 15000)
    closes = [Decimal(price) / 100 for price in draw(st.lists(cents, min_size=4, max_size=40))]
    bars = st.integers(1, len(closes) - 1)
    dividends = draw(st.dictionaries(bars, st.integers(10, 300).map(lambda c: Decimal(c) / 100), max_size=4))
    split = draw(st.none() | bars.filter(lambda index: index not in dividends))
    return closes, dividends, draw(st.integers(5, 13)), split


@given(histories())
def test_every_action_is_found_on_its_day_and_its_amount_lies_within_the_stated_error(history):
    closes, dividends, places, split = history
    factors = {at: closes[at] / (closes[at] + cash) for at, cash in dividends.items()}
    if split is not None:
        factors[split] = Decimal("0.5")
    found = actions_from_adjusted_close(days(len(closes)), closes, adjust(closes, factors, places))
    expected = dividends | ({split: Decimal(2)} if split is not None else {})
    assert [(action.ex_date - START).days for action in found] == sorted(expected)
    for action in found:
        at = (action.ex_date - START).days
        assert action.kind == ("split" if at == split else "dividend")
        assert abs(action.amount - expected[at]) <= action.error


def test_actions_after_the_last_bar_leave_no_step():
    closes = [Decimal(price) for price in ("50.10", "51.35", "49.77", "48.01")]
    adjusted = [round(close * Decimal("0.1304094433885938"), 12) for close in closes]
    assert actions_from_adjusted_close(days(4), closes, adjusted) == ()


def test_what_rounding_to_cents_hides_is_not_invented():
    """Adjusted closes of some four dollars: a cent is a step of a quarter of a per cent."""
    closes = [Decimal(3000 + 37 * index % 500) / 100 for index in range(60)]
    adjusted = [round(close * Decimal("0.1304"), 2) for close in closes]
    assert actions_from_adjusted_close(days(60), closes, adjusted) == ()


def test_a_reverse_split_is_a_split():
    closes, adjusted = [Decimal(5), Decimal(5), Decimal(25)], [Decimal("25.000")] * 3
    assert actions_from_adjusted_close(days(3), closes, adjusted) == (
        Action(days(3)[2], "split", Decimal("0.2"), pytest.approx(Decimal(0), abs=Decimal("1e-4"))),
    )


@pytest.mark.parametrize(
    ("ratios", "complaint"),
    [
        (["0.5", "0.5", "0.51", "0.5", "0.5"], "steps back"),
        (["0.5", "0.5", "0.49", "0.49"], "neither"),
        (["0.5", "0.5", "0.83", "0.83"], "neither"),
    ],
)
def test_a_step_that_no_action_makes_is_refused_with_its_day(ratios, complaint):
    closes = [Decimal(100)] * len(ratios)
    adjusted = [round(Decimal(ratio) * 100, 6) for ratio in ratios]
    with pytest.raises(DataError, match=rf"2000-01-0\d: .*{complaint}"):
        actions_from_adjusted_close(days(len(ratios)), closes, adjusted)


def test_a_ratio_that_drifts_within_its_rounding_is_refused_for_no_day_explains_it():
    adjusted = [Decimal("3.980"), Decimal("3.98"), Decimal("3.984")]
    with pytest.raises(DataError, match="2000-01-05: the ratio drifts"):
        actions_from_adjusted_close(days(3), [Decimal(4)] * 3, adjusted)
