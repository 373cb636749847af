"""The validator's word at consensus: asked where one is in place, recorded as a report, no reason to grow."""

from collections.abc import Callable

from trader.domain.reports import Evidence, Fact, Report
from trader.graph.consensus import Worth
from trader.settings.forecast import Validator
from trader.tools.validator import NAME


def heard(role: Validator, ask: Callable[[], Evidence]) -> tuple[Worth | None, Report, Evidence] | None:
    """What it says of the signal, as consensus and as the trace have it; None where none is asked."""
    if role is Validator.OFF:
        return None
    evidence = ask()
    if evidence.result is None:
        return None, Report(agent=NAME, missing=(evidence.error,), evidence=(evidence.digest,)), evidence
    facts = tuple(
        Fact(name=f"{NAME}.{name}", value=value, evidence=evidence.digest)
        for name, value in sorted(evidence.result.items())
    )
    worth = Worth(p=float(evidence.result["p_worth"]), limits=role is Validator.LIMIT)
    return worth, Report(agent=NAME, facts=facts, evidence=(evidence.digest,)), evidence
