"""An indicator as an expression of the last bar and what is kept of those before: what one bar more costs.

Each operation is TA-Lib's own recurrence, in its order of sums, so that a stream of bars gives what a call
over all of them gives. `program.py` lays an expression out, `kernel.py` runs it.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

ZERO = 1e-14
"""What TA-Lib takes for zero."""


class Operation(IntEnum):
    """What an expression does with its inputs a and b, over `bars` bars."""

    FIELD = 1
    """A column of the bar."""
    CONSTANT = 2
    ADD = 3
    SUBTRACT = 4
    MULTIPLY = 5
    DIVIDE = 6
    """a / b, and `number` where b is zero."""
    OVER = 7
    """a / b - 1."""
    ABSOLUTE = 8
    LOG = 9
    ROOT = 10
    """Square root of a; zero where a is below b."""
    LARGER = 11
    SMALLER = 12
    WHERE = 13
    """b where a is above `number`, else zero."""
    DELAY = 14
    """a, as if the first `bars` bars had not been: where an average is to begin later."""
    LAG = 15
    """a as it was `bars` bars before."""
    TOTAL = 16
    """Running sum of a over `bars` bars: what comes is added, what leaves is taken off."""
    MEAN = 17
    """The same, divided by `bars`."""
    CUMULATED = 18
    """Sum of a since the first bar."""
    EMA = 19
    """Exponential average with the weight 2 / (bars + 1), begun with a plain mean."""
    BLEND = 20
    """Exponential average with the weight `number`, begun with the first a."""
    WILDER = 21
    """Wilder's average: (last (bars - 1) + a) / bars, begun with a plain mean. Stays where a is NaN."""
    WILDER_TOTAL = 22
    """Wilder's sum: last - last / bars + a, begun with the sum of bars - 1."""
    EXTREME = 23
    """The highest a of `bars` bars where `number` is 1, the lowest where it is -1."""
    EXTREME_AGE = 24
    """Bars since it, the latest where there are several."""
    SLOPE = 25
    """Least-squares slope of a, a bar."""
    CCI = 26
    """(a - mean) / (0.015 mean deviation)."""
    WMA = 27
    """Average with weights 1 to `bars`."""
    KAMA = 28
    """Kaufman's adaptive average."""
    CARRIED = 29
    """a, and where that is NaN the last that was none; zero at first."""
    ON_BALANCE = 30
    """Sum of b, signed as a changes; begun with the first b."""


_EXTRA_BARS = {
    Operation.LAG: 0,
    Operation.DELAY: 0,
    Operation.KAMA: 0,
    Operation.TOTAL: -1,
    Operation.EMA: -1,
    Operation.WILDER: -1,
    Operation.WILDER_TOTAL: -1,
    Operation.MEAN: -1,
    Operation.EXTREME: -1,
    Operation.EXTREME_AGE: -1,
    Operation.SLOPE: -1,
    Operation.CCI: -1,
    Operation.WMA: -1,
}
"""Bars from the first input to the first value, less `bars`."""


@dataclass(frozen=True)
class Expression:
    """One operation and what it reads. Made by the functions below and by arithmetic."""

    operation: Operation
    inputs: tuple["Expression", ...] = ()
    bars: int = 0
    number: float = 0.0

    @cached_property
    def begin(self) -> int:
        """The first bar, from 0, at which all inputs have a value."""
        return max((one.first for one in self.inputs), default=0)

    @cached_property
    def first(self) -> int:
        """The first bar, from 0, at which this has a value: an indicator's warm-up."""
        if self.operation in _EXTRA_BARS:
            return self.begin + self.bars + _EXTRA_BARS[self.operation]
        return self.begin

    @cached_property
    def key(self) -> str:
        """The same for expressions that compute the same."""
        inputs = ", ".join(one.key for one in self.inputs)
        return f"{self.operation.name}[{self.bars}, {self.number!r}]({inputs})"

    def __add__(self, other: "Expression | float") -> "Expression":
        return Expression(Operation.ADD, (self, _expression(other)))

    def __sub__(self, other: "Expression | float") -> "Expression":
        return Expression(Operation.SUBTRACT, (self, _expression(other)))

    def __mul__(self, other: "Expression | float") -> "Expression":
        return Expression(Operation.MULTIPLY, (self, _expression(other)))

    def __truediv__(self, other: "Expression | float") -> "Expression":
        return share(self, other)

    def __rsub__(self, other: float) -> "Expression":
        return _expression(other) - self

    def __rmul__(self, other: float) -> "Expression":
        return _expression(other) * self

    def __neg__(self) -> "Expression":
        return _expression(-1.0) * self


OPEN, HIGH, LOW, CLOSE, VOLUME, LOG_CLOSE, BARS_A_YEAR, UNIT, LEAST_VARIANCE = (
    Expression(Operation.FIELD, bars=column) for column in range(9)
)
"""The columns of a bar; the logarithm of its close; the bars in a year; `unit_of` the first close, and what
TA-Lib takes for no variance of prices stated in it."""


