"""The ugly half of what a broker promises, for every broker whose venue is across a socket.

`test_BROKER.py` imports it beside `broker.py`; its fixture `desk` can then also make things go wrong.
"""

from decimal import Decimal
from typing import Protocol

import pytest

from tests.contracts.broker import GTC, Desk, protective
from tests.risk.books import order
from trader.domain.orders import DONE, OrderState, Side
from trader.runner.keeping import Keeper

D = Decimal


class UglyDesk(Desk, Protocol):
    """A desk whose venue, network and clock fail as a test asks."""

    @property
    def keeper(self) -> Keeper: ...

    def lose_reply(self) -> None:
        """The venue takes the next order, and nobody hears of it."""

    def lose_request(self) -> None:
        """The next order never arrives."""

    def lose_cancel_request(self) -> None:
        """The next cancel never arrives."""
        ...

    def lose_cancel_reply(self) -> None:
        """The next cancel is carried out, and nobody hears of it."""

    async def wait_out(self) -> None:
        """Until no request that was sent so far can still arrive; then ask for news."""

    def fall_silent(self, requests: int) -> None:
        """The venue answers none of so many requests of each kind."""

    def speak_again(self) -> None:
        """The venue answers."""

    def end_at_venue(self, name: str, status: str) -> None:
        """The venue itself ends an order."""

    def trade_away(self, price: str, volume: int | None = None) -> None:
        """The market trades, and the desk does not look."""

    def repeat_and_reorder(self) -> None:
        """Fills are told newest first, and twice."""

    def skew(self, seconds: float) -> None:
        """The venue's clock is so far ahead."""

    def at_venue(self, name: str) -> int:
        """How many orders of this id the venue has ever taken."""

    @property
    def orders_sent(self) -> int:
        """Requests so far that could have moved something."""

    @property
    def truth(self) -> tuple[Decimal, Decimal]:
        """Cash and units of AAPL, as the venue has them."""


def agrees(desk: UglyDesk) -> bool:
    """Whether the account is the venue's, to the last digit."""
    account = desk.account("100")
    return (account.cash, account.quantity("AAPL")) == desk.truth


async def test_a_lost_reply_is_unknown_and_then_one_order(desk):
    desk.lose_reply()
    assert await desk.send(order(limit="105", good=GTC)) == [OrderState.UNKNOWN]
    assert desk.events[-1].reason
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED
    assert await desk.send(order(limit="105", good=GTC)) == [OrderState.ACKNOWLEDGED]
    await desk.trades_at("100")
    assert desk.at_venue("d1-e1") == 1
    assert agrees(desk)


async def test_a_lost_request_never_arrived_once_nothing_can_arrive_any_more(desk):
    desk.lose_request()
    assert await desk.send(order(limit="105")) == [OrderState.UNKNOWN]
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is OrderState.UNKNOWN
    await desk.wait_out()
    assert await desk.broker.find("d1-e1") is None
    assert desk.events[-1].state is OrderState.NEVER_ARRIVED
    assert desk.at_venue("d1-e1") == 0
    assert await desk.send(order(limit="105")) == [OrderState.ACKNOWLEDGED]
    assert desk.at_venue("d1-e1") == 1


async def test_a_fill_may_come_before_the_acknowledgement(desk):
    desk.lose_reply()
    await desk.send(order(limit="105", good=GTC), protective("95"))
    desk.trade_away("100")
    await desk.keeper.refresh()
    assert [fill.quantity for fill in desk.fills] == [10]
    assert await desk.broker.find("d1-e1") is OrderState.FILLED
    assert await desk.broker.find("d1-s1") is OrderState.ACKNOWLEDGED
    assert agrees(desk)


async def test_a_cancel_whose_reply_is_lost_is_a_cancel(desk):
    await desk.send(order(limit="99", good=GTC))
    desk.lose_cancel_reply()
    assert await desk.cancel("d1-e1") == [OrderState.CANCELLED]


