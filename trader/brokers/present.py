"""A book as its journal has it now: its account, its orders, and the facts that limits are asked of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from trader.brokers.ledger import Ledger, Row, fold
from trader.domain.orders import Awaiting, OrderState
from trader.domain.portfolio import Account, Book
from trader.journal.answers import Movement
from trader.journal.reader import JournalReader
from trader.journal.records import BreakerChanged, OrderIntended, RoundOpened
from trader.risk.breakers import losses_in_a_row
from trader.risk.facts import Breaker, Facts


@dataclass(frozen=True)
class Present:
    """Where a book stands after all that has been recorded, at the prices of its newest round."""

    book: Book
    opened: RoundOpened
    """The newest round."""
    ledger: Ledger
    facts: Facts
    """As the next order would be ruled on, if it came before the next bar."""

    @classmethod
    def of(cls, reader: JournalReader, book: Book) -> Self | None:
        """None where no round was opened yet: there are no prices, and nothing was ordered."""
        opened = reader.last_opened(book.id)
        if opened is None or not opened.facts:
            return None
        facts = Facts.model_validate(opened.facts)
        ledger = fold(book, facts.instruments, rows_of(reader.movements(book.id)))
        before = opened.account
        account = ledger.account(before.as_of, before.marks, before.peak, before.day_open, before.rates)
        entered = sum(
            1
            for placed in reader.orders(book.id)
            if placed.at >= opened.as_of and not placed.order.reduce_only and _counts(ledger, placed)
        )
        return cls(
            book,
            opened,
            ledger,
            facts.model_copy(
                update={
                    "account": account,
                    "entries_today": facts.entries_today + entered,
                    "losses_in_a_row": losses_in_a_row(ledger.closed),
                    "breakers": _lifted(facts.breakers, reader.breakers(book.id)),
                }
            ),
        )

    @property
    def account(self) -> Account:
        """With the orders that work."""
        return self.facts.account


def rows_of(movements: Iterable[Movement]) -> Iterator[Row]:
    """What the journal has of an account, as the ledger takes it."""
    for movement in movements:
        if not isinstance(movement, OrderIntended):
            yield movement
        elif movement.state is OrderState.AWAITING_APPROVAL:
            yield Awaiting(order=movement.order)
        else:
            yield movement.order


def _counts(ledger: Ledger, placed: OrderIntended) -> bool:
    """An order that waits for approval, or was not approved, is no entry yet."""
    if placed.state is OrderState.INTENDED:
        return True
    state = ledger.orders[placed.order.client_id].state
    return state not in (OrderState.AWAITING_APPROVAL, OrderState.REJECTED, OrderState.EXPIRED)


def _lifted(breakers: Iterable[Breaker], changes: Iterable[BreakerChanged]) -> tuple[Breaker, ...]:
    """The breakers of a round, without those that a person has lifted since."""
    lifted = {(change.reason, change.since) for change in changes if change.lifted}
    return tuple(
        one.model_copy(update={"lifted": True}) if (one.reason, one.since) in lifted else one
        for one in breakers
    )
