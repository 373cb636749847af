"""Models in and out of their place: the rule is in `forecasters/promotion.py`, its word in the journal."""

from dataclasses import dataclass

from trader.clock import Clock
from trader.data.view import MarketView
from trader.domain.errors import Refused, UsageError
from trader.forecasters import store
from trader.forecasters.card import Card
from trader.forecasters.promotion import Said, Trial, said_by, trial
from trader.forecasters.recipe import Label, Purpose
from trader.journal.model_records import ModelEvent
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal
from trader.runner import training
from trader.runner.in_place import in_place, recorded
from trader.runner.opening import load_market
from trader.settings import Settings
from trader.workspace import Workspace

WALKED = "the forecaster that runs train themselves"


@dataclass(frozen=True)
class Promotion:
    """What came of asking for one."""

    trial: Trial
    promoted: bool
    replaced: str | None
    """The model that was in place."""
    text: str


def promote(
    workspace: Workspace, settings: Settings, name: str, clock: Clock, *, force: str | None = None
) -> Promotion:
    """Put a model to the rule, and in place where it passes or `force` says why it need not.

    Either is written down with the rule's result. Raises UnknownName, UsageError for a model that is in
    place, Refused where its data is not what the feed has, DamagedModel.
    """
    if force is not None and not force.strip():
        raise UsageError("--force needs a reason", hint='for example --force "a trial of the replay"')
    id = store.find(workspace.models, name)
    card = store.card(workspace.models, id)
    store.load(workspace.models, card)
    with JournalReader(workspace.journal) as reader:
        tried, place = len(reader.models_trained()), in_place(reader.model_events())
    before = place.get(card.recipe.purpose)
    if before == id:
        raise UsageError(f"{id} is in place already")
    check_promotable(card)
    said, whose = _in_place(workspace, settings, card, before)
    found = trial(card, store.forecasts(workspace.models, card), whose, said, tried)
    promoted = found.passed or force is not None
    forced = promoted and not found.passed
    text = f"by force: {force}; {found.sentence}" if forced else found.sentence
    data = {
        "purpose": card.recipe.purpose.value,
        "passed": found.passed,
        "force": force,
        "replaced": before,
        "tried": found.tried,
        "compared": [one.model_dump(mode="json") for one in found.compared],
    }
    _record(
        workspace,
        ModelEvent(
            model=id, at=clock.now(), kind="promoted" if promoted else "refused", text=text, data=data
        ),
    )
    return Promotion(found, promoted, before, text)


def retire(workspace: Workspace, name: str, clock: Clock, reason: str) -> str:
    """Take a model, whole, damaged or deleted, out of its place; its id. Raises UnknownName, UsageError."""
    place = recorded(workspace)
    near = [one for one in place.values() if name and one.startswith(name)]
    id = near[0] if len(near) == 1 else store.find(workspace.models, name)
    if id not in place.values():
        raise UsageError(f"{id} is not in place", hint="`trader models list` shows which is")
    _record(workspace, ModelEvent(model=id, at=clock.now(), kind="retired", text=reason or "by a person"))
    return id


def check_promotable(card: Card) -> None:
    """A forecaster must forecast the desk's event: pooled probabilities are about one thing.

    And each fold must have been what could be known: combinatorial splits learn from later rows.
    """
    if card.recipe.held_out is not None:
        raise Refused(
            f"{card.id} was tested on rows before those it learned from: a study, and no record",
            hint="train it with --splits walk-forward",
        )
    if card.recipe.purpose is Purpose.FORECAST and card.recipe.label is not Label.EVENT:
        raise Refused(
            f"{card.id} forecasts a {card.recipe.label}, and the desk pools forecasts of the event",
            hint="train it with --label event, or as a validator",
        )


def check_data(workspace: Workspace, settings: Settings, card: Card) -> MarketView:
    """The view that the model was trained on. Raises Refused where the feed's rows are others now."""
    run = settings.run.model_copy(
        update={"feed": card.feed, "symbols": card.symbols, "timeframe": card.timeframe}
    )
    view = load_market(settings.model_copy(update={"run": run})).view(card.trained_until)
    forecaster = training.walked(workspace, settings)
    found = training.rows(workspace, view, card.recipe, card.candidates, card.cost, forecaster)
    if found.digest != card.data:
        raise Refused(
            f"{card.id} was trained on the data {card.data}, and {card.feed} has {found.digest}",
            hint="train it again on the data that there is",
        )
    return view


def _in_place(
    workspace: Workspace, settings: Settings, card: Card, before: str | None
) -> tuple[Said | None, str]:
    """What the one in place forecast, and its name; a validator need not beat what is not there."""
    view = check_data(workspace, settings, card)
    if before is not None:
        other = store.card(workspace.models, before)
        if (other.recipe.horizon, other.recipe.label) != (card.recipe.horizon, card.recipe.label):
            raise Refused(
                f"{card.id} forecasts another event than {before}, which is in place",
                hint=f"trader models retire {before}",
            )
        return said_by(store.forecasts(workspace.models, other)), before
    if card.recipe.purpose is Purpose.VALIDATOR:
        return None, ""
    return training.walked(workspace, settings).history(view, card.recipe.horizon), WALKED


def _record(workspace: Workspace, event: ModelEvent) -> None:
    with Journal.open(workspace.journal) as journal:
        journal.append(event)
