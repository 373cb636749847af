"""The account's trades, each read once, in the venue's order: the desk's become fills, others are named."""

from collections.abc import Mapping

from trader.brokers.ccxt_client import CcxtClient
from trader.brokers.ccxt_rules import Rules
from trader.brokers.foreign import Foreign, Opening
from trader.brokers.telling import Teller
from trader.brokers.venue_account import VenueTrade
from trader.data.feeds.ccxt_errors import NotThere
from trader.domain.ids import ClientOrderId


class Trades:
    """Where reading has come to in each market. A restart begins again at the book's opening."""

    def __init__(
        self, client: CcxtClient, teller: Teller, rules: Mapping[str, Rules], opening: Opening
    ) -> None:
        self.foreign = Foreign(opening)
        self.cursors = dict(opening.trades)
        """Symbol -> id of the last trade that was read."""
        self._client, self._teller, self._rules = client, teller, rules
        self._owners: dict[tuple[str, str], ClientOrderId | None] = {}
        """(symbol, the venue's id of an order) -> ours; None for one that the desk did not place."""

    def owned(self, symbol: str, venue_id: str, client_id: ClientOrderId) -> None:
        """The venue calls an order of ours so."""
        self._owners[symbol, venue_id] = client_id

    async def read(self, symbol: str) -> None:
        """Take in every trade since the last one that was read. Raises Unanswered and its kin."""
        rules = self._rules[symbol]
        async for page in self._client.trades(symbol, self.cursors.get(symbol, 0)):
            for trade in page:
                client_id = await self._owner(trade)
                if client_id is None:
                    self.foreign.add(trade, rules)
                else:
                    self._teller.filled(client_id, trade, rules.base)
                    self.foreign.charge(trade, rules)
                self.cursors[symbol] = trade.rank[0]

    async def _owner(self, trade: VenueTrade) -> ClientOrderId | None:
        """Whose order a trade is of. The first trade of one of ours may be the first that is heard of it."""
        key = (trade.symbol, trade.order)
        if key not in self._owners:
            try:
                found = await self._client.by_venue_id(trade.order, trade.symbol)
            except NotThere:  # older than the venue remembers: older than the book
                self._owners[key] = None
                return None
            name = ClientOrderId(found.client_id)
            self._owners[key] = name if name in self._teller.ledger.orders else None
            if name in self._teller.ledger.orders:
                self._teller.acknowledged(name, found.venue_id, found.quantity)
        return self._owners[key]
