"""`trader models`: train, look at, promote and retire what forecasts."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from trader.clock import SystemClock
from trader.commands import models_report, output
from trader.commands.arguments import day, names
from trader.commands.config import loaded
from trader.commands.failures import INTERRUPTED
from trader.commands.session import Session
from trader.domain.errors import TraderError, UnknownName, UsageError
from trader.forecasters import store
from trader.journal.reader import JournalReader
from trader.runner import in_place, training
from trader.runner.drifting import look
from trader.runner.opening import load_market
from trader.runner.promoting import promote as ask_rule
from trader.runner.promoting import retire as take_out
from trader.tools.forecast.serving import Served

NOT_BETTER = 1
WALK_FORWARD, COMBINATORIAL = SPLITS = ("walk-forward", "combinatorial")
HELD_OUT = 2
"""Blocks: with eight, each row is tested seven times by models of different rows (Lopez de Prado 2018)."""


@dataclass(frozen=True)
class Flags:
    """The options of `models train`, as they were typed."""

    feed: str | None = None
    symbols: list[str] | None = None
    timeframe: str | None = None
    until: str | None = None
    horizon: int | None = None
    label: str | None = None
    features: list[str] | None = None
    best: int | None = None
    folds: int | None = None
    splits: str | None = None
    held_out: int | None = None
    size: str | None = None
    calibration: str | None = None
    seed: int | None = None
    workers: int = 1

    def settings(self) -> dict[str, Any]:
        """Dotted setting -> value; None where the flag was not given."""
        return {
            "run.feed": self.feed,
            "run.symbols": names(self.symbols) if self.symbols else None,
            "run.timeframe": self.timeframe,
            "run.seed": self.seed,
            "desk.horizon": self.horizon,
        }

    def changes(self) -> dict[str, object]:
        """Of the recipe."""
        said = {
            "held_out": self._held_out(),
            "label": self.label,
            "best": self.best,
            "folds": self.folds,
            "size": self.size,
            "calibration": self.calibration,
        }
        return {name: value for name, value in said.items() if value is not None}

    def _held_out(self) -> int | None:
        """Blocks held out at a time; None for a walk. Raises UnknownName, UsageError."""
        if self.splits not in (None, *SPLITS):
            raise UnknownName("way to split", self.splits, SPLITS)
        if self.splits == COMBINATORIAL:
            return self.held_out if self.held_out is not None else HELD_OUT
        if self.held_out is not None:
            raise UsageError("--held-out is of combinatorial splits", hint="add --splits combinatorial")
        return None


def train(session: Session, name: str, flags: Flags) -> int:
    """`models train`: 0 where the model is there, 130 where it was stopped between two folds."""
    settings, _ = loaded(session, flags.settings())
    until = day(flags.until, "--until") if flags.until is not None else None
    asked = training.Asked(name, flags.changes(), names(flags.features or ()), until)
    workspace = session.workspace
    output.say(f"reading {settings.run.feed} and making the rows")
    prepared = training.prepare(workspace, settings, asked)
    if kept := training.kept_folds(workspace, prepared.id):
        output.say(f"{prepared.id}: {kept} of {prepared.recipe.tests} folds are there already")
    with _stopping() as stopped, models_report.folds() as progress:
        card = training.train(
            workspace, prepared, SystemClock(), progress, stopped=stopped, workers=flags.workers
        )
    if card is None:
        kept = training.kept_folds(workspace, prepared.id)
        output.say(f"stopped: {kept} of {prepared.recipe.tests} folds are kept; the same command goes on")
        return INTERRUPTED
    if session.json:
        output.document(models_report.document(card, None))
    else:
        output.screen(*models_report.summary(card))
    return 0


def show_list(session: Session) -> None:
    """`models list`."""
    workspace = session.workspace
    known = []
    if workspace.journal.is_file():
        with JournalReader(workspace.journal) as reader:
            known = reader.models_trained()
            events = reader.model_events()
    if not known:
        if session.json:
            output.document({"models": []})
        else:
            output.screen("no model was trained here yet: trader models train xgboost")
        return
    place = set(in_place.in_place(events).values())
    whole = set(store.ids(workspace.models))
    last = {event.model: event.kind for event in events}
    state = {
        one.id: "in place"
        if one.id in place
        else last.get(one.id, "trained" if one.id in whole else "no files")
        for one in known
    }
    if session.json:
        output.document(
            {"models": [{**one.model_dump(mode="json"), "state": state[one.id]} for one in known]}
        )
    else:
        output.screen(models_report.listing(known, state))


def show(session: Session, name: str, feed: str | None) -> None:
    """`models show`: the card, and how the model does on the newest bars of its feed."""
    workspace = session.workspace
    served = Served.read(workspace.models, store.find(workspace.models, name))
    card = served.card
    settings, _ = loaded(
        session,
        {
            "run.feed": feed or card.feed,
            "run.symbols": card.symbols,
            "run.timeframe": card.timeframe.value,
        },
    )
    drift, why = None, ""
    if card.recipe.purpose == "forecast":
        try:
            market = load_market(settings)
            drift = look(served, market.view(market.closes(market.symbols)[-1]))
        except TraderError as error:
            why = error.message
    events = []
    if workspace.journal.is_file():
        with JournalReader(workspace.journal) as reader:
            events = [event for event in reader.model_events() if event.model == card.id]
    if session.json:
        output.document({**models_report.document(card, drift), "events": events})
    else:
        output.screen(*models_report.card(card, drift, why, events))


def promote(session: Session, name: str, force: str | None) -> int:
    """`models promote`: 0 where it is in place now, 1 where the rule says no."""
    settings, _ = loaded(session)
    found = ask_rule(session.workspace, settings, name, SystemClock(), force=force)
    if session.json:
        output.document(
            {
                "id": found.trial.model,
                "promoted": found.promoted,
                "passed": found.trial.passed,
                "replaced": found.replaced,
                "reason": found.text,
                "tried": found.trial.tried,
                "compared": [
                    {**one.model_dump(mode="json"), "better": one.better} for one in found.trial.compared
                ],
            }
        )
    else:
        output.screen(*models_report.trial(found))
    return 0 if found.promoted else NOT_BETTER


def retire(session: Session, name: str, reason: str) -> None:
    """`models retire`."""
    id = take_out(session.workspace, name, SystemClock(), reason)
    if session.json:
        output.document({"id": id, "retired": True})
    else:
        output.screen(f"{id} is retired: runs forecast with the model that they train themselves")


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Control-C ends the training after the fold in hand; a second one at once."""
    asked = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        output.say("finishing the fold in hand; again leaves at once")

    before = [(number, signal.signal(number, stop)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield lambda: asked
    finally:
        for number, handler in before:
            signal.signal(number, handler)
