"""Which trained models are in place: promoted and not retired since, by what the journal says."""

from collections.abc import Iterable
from datetime import datetime

from trader.forecasters.recipe import Purpose
from trader.journal.model_records import ModelEvent
from trader.journal.reader import JournalReader
from trader.settings import Settings
from trader.settings.forecast import Model, Validator
from trader.tools.forecast.serving import Served
from trader.workspace import Workspace


def in_place(events: Iterable[ModelEvent]) -> dict[Purpose, str]:
    """Purpose -> the model's id; a model that takes the place of another retires it."""
    found: dict[Purpose, str] = {}
    for event in events:
        if event.kind == "promoted":
            found[Purpose(event.data["purpose"])] = event.model
        elif event.kind == "retired":
            found = {purpose: id for purpose, id in found.items() if id != event.model}
    return found


def recorded(workspace: Workspace, before: datetime | None = None) -> dict[Purpose, str]:
    """What the workspace's journal says, or said at a moment; nothing where no model was ever trained."""
    if not workspace.models.is_dir() or not workspace.journal.is_file():
        return {}
    with JournalReader(workspace.journal) as reader:
        events = reader.model_events()
    return in_place(event for event in events if before is None or event.at <= before)


def served(workspace: Workspace, settings: Settings, before: datetime | None = None) -> dict[Purpose, Served]:
    """The models in place, now or at a moment, that settings let be asked.

    Raises DamagedModel where one is not what was written: a desk does not quietly go on without it.
    """
    wanted = {
        Purpose.FORECAST: settings.forecast.model is Model.PROMOTED,
        Purpose.VALIDATOR: settings.forecast.validator is not Validator.OFF,
    }
    if not any(wanted.values()):
        return {}
    return {
        purpose: Served.read(workspace.models, id)
        for purpose, id in recorded(workspace, before).items()
        if wanted[purpose]
    }
