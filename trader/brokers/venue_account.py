"""What a venue tells of an account, in values that no exchange's library knows of."""

from trader.domain.orders import OrderState, Side
from trader.domain.value import Amount, Moment, Value


class VenueOrder(Value):
    """An order as a venue has it."""

    venue_id: str
    client_id: str
    symbol: str
    side: Side
    quantity: Amount
    filled: Amount
    limit_price: Amount | None
    stop_price: Amount | None
    state: OrderState


class VenueTrade(Value):
    """Units that changed hands, as a venue tells it. Its id is the venue's, one for each symbol and trade."""

    id: str
    order: str
    """The venue's own id of the order."""
    symbol: str
    side: Side
    quantity: Amount
    price: Amount
    fee: Amount
    fee_currency: str
    at: Moment

    @property
    def rank(self) -> tuple[int, str]:
        """Venues count their trades: the order in which they happened."""
        return (int(self.id), "") if self.id.isdecimal() else (0, self.id)
