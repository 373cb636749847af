"""What every broker promises, as tests. `test_BROKER.py` imports all of this and gives the fixture `desk`.

Behind it are the adapter under test, the venue as a small program that speaks as the real one does (for
paper, the bars), and what the journal would have. AAPL trades at 100 when a test begins, in lots of 1 and
ticks of 0.01; nothing is held, and the account has 100,000 in cash.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import pytest

from tests.risk.books import order
from trader.brokers.broker import Broker
from trader.domain.errors import IllegalTransition, OrderError
from trader.domain.orders import (
    DONE,
    Fill,
    Order,
    OrderEvent,
    OrderState,
    Side,
    TimeInForce,
    check_transition,
)
from trader.domain.portfolio import Account

D = Decimal
GTC = TimeInForce.GTC


class Desk(Protocol):
    """An adapter between its venue and a journal."""

    @property
    def broker(self) -> Broker:
        """The adapter; another one after a restart."""
        ...

    async def send(self, *orders: Order) -> list[OrderState]:
        """Each intent to the journal, then each order to the broker. The last state it told of each."""
        ...

    async def cancel(self, name: str) -> list[OrderState]:
        """Through the broker; what it told."""
        ...

    async def amend(self, name: str, **terms: Decimal) -> str:
        """Other terms for a working order; the client id that it has from then on."""
        ...

    def intend(self, one: Order) -> None:
        """The intent to the journal, and no more."""
        ...

    async def trades_at(self, price: str, volume: int | None = None) -> None:
        """The market of AAPL trades at this price, so many units (0: as many as anybody wants)."""
        ...

    async def restart(self) -> None:
        """The desk's process dies and comes back; the venue remembers."""
        ...

    @property
    def fills(self) -> Sequence[Fill]:
        """All that the broker has told, in order."""
        ...

    @property
    def events(self) -> Sequence[OrderEvent]:
        """All that the broker has told, in order."""
        ...

    def account(self, price: str) -> Account:
        """As the broker gives it when AAPL is at this price."""
        ...


def protective(price: str, quantity: int = 10) -> Order:
    return order(
        Side.SELL, quantity, None, stop=price, name="d1-s1", parent="d1-e1", reduce_only=True, good=GTC
    )


async def test_an_order_is_acknowledged_and_can_be_found_by_its_client_id(desk):
    assert await desk.broker.find("d1-e1") is None
    assert await desk.send(order()) == [OrderState.ACKNOWLEDGED]
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED


async def test_the_same_order_sent_twice_is_one_order(desk):
    await desk.send(order(limit="105"), order(limit="105"))
    await desk.trades_at("101")
    await desk.send(order(limit="105"))
    await desk.trades_at("101")
    assert [fill.quantity for fill in desk.fills] == [10]


async def test_an_order_sent_again_after_a_restart_is_one_order(desk):
    await desk.send(order(limit="105"))
    await desk.restart()
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED
    await desk.send(order(limit="105"))
    await desk.trades_at("101")
    assert [fill.quantity for fill in desk.fills] == [10]


async def test_an_intent_that_was_never_sent_is_not_found_and_may_be_sent(desk):
    desk.intend(order(limit="105"))
    await desk.restart()
    assert await desk.broker.find("d1-e1") is None
    assert await desk.send(order(limit="105")) == [OrderState.ACKNOWLEDGED]


@pytest.mark.parametrize(
    "refused",
    [order(symbol="TSLA"), order(quantity="0.5"), order(limit="100.001")],
    ids=["name", "lot", "tick"],
)
async def test_a_refusal_is_an_event_with_a_reason(desk, refused):
    assert await desk.send(refused) == [OrderState.REJECTED]
    assert desk.events[-1].reason
    assert await desk.broker.find("d1-e1") is OrderState.REJECTED
    await desk.trades_at("100")
    assert desk.fills == []


async def test_a_purchase_never_costs_more_than_its_limit(desk):
    await desk.send(order(limit="99"))
    await desk.trades_at("100")
    assert desk.fills == []
    await desk.send(order(limit="99", name="d2-e1"))
    await desk.trades_at("98")
    assert all(fill.price <= 99 for fill in desk.fills)
    assert [fill.client_id for fill in desk.fills] == ["d2-e1"]


async def test_a_sale_never_brings_less_than_its_limit(desk):
    await desk.send(order(limit="105"))
    await desk.trades_at("100")
    await desk.send(order(Side.SELL, 10, "101", name="d2-x1", reduce_only=True, good=GTC))
    await desk.trades_at("100")
    assert len(desk.fills) == 1
    await desk.trades_at("102")
    assert desk.fills[1].price >= 101


async def test_a_cancelled_order_does_not_fill(desk):
    await desk.send(order(limit="99", good=GTC))
    assert await desk.cancel("d1-e1") == [OrderState.CANCELLED]
    await desk.trades_at("90")
    assert desk.fills == []
    assert await desk.cancel("d1-e1") == []


async def test_cancelling_what_the_venue_does_not_know_does_nothing(desk):
    assert await desk.cancel("d9-e1") == []


async def test_cash_and_position_are_the_exact_sums_of_the_fills(desk):
    await desk.send(order(quantity=30, limit="105", good=GTC))
    for price, volume in (("100.01", 70), ("99.87", 110), ("101.33", None)):
        await desk.trades_at(price, volume)
    assert sum(fill.quantity for fill in desk.fills) == 30
    account = desk.account("100")
    spent = sum(fill.quantity * fill.price + fill.fee for fill in desk.fills)
    assert (account.cash, account.quantity("AAPL")) == (100_000 - spent, 30)
    assert account.equity == 100_000 - spent + 3_000


