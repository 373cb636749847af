"""Every scorer by the name that reports and documents give it. A new one is a function and a line here."""

from collections.abc import Mapping
from math import isnan
from types import MappingProxyType

from trader.evals.scorers import forecasts, use
from trader.evals.scorers.scorer import Score, Scorer
from trader.evals.subject import Subject

FORECASTS: Mapping[str, Scorer] = MappingProxyType(
    {
        "brier": forecasts.brier,
        "log_loss": forecasts.log_loss,
        "ece": forecasts.ece,
        "ic": forecasts.ic,
        "hit_rate": forecasts.hit_rate,
        "always_up": forecasts.always_up,
    }
)
"""Of probabilities: baselines have these too."""
USE: Mapping[str, Scorer] = MappingProxyType(
    {
        "valid_forms": use.valid_forms,
        "abstained": use.abstained,
        "tool_errors": use.tool_errors,
        "tokens_in": use.tokens_in,
        "tokens_out": use.tokens_out,
        "usd": use.usd,
        "usd_per_hit": use.usd_per_hit,
        "p50_ms": use.p50_ms,
        "p95_ms": use.p95_ms,
    }
)
"""Of whoever had turns."""


def scores(subject: Subject, scorers: Mapping[str, Scorer]) -> dict[str, Score]:
    """What each scorer says, by its name; None for what is not a number."""
    found = ((name, scorer(subject)) for name, scorer in scorers.items())
    return {name: None if isinstance(score, float) and isnan(score) else score for name, score in found}
