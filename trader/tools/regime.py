"""Bull, sideways or bear by volatility: a hidden Markov model filtered forward, and a plain rule beside it.

The model has three states over each bar's log return and its volatility: the logarithm of a bar's range,
ln(ln(high / low)), which is nearly normal (Alizadeh, Brandt and Diebold 2002, Journal of Finance 57), as
the mean of the last 21 bars, because single bars give states that last for days. The states are in the
order of their volatility, which is what tells them apart: the calm one is called bull, the middle one
sideways, the turbulent one bear, because that is how stocks have mostly been (Hamilton 1989; Ang and
Timmermann 2012, "Regime changes and financial markets"). Each state's own mean return stands beside its
name: where they disagree, believe the number. Means of 21 bars overlap, so the probabilities are surer than
the evidence is.

It is fitted every 63 bars, counted from the first bar of the data, on what had closed by then, and filtered
to the last close; nothing is ever smoothed. A fit on five years of days takes some 20 ms of processor time
and serves until the next one; each bar besides takes a millisecond or two.
"""

from functools import lru_cache

import numpy as np
from pydantic import Field

from trader.data.view import MarketView
from trader.domain.errors import ToolError
from trader.domain.market import Bars, Floats, Regime
from trader.domain.value import Moment, Number
from trader.features.annual import bars_a_year
from trader.features.plain_regime import MONTH, plain_regime
from trader.tools.hidden_markov import HiddenMarkov, filtered, fit
from trader.tools.moments import as_datetime
from trader.tools.tool import Schema, Tool, ToolContext

REFIT_BARS = 63
"""A quarter of daily bars."""
_FEWEST = 252
"""Bars before the first fit: four refits."""
_FILTERED = 252
"""Bars that the filter runs over: where it began is forgotten long before the last of them."""
_RETURN, _RANGE = 0, 1
"""Columns of what the model sees."""
_SMALLEST_RANGE = 1e-4
"""A bar that hardly moved has a range of one basis point, not of nothing: its logarithm must exist."""
_KEPT = 256
"""Fitted models kept: 30 KB of key each at five years of days."""
_DECIMALS = 9
"""Of what the model is fitted on: ratios of prices, in which a later dividend changes the last bits alone."""
_NAMES = (Regime.BULL, Regime.SIDEWAYS, Regime.BEAR)


class Arguments(Schema):
    """How much history the model is fitted on."""

    bars: int = Field(default=1260, ge=_FEWEST, le=2520)
    """The last so many bars before the fit, or all where there are fewer."""


class State(Schema):
    """One state of the model."""

    name: Regime
    """By its place in the order of volatility: bull the calmest, bear the most turbulent."""
    probability: Number
    """That the last bar was in it, from that bar and those before."""
    mean_return: Number
    """Log return a year while in it, a fraction."""
    volatility: Number
    """Annual, of its log returns, a fraction."""
    lasts: Number
    """Bars that it lasts on average."""


class Rule(Schema):
    """The plain rule's answer."""

    regime: Regime
    """Bull: above the average and volatility not in the highest third; bear: below and not in the lowest."""
    over_average: Number
    """The close over its 200-bar average, less one; a fraction."""
    volatility_tercile: int
    """0 low, 1 middle, 2 high: the last 21 bars' volatility among that of all windows in the bars read."""


class Result(Schema):
    """The model's word, the rule's, and whether they are the same."""

    regime: Regime
    """The most probable state."""
    states: tuple[State, ...]
    """Bull, sideways, bear, with their filtered probabilities."""
    rule: Rule
    """The plain rule."""
    agree: bool
    """Whether both say the same."""
    fitted_until: Moment
    """The refit moment: the model had seen nothing later."""
    fitted_on: int
    """Bars it was fitted on."""
    converged: bool
    """Whether the fit had settled when it stopped."""


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Filter the states up to the last close, by the model of the last refit moment."""
    view, symbol = context.view, context.symbol
    bars = view.bars(symbol)
    refit = len(bars) // REFIT_BARS * REFIT_BARS
    if refit < _FEWEST:
        raise ToolError(f"regime needs {_FEWEST} bars, has {len(bars)}")
    moment = as_datetime(bars.available[refit - 1])
    past = bars[max(0, refit - arguments.bars - MONTH + 1) : refit]
    model = _model(symbol, past)
    now = filtered(model, observations(bars[-_FILTERED - MONTH + 1 :]))[-1]
    plain = plain_regime(bars.close[-arguments.bars :])
    regime = _NAMES[int(np.argmax(now))]
    return Result(
        regime=regime,
        states=_states(model, now, _bars_a_year(view, symbol)),
        rule=Rule(regime=plain.regime, over_average=plain.over_average, volatility_tercile=plain.tercile),
        agree=regime is plain.regime,
        fitted_until=moment,
        fitted_on=len(past) - MONTH + 1,
        converged=model.converged,
    )


def observations(bars: Bars) -> Floats:
    """What the model sees of each bar from the 21st on: log return and mean log range, shape (n - 20, 2)."""
    return _observations(bars.high, bars.low, bars.close)


def _observations(high: Floats, low: Floats, close: Floats) -> Floats:
    returns = np.diff(np.log(close))
    ranges = np.log(np.maximum(np.log(high / low), _SMALLEST_RANGE))
    month = np.lib.stride_tricks.sliding_window_view(ranges, MONTH).mean(axis=1)
    return np.column_stack((returns[MONTH - 2 :], month))


def _model(symbol: str, past: Bars) -> HiddenMarkov:
    try:
        return _fitted(past.high.tobytes(), past.low.tobytes(), past.close.tobytes())
    except ValueError as error:
        raise ToolError(f"regime of {symbol} cannot be fitted: {error}") from None


@lru_cache(maxsize=_KEPT)
def _fitted(high: bytes, low: bytes, close: bytes) -> HiddenMarkov:
    """The model of these prices: the same bytes are the same model, whoever asks and when."""
    past = _observations(np.frombuffer(high), np.frombuffer(low), np.frombuffer(close))
    return fit(np.round(past, _DECIMALS), len(_NAMES), by=_RANGE)


def _states(model: HiddenMarkov, now: Floats, a_year: float) -> tuple[State, ...]:
    return tuple(
        State(
            name=name,
            probability=float(now[i]),
            mean_return=float(model.mean[i, _RETURN] * a_year),
            volatility=float(np.sqrt(model.variance[i, _RETURN] * a_year)),
            lasts=float(1.0 / (1.0 - model.transition[i, i])),
        )
        for i, name in enumerate(_NAMES)
    )


def _bars_a_year(view: MarketView, symbol: str) -> float:
    return bars_a_year(view.timeframe, view.instrument(symbol).calendar)


REGIME = Tool(
    "regime", "Bull, sideways or bear by volatility, from a model and a rule", Arguments, Result, run
)
