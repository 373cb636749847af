"""From rows to records: the way back of `to_rows.py`."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from trader.domain.decisions import Decision
from trader.domain.lessons import Change
from trader.domain.orders import Fill, Order, OrderEvent, Ruling
from trader.domain.portfolio import Account, AccountEntry, Book
from trader.domain.signals import Signal
from trader.domain.value import Value
from trader.journal.model_records import ModelEvent, ModelTrained
from trader.journal.records import (
    BreakerChanged,
    CallReserved,
    CommandAnswered,
    Commanded,
    EvaluationKept,
    LearningEvent,
    Marked,
    ModelCalled,
    Noted,
    OrderIntended,
    RoundClosed,
    RoundOpened,
    RulingMade,
    RunEnded,
    RunStarted,
    Step,
)

Flat = TypeVar("Flat", bound=Value)
Columns = Mapping[Any, Any]


def _flat(kind: type[Flat], row: Columns) -> Flat:
    """The value whose fields are columns of the same names."""
    return kind.model_validate({name: row[name] for name in kind.model_fields})


def book(row: Columns) -> Book:
    """From a row of `books`."""
    return _flat(Book, {**row, "symbols": json.loads(row["symbols"])})


def run_started(row: Columns) -> RunStarted:
    """From a row of `runs`."""
    packed = {"settings": json.loads(row["settings"]), "prompts": json.loads(row["prompts"])}
    return _flat(RunStarted, {**row, **packed})


def run_ended(row: Columns) -> RunEnded:
    """From a row of `run_ends`."""
    return _flat(RunEnded, row)


def round_opened(row: Columns, account: Any, facts: Any) -> RoundOpened:
    """From a row of `rounds` and the two blobs it names."""
    packed = {
        "signals": tuple(Signal.model_validate(signal) for signal in json.loads(row["signals"])),
        "account": Account.model_validate(account),
        "facts": facts,
    }
    return _flat(RoundOpened, {**row, **packed})


def round_closed(row: Columns) -> RoundClosed:
    """From a row of `round_ends`."""
    return _flat(RoundClosed, row)


def step(row: Columns) -> Step:
    """From a row of `steps`."""
    return _flat(Step, {**row, "evidence": json.loads(row["evidence"]), "body": json.loads(row["body"])})


def model_called(row: Columns) -> ModelCalled:
    """From a row of `model_calls`."""
    return _flat(ModelCalled, row)


def call_reserved(row: Columns) -> CallReserved:
    """From a row of `model_reservations`."""
    return _flat(CallReserved, row)


def decision(row: Columns) -> Decision:
    """From a row of `decisions`."""
    return Decision.model_validate_json(row["body"])


def ruling_made(row: Columns) -> RulingMade:
    """From a row of `rulings`."""
    return _flat(RulingMade, {**row, "ruling": _flat(Ruling, row)})


def order_intended(row: Columns) -> OrderIntended:
    """From a row of `orders`."""
    return _flat(OrderIntended, {**row, "order": _flat(Order, row)})


def order_event(row: Columns) -> OrderEvent:
    """From a row of `order_events`."""
    return _flat(OrderEvent, row)


def fill(row: Columns) -> Fill:
    """From a row of `fills`."""
    return _flat(Fill, row)


def entry(row: Columns) -> AccountEntry:
    """From a row of `entries`."""
    return _flat(AccountEntry, row)


def marked(row: Columns) -> Marked:
    """From a row of `marks`."""
    return _flat(Marked, row)


def learning_event(row: Columns) -> LearningEvent:
    """From a row of `learning_events`."""
    packed = {name: json.loads(row[name]) for name in ("before", "after", "evidence")}
    return _flat(LearningEvent, {**row, "change": _flat(Change, {**row, **packed})})


def breaker(row: Columns) -> BreakerChanged:
    """From a row of `breakers`."""
    return _flat(BreakerChanged, row)


def noted(row: Columns) -> Noted:
    """From a row of `notes`."""
    return _flat(Noted, {**row, "data": json.loads(row["data"])})


def commanded(row: Columns) -> Commanded:
    """From a row of `commands`."""
    return _flat(Commanded, {**row, "arguments": json.loads(row["arguments"])})


def command_answered(row: Columns) -> CommandAnswered:
    """From a row of `command_answers`."""
    return _flat(CommandAnswered, row)


def model_trained(row: Columns) -> ModelTrained:
    """From a row of `ml_models`."""
    return _flat(ModelTrained, {**row, "symbols": json.loads(row["symbols"])})


def model_event(row: Columns) -> ModelEvent:
    """From a row of `model_events`."""
    return _flat(ModelEvent, {**row, "data": json.loads(row["data"])})


def evaluation(row: Columns) -> EvaluationKept:
    """From a row of `evaluations`."""
    told = {name: json.loads(row[name]) for name in ("agents", "document")}
    return _flat(EvaluationKept, {**row, **told})
