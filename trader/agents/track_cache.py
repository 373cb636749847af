"""Scored history kept between runs: it is the same as long as data, agents and program are the same."""

import hashlib
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from trader.agents.track import Progress, Rehearsal, score_history
from trader.domain.value import digest
from trader.memory.cases import Forecasts
from trader.workspace import taking_turns

FIELDS = ("decided", "symbol", "p_up", "base_rate")


def scored_history(folder: Path, asked: Rehearsal, progress: Progress) -> dict[str, Forecasts]:
    """`score_history`, read from `folder` where the same was scored before.

    A file that cannot be read is scored again; a folder that cannot be written costs the next run the time.
    Books that begin at once and need the same history score it once.
    """
    path = folder / f"{_key(asked)}.npz"
    known = _read(path)
    if known is not None:
        return known
    with taking_turns(path.with_suffix(".lock")):
        known = _read(path)
        if known is None:
            known = score_history(asked, progress)
            _write(path, known)
    return known


def _key(asked: Rehearsal) -> str:
    """Of everything that the scores depend on."""
    return digest(
        [
            asked.market.digest,
            [(agent.prompt.digest, agent.record) for agent in asked.agents],
            [asked.cost_of(asked.market.instruments[symbol]) for symbol in asked.symbols],
            asked.symbols,
            asked.horizon,
            asked.before,
            [asked.forecaster.seed, asked.forecaster.refit_bars],
            program_digest(),
        ]
    )


@cache
def program_digest() -> str:
    """Of every source file of the package: a changed rule is another rule."""
    root = Path(__file__).parents[1]
    hashed = hashlib.sha256()
    for source in sorted(root.rglob("*.py")):
        hashed.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes())
    return hashed.hexdigest()[:24]


def _read(path: Path) -> dict[str, Forecasts] | None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            records = [str(record) for record in arrays["records"]]
            return {
                record: Forecasts(record, *(arrays[f"{number}.{field}"] for field in FIELDS))
                for number, record in enumerate(records)
            }
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def _write(path: Path, scored: Mapping[str, Forecasts]) -> None:
    arrays = {
        f"{number}.{field}": getattr(forecasts, field)
        for number, forecasts in enumerate(scored.values())
        for field in FIELDS
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez_compressed(file, records=np.array(list(scored), dtype=np.str_), **arrays)
        partial.replace(path)
    except OSError:
        return
