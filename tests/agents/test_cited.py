"""Which numbers an agent was not shown: a mark is rare, and then it is right."""

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from trader.agents.cited import unsupported

SHOWN = """\
Up to 2012-06-01T20:00:00Z it has been so with a frequency of 0.5432.
technicals:
  features:
    evidence: 91a31ac14949f4875d0ae29e
    atr_14: 0.61204
    close: 28.57
    return_21: -0.092101
    return_252: 0.31246
    rsi_14: 68.213
    sma_200: 26.98
    vol_21: 0.40511
    volume: 12345678
  levels:
    nearest_support: 27.415
news:
  count: 17
  mean_sentiment: -0.2345
  newest_hours: 26.5
equity: '95200.1'
bars: 3081
Look at several spans (21, 63, 126, 252 bars). `p_up`: from 0.01 to 0.99.
"""
OWN = (0.58, 0.5432, 27.1, 28.57)

SOUND = [
    "The 252-day return of +31.2% came with 40.5% volatility, so the trend is 0.77 of its noise.",
    "Base rate 0.543; I lean 0.04 above it to 0.58: RSI(14) is 68 and price holds above the 200-day SMA.",
    "Price 28.57 is above support at 27.41 and the SMA 200 (26.98).",
    "One-month return is −9.2 %, a pullback within a 12-month gain of about 31 %.",
    "Of 17 headlines the mean tone is -0.23; the newest is a day old (26.5 h).",
    "Short-term momentum (return_21 -0.0921) disagrees with return_252 (0.3125).",
    "3,081 bars of history; average true range 0.61, which is 2.1% of the price of 28.57.",
    "With a 46% base rate of falling and 58 % of rising, odds are only slightly better than even (50/50).",
    "Stop at 27.10, 5.1% below the last price.",
    "RSI below 70 is not overbought; above 30 it is not oversold.",
    "From 2010 to 2012, and since 3 January 2011, it rose; Q3 was weak. See the 10-K of March 5th, 2012.",
    "The first of 3 reasons is worth 2-3 hundredths, the 2nd 1 percentage point.",
    "The S&P 500 and the Russell 2000 are not in what I was shown.",
    "Equity of $95,200 and 12.3M shares a day (12.35 million) leave room.",
    "In the last 126 trading days and in 5-day windows there is nothing.",
    "Evidence 91a31ac14949f4875d0ae29e, 28:57 of reading, version v2.3.1.",
    "Die Rendite von 31,2 % und 95.200,10 an Kapital; tone -0,23.",
    "Twelve months up 0.3125 against 0.4051 of volatility: ratio below 1.",
    "28.57 less support at 27.415 is 1.155, or 1.9 ATR of 0.612.",
    "动量为 31.2%, 波动率 40.5%。",
]
MARKED = [
    ("Earnings grew 14.2% on 312 stores.", ("14.2%", "312")),
    ("It trades at 14.3x earnings, revenue $4.7bn.", ("14.3x", "4.7bn")),
    ("RSI of 81.4 says overbought.", ("81.4",)),
    ("The 252-day return is 36.9%.", ("36.9%",)),
    ("Analysts target 35.25; 35.25 is far above 28.57.", ("35.25",)),
    ("Spread of 37 bps.", ("37 bps",)),
    ("A gain of 1,234.56 or 7,7 %", ("1,234.56", "7,7 %")),
    ("Since 2010 it has returned 187%.", ("187%",)),
    ("上涨14.2%了", ("14.2%",)),
]


@pytest.mark.parametrize("said", SOUND)
def test_what_was_shown_is_not_marked(said: str) -> None:
    assert unsupported([said], SHOWN, OWN) == ()


@pytest.mark.parametrize(("said", "numbers"), MARKED)
def test_what_was_not_shown_is_marked_as_it_was_written_and_once(said: str, numbers: tuple[str, ...]) -> None:
    assert unsupported([said], SHOWN, OWN) == numbers


def test_all_passages_are_read_and_an_invention_that_stands_twice_is_marked_once() -> None:
    assert unsupported(["up 14.2%", "", "14.2% and 77.7"], SHOWN) == ("14.2%", "77.7")
    assert unsupported([], SHOWN) == ()
    assert unsupported(["14.2% and 77.7"], "14.2 0.777") == ()


def written(number: float) -> list[str]:
    """A number as people and models write it."""
    size = abs(number)
    digits = max(0, 2 - math.floor(math.log10(size))) if size else 2
    cut_off = math.floor(size * 10**digits) / 10**digits
    forms = [f"{number:.{places}f}" for places in (digits, digits + 1, digits + 3)]
    forms += [f"{cut_off:.{digits}f}", f"{number:+.{digits}f}", f"{number:,.{digits}f}", f"{number:.3e}"]
    forms += [
        f"{number:.{digits}f}".replace("-", "\N{MINUS SIGN}"),
        f"${number:,.{digits}f}",
        f"({number:.4g})",
    ]
    forms += [f"{100 * number:.{max(digits - 2, 0)}f}%", f"{100 * number:+.{max(digits - 2, 1)}f} %"]
    forms += [
        f"{100 * number:.{max(digits - 2, 0)}f} per cent",
        f"{10_000 * number:.{max(digits - 4, 0)}f} bps",
    ]
    forms += [
        f"{number:.{digits}f}".replace(".", ","),
        f"about {number:.{digits}f},",
        f"{number:.{digits}f}.",
    ]
    if size >= 1e6:
        forms += [f"{number / 1e6:.1f}M", f"{number / 1e6:.2f} million", f"{number / 1e3:,.0f}k"]
    return forms


@given(st.floats(1e-4, 1e9), st.sampled_from([-1, 1]), st.integers(2, 6))
@example(number=12345678.0, sign=1, shown_to=8)
def test_a_shown_number_in_any_usual_writing_is_never_marked(number: float, sign: int, shown_to: int) -> None:
    number = float(f"{sign * number:.{shown_to}g}")
    for text in written(number):
        assert unsupported([f"It is {text} now."], f"value: {number!r}") == (), text


@given(st.floats(13.1, 9e5), st.lists(st.floats(0.001, 9e5), max_size=30))
def test_a_number_far_from_all_that_was_shown_is_marked(number: float, shown: list[float]) -> None:
    said = f"{number:.4f}"
    near = [*shown, *(1 - one for one in shown if one < 1), 0.5, 50, 1, 100]
    assume(
        not any(math.isclose(number * factor, one, rel_tol=0.01) for one in near for factor in (1, 0.01, 100))
    )
    assert unsupported([f"It is {said}."], " ".join(f"{one:.6f}" for one in shown)) == (said,)


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_is_said_is_read_without_an_error(said: str, shown: str) -> None:
    for text in unsupported([said], shown):
        assert text in said


def test_a_book_of_numbers_is_read_quickly() -> None:
    said = " ".join(f"{n}.{n}%" for n in range(13, 4000))
    assert (
        len(
            unsupported(
                [said, "1" * 4000, "1," * 2000, "9" * 400 + "e" + "9" * 400, "1e" + "9" * 9], SHOWN * 50
            )
        )
        > 3000
    )