async def test_a_cancel_that_crosses_a_fill_is_a_fill(desk):
    await desk.send(order(limit="99", good=GTC))
    desk.trade_away("98")
    await desk.cancel("d1-e1")
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is OrderState.FILLED
    assert agrees(desk)


async def test_fills_repeated_and_out_of_order_count_once(desk):
    desk.repeat_and_reorder()
    await desk.send(order(quantity=30, limit="105", good=GTC))
    for price in ("100.01", "99.87", "101.33"):
        desk.trade_away(price, 100)
    await desk.keeper.refresh()
    await desk.keeper.refresh()
    assert [fill.quantity for fill in desk.fills] == [10, 10, 10]
    assert [fill.price for fill in desk.fills] == [D("100.01"), D("99.87"), D("101.33")]
    assert agrees(desk)


async def test_what_filled_before_a_cancel_stays_bought_and_protected(desk):
    await desk.send(order(quantity=30, limit="105", good=GTC), protective("95", 30))
    await desk.trades_at("100", 70)
    assert await desk.cancel("d1-e1") == [OrderState.CANCELLED]
    await desk.keeper.refresh()
    assert desk.account("100").quantity("AAPL") == 7
    await desk.trades_at("94")
    assert desk.account("94").quantity("AAPL") == 0
    assert agrees(desk)


async def test_what_fills_later_is_protected_too(desk):
    await desk.send(order(quantity=30, limit="105", good=GTC), protective("95", 30))
    await desk.trades_at("100", 70)
    await desk.trades_at("100", 110)
    assert sum(one.remaining for one in desk.account("100").working if one.order.reduce_only) == 18
    await desk.trades_at("94")
    assert desk.account("94").quantity("AAPL") <= 0 or agrees(desk)


async def test_however_many_parts_an_entry_fills_in_all_of_it_is_protected(desk):
    await desk.send(order(quantity=30, limit="105", good=GTC), protective("95", 30))
    for _ in range(9):
        await desk.trades_at("100", 20)
    protecting = [one for one in desk.account("100").working if one.order.stop_price == 95]
    assert sum(one.remaining for one in protecting) == desk.account("100").quantity("AAPL") == 18
    await desk.trades_at("94")
    await desk.keeper.refresh()
    assert agrees(desk)


async def test_where_the_end_of_an_order_is_not_confirmed_nothing_takes_its_place(desk):
    await desk.send(order(limit="90", good=GTC))
    desk.lose_cancel_request()
    assert await desk.amend("d1-e1", price=D(99)) == "d1-e1"
    assert (desk.at_venue("d1-e1"), desk.at_venue("d1-e2")) == (1, 0)
    desk.trade_away("89")
    await desk.keeper.refresh()
    assert [fill.client_id for fill in desk.fills] == ["d1-e1"]
    assert agrees(desk)


async def test_an_amendment_whose_replies_are_lost_is_one_order_in_the_end(desk):
    await desk.send(order(limit="90", good=GTC), protective("85"))
    desk.lose_cancel_reply()
    desk.lose_reply()
    name = await desk.amend("d1-e1", price=D(99))
    await desk.keeper.refresh()
    assert await desk.broker.find(name) is OrderState.ACKNOWLEDGED
    assert await desk.broker.find("d1-e1") is OrderState.CANCELLED
    await desk.trades_at("98")
    assert desk.account("98").quantity("AAPL") == 10
    assert agrees(desk)


async def test_what_fills_before_its_amendment_arrives_is_not_ordered_again(desk):
    await desk.send(order(limit="90", good=GTC), protective("85"))
    desk.trade_away("89")
    await desk.amend("d1-e1", price=D(99))
    await desk.keeper.refresh()
    assert desk.account("89").quantity("AAPL") == 10
    assert desk.at_venue("d1-e2") == 0
    assert agrees(desk)


