"""What ccxt really does when something goes wrong: each a way to lose or double an order, and none does."""

import asyncio
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal, getcontext, localcontext

import pytest

from tests.contracts.broker import GTC, protective
from tests.contracts.ccxt_desk import SYMBOL, CcxtDesk, listed
from tests.risk.books import order
from tests.venues.binance import KEY, SECRET
from trader.domain.orders import OrderState, Side
from trader.domain.portfolio import EntryKind
from trader.journal.records import AccountMoved

D = Decimal
LOST = {
    "nothing said": {"reply": "none"},
    "cut off": {"reply": "cut"},
    "half a document": {"reply": "half"},
    "a page": {"reply": "html"},
    "a list": {"reply": "list"},
    "an object": {"reply": "object"},
    "-1001": {"code": -1001},
    "-1006": {"code": -1006},
    "-1007": {"code": -1007},
    "-1016 maintenance": {"code": -1016, "message": "This service is no longer available."},
    "500": {"reply": "status", "status": 500},
    "502": {"reply": "html", "status": 502},
    "duplicate": {"code": -2010, "message": "Duplicate order sent."},
}
"""How a venue that has taken an order fails to say so."""


@pytest.mark.parametrize("how", LOST)
async def test_however_a_reply_is_lost_the_order_is_unknown_and_then_found(desk: CcxtDesk, how: str) -> None:
    desk.venue.fault("POST /order", **LOST[how])
    assert await desk.send(order(limit="105", good=GTC)) == [OrderState.UNKNOWN]
    assert sum(one.startswith("POST") for one in desk.venue.venue.asked) == 1
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED
    assert desk.at_venue("d1-e1") == 1


@pytest.mark.parametrize("how", [name for name in LOST if name != "duplicate"])
async def test_however_a_request_is_lost_there_is_no_order_and_none_is_believed(
    desk: CcxtDesk, how: str
) -> None:
    desk.venue.fault("POST /order", apply=False, **LOST[how])
    assert await desk.send(order(limit="105")) == [OrderState.UNKNOWN]
    await desk.wait_out()
    assert desk.events[-1].state is OrderState.NEVER_ARRIVED
    assert desk.at_venue("d1-e1") == 0


@pytest.mark.parametrize("how", [name for name in LOST if name != "duplicate"])
@pytest.mark.parametrize("on", ["GET /openOrders", "GET /order", "GET /myTrades", "GET /account"])
async def test_an_answer_that_is_none_changes_nothing(desk: CcxtDesk, on: str, how: str) -> None:
    await desk.send(order(quantity=30, limit="105", good=GTC))
    desk.trade_away("100", 70)
    desk.venue.fault(on, times=50, **LOST[how])
    before = desk.broker.ledger.orders["d1-e1"].state
    await desk.keeper.refresh()
    assert desk.broker.ledger.orders["d1-e1"].state in (before, OrderState.PARTLY_FILLED)
    await desk.keeper.reconcile()
    desk.speak_again()
    assert (await desk.keeper.reconcile()).inexplicable == ()
    assert [fill.quantity for fill in desk.fills] == [7]
    assert desk.orders_sent == 1


async def test_a_late_request_of_a_killed_process_is_waited_for(desk: CcxtDesk) -> None:
    desk.venue.fault("POST /order", late_s=0.3)
    assert await desk.send(order(limit="105", good=GTC)) == [OrderState.UNKNOWN]
    await desk.keeper.refresh()
    assert desk.broker.ledger.orders["d1-e1"].state is OrderState.UNKNOWN
    await desk.venue.late()
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED


async def test_a_request_that_comes_after_its_window_does_nothing(desk: CcxtDesk) -> None:
    desk.venue.fault("POST /order", late_s=1.3)
    await desk.send(order(limit="105"))
    await desk.venue.late()
    await desk.wait_out()
    assert desk.events[-1].state is OrderState.NEVER_ARRIVED
    assert desk.at_venue("d1-e1") == 0


async def test_whoever_stops_waiting_for_a_reply_finds_the_order_after_a_restart(desk: CcxtDesk) -> None:
    desk.venue.fault("POST /order", hold_s=0.5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.send(order(limit="105", good=GTC)), 0.1)
    await asyncio.sleep(0.5)
    await desk.restart()
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED
    assert desk.at_venue("d1-e1") == 1


