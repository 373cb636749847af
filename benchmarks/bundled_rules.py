"""What rules would have been worth on the bundled bars: every close of four stocks, with and without them.

Cases are every close and not only decisions; a trade is taken to close each fifth day. The forecast without
rules is the base rate known at the time, the one with them is memory's where a rule holds.
"""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import numpy as np

from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.lessons import Lessons
from trader.features.catalogue import compute, feature
from trader.features.plain_regime import FEWEST, READ, plain_regime
from trader.measures.bootstrap import drawn_dates, percentile_interval, resampled_means, widening
from trader.memory.cases import Outcomes, correlation, outcomes
from trader.memory.experience import Case, Experience, experience
from trader.memory.reflection import TRADES, reflect
from trader.memory.rules import forecast
from trader.tools.moments import as_datetime

HORIZON, EVERY = 5, 5
NAMES = MappingProxyType(
    {
        "rsi": "rsi_14",
        "adx": "adx_14",
        "atr": "natr_14",
        "macd": "macd_hist",
        "bollinger": "bollinger_position",
        "volume_ratio": "volume_ratio_21",
        "trend": "sma_200_gap",
        "volatility": "volatility_21",
    }
)
PRIOR = 100.0
"""Cases that one half is worth in a symbol's base rate."""


@dataclass(frozen=True)
class Ablation:
    """Log loss with rules less that without."""

    rules: tuple[str, ...]
    cases: int
    heard: int
    """Cases in which memory spoke."""
    mean: float
    low: float
    high: float


def ablation() -> Ablation:
    """Walk-forward over all bundled daily bars of the default symbols."""
    market = open_feed("sample", (), None)
    last = market.closes(market.symbols)[-1]
    view = market.view(last)
    histories = tuple(outcomes(view, symbol, HORIZON) for symbol in market.symbols)
    cases = [case for history in histories for case in _cases(market, last, history)]
    whole = experience(cases, histories, HORIZON, correlation(histories))
    facts = {(case.as_of, case.symbol): case.facts for case in cases}
    lessons, dates = Lessons(), np.unique(whole.decided)
    p = whole.base_rate.copy()
    heard = 0
    for trades, start in enumerate(range(0, len(dates), EVERY * TRADES), start=1):
        now = dates[start]
        # What was decided HORIZON dates before has resolved at this close.
        known = int(np.searchsorted(whole.decided, dates[max(0, start - HORIZON)], side="right"))
        lessons = reflect(lessons, _first(whole, known), trades * TRADES, as_datetime(now)).lessons
        until = dates[min(start + EVERY * TRADES, len(dates) - 1)]
        for row in np.flatnonzero((whole.decided >= now) & (whole.decided < until)):
            rules = lessons.holding(facts[as_datetime(whole.decided[row]), str(whole.symbol[row])])
            if rules:
                p[row] = forecast(rules, whole.base_rate[row])
                heard += 1
    each = _loss(p, whole.happened) - _loss(whole.base_rate, whole.happened)
    date = np.searchsorted(dates, whole.decided)
    resampled = resampled_means(each, date, drawn_dates(len(dates), HORIZON, 1000))
    mean, wider = float(each.mean()), widening(len(dates), HORIZON, 0.95)
    low, high = (mean + wider * (end - mean) for end in percentile_interval(resampled, 0.95))
    return Ablation(tuple(rule.sentence for rule in lessons.rules), len(whole), heard, mean, low, high)


def _cases(market: Market, last: datetime, history: Outcomes) -> list[Case]:
    """Every close of one symbol with its conditions; the base rate is of outcomes HORIZON bars old."""
    bars = market.view(last).bars(history.symbol)
    columns = compute(bars, [feature(name) for name in NAMES.values()])
    row_of = {int(at): row for row, at in enumerate(bars.available.astype("datetime64[s]").astype(np.int64))}
    past = np.concatenate([np.zeros(HORIZON), np.cumsum(history.happened)])
    cases = []
    for i, at in enumerate(history.decided):
        row = row_of[int(at.astype("datetime64[s]").astype(np.int64))]
        if row < FEWEST:
            continue
        closes = bars.close[max(0, row + 1 - READ) : row + 1]
        known = max(0, i - HORIZON + 1)
        base = (past[i] + PRIOR / 2) / (known + PRIOR)
        numbers = {axis: float(columns[name][row]) for axis, name in NAMES.items()}
        facts = {**numbers, "regime": plain_regime(closes).regime.value}
        cases.append(Case(as_datetime(at), history.symbol, facts, base))
    return cases


def _first(whole: Experience, rows: int) -> Experience:
    """The first `rows` cases."""
    return Experience(
        whole.decided[:rows],
        whole.symbol[:rows],
        whole.base_rate[:rows],
        whole.happened[:rows],
        whole.weight[:rows],
        whole.returns[:rows],
        {name: values[:rows] for name, values in whole.numbers.items()},
        {name: words[:rows] for name, words in whole.labels.items()},
        {},
        whole.overlap,
    )


def _loss(p: np.ndarray, happened: np.ndarray) -> np.ndarray:
    each: np.ndarray = -np.log(np.where(happened > 0, p, 1.0 - p))
    return each