@pytest.mark.parametrize(
    ("status", "state"), [("CANCELED", OrderState.CANCELLED), ("EXPIRED", OrderState.EXPIRED)]
)
async def test_an_order_that_the_venue_ends_is_ended(desk, status, state):
    await desk.send(order(limit="99", good=GTC))
    desk.end_at_venue("d1-e1", status)
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is state
    assert desk.events[-1].reason


async def test_while_the_venue_is_silent_nothing_changes_and_nothing_is_opened(desk):
    await desk.send(order(limit="99", good=GTC))
    desk.fall_silent(requests=10)
    desk.trade_away("98")
    await desk.keeper.refresh()
    assert desk.fills == []
    await desk.keeper.reconcile()
    assert await desk.send(order(name="d2-e1", limit="105")) == [OrderState.NOT_SENT]
    desk.speak_again()
    assert (await desk.keeper.reconcile()).inexplicable == ()
    assert [fill.client_id for fill in desk.fills] == ["d1-e1"]
    assert await desk.send(order(name="d3-e1", limit="97")) == [OrderState.ACKNOWLEDGED]
    assert agrees(desk)


async def test_an_exit_takes_the_place_of_the_stop_and_what_it_leaves_is_protected_again(desk):
    await desk.send(order(quantity=30, limit="105"), protective("95", 30))
    await desk.trades_at("100")
    await desk.send(order(Side.SELL, 30, "96", name="d2-x1", reduce_only=True))
    await desk.trades_at("100", 120)
    held = desk.account("100").quantity("AAPL")
    assert held == 18
    protecting = [one for one in desk.account("100").working if one.order.stop_price == 95]
    assert sum(one.remaining for one in protecting) == held
    assert agrees(desk)


async def test_a_stop_that_the_market_has_passed_is_an_exit_at_once(desk):
    await desk.send(order(limit="105"), protective("95"))
    desk.trade_away("100")
    desk.trade_away("90")
    await desk.keeper.refresh()
    await desk.keeper.refresh()
    await desk.trades_at("90")
    assert desk.account("90").quantity("AAPL") == 0
    assert agrees(desk)


async def test_a_clock_that_is_off_costs_one_order_and_doubles_none(desk):
    desk.skew(30.0)
    assert await desk.send(order(limit="105")) == [OrderState.REJECTED]
    assert await desk.send(order(name="d2-e1", limit="105")) == [OrderState.ACKNOWLEDGED]
    assert (desk.at_venue("d1-e1"), desk.at_venue("d2-e1")) == (0, 1)


BEFORE = {
    "intended": (None, 0),
    "lost request": (None, 0),
    "lost reply": (OrderState.ACKNOWLEDGED, 1),
    "acknowledged": (OrderState.ACKNOWLEDGED, 1),
    "partly filled": (OrderState.PARTLY_FILLED, 1),
    "filled away": (OrderState.FILLED, 1),
    "cancelled away": (OrderState.CANCELLED, 1),
    "rejected": (OrderState.REJECTED, 0),
}


@pytest.mark.parametrize("before", BEFORE)
async def test_a_restart_in_each_state_ends_where_the_venue_is(desk, before):
    one = order(quantity=30, limit="105" if before != "rejected" else "2000", good=GTC)
    if before == "intended":
        desk.intend(one)
    elif before == "lost request":
        desk.lose_request()
    elif before == "lost reply":
        desk.lose_reply()
    if before != "intended":
        await desk.send(one)
    if before == "partly filled":
        desk.trade_away("100", 70)
    if before == "filled away":
        desk.trade_away("100")
    if before == "cancelled away":
        desk.end_at_venue("d1-e1", "CANCELED")
    sent = desk.orders_sent
    await desk.restart()
    assert desk.orders_sent == sent
    assert (await desk.broker.find("d1-e1"), desk.at_venue("d1-e1")) == BEFORE[before]
    assert agrees(desk)
    state = await desk.broker.find("d1-e1")
    assert state is None or state in DONE or state in {one.state for one in desk.account("100").working}
