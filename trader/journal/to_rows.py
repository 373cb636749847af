"""From records to rows. A row is complete when it is made: nothing that changes later can change it."""

from collections.abc import Iterator
from functools import singledispatch
from typing import Any, NamedTuple

from sqlalchemy import Table

from trader.domain.reports import Evidence
from trader.domain.signals import SignalSource
from trader.domain.value import Value, canonical_json, digest, digest_bytes
from trader.journal import schema
from trader.journal.model_records import ModelEvent, ModelTrained
from trader.journal.records import (
    AccountMoved,
    BookOpened,
    BreakerChanged,
    CallReserved,
    CommandAnswered,
    Commanded,
    DecisionMade,
    EvaluationKept,
    FillReceived,
    LearningEvent,
    Marked,
    ModelCalled,
    Noted,
    OrderChanged,
    OrderIntended,
    OutcomeKnown,
    Record,
    RoundClosed,
    RoundOpened,
    RulingMade,
    RunEnded,
    RunStarted,
    StateKnown,
    StateLearned,
    Step,
    TradeClosed,
)

CODEC = "zlib"
"""How `blobs.data` is packed."""


class Row(NamedTuple):
    """A row that waits to be written; `seq` is added when it is."""

    table: Table
    values: dict[str, Any]


def blob(value: Any) -> Row:
    """`value` as a row of `blobs`, named by its digest."""
    if isinstance(value, Evidence):
        text, name = value.canonical, value.digest
    else:
        text = canonical_json(value)
        name = digest_bytes(text.encode())
    return Row(schema.blobs, {"digest": name, "codec": CODEC, "data": text})


def _columns(value: Value) -> dict[str, Any]:
    """The fields of `value` as columns of the same names."""
    return {name: getattr(value, name) for name in type(value).model_fields}


@singledispatch
def rows(record: Record) -> Iterator[Row]:
    """The rows that `record` becomes."""
    raise TypeError(f"{type(record).__name__} is not a record of the journal")


@rows.register
def _(record: BookOpened) -> Iterator[Row]:
    values = _columns(record.book)
    yield Row(schema.books, values | {"symbols": canonical_json(record.book.symbols)})


@rows.register
def _(record: RunStarted) -> Iterator[Row]:
    packed = {"settings": canonical_json(record.settings), "prompts": canonical_json(record.prompts)}
    yield Row(schema.runs, _columns(record) | packed)


@rows.register
def _(record: RunEnded) -> Iterator[Row]:
    yield Row(schema.run_ends, _columns(record))


@rows.register
def _(record: RoundOpened) -> Iterator[Row]:
    account, facts = blob(record.account), blob(record.facts)
    yield account
    yield facts
    packed = {
        "signals": canonical_json(record.signals),
        "account": account.values["digest"],
        "facts": facts.values["digest"],
    }
    yield Row(schema.rounds, _columns(record) | packed)
    for signal in record.signals:
        if signal.source is SignalSource.WEBHOOK:
            told = {"book": record.book, "round": record.round} | _columns(signal)
            del told["source"]
            yield Row(schema.tradingview_signals, told)


@rows.register
def _(record: Step) -> Iterator[Row]:
    values = _columns(record)
    del values["book"], values["round"]
    values["p_up"] = record.body.get("p_up") if record.form == "opinion" else None
    values["evidence"] = canonical_json(record.evidence)
    values["body"] = canonical_json(record.body)
    yield Row(schema.steps, values)


@rows.register
def _(record: ModelCalled) -> Iterator[Row]:
    yield Row(schema.model_calls, _columns(record))


@rows.register
def _(record: CallReserved) -> Iterator[Row]:
    yield Row(schema.model_reservations, _columns(record))


@rows.register
def _(record: DecisionMade) -> Iterator[Row]:
    made = record.decision
    pool = made.pool
    yield Row(
        schema.decisions,
        {
            "id": made.id,
            "book": made.book,
            "round": made.round,
            "as_of": made.as_of,
            "symbol": made.symbol,
            "horizon": made.horizon,
            "outcome": made.outcome,
            "cause": made.cause,
            "held_weight": made.held_weight,
            "target_weight": made.target_weight,
            "price": made.price,
            "stop": made.stop,
            "base_rate": pool.base_rate if pool else None,
            "p_up": pool.p_up if pool else None,
            "sigma_p": pool.sigma_p if pool else None,
            "agreement": pool.agreement if pool else None,
            "edge": made.edge,
            "edge_error": made.edge_error,
            "learned": made.learned,
            "body": made.model_dump_json(),
        },
    )


