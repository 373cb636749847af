"""The account as a venue's broker tells it: each row goes into the ledger first, and is given out once."""

from datetime import datetime
from decimal import Decimal

from trader.brokers.ledger import Ledger, Row
from trader.brokers.reconcile import UNSETTLED
from trader.brokers.venue_account import VenueOrder, VenueTrade
from trader.clock import Clock
from trader.domain.ids import ClientOrderId
from trader.domain.orders import DONE, TRANSITIONS, Fill, OrderEvent, OrderState
from trader.domain.portfolio import AccountEntry, EntryKind
from trader.domain.value import plain

S = OrderState


class Teller:
    """A ledger, and the rows in it that nobody has been told of yet."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self._clock = clock
        self._rows: list[Row] = []

    def steps(self) -> tuple[OrderEvent, ...]:
        """Steps of orders, up to the first fill: that and what follows waits for `rows`."""
        count = next(
            (i for i, row in enumerate(self._rows) if not isinstance(row, OrderEvent)), len(self._rows)
        )
        told, self._rows = self._rows[:count], self._rows[count:]
        return tuple(row for row in told if isinstance(row, OrderEvent))

    def rows(self) -> tuple[Row, ...]:
        """Everything, in the order in which it must be recorded."""
        told, self._rows = tuple(self._rows), []
        return told

    def step(
        self,
        client_id: ClientOrderId,
        state: OrderState,
        reason: str = "",
        *,
        venue_id: str = "",
        quantity: Decimal | None = None,
        at: datetime | None = None,
    ) -> None:
        """An order goes on to a state; with a `quantity` that is not what it had, to that too."""
        same = quantity == self.ledger.orders[client_id].order.quantity
        self._tell(
            OrderEvent(
                client_id=client_id,
                state=state,
                at=at or self._clock.now(),
                venue_id=venue_id,
                reason=reason,
                quantity=None if same else quantity,
            )
        )

    def acknowledged(self, client_id: ClientOrderId, venue_id: str, quantity: Decimal | None = None) -> None:
        """The venue has the order, whatever was believed of it.

        A process that died may have sent fewer units than were intended: of what was held, or had filled.
        """
        tracked = self.ledger.orders[client_id]
        if tracked.state in (*UNSETTLED, S.NEVER_ARRIVED):
            units = None if quantity is None else min(quantity, tracked.order.quantity)
            self.step(client_id, S.ACKNOWLEDGED, venue_id=venue_id, quantity=units)

    def ended(self, client_id: ClientOrderId, said: VenueOrder, *, asked: bool) -> None:
        """The venue says that the order is done; told only once all of its fills are.

        `asked`: somebody had asked for its end, so that a cancel is not the venue's own doing.
        """
        tracked = self.ledger.orders[client_id]
        told = tracked.filled >= said.filled and said.state in DONE and tracked.state not in DONE
        if told and said.state in TRANSITIONS[tracked.state]:
            ended = "as it was asked" if asked and said.state is S.CANCELLED else "the venue has ended it"
            self.step(client_id, said.state, "" if said.state is S.FILLED else ended)

    def filled(self, client_id: ClientOrderId, trade: VenueTrade, base: str) -> None:
        """A fill, its fee where that is in units of `base`, and where the order stands then; each once."""
        self.acknowledged(client_id, trade.order)
        currency, before = self.ledger.book.currency, self.ledger.orders[client_id].filled
        fill = Fill(
            id=f"{trade.symbol}-{trade.id}",
            client_id=client_id,
            symbol=trade.symbol,
            side=trade.side,
            quantity=trade.quantity,
            price=trade.price,
            fee=trade.fee if trade.fee_currency == currency else Decimal(0),
            fee_currency=currency,
            at=trade.at,
        )
        self.ledger.apply(fill)
        tracked = self.ledger.orders[client_id]
        new = tracked.filled != before
        if new:
            self._rows.append(fill)
        if trade.fee and trade.fee_currency != currency:
            self._charge(trade, base)
        state = S.FILLED if tracked.remaining == 0 else S.PARTLY_FILLED
        if new and state in TRANSITIONS[tracked.state]:
            self.step(client_id, state, at=trade.at)

    def _charge(self, trade: VenueTrade, base: str) -> None:
        """A fee in what was bought makes the position smaller; one in a third asset is noted beside it."""
        entry = AccountEntry(
            id=f"fee-{trade.symbol}-{trade.id}",
            kind=EntryKind.FEE,
            at=trade.at,
            symbol=trade.symbol,
            quantity=-trade.fee if trade.fee_currency == base else Decimal(0),
            note=f"{plain(trade.fee)} {trade.fee_currency}",
        )
        if not self.ledger.knows(entry.id):
            self._tell(entry)

    def _tell(self, row: Row) -> None:
        self.ledger.apply(row)
        self._rows.append(row)
