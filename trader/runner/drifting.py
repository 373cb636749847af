"""Whether a promoted model still fits the newest bars; what is found is an event, and may train anew."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial

import numpy as np

from trader.data.view import MarketView
from trader.domain.errors import TraderError
from trader.domain.market import to_datetime64
from trader.domain.value import canonical_json
from trader.forecasters.card import Card
from trader.forecasters.drift import WINDOW, Drift, moved
from trader.forecasters.scores import Measured, measured
from trader.journal.model_records import ModelEvent
from trader.runner.watching import ClosedRound, Observer, Opening
from trader.settings import Settings
from trader.settings.forecast import OnDrift
from trader.tools.forecast.dataset import LEAN, candidates, rows_at
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


class DriftWatch:
    """An observer that passes everything on, and looks every `forecast.drift_bars` rounds."""

    def __init__(
        self,
        observer: Observer,
        served: Served,
        view_at: Callable[[datetime], MarketView],
        tell: Callable[[ModelEvent], None],
        every: int,
        retrain: Callable[[Served, MarketView], str] | None,
    ) -> None:
        self._observer, self._served, self._view_at, self._tell = observer, served, view_at, tell
        self._every, self._retrain = every, retrain
        self._said: set[str] = set()

    def preparing(self, what: str, done: int, total: int) -> None:
        """Passed on."""
        self._observer.preparing(what, done, total)

    def opened(self, opening: Opening) -> None:
        """Passed on."""
        self._observer.opened(opening)

    def note(self, text: str) -> None:
        """Passed on."""
        self._observer.note(text)

    def round_closed(self, closed: ClosedRound) -> None:
        """Passed on; then a look, where one is due. What goes wrong with it stops no trading."""
        self._observer.round_closed(closed)
        if closed.index % self._every == 0 and closed.as_of > self._served.card.trained_until:
            try:
                self._look(closed.as_of)
            except TraderError as error:
                self._observer.note(f"drift of {self._served.card.id} is not known: {error.message}")

    def _look(self, as_of: datetime) -> None:
        view = self._view_at(as_of)
        found, id = look(self._served, view), self._served.card.id
        known = canonical_json([[one.name for one in found.moved], found.worse])
        if not found.found or known in self._said:
            return
        self._said.add(known)
        data = found.model_dump(mode="json")
        self._tell(ModelEvent(model=id, at=as_of, kind="drift", text=found.sentence, data=data))
        self._observer.note(f"{id} drifts: {found.sentence}")
        if self._retrain is not None:
            command = self._retrain(self._served, view)
            self._tell(ModelEvent(model=id, at=as_of, kind="retraining", text=command))
            self._observer.note(f"trained again in a process of its own: {command}")


def watched(
    observer: Observer,
    workspace: Workspace,
    settings: Settings,
    served: Served | None,
    view_at: Callable[[datetime], MarketView],
    tell: Callable[[ModelEvent], None],
) -> Observer:
    """The observer, with an eye on the promoted model where there is one."""
    if served is None:
        return observer
    again = settings.forecast.on_drift is OnDrift.RETRAIN
    retrain = partial(train_again, workspace) if again else None
    return DriftWatch(observer, served, view_at, tell, settings.forecast.drift_bars, retrain)


def _features(card: Card) -> tuple[str, ...]:
    """The option that names what the model chose its inputs from; nothing where that were the common ones."""
    chosen = [name for name in card.candidates if name != LEAN]
    if {*chosen, *card.left_out} == set(candidates()):
        return ()
    return "--features", ",".join(chosen)


def train_again(workspace: Workspace, served: Served, view: MarketView) -> str:
    """Begin a training of the same recipe until now, and do not wait; the command.

    What it makes is put in place by a person, through the rule.
    """
    card = served.card
    recipe = card.recipe
    command = [
        *("models", "train", recipe.name, "--feed", card.feed, "--symbols", ",".join(card.symbols)),
        *("--timeframe", card.timeframe.value, "--until", f"{view.as_of:%Y-%m-%d}"),
        *("--horizon", str(recipe.horizon), "--label", recipe.label.value, "--size", recipe.size),
        *("--best", str(recipe.best), "--folds", str(recipe.folds), "--calibration", recipe.calibration),
        *("--seed", str(recipe.seed), *_features(card)),
    ]
    workspace.logs.mkdir(parents=True, exist_ok=True)
    begin = [sys.executable, "-m", "trader", "--workspace", str(workspace.root)]
    with (workspace.logs / "training.log").open("ab") as log:
        subprocess.Popen(  # noqa: S603
            [*begin, *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    return f"trader {' '.join(command)}"
