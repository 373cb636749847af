from decimal import Decimal

import pytest

from trader.commands import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (-1, "0 s"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (False, "no"),
        (-0.0, "0"),
        (None, "unknown"),
        ("a text", "a text"),
        (3081.0, "3081"),
        (44.937, "44.94"),
        (1.5e-7, "1.5e-07"),
        (1e7, "10000000"),
    ],
)
def test_a_fact_is_written_with_four_digits(value: float | str | None, text: str) -> None:
    assert words.fact(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("560.9", "560.90"), ("562", "562.00"), ("1.17345", "1.17345"), ("0.00000100", "0.000001")],
)
def test_a_price_has_two_digits_at_least_and_all_it_needs(value: str, text: str) -> None:
    assert words.price(Decimal(value)) == text


def test_what_is_not_known_is_a_dash() -> None:
    for written in (words.share, words.change, words.probability, words.money, words.amount, words.price):
        assert written(None) == "-"
