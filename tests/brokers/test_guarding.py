"""What is held at a venue is guarded: a stop that was refused or could not be sent is not the last of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
import pytest_asyncio

from tests.contracts.broker import GTC, protective
from tests.contracts.ccxt_desk import SHARE, SYMBOL, CcxtDesk, ccxt_desk, listed
from tests.risk.books import order
from trader.domain.orders import OrderState, Side
from trader.graph.sending import ByHand, send
from trader.runner import keeping
from trader.runner.requests import flatten
from trader.runner.waiting import Waiting

D = Decimal


@pytest_asyncio.fixture
async def coarse() -> AsyncIterator[CcxtDesk]:
    """A desk at a venue that takes no order below 250 dollars."""
    async with ccxt_desk(share=replace(SHARE, min_notional=D(250))) as one:
        yield one


def guarded(desk: CcxtDesk) -> list[Decimal]:
    """Units that each stop at the venue would sell."""
    return [one.left for one in desk.venue.exchange.open_orders() if one.type == "STOP_LOSS"]


def by_hand(desk: CcxtDesk) -> ByHand:
    return ByHand(desk.book, desk.broker, desk.journal, lambda: None, desk.clock)


async def bought(desk: CcxtDesk, units: int = 10) -> None:
    """Held and not guarded: the venue has not been asked for news yet."""
    await desk.send(order(quantity=units, limit="105", good=GTC), protective("95", units))
    desk.trade_away("100")


async def test_a_stop_that_falls_into_a_silence_is_sent_once_that_is_over(desk: CcxtDesk) -> None:
    await bought(desk)
    desk.broker._halted = lambda: "halted by hand"
    await desk.keeper.refresh()  # the fill is heard of, and the stop held back
    desk.broker._halted = lambda: None
    busy = {"code": -1003, "status": 429, "headers": {"Retry-After": "7"}, "message": "Too many requests."}
    desk.venue.fault("GET /account", apply=False, **busy)
    await desk.keeper.reconcile()
    await desk.keeper.refresh()
    assert (guarded(desk), desk.broker.ledger.orders["d1-s1"].state) == ([], OrderState.INTENDED)
    desk.clock.leap(8)
    await desk.keeper.refresh()
    assert guarded(desk) == [10]


async def test_a_stop_that_has_filled_in_part_is_the_same_order_still(desk: CcxtDesk) -> None:
    """Of an order at the market ccxt tells the average price where its limit would be."""
    await bought(desk)
    await desk.keeper.refresh()
    desk.trade_away("94", 40)
    await desk.keeper.refresh()
    assert (await desk.keeper.reconcile()).differences == ()
    assert guarded(desk) == [6]


async def test_a_stop_that_the_venue_takes_for_late_is_sent_again_at_once(desk: CcxtDesk) -> None:
    await bought(desk)
    desk.venue.fault("POST /order", apply=False, code=-1021, message="outside of the recvWindow")
    await desk.keeper.refresh()
    assert guarded(desk) == [10]


async def test_a_stop_that_the_venue_refuses_is_asked_for_again_after_a_while_and_not_before(
    desk: CcxtDesk,
) -> None:
    await bought(desk)
    desk.venue.fault("POST /order", apply=False, code=-1013, message="Filter failure: MAX_NUM_ALGO_ORDERS")
    for _ in range(3):
        await desk.keeper.refresh()
    assert list(desk.broker.ledger.orders) == ["d1-e1", "d1-s1"]
    await desk.keeper.reconcile()
    assert guarded(desk) == [10]


async def test_where_more_is_held_than_was_refused_a_stop_for_all_of_it_is_asked_for(desk: CcxtDesk) -> None:
    await desk.send(order(quantity=10, limit="105", good=GTC), protective("95"))
    desk.venue.fault("POST /order", apply=False, code=-1013, message="Filter failure: MAX_NUM_ALGO_ORDERS")
    await desk.trades_at("100", 40)
    assert guarded(desk) == []
    await desk.trades_at("100", 60)
    assert guarded(desk) == [10]


async def test_a_part_too_small_for_a_stop_is_guarded_together_with_what_comes_to_it(
    coarse: CcxtDesk,
) -> None:
    await coarse.send(order(quantity=10, limit="105", good=GTC), protective("95"))
    await coarse.trades_at("100", 20)
    assert guarded(coarse) == []
    assert coarse.broker.ledger.orders["d1-s1"].state is OrderState.INTENDED
    await coarse.trades_at("100", 80)
    assert guarded(coarse) == [10]
    assert coarse.at_venue("d1-s1") == 1


async def test_an_entry_that_fills_too_little_at_once_has_its_stop_later(coarse: CcxtDesk) -> None:
    coarse.venue.exchange.liquid, coarse.venue.exchange.depth = True, D(2)
    await coarse.send(order(quantity=10, limit="105", good=GTC))
    await coarse.keeper.send(listed(protective("95")))
    assert coarse.broker.ledger.quantity(SYMBOL) == 2
    coarse.trade_away("100")
    await coarse.keeper.refresh()
    assert guarded(coarse) == [10]


async def test_what_an_exit_does_not_sell_is_guarded_while_the_exit_works(desk: CcxtDesk) -> None:
    await bought(desk)
    await desk.keeper.refresh()
    await desk.send(order(Side.SELL, 4, "110", name="d2-x1", reduce_only=True))
    await desk.keeper.refresh()
    assert guarded(desk) == [6]
    await desk.send(order(Side.SELL, 6, "110", name="d3-x1", reduce_only=True))
    assert guarded(desk) == []
    assert [one.left for one in desk.venue.exchange.open_orders()] == [4, 6]


async def test_a_stop_that_the_market_had_passed_when_the_process_died_is_an_exit_afterwards(
    desk: CcxtDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bought(desk)
    desk.trade_away("90")
    with monkeypatch.context() as dying:
        dying.setattr(keeping, "MOST_LEGS", 1)
        await desk.keeper.refresh()
    assert desk.broker.ledger.orders["d1-s1"].state is OrderState.REJECTED
    await desk.restart()
    assert desk.broker.ledger.quantity(SYMBOL) == 0
    assert desk.venue.exchange.orders[2].type == "MARKET"


async def test_a_sale_of_more_than_is_held_is_refused_though_the_account_owned_some_before(
    desk: CcxtDesk,
) -> None:
    desk.venue.exchange.balances["AAPL"] = D(50)
    assert await desk.send(order(Side.SELL, 5, "100")) == [OrderState.REJECTED]
    assert "5 to be sold, 0 held" in desk.events[-1].reason
    assert "lends nothing" in desk.events[-1].reason
    assert desk.at_venue("d1-e1") == 0


async def test_a_sale_of_what_is_held_needs_no_mark(desk: CcxtDesk) -> None:
    await desk.send(order(limit="105"))
    await desk.trades_at("100")
    assert await desk.send(order(Side.SELL, 5, "99", name="d2-e1")) == [OrderState.ACKNOWLEDGED]
    assert await desk.send(order(Side.SELL, 6, "99", name="d3-e1")) == [OrderState.REJECTED]
    assert "5 held and free" in desk.events[-1].reason


async def test_an_order_that_was_sent_before_is_left_alone_whatever_is_heard_of_it(desk: CcxtDesk) -> None:
    one = order(limit="99", good=GTC)
    await desk.send(one)
    desk.end_at_venue("d1-e1", "CANCELED")
    assert await send(by_hand(desk), [listed(one)]) is None
    await desk.keeper.refresh()
    assert desk.events[-1].state is OrderState.CANCELLED


async def test_an_order_that_fills_at_once_says_where_it_stands(desk: CcxtDesk) -> None:
    desk.venue.exchange.liquid = True
    await send(by_hand(desk), [listed(order(limit="105", good=GTC))])
    again = listed(order(limit="105", name="d2-e1", good=GTC))
    assert await send(by_hand(desk), [again]) is OrderState.FILLED


async def test_flattening_sells_what_an_entry_fills_while_it_is_being_ended(desk: CcxtDesk) -> None:
    await desk.send(order(quantity=30, limit="105", good=GTC), protective("95", 30))
    await desk.trades_at("100", 70)
    account = desk.broker.account(desk.clock.now(), {}, D(1), D(1))
    desk.trade_away("100", 50)
    done, said = await flatten(by_hand(desk), account, Waiting(), "c1", None)
    assert (done, said) == (True, f"sent: sell 12 {SYMBOL}")
    await desk.keeper.refresh()
    assert desk.venue.exchange.balances["AAPL"] == 0


async def test_a_restart_learns_how_many_units_an_exit_went_out_for_from_its_first_fill(
    desk: CcxtDesk,
) -> None:
    await desk.send(order(limit="105", good=GTC))
    await desk.trades_at("100")
    leaving = order(Side.SELL, 15, "99", name="d2-x1", reduce_only=True)
    desk.intend(leaving)
    desk.venue.exchange.place("AAPLUSD", "SELL", "LIMIT", D(10), D(99), client_id="d2-x1")
    desk.trade_away("100", 40)
    await desk.restart()
    known = desk.broker.ledger.orders["d2-x1"]
    assert (known.order.quantity, known.filled, known.state) == (10, 4, OrderState.PARTLY_FILLED)
    assert (await desk.keeper.reconcile()).differences == ()
