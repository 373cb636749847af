"""What of an evaluation is kept, so that it can be compared with another on the cases that both have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trader.domain.errors import TraderError
from trader.evals.cases import Cases
from trader.evals.findings import headline
from trader.evals.paired import Difference, difference
from trader.evals.subject import DESK
from trader.journal.records import EvaluationKept

Floats = NDArray[np.float64]


def forecasts(cases: Cases) -> dict[str, Any]:
    """The cases and what was said of each, as plain JSON; null where nothing was."""
    return {
        "horizon": cases.horizon,
        "correlation": cases.correlation,
        "clock": [str(at) for at in cases.clock[_within(cases)]],
        "decided": [str(at) for at in cases.decided],
        "symbol": cases.symbol.tolist(),
        "returns": cases.returns.tolist(),
        "said": {
            name: [None if np.isnan(one) else one for one in p.tolist()]
            for name, p in (*zip(cases.agents, cases.said, strict=True), (DESK, cases.desk))
        },
    }


def _within(cases: Cases) -> NDArray[np.bool_]:
    """Of the clock, (bars,): from the first case to the last, which is all that their worth depends on."""
    if not len(cases):
        return np.zeros(len(cases.clock), dtype=np.bool_)
    within: NDArray[np.bool_] = (cases.clock >= cases.decided.min()) & (cases.clock <= cases.decided.max())
    return within


@dataclass(frozen=True)
class Compared:
    """One who is in both evaluations: the second against the first."""

    name: str
    cases: int
    """Those that both answered."""
    difference: Difference | None
    """Of log losses, the second less the first."""


@dataclass(frozen=True)
class Comparison:
    """Two evaluations beside each other."""

    finding: str
    findings: tuple[str, ...]
    rows: tuple[Compared, ...]


def compare_kept(first: EvaluationKept, second: EvaluationKept) -> Comparison:
    """Paired on the cases that both have. Raises TraderError for one that kept no forecasts."""
    one, other = (_forecasts(kept) for kept in (first, second))
    places = [dict(zip(_places(told), range(len(told["decided"])), strict=True)) for told in (one, other)]
    shared = sorted(places[0].keys() & places[1].keys())
    rows = [np.array([place[key] for key in shared], dtype=np.int64) for place in places]
    names = [name for name in one["said"] if name in other["said"]]
    cases = _cases(one, rows[0])
    changed = np.array(one["returns"])[rows[0]] != np.array(other["returns"])[rows[1]]
    found = [_compared(name, cases, _said(one, name, rows[0]), _said(other, name, rows[1])) for name in names]
    about = next((row for row in found if row.name in second.agents), None) or (found[-1] if found else None)
    return Comparison(
        finding=headline(f"{about.name} of {second.id}", about.difference, f"answers of {first.id}")
        if about
        else "INSUFFICIENT EVIDENCE: nobody is in both evaluations.",
        findings=tuple(_remarks(first, second, one, other, len(shared), int(changed.sum()))),
        rows=tuple(found),
    )


def _remarks(
    first: EvaluationKept,
    second: EvaluationKept,
    one: Mapping[str, Any],
    other: Mapping[str, Any],
    shared: int,
    changed: int,
) -> list[str]:
    told = []
    most = max(len(one["decided"]), len(other["decided"]))
    if shared < most:
        told.append(f"paired on the {shared:,} cases that both have, of {most:,}; the rest are not compared")
    if changed:
        told.append(f"{changed:,} of these had another outcome in the second: the data is not the same")
    mine, theirs = (kept.document.get("provenance", {}) for kept in (first, second))
    for name in sorted(mine.keys() & theirs.keys()):
        if name in ("data", "version", "models", "prompts", "seed") and mine[name] != theirs[name]:
            told.append(f"{name} differs: {mine[name]} and {theirs[name]}")
    return told


def _forecasts(kept: EvaluationKept) -> Mapping[str, Any]:
    told = kept.document.get("forecasts")
    if not isinstance(told, dict):
        raise TraderError(
            f"the evaluation {kept.id} has no forecasts to compare: it was about {kept.kind}",
            hint="`trader eval list` says what each was about; those of decisions can be compared",
        )
    return told


def _places(told: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    return [(at, symbol, told["horizon"]) for at, symbol in zip(told["decided"], told["symbol"], strict=True)]


def _said(told: Mapping[str, Any], name: str, rows: NDArray[np.int64]) -> Floats:
    p: Floats = np.array([np.nan if one is None else one for one in told["said"][name]], dtype=np.float64)
    return p[rows]


def _compared(name: str, cases: Cases, before: Floats, after: Floats) -> Compared:
    both = int((~np.isnan(before) & ~np.isnan(after)).sum())
    return Compared(name, both, difference(cases, after, before, "the first"))


def _cases(told: Mapping[str, Any], rows: NDArray[np.int64]) -> Cases:
    """The cases of `rows`, in their order, with nobody's forecasts."""
    moments = np.array(told["decided"], dtype="datetime64[s]")[rows]
    returns = np.array(told["returns"], dtype=np.float64)[rows]
    nobody = np.zeros((0, len(rows)))
    return Cases(
        decided=moments,
        symbol=np.array(told["symbol"], dtype=np.str_)[rows],
        happened=(returns > 0).astype(np.float64),
        returns=returns,
        base_rate=np.full(len(rows), np.nan),
        desk=np.full(len(rows), np.nan),
        agents=(),
        said=nobody,
        shift=nobody,
        share=nobody,
        clock=np.array(told["clock"], dtype="datetime64[s]"),
        horizon=int(told["horizon"]),
        correlation=float(told["correlation"]),
    )
