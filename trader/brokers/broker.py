"""What a broker promises. `tests/contracts/broker.py` is the promise as tests, the same for each of them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from trader.domain.ids import ClientOrderId
from trader.domain.orders import Order, OrderEvent, OrderState
from trader.domain.portfolio import Account


class Broker(Protocol):
    """One account at one venue. Every method may be called again after a crash: nothing happens twice."""

    @property
    def name(self) -> str:
        """As traces name it."""
        ...

    async def submit(self, order: Order) -> tuple[OrderEvent, ...]:
        """Send an order whose intent is on disk, once. What happened to it so far; nothing for a known id.

        A refusal by the venue is an event. So is a request whose reply was lost: the state is then `unknown`.
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
