"""The paper broker keeps what every broker promises. Its venue is the bars."""

from decimal import Decimal

import pytest

from tests.brokers.street import D, Street
from tests.contracts.broker import *  # noqa: F403 - the suite itself
from trader.brokers.broker import Broker
from trader.brokers.costs import CostModel
from trader.domain.ids import ClientOrderId
from trader.domain.orders import Fill, Order, OrderEvent, OrderState
from trader.domain.portfolio import Account


class PaperDesk:
    """A bar of one price for every trade of the market; a restart folds the journal."""

    def __init__(self) -> None:
        self._street = Street(CostModel())

    @property
    def broker(self) -> Broker:
        return self._street.broker

    async def send(self, *orders: Order) -> list[OrderState]:
        return self._street.submit(*orders)

    async def cancel(self, name: str) -> list[OrderState]:
        return [event.state for event in self._street.cancel(name)]

    async def amend(self, name: str, **terms: Decimal) -> str:
        self._street.rows += await self._street.broker.amend(ClientOrderId(name), **terms)
        return name

    def intend(self, one: Order) -> None:
        self._street.rows.append(one)

    async def trades_at(self, price: str, volume: int | None = None) -> None:
        self._street.bar(f"{price} {price} {price} {price}", volume=volume)

    async def restart(self) -> None:
        self._street.restart()

    @property
    def fills(self) -> list[Fill]:
        return self._street.fills

    @property
    def events(self) -> list[OrderEvent]:
        return [row for row in self._street.rows if isinstance(row, OrderEvent)]

    def account(self, price: str) -> Account:
        equity = self._street.book.cash
        return self.broker.account(self._street.clock.now(), {"AAPL": D(price)}, equity, equity)


@pytest.fixture
def desk() -> PaperDesk:
    return PaperDesk()
