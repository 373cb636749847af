"""What a broker promises. `tests/contracts/broker.py` is the promise as tests, the same for each of them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from trader.brokers.ledger import Ledger, Row
from trader.brokers.reconcile import Report
from trader.domain.ids import ClientOrderId
from trader.domain.instruments import Instrument
from trader.domain.orders import Order, OrderEvent, OrderState
from trader.domain.portfolio import Account
from trader.risk.facts import Quote


class Broker(Protocol):
    """One account at one venue. Every method may be called again after a crash: nothing happens twice."""

    @property
    def name(self) -> str:
        """As traces name it."""
        ...

    async def submit(self, *orders: Order) -> tuple[OrderEvent, ...]:
        """Send orders whose intents are on disk, each once, in this order: an entry, then its legs.

        They are known together before the first goes out, so that nobody who looks in between takes an
        entry for one without a stop. What happened to them so far; nothing for a known id. A refusal by the
        venue is an event. So is a request whose reply was lost: the state is then `unknown`.
        """
        ...

    async def cancel(self, client_id: ClientOrderId) -> tuple[OrderEvent, ...]:
        """Ask for the end of a working order. Nothing where it is unknown to the venue or already done."""
        ...

    async def find(self, client_id: ClientOrderId) -> OrderState | None:
        """Where the venue says that the order stands; None where it never arrived."""
        ...

    def account(
        self, as_of: datetime, marks: Mapping[str, Decimal], peak: Decimal, day_open: Decimal
    ) -> Account:
        """The account as a value, at these last traded prices."""
        ...


class BookBroker(Broker, Protocol):
    """A broker that keeps the account of one book."""

    @property
    def ledger(self) -> Ledger:
        """The account as the fold of everything that was told of it."""
        ...

    def lends(self, instrument: Instrument) -> bool:
        """Whether it can be sold without being held. False where nobody knows."""
        ...


class VenueBroker(BookBroker, Protocol):
    """A broker whose venue moves by itself: it must be asked for news, and can disagree with the journal."""

    async def news(self) -> tuple[Row, ...]:
        """Ask the venue, and give out all that is new, in the order in which it must be recorded.

        Where the venue does not answer, what is known stays as it is. Never raises for that.
        """
        ...

    async def quotes(self) -> dict[str, Quote]:
        """The best prices of every market of the book now; NO_QUOTE of one that is not answered for."""
        ...

    def legs_due(self) -> tuple[Order, ...]:
        """Protective orders for what is held and not protected. Their intents are not on disk yet."""
        ...

    async def reconcile(self) -> Report:
        """Compare the account with the venue's, every difference named. Nothing is sent to mend one.

        Raises TraderError where the venue does not answer.
        """
        ...

    def bar_entries(self, reason: str) -> None:
        """Send nothing that opens or enlarges a position, for this reason; an empty one lifts it."""
        ...
