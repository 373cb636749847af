"""What a run wrote down, cut into what belongs together on disk: a round, or a decision."""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.watched import Entry, Put, Round
from trader.domain.ids import ClientOrderId, DecisionId
from trader.journal.records import (
    DecisionMade,
    OrderChanged,
    OrderIntended,
    Record,
    RoundClosed,
    RulingMade,
    Step,
)
from trader.journal.to_rows import Row, blob, rows

Batch = tuple[Entry, ...]
"""Written together, and synced."""


def by_round(rounds: Iterable[Round]) -> list[Batch]:
    """A batch for each round, in the order in which it was written down."""
    return [one.tape for one in rounds]


def by_decision(rounds: Iterable[Round]) -> list[Batch]:
    """A batch for each decision. What is the round's own goes with its first; its closing with its last."""
    return [batch for one in rounds for batch in _cut(one.tape)]


def _cut(tape: Sequence[Entry]) -> list[Batch]:
    """One round's tape, decision by decision."""
    ids = [record.decision.id for record in _records(tape) if isinstance(record, DecisionMade)]
    orders = {
        record.order.client_id: record.order.decision
        for record in _records(tape)
        if isinstance(record, OrderIntended)
    }
    batches: dict[str, list[Entry]] = {decision: [] for decision in ids}
    waiting: list[Entry] = []  # a large value goes with the step that names it, which comes next
    for entry in tape:
        if isinstance(entry, Put):
            waiting.append(entry)
            continue
        for record in entry:
            last = isinstance(record, RoundClosed)
            decision = _decision(record, orders) or ids[-1 if last else 0]
            batches[decision] += [*waiting, (record,)]
            waiting = []
    batches[ids[-1]] += waiting
    return [tuple(batch) for batch in batches.values()]


def _decision(record: Record, orders: Mapping[ClientOrderId, DecisionId]) -> str | None:
    """The decision of this round that a record belongs to, if it is of one alone."""
    match record:
        case Step(decision=decision) | RulingMade(decision=decision):
            return decision
        case DecisionMade(decision=made):
            return made.id
        case OrderIntended(order=order):
            return order.decision
        case OrderChanged(event=event):
            return orders.get(event.client_id)
        case _:
            return None


def _records(tape: Iterable[Entry]) -> Iterable[Record]:
    return (record for entry in tape if not isinstance(entry, Put) for record in entry)


def rows_of(entry: Entry) -> list[Row]:
    """What the journal's tables are given for an entry, as its writer makes it."""
    if isinstance(entry, Put):
        return [blob(entry.value)]
    return [row for record in entry for row in rows(record)]