def _expression(value: Expression | float) -> Expression:
    return value if isinstance(value, Expression) else Expression(Operation.CONSTANT, number=float(value))


def share(a: Expression, b: Expression | float, where_zero: float = float("nan")) -> Expression:
    """A / b, and `where_zero` where b is zero."""
    return Expression(Operation.DIVIDE, (a, _expression(b)), number=where_zero)


def over(a: Expression, b: Expression) -> Expression:
    """How far a is above b, which is never zero: a / b - 1."""
    return Expression(Operation.OVER, (a, b))


def absolute(a: Expression) -> Expression:
    """|a|."""
    return Expression(Operation.ABSOLUTE, (a,))


def log(a: Expression) -> Expression:
    """Natural logarithm."""
    return Expression(Operation.LOG, (a,))


def root(a: Expression, least: Expression | float = ZERO) -> Expression:
    """Square root; zero below `least`."""
    return Expression(Operation.ROOT, (a, _expression(least)))


def larger(a: Expression, b: Expression | float) -> Expression:
    """The larger of a and b."""
    return Expression(Operation.LARGER, (a, _expression(b)))


def smaller(a: Expression, b: Expression | float) -> Expression:
    """The smaller of a and b."""
    return Expression(Operation.SMALLER, (a, _expression(b)))


def where(a: Expression, b: Expression, above: float = 0.0) -> Expression:
    """`b` where a is greater than `above`, else zero."""
    return Expression(Operation.WHERE, (a, b), number=above)


def lag(a: Expression, bars: int) -> Expression:
    """`a` as it was `bars` bars before."""
    return Expression(Operation.LAG, (a,), bars)


def delay(a: Expression, bars: int) -> Expression:
    """`a` without its first `bars` values."""
    return Expression(Operation.DELAY, (a,), bars)


def total(a: Expression, bars: int) -> Expression:
    """Sum over `bars` bars."""
    return Expression(Operation.TOTAL, (a,), bars)


def cumulated(a: Expression) -> Expression:
    """Sum since the first bar."""
    return Expression(Operation.CUMULATED, (a,))


def sma(a: Expression, bars: int) -> Expression:
    """Plain mean over `bars` bars."""
    return Expression(Operation.MEAN, (a,), bars)


def ema(a: Expression, bars: int) -> Expression:
    """Exponential average with the weight 2 / (bars + 1)."""
    return Expression(Operation.EMA, (a,), bars, 2.0 / (bars + 1))


def blend(a: Expression, bars: int) -> Expression:
    """As `ema`, begun with the first value: TA-Lib's ADOSC does so."""
    return Expression(Operation.BLEND, (a,), number=2.0 / (bars + 1))


def wilder(a: Expression, bars: int) -> Expression:
    """Wilder's average."""
    return Expression(Operation.WILDER, (a,), bars)


def wilder_total(a: Expression, bars: int) -> Expression:
    """Wilder's sum."""
    return Expression(Operation.WILDER_TOTAL, (a,), bars)


def highest(a: Expression, bars: int) -> Expression:
    """The highest of `bars` bars."""
    return Expression(Operation.EXTREME, (a,), bars, 1.0)


def lowest(a: Expression, bars: int) -> Expression:
    """The lowest of `bars` bars."""
    return Expression(Operation.EXTREME, (a,), bars, -1.0)


def highest_age(a: Expression, bars: int) -> Expression:
    """Bars since the highest of `bars` bars."""
    return Expression(Operation.EXTREME_AGE, (a,), bars, 1.0)


def lowest_age(a: Expression, bars: int) -> Expression:
    """Bars since the lowest of `bars` bars."""
    return Expression(Operation.EXTREME_AGE, (a,), bars, -1.0)


def deviation(a: Expression, bars: int, least: Expression | float = ZERO) -> Expression:
    """Standard deviation (n) over `bars` bars; zero where the variance is below `least`."""
    mean = sma(a, bars)
    return root(sma(a * a, bars) - mean * mean, least)


def slope(a: Expression, bars: int) -> Expression:
    """Least-squares slope, a bar."""
    return Expression(Operation.SLOPE, (a,), bars)


def cci(a: Expression, bars: int) -> Expression:
    """Commodity channel index of a."""
    return Expression(Operation.CCI, (a,), bars)


def wma(a: Expression, bars: int) -> Expression:
    """Average with weights 1 to `bars`."""
    return Expression(Operation.WMA, (a,), bars)


def kama(a: Expression, bars: int) -> Expression:
    """Kaufman's adaptive average."""
    return Expression(Operation.KAMA, (a,), bars)


def carried(a: Expression) -> Expression:
    """`a`, and where there is none the last there was."""
    return Expression(Operation.CARRIED, (a,))


def on_balance(a: Expression, b: Expression) -> Expression:
    """On-balance volume of prices a and volumes b."""
    return Expression(Operation.ON_BALANCE, (a, b))