async def test_fills_have_ids_of_their_own_and_never_exceed_the_order(desk):
    await desk.send(order(quantity=30, limit="105", good=GTC))
    for _ in range(5):
        await desk.trades_at("100", 70)
    assert len({fill.id for fill in desk.fills}) == len(desk.fills) > 1
    assert sum(fill.quantity for fill in desk.fills) == 30


async def test_an_amended_order_has_its_new_terms_and_no_old_ones(desk):
    await desk.send(order(quantity=10, limit="90", good=GTC))
    name = await desk.amend("d1-e1", price=D(99), quantity=D(7))
    assert await desk.broker.find(name) is OrderState.ACKNOWLEDGED
    await desk.trades_at("98")
    await desk.trades_at("80")
    assert sum(fill.quantity for fill in desk.fills) == 7
    assert all(fill.price <= 99 for fill in desk.fills)


async def test_what_has_filled_counts_towards_an_amended_quantity(desk):
    await desk.send(order(quantity=30, limit="105", good=GTC))
    await desk.trades_at("100", 70)
    name = await desk.amend("d1-e1", quantity=D(12))
    await desk.trades_at("100")
    assert desk.account("100").quantity("AAPL") == 12
    assert await desk.broker.find(name) is OrderState.FILLED


async def test_an_amended_stop_sells_at_its_new_price(desk):
    await desk.send(order(limit="105"), protective("95"))
    await desk.trades_at("100")
    await desk.amend("d1-s1", price=D(98))
    await desk.trades_at("97")
    assert desk.account("97").quantity("AAPL") == 0
    await desk.trades_at("90")
    assert desk.account("90").quantity("AAPL") == 0


async def test_an_entry_that_was_amended_still_has_its_stop(desk):
    await desk.send(order(limit="90", good=GTC), protective("85"))
    await desk.amend("d1-e1", price=D(99))
    await desk.trades_at("98")
    assert desk.account("98").quantity("AAPL") == 10
    await desk.trades_at("84")
    assert desk.account("84").quantity("AAPL") == 0


@pytest.mark.parametrize("terms", [{"quantity": D(7)}, {"quantity": D("12.5")}, {"price": D("99.001")}])
async def test_terms_that_cannot_be_change_nothing(desk, terms):
    await desk.send(order(quantity=30, limit="105", good=GTC))
    await desk.trades_at("100", 70)
    with pytest.raises(OrderError):
        await desk.amend("d1-e1", **terms)
    await desk.trades_at("100")
    assert sum(fill.quantity for fill in desk.fills) == 30


async def test_a_reduce_only_order_never_opens_a_position(desk):
    await desk.send(order(Side.SELL, 10, "95", reduce_only=True))
    await desk.trades_at("100")
    assert desk.account("100").quantity("AAPL") == 0


async def test_a_reduce_only_order_never_turns_a_position(desk):
    await desk.send(order(quantity=10, limit="105"))
    await desk.trades_at("100")
    await desk.send(order(Side.SELL, 25, "95", name="d2-x1", reduce_only=True))
    await desk.trades_at("100")
    assert desk.account("100").quantity("AAPL") == 0


async def test_a_stop_sells_what_its_entry_bought(desk):
    await desk.send(order(limit="105"), protective("95"))
    await desk.trades_at("100")
    await desk.trades_at("94")
    assert [fill.client_id for fill in desk.fills] == ["d1-e1", "d1-s1"]
    assert desk.fills[1].price <= 95
    assert desk.account("94").quantity("AAPL") == 0


async def test_a_stop_sleeps_until_its_entry_has_filled(desk):
    await desk.send(order(limit="90", good=GTC), protective("85"))
    await desk.trades_at("100")
    assert desk.fills == []
    assert await desk.broker.find("d1-s1") not in DONE


async def test_a_stop_survives_a_restart(desk):
    await desk.send(order(limit="105"), protective("95"))
    await desk.trades_at("100")
    await desk.restart()
    await desk.trades_at("94")
    assert desk.account("94").quantity("AAPL") == 0


async def test_a_position_that_was_left_has_no_stop_any_more(desk):
    await desk.send(order(limit="105"), protective("95"))
    await desk.trades_at("100")
    await desk.send(order(Side.SELL, 10, "95", name="d2-x1", reduce_only=True))
    await desk.trades_at("100")
    assert await desk.broker.find("d1-s1") in DONE
    await desk.trades_at("90")
    assert desk.account("90").quantity("AAPL") == 0


async def test_an_order_takes_only_steps_that_an_order_may_take(desk):
    await desk.send(order(quantity=30, limit="105", good=GTC), protective("95", 30))
    for price, volume in (("100", 70), ("94", None), ("99", None)):
        await desk.trades_at(price, volume)
    states: dict[str, OrderState] = {}
    for event in desk.events:
        before = states.get(event.client_id, OrderState.INTENDED)
        if event.state is not before:
            check_transition(event.client_id, before, event.state)
        states[event.client_id] = event.state
    assert {"d1-e1", "d1-s1"} <= set(states)
    assert set(states.values()) <= DONE
    with pytest.raises(IllegalTransition):
        check_transition("d1-e1", states["d1-e1"], OrderState.SUBMITTED)
