"""Splits and dividends, derived from the ratio of an adjusted close to the close as traded.

Between two corporate actions that ratio is constant; an action is a step that stays. The source multiplies
every earlier adjusted close by `old shares / new shares` for a split and by `C / (C + D)` for a dividend `D`,
`C` being the close of the ex-date itself. (Checked: with it every dividend of the sample is a whole number of
cents to within 1e-10 dollars; with the close before, as CRSP does it, two of 92 are.) Actions after the
last bar scale all ratios alike and so leave no step.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Context, Decimal, localcontext
from fractions import Fraction
from typing import Literal

from trader.domain.errors import DataError

# The source computed in float64: a few units in the last place on top of what its printing rounded away.
FLOAT64_NOISE = 4 * Decimal(2) ** -52
LARGEST_DIVIDEND = Decimal("0.2")
"""Of the close. It stays below the smallest split, so that no step can be read as either."""
SMALLEST_SPLIT = Fraction(5, 4)
_STEP = Decimal("0.000001")


@dataclass(frozen=True)
class Action:
    """A split of `amount` new shares for an old one, or a dividend of `amount` in cash a share as traded.

    `error` bounds the distance of `amount` from the true one, in the same unit.
    """

    ex_date: date
    kind: Literal["split", "dividend"]
    amount: Decimal
    error: Decimal


@dataclass(frozen=True)
class _Interval:
    """All values that a ratio may have, its rounding considered."""

    low: Decimal
    high: Decimal

    def meet(self, other: "_Interval") -> "_Interval | None":
        low, high = max(self.low, other.low), min(self.high, other.high)
        return _Interval(low, high) if low <= high else None

    def over(self, other: "_Interval") -> "_Interval":
        return _Interval(self.low / other.high, self.high / other.low)


def actions_from_adjusted_close(
    days: Sequence[date], closes: Sequence[Decimal], adjusted: Sequence[Decimal]
) -> tuple[Action, ...]:
    """The actions inside a series of bars, in order of time; the three sequences have its length.

    The adjusted closes keep the decimals they were printed with: half a unit of the last is their error.
    Raises DataError at a step that comes back, that falls on no certain day, or that is neither a plain
    split nor a plain dividend.
    """
    with localcontext(Context(prec=40)):
        ratios = [
            _ratio(close, adjusted_close) for close, adjusted_close in zip(closes, adjusted, strict=True)
        ]
        return tuple(_steps(days, closes, ratios))


def _ratio(close: Decimal, adjusted: Decimal) -> _Interval:
    exponent = adjusted.as_tuple().exponent
    if not isinstance(exponent, int) or adjusted <= 0 or close <= 0:
        raise DataError(f"no ratio of adjusted close {adjusted} to close {close}")
    error = Decimal(5).scaleb(exponent - 1) + adjusted * FLOAT64_NOISE
    return _Interval((adjusted - error) / close, (adjusted + error) / close)


def _steps(days: Sequence[date], closes: Sequence[Decimal], ratios: Sequence[_Interval]) -> Iterator[Action]:
    """Each maximal run of bars that one ratio explains is a level; each change of level is an action.

    Rounding makes a bar's ratio wobble but not disagree with its level, and a level's interval is at least as
    narrow as that of the most finely printed of its bars.
    """
    levels = list(_levels(ratios))
    for number, ((_, before), (start, level)) in enumerate(itertools.pairwise(levels), start=1):
        if ratios[start - 1].meet(ratios[start]) is not None:
            raise DataError(f"{days[start]}: the ratio drifts here, and no single day explains it")
        if number >= 2 and levels[number - 2][1].meet(level) is not None:
            raise DataError(f"{days[start]}: the ratio steps back to where it was, which no action does")
        yield _action(days[start], closes[start], level.over(before))


def _levels(ratios: Sequence[_Interval]) -> Iterator[tuple[int, _Interval]]:
    """(index of the first bar, the ratios that explain every bar) for each maximal run."""
    start, level = 0, ratios[0]
    for index, ratio in enumerate(ratios):
        narrowed = level.meet(ratio)
        if narrowed is None:
            yield start, level
            start, narrowed = index, ratio
        level = narrowed
    yield start, level


def _action(day: date, close: Decimal, step: _Interval) -> Action:
    plain = Fraction((step.low + step.high) / 2).limit_denominator(10)
    if step.low <= plain <= step.high and max(plain, 1 / plain) >= SMALLEST_SPLIT:
        return _rounded(day, "split", step)
    dividend = _Interval(close * (step.low - 1), close * (step.high - 1))
    if dividend.low <= 0 or dividend.high > close * LARGEST_DIVIDEND:
        raise DataError(f"{day}: a step of {step.low:.6f} is neither a plain split nor a plain dividend")
    return _rounded(day, "dividend", dividend)


def _rounded(day: date, kind: Literal["split", "dividend"], amount: _Interval) -> Action:
    shown = ((amount.low + amount.high) / 2).quantize(_STEP)
    error = max(amount.high - shown, shown - amount.low)
    return Action(day, kind, shown.normalize(), Context(prec=1, rounding=ROUND_CEILING).create_decimal(error))
