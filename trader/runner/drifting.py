"""Whether a promoted model still fits the newest bars; what is found is an event, and may train anew."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np

from trader.data.view import MarketView
from trader.domain.market import to_datetime64
from trader.domain.value import canonical_json
from trader.forecasters.drift import WINDOW, Drift, moved
from trader.forecasters.recipe import Purpose
from trader.forecasters.scores import Measured, measured
from trader.journal.model_records import ModelEvent
from trader.settings import Settings
from trader.settings.forecast import OnDrift
from trader.tools.forecast.dataset import rows_at
from trader.tools.forecast.serving import Served
from trader.workspace import Workspace

FEWEST_CASES = 60
"""Resolved forecasts; fewer say nothing of a Brier score."""


def look(served: Served, view: MarketView) -> Drift:
    """Compare the last WINDOW closes after the training with the training."""
    card, model = served.card, served.model
    after, inputs, p, happened, dates = to_datetime64(card.trained_until), [], [], [], []
    for symbol in card.symbols:
        available = view.bars(symbol).available
        first = max(int(np.searchsorted(available, after, side="right")), len(available) - WINDOW)
        rows = rows_at(view, symbol, model.inputs)[first:]
        events = view.event_returns(symbol, card.recipe.horizon)
        known = max(0, len(events) - first)
        inputs.append(rows)
        p.append(model.probabilities(rows[:known]))
        happened.append((events.r[first : first + known] > 0.0).astype(np.float64))
        dates.append(events.decided[first : first + known])
    rows = np.concatenate(inputs)
    errors = (np.concatenate(p) - np.concatenate(happened)) ** 2
    brier: Measured | None = None
    if len(errors) >= FEWEST_CASES:
        brier = measured(errors, np.concatenate(dates), card.recipe.horizon)
    return Drift(
        model=card.id,
        rows=len(rows),
        moved=moved(card, rows) if len(rows) >= WINDOW else (),
        cases=len(errors),
        brier=brier,
        expected=card.scores.brier.high,
    )


class Watch:
    """Looks every `forecast.drift_bars` rounds of a run; says each finding once."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        served: Served | None,
        tell: Callable[[ModelEvent], None],
    ) -> None:
        self._workspace, self._settings, self._served, self._tell = workspace, settings, served, tell
        self._said: set[str] = set()

    def round_closed(self, done: int, view: MarketView) -> str | None:
        """After a round: a sentence where drift is new, else None."""
        served = self._served
        if served is None or served.card.recipe.purpose is not Purpose.FORECAST:
            return None
        if done % self._settings.forecast.drift_bars or view.as_of <= served.card.trained_until:
            return None
        found = look(served, view)
        known = canonical_json([[one.name for one in found.moved], found.worse])
        if not found.found or known in self._said:
            return None
        self._said.add(known)
        text = f"{served.card.id} drifts: {found.sentence}"
        self._tell(
            ModelEvent(
                model=served.card.id,
                at=view.as_of,
                kind="drift",
                text=found.sentence,
                data=found.model_dump(mode="json"),
            )
        )
        if self._settings.forecast.on_drift is OnDrift.RETRAIN:
            self._retrain(served, view)
            text += "; its recipe is being trained again"
        return text

    def _retrain(self, served: Served, view: MarketView) -> None:
        """In a process of its own, so that no round waits. What it makes is promoted by a person, or not."""
        card = served.card
        command = [
            *(sys.executable, "-m", "trader", "--workspace", str(self._workspace.root), "models", "train"),
            *(card.recipe.name, "--feed", card.feed, "--symbols", ",".join(card.symbols)),
            *("--timeframe", card.timeframe.value, "--until", f"{view.as_of:%Y-%m-%d}"),
            *("--horizon", str(card.recipe.horizon), "--size", card.recipe.size),
        ]
        self._workspace.logs.mkdir(parents=True, exist_ok=True)
        with (self._workspace.logs / "retraining.log").open("ab") as log:
            subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)  # noqa: S603
        self._tell(
            ModelEvent(model=card.id, at=view.as_of, kind="retraining", text=" ".join(command[5:]), data={})
        )
