"""One learned state from everything that had resolved at a moment."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trader.data.view import MarketView
from trader.domain.learned import ByRegime, Calibration, LearnedState
from trader.measures.forecasts import brier
from trader.memory.base_rates import symbol_evidence
from trader.memory.by_regime import Known, by_regime
from trader.memory.cases import Forecasts, resolve
from trader.memory.pooling import calibrate, equal_weights, fit_weights, share_weights


@dataclass(frozen=True)
class Regimes:
    """That records and weights may be kept apart by regime."""

    before: ByRegime | None = None
    """What was chosen at the fit before this one."""


def learn(
    view: MarketView,
    symbols: tuple[str, ...],
    horizon: int,
    forecasts: Mapping[str, Forecasts],
    families: Mapping[str, str],
    pooling: str = "map",
    regimes: Regimes | None = None,
) -> LearnedState:
    """What is known at the view's moment.

    `forecasts` by record; `families` names every record of the desk that forecasts, with its family. A
    record with no forecast yet keeps its priors. Forecasts that have not resolved in `view` have no
    influence. `pooling` is how weights are learned: `map` or `fixed-share`. `regimes` is None where nothing
    is to be kept apart by regime.
    """
    evidence, rho, histories = symbol_evidence(view, symbols, horizon)
    names = sorted(families)
    known = [forecasts.get(name, Forecasts.empty(name)) for name in names]
    base_rates = {row.symbol: row.base_rate for row in evidence}
    resolved = [resolve(record, histories, base_rates, horizon, rho) for record in known]
    prior = equal_weights({name: families[name] for name in names})
    fit = share_weights if pooling == "fixed-share" else fit_weights
    weights = fit(resolved, np.array([prior[name] for name in names])) if names else np.zeros(0)
    records = []
    for name, cases, weight in zip(names, resolved, weights, strict=True):
        intercept, slope = calibrate(cases)
        records.append(
            Calibration(
                record=name,
                intercept=intercept,
                slope=slope,
                weight=float(weight),
                prior_weight=prior[name],
                n=len(cases),
                n_eff=cases.n_eff,
                brier=brier(cases.p_up, cases.happened, cases.weight) if len(cases) else None,
                brier_base=brier(cases.base_rate, cases.happened, cases.weight) if len(cases) else None,
            )
        )
    apart = None
    if regimes is not None and any(len(cases) for cases in resolved):
        clock = np.unique(np.concatenate([history.decided for history in histories]))
        start = np.array([prior[name] for name in names])
        known_by = Known(names, resolved, weights, start, fit, clock, horizon, view)
        apart = by_regime(known_by, regimes.before)
    return LearnedState(
        cut_off=view.as_of,
        horizon=horizon,
        symbols=evidence,
        records=tuple(records),
        correlation=rho,
        by_regime=apart,
    )
