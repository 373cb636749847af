"""The journal and a venue, kept in step."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal as D
from typing import Any, cast

from tests.contracts.broker import GTC, protective
from tests.contracts.ccxt_desk import CcxtDesk, listed
from tests.risk.books import order
from trader.domain.orders import OrderState, Side
from trader.journal.records import FillReceived, Noted, OrderIntended
from trader.runner import Control, closes
from trader.runner.keeping import Keeper
from trader.settings import load


async def test_while_people_have_halted_not_even_a_stop_is_sent_and_what_it_leaves_is_said(
    desk: CcxtDesk,
) -> None:
    await desk.send(order(limit="105", good=GTC), protective("95"))
    halted = Keeper(desk.broker, desk.book.id, desk.journal, desk.clock, lambda: "halted by hand")
    desk.trade_away("100")
    await halted.refresh()
    assert desk.at_venue("d1-s1") == 0
    notes = [one.text for one in desk.journal.records if isinstance(one, Noted)]
    assert notes == ["halted by hand: 10 AAPL/USD without a stop"]
    await desk.keeper.refresh()
    assert desk.at_venue("d1-s1") == 1


async def test_entries_are_cancelled_and_those_that_are_not_confirmed_are_named(desk: CcxtDesk) -> None:
    await desk.send(order(limit="99", good=GTC), order(limit="98", name="d2-e1", good=GTC))
    desk.venue.fault("DELETE /order", reply="none", apply=False, times=2)
    assert await desk.keeper.cancel_entries() == ("d1-e1",)
    assert await desk.keeper.cancel_entries() == ()


async def test_what_still_works_is_told_in_words(desk: CcxtDesk) -> None:
    await desk.send(order(limit="99", good=GTC))
    assert desk.keeper.still_open() == ("d1-e1: buy 10 AAPL/USD, acknowledged",)


async def test_the_intent_is_written_before_the_order_and_a_fill_before_what_follows(desk: CcxtDesk) -> None:
    await desk.send(order(limit="105", good=GTC), protective("95"))
    await desk.trades_at("100")
    kinds = [type(one) for one in desk.journal.records]
    first_fill = kinds.index(FillReceived)
    assert kinds[0] is OrderIntended
    assert kinds.index(OrderIntended, 1) < first_fill
    later = [one.event for one in desk.journal.records[first_fill + 1 :] if hasattr(one, "event")]
    assert [event.client_id for event in later][:1] == ["d1-e1"]
    assert "d1-s1" in [event.client_id for event in later]


async def test_an_exit_under_halt_is_not_sent_and_the_stop_stays(desk: CcxtDesk) -> None:
    await desk.send(order(limit="105", good=GTC), protective("95"))
    await desk.trades_at("100")
    desk.broker._halted = lambda: "halted by hand"
    assert await desk.send(order(Side.SELL, 10, "99", name="d2-x1", reduce_only=True)) == [
        OrderState.NOT_SENT
    ]
    assert desk.events[-1].reason == "halted by hand"
    assert desk.at_venue("d2-x1") == 0
    assert await desk.broker.find("d1-s1") is OrderState.ACKNOWLEDGED


async def test_a_halt_while_a_request_before_it_hangs_keeps_the_order_from_leaving(desk: CcxtDesk) -> None:
    """The exit first ends the stop, which takes the venue its time; meanwhile people halt."""
    await desk.send(order(limit="105", good=GTC), protective("95"))
    await desk.trades_at("100")
    pulled: list[str] = []
    desk.broker._halted = lambda: pulled[0] if pulled else None
    desk.venue.fault("DELETE /order", hold_s=0.2)
    leaving = asyncio.create_task(desk.send(order(Side.SELL, 10, "99", name="d2-x1", reduce_only=True)))
    await asyncio.sleep(0.1)
    pulled.append("halted by hand")
    assert await leaving == [OrderState.NOT_SENT]
    assert desk.at_venue("d2-x1") == 0
    pulled.clear()
    await desk.keeper.refresh()
    assert desk.at_venue("d1-s2") == 1, "what is held is protected again once people resume"


async def test_a_halt_while_an_order_waits_for_its_turn_or_its_connection_keeps_it_from_leaving(
    desk: CcxtDesk,
) -> None:
    """ccxt paces its requests: the order has been handed over, and not a byte of it has left."""
    pulled: list[str] = []
    desk.broker._halted = lambda: pulled[0] if pulled else None
    waiting = asyncio.Event()

    async def slow(*_: object) -> None:
        waiting.set()
        await asyncio.sleep(0.2)

    desk.client.exchange.enableRateLimit, desk.client.exchange.throttle = True, slow
    sending = asyncio.create_task(desk.send(order(limit="90", good=GTC)))
    await waiting.wait()
    pulled.append("halted by hand")
    assert await sending == [OrderState.NOT_SENT]
    assert not any(one.startswith("POST") for one in desk.venue.venue.asked)
    pulled.clear()
    assert await desk.send(order(limit="90", name="d2-e1", good=GTC)) == [OrderState.ACKNOWLEDGED]


async def test_while_halted_nothing_is_amended(desk: CcxtDesk) -> None:
    await desk.send(order(limit="90", good=GTC))
    halted = Keeper(desk.broker, desk.book.id, desk.journal, desk.clock, lambda: "halted by hand")
    assert await halted.amend("d1-e1", price=D(99)) is None
    assert await desk.broker.find("d1-e1") is OrderState.ACKNOWLEDGED
    assert desk.journal.records[-1].text == "halted by hand: d1-e1 stays as it was"


async def test_two_who_ask_at_the_same_time_send_one_stop(desk: CcxtDesk) -> None:
    await desk.send(order(limit="105", good=GTC), protective("95"))
    desk.trade_away("100")
    await asyncio.gather(*(desk.keeper.refresh() for _ in range(4)), desk.send(protective("95")))
    assert [desk.at_venue(f"d1-s{number}") for number in (1, 2)] == [1, 0]


@dataclass
class Round:
    """A round that waits for its models, as whoever watches the account sees it."""

    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


async def test_while_a_round_waits_for_its_models_fills_are_protected_and_a_halt_ends_entries(
    desk: CcxtDesk,
) -> None:
    settings, _ = load(flags={"venue.poll_s": 0.01})
    pulled: list[str] = []
    observer: Any = Round()
    watch = closes.Watch(
        settings,
        desk.keeper,
        cast("Any", None),
        desk.clock,
        Control(),
        observer,
        lambda: pulled[0] if pulled else None,
        cast("Any", None),
    )
    await desk.send(order(limit="105", good=GTC), protective("95"), order(limit="90", name="d2-e1", good=GTC))
    async with watch.beside():
        desk.trade_away("100")
        await until(lambda: desk.at_venue("d1-s1") == 1)
        pulled.append("halted by hand")
        await until(lambda: desk.broker.ledger.orders["d2-e1"].state is OrderState.CANCELLED)
        assert desk.broker.ledger.orders["d1-s1"].working
    assert [fill.client_id for fill in desk.fills] == ["d1-e1"]
    asked = len(desk.venue.venue.asked)
    await asyncio.sleep(0.1)
    assert len(desk.venue.venue.asked) == asked, "nobody asks once the round is over"


async def test_who_looks_while_an_entry_goes_out_finds_its_stop_with_it(desk: CcxtDesk) -> None:
    await desk.send(order(limit="105", good=GTC), protective("95"))
    desk.trade_away("100")
    await desk.keeper.refresh()
    desk.venue.fault("POST /order", hold_s=0.2)
    entry = order(limit="105", name="d2-e1", good=GTC)
    stop = order(Side.SELL, 10, None, stop="96", name="d2-s1", parent="d2-e1", reduce_only=True, good=GTC)
    sending = asyncio.create_task(desk.keeper.send(listed(entry), listed(stop)))
    await until(lambda: desk.at_venue("d2-e1") == 1)
    desk.trade_away("100")
    await asyncio.gather(sending, desk.keeper.refresh())
    assert list(desk.broker.ledger.orders) == ["d1-e1", "d1-s1", "d2-e1", "d2-s1"]
    assert [desk.at_venue(name) for name in ("d1-s1", "d2-s1")] == [1, 1]


async def test_a_stop_for_which_nothing_is_left_is_no_refusal_and_later_units_get_one(desk: CcxtDesk) -> None:
    await desk.send(order(limit="105", good=GTC))
    desk.trade_away("100")
    await desk.keeper.refresh()
    sale = order(Side.SELL, 10, limit="110", name="d2-x1", reduce_only=True, good=GTC)
    assert await desk.send(sale, protective("95")) == [OrderState.ACKNOWLEDGED, OrderState.NOT_SENT]
    await desk.cancel("d2-x1")
    await desk.keeper.refresh()
    assert desk.at_venue("d1-s2") == 1