async def test_an_answer_that_takes_too_long_is_unknown(desk: CcxtDesk) -> None:
    desk.venue.fault("POST /order", hold_s=2.5)
    assert await desk.send(order(limit="105", good=GTC)) == [OrderState.UNKNOWN]
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED


async def test_a_cancel_that_is_sent_twice_by_the_library_is_a_cancel(desk: CcxtDesk) -> None:
    """aiohttp repeats a DELETE after a dropped connection: the second finds no such order."""
    await desk.send(order(limit="99", good=GTC))
    desk.venue.fault("DELETE /order", reply="none")
    assert await desk.cancel("d1-e1") == [OrderState.CANCELLED]
    assert (desk.events[-1].client_id, desk.events[-1].reason) == ("d1-e1", "as it was asked")


async def test_a_cancel_without_any_answer_leaves_the_order_working(desk: CcxtDesk) -> None:
    await desk.send(order(limit="99", good=GTC))
    desk.venue.fault("DELETE /order", reply="none", apply=False, times=3)
    assert await desk.cancel("d1-e1") == []
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED


async def test_a_key_that_was_revoked_proves_nothing_of_an_order(desk: CcxtDesk) -> None:
    desk.venue.venue.revoked = True
    assert await desk.send(order(limit="105")) == [OrderState.UNKNOWN]
    desk.venue.venue.revoked = False
    desk.clock.leap(60)
    await desk.wait_out()
    assert desk.events[-1].state is OrderState.NEVER_ARRIVED


async def test_a_venue_that_wants_silence_gets_it(desk: CcxtDesk) -> None:
    busy = {"code": -1003, "status": 429, "headers": {"Retry-After": "7"}, "message": "Too many requests."}
    desk.venue.fault("POST /order", apply=False, **busy)
    assert await desk.send(order(limit="105")) == [OrderState.UNKNOWN]
    asked = len(desk.venue.venue.asked)
    await desk.keeper.refresh()
    assert await desk.send(order(name="d2-e1", limit="105")) == [OrderState.NOT_SENT]
    assert "wants no request" in desk.events[-1].reason
    assert len(desk.venue.venue.asked) == asked
    desk.clock.leap(7.5)
    await desk.keeper.refresh()
    assert desk.broker.ledger.orders["d1-e1"].state is OrderState.NEVER_ARRIVED


FILTERS = {
    "LOT_SIZE": order(quantity=9001, limit="1"),
    "PERCENT_PRICE_BY_SIDE": order(quantity=1, limit="10"),
    "insufficient balance": order(quantity=2000, limit="100"),
}


@pytest.mark.parametrize("reason", FILTERS)
async def test_a_filter_of_the_venue_is_a_refusal_with_its_name(desk: CcxtDesk, reason: str) -> None:
    assert await desk.send(FILTERS[reason]) == [OrderState.REJECTED]
    assert reason in desk.events[-1].reason
    assert desk.at_venue("d1-e1") == 0


async def test_too_many_orders_are_refused_by_name(desk: CcxtDesk) -> None:
    for number in range(20):
        await desk.send(order(quantity=1, limit="90", name=f"n{number}-e1", good=GTC))
    assert await desk.send(order(quantity=1, limit="90")) == [OrderState.REJECTED]
    assert "MAX_NUM_ORDERS" in desk.events[-1].reason


BELOW = {
    "below the venue's smallest order": order(quantity=1, limit="4"),
    "off the tick": order(limit="100.005"),
    "not a multiple of the lot": order(quantity="1.5"),
    "not an instrument": order(symbol="TSLA"),
    "nothing is held": order(Side.SELL, 10, "95", reduce_only=True),
}


@pytest.mark.parametrize("reason", BELOW)
async def test_what_the_venue_would_not_take_is_refused_before_it_is_sent(
    desk: CcxtDesk, reason: str
) -> None:
    assert await desk.send(BELOW[reason]) == [OrderState.REJECTED]
    assert reason in desk.events[-1].reason
    assert desk.orders_sent == 0


async def test_an_order_is_sent_as_it_was_ruled_on_to_the_last_digit(desk: CcxtDesk) -> None:
    """ccxt rounds prices to the nearest tick, so that a limit could rise: nothing is left to round."""
    await desk.send(order(quantity=7, limit="99.99", good=GTC), protective("95.01", 7))
    placed = desk.venue.exchange.orders[1]
    assert (placed.quantity, placed.price) == (7, D("99.99"))