@rows.register
def _(record: RulingMade) -> Iterator[Row]:
    of = {"round": record.round, "book": record.book, "decision": record.decision, "stage": record.stage}
    yield Row(schema.rulings, of | _columns(record.ruling))


@rows.register
def _(record: OrderIntended) -> Iterator[Row]:
    of = {"book": record.book, "round": record.round, "at": record.at, "state": record.state}
    yield Row(schema.orders, of | _columns(record.order))


@rows.register
def _(record: OrderChanged) -> Iterator[Row]:
    yield Row(schema.order_events, {"key": digest(record), "book": record.book} | _columns(record.event))


@rows.register
def _(record: FillReceived) -> Iterator[Row]:
    yield Row(schema.fills, {"book": record.book} | _columns(record.fill))


@rows.register
def _(record: AccountMoved) -> Iterator[Row]:
    yield Row(schema.entries, {"book": record.book} | _columns(record.entry))


@rows.register
def _(record: Marked) -> Iterator[Row]:
    yield Row(schema.marks, _columns(record))


@rows.register
def _(record: StateLearned) -> Iterator[Row]:
    state = record.state
    yield blob(state)
    yield Row(
        schema.learned,
        {
            "book": record.book,
            "digest": record.digest,
            "cut_off": state.cut_off,
            "horizon": state.horizon,
        },
    )
    for known in (*state.records, *(state.by_regime.records if state.by_regime else ())):
        of = {"book": record.book, "digest": record.digest, "cut_off": state.cut_off}
        yield Row(schema.learned_records, of | _columns(known))


@rows.register
def _(record: StateKnown) -> Iterator[Row]:
    of = {"book": record.book, "symbol": record.symbol, "as_of": record.as_of}
    yield Row(schema.feature_store, of | _columns(record.state))


@rows.register
def _(record: OutcomeKnown) -> Iterator[Row]:
    happened = 1.0 if record.event_return > 0 else 0.0
    yield Row(schema.outcomes, _columns(record) | {"happened": happened})


@rows.register
def _(record: TradeClosed) -> Iterator[Row]:
    trade = record.trade
    packed = {"confluence": trade.confluence_score, "body": trade.model_dump_json()}
    yield Row(schema.closed_trades, _columns(trade) | _columns(trade.state) | packed)


@rows.register
def _(record: LearningEvent) -> Iterator[Row]:
    change = record.change
    packed = {name: canonical_json(getattr(change, name)) for name in ("before", "after", "evidence")}
    of = {"key": digest(record), "book": record.book, "at": record.at}
    yield Row(schema.learning_events, of | _columns(change) | packed)


@rows.register
def _(record: BreakerChanged) -> Iterator[Row]:
    yield Row(schema.breakers, _columns(record))


@rows.register
def _(record: Noted) -> Iterator[Row]:
    packed = {"key": digest(record), "data": canonical_json(record.data)}
    yield Row(schema.notes, _columns(record) | packed)


@rows.register
def _(record: Commanded) -> Iterator[Row]:
    yield Row(schema.commands, _columns(record) | {"arguments": canonical_json(record.arguments)})


@rows.register
def _(record: CommandAnswered) -> Iterator[Row]:
    yield Row(schema.command_answers, _columns(record))


@rows.register
def _(record: EvaluationKept) -> Iterator[Row]:
    packed = {"agents": canonical_json(record.agents), "document": canonical_json(record.document)}
    yield Row(schema.evaluations, _columns(record) | packed)


@rows.register
def _(record: RoundClosed) -> Iterator[Row]:
    yield Row(schema.round_ends, _columns(record))


@rows.register
def _(record: ModelTrained) -> Iterator[Row]:
    yield Row(schema.ml_models, _columns(record) | {"symbols": canonical_json(record.symbols)})


@rows.register
def _(record: ModelEvent) -> Iterator[Row]:
    packed = {"key": digest(record), "data": canonical_json(record.data)}
    yield Row(schema.model_events, _columns(record) | packed)