async def test_an_exchange_without_a_look_up_is_looked_through(desk: CcxtDesk) -> None:
    desk.client._dialect = replace(desk.client._dialect, by_client_id=False)
    desk.lose_reply()
    await desk.send(order(limit="105", good=GTC))
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED
    desk.trade_away("100")
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is OrderState.FILLED
    desk.lose_request()
    await desk.send(order(name="d2-e1", limit="105"))
    await desk.wait_out()
    assert desk.broker.ledger.orders["d2-e1"].state is OrderState.NEVER_ARRIVED


async def test_a_fee_in_what_was_bought_makes_the_position_smaller(desk: CcxtDesk) -> None:
    desk.venue.exchange.fee = D("0.001")
    await desk.send(order(quantity=100, limit="105"), protective("95", 100))
    await desk.trades_at("100")
    account = desk.account("100")
    assert (account.cash, account.quantity("AAPL")) == desk.truth == (D(90_000), D("99.9"))
    moved = [one.entry for one in desk.journal.records if isinstance(one, AccountMoved)]
    assert [(one.kind, one.quantity, one.note) for one in moved] == [(EntryKind.FEE, D("-0.1"), "0.1 AAPL")]
    assert [one.remaining for one in account.working] == [99]
    await desk.restart()
    assert desk.report.differences == ()
    assert desk.account("100").quantity("AAPL") == D("99.9")


async def test_a_fee_in_a_third_asset_is_noted_and_is_no_difference(desk: CcxtDesk) -> None:
    desk.venue.exchange.fee, desk.venue.exchange.fee_asset = D("0.1"), "BNB"
    desk.venue.exchange.balances["BNB"] = D(50)
    desk.broker._trades.foreign.opening.balances["BNB"] = D(50)
    await desk.send(order(quantity=100, limit="105"))
    await desk.trades_at("100")
    assert (await desk.keeper.reconcile()).differences == ()
    assert desk.account("100").quantity("AAPL") == 100
    await desk.restart()
    assert desk.report.differences == ()


async def test_what_the_account_held_before_the_book_is_never_sold(desk: CcxtDesk) -> None:
    desk.venue.exchange.balances["AAPL"] = D(50)
    desk.broker._trades.foreign.opening.balances["AAPL"] = D(50)
    await desk.send(order(quantity=10, limit="105"))
    await desk.trades_at("100")
    await desk.send(order(Side.SELL, 60, "95", name="d2-x1", reduce_only=True))
    await desk.trades_at("100")
    assert desk.venue.exchange.balances["AAPL"] == 50
    assert desk.account("100").quantity("AAPL") == 0


async def test_keys_appear_in_no_reason_and_no_note(desk: CcxtDesk) -> None:
    for number, (name, how) in enumerate(LOST.items()):
        desk.venue.fault("POST /order", **{**how, "message": f"{name}: key {KEY} and secret {SECRET}"})
        desk.venue.fault("GET /account", reply="none", apply=False, times=2)
        await desk.send(order(name=f"k{number}-e1", limit="90", quantity=1, good=GTC))
        await desk.keeper.reconcile()
        desk.speak_again()
        await desk.cancel(f"k{number}-e1")
    told = repr(desk.journal.records) + repr(desk.client.address) + repr(vars(desk.keeper))
    assert KEY not in told
    assert SECRET not in told
    assert "signature=" not in told


async def test_an_order_of_two_is_not_taken_for_the_other(desk: CcxtDesk) -> None:
    """An answer about another order than the one that was asked about is not believed."""
    other = desk.venue.exchange.place("AAPLUSD", "BUY", "LIMIT", D(3), D(90), client_id="elsewhere")
    first = desk.venue.venue._place

    def mixed_up(asked: dict[str, str]) -> object:
        return {**first(asked), "clientOrderId": other.client_id}  # type: ignore[dict-item]

    desk.venue.venue._place = mixed_up  # type: ignore[method-assign]
    assert await desk.send(order(limit="105", good=GTC)) == [OrderState.UNKNOWN]
    await desk.keeper.refresh()
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED
    assert listed(order()).symbol == SYMBOL


async def test_ccxt_does_not_change_how_the_desk_rounds(desk: CcxtDesk) -> None:
    """Its arithmetic sets the rounding of decimals for the thread, half up: sums after it would differ."""
    with localcontext() as mine:
        mine.rounding = ROUND_HALF_EVEN
        await desk.send(order(limit="105", good=GTC))
        assert getcontext().rounding == ROUND_HALF_EVEN
