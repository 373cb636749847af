"""So many requests in any minute, in turn, and never one after a halt that came while it waited."""

import asyncio
from datetime import datetime
from decimal import Decimal

import pytest

from tests.brokers.street import BOOK, OPENED, Street, order
from trader.brokers.pacing import Pace
from trader.domain.orders import OrderState, Side
from trader.graph.sending import ByHand, send
from trader.journal.records import OrderChanged
from trader.journal.writer import Memorandum


class Watch:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 100.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return OPENED

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


def paced(a_minute: int, watch: Watch) -> Pace:
    return Pace(Decimal(a_minute), watch, watch.sleep)


async def test_the_first_go_at_once_and_the_next_when_the_oldest_is_a_minute_old(watch: Watch) -> None:
    pace = paced(3, watch)
    left = []
    for _ in range(7):
        await pace.turn()
        left.append(watch.at)
        watch.at += 1.0
    assert left == [100, 101, 102, 160, 161, 162, 220]
    assert watch.slept == [57.0, 57.0]
    assert pace.last_minute == 2
    watch.at += 59.0
    assert pace.last_minute == 0


async def test_no_minute_ever_has_more_than_it_may(watch: Watch) -> None:
    pace = paced(4, watch)
    left = []
    for number in range(60):
        await pace.turn()
        left.append(watch.at)
        watch.at += (0.0, 7.0, 31.0)[number % 3]
    assert all(later - first >= 60.0 for first, later in zip(left, left[4:], strict=False))


async def test_who_asked_first_goes_first_and_the_others_are_counted(watch: Watch) -> None:
    pace = paced(1, watch)
    went: list[int] = []

    async def asks(number: int) -> None:
        await pace.turn()
        went.append(number)

    await asyncio.gather(*(asks(number) for number in range(4)))
    assert went == [0, 1, 2, 3]
    assert pace.waiting == 0


async def test_waiting_counts_those_that_have_no_turn_yet() -> None:
    pace = Pace(Decimal(1), Watch())  # whose hands stand still
    await pace.turn()
    late = [asyncio.ensure_future(pace.turn()) for _ in range(3)]
    await asyncio.sleep(0)
    assert (pace.waiting, pace.last_minute) == (3, 1)
    for one in late:
        one.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    assert pace.waiting == 0


async def test_none_a_minute_is_never(watch: Watch) -> None:
    pace = paced(0, watch)
    assert pace.wait_s() == 60.0
    watch.at += 1000.0
    assert pace.wait_s() == 60.0


async def test_an_order_that_was_halted_while_it_waited_is_not_sent(watch: Watch) -> None:
    street, told = Street(), Memorandum()
    hand = ByHand(
        BOOK,
        street.broker,
        told,
        lambda: "halted while it waited" if watch.slept else None,
        street.clock,
        paced(1, watch),
    )
    stop = order(Side.SELL, limit=None, stop="95", name="d1-s1", parent="d1-e1", reduce_only=True)
    assert await send(hand, [order(), stop]) is OrderState.ACKNOWLEDGED
    assert watch.slept == []
    assert await send(hand, [order(name="d2-e1")]) is OrderState.NOT_SENT
    assert watch.slept == [60.0]
    last = {one.event.client_id: one.event.state for one in told.records if isinstance(one, OrderChanged)}
    assert last == {
        "d1-e1": OrderState.ACKNOWLEDGED,
        "d1-s1": OrderState.ACKNOWLEDGED,
        "d2-e1": OrderState.NOT_SENT,
    }


async def test_what_the_venue_knows_asks_for_no_turn(watch: Watch) -> None:
    street = Street()
    pace = paced(1, watch)
    hand = ByHand(BOOK, street.broker, Memorandum(), lambda: None, street.clock, pace)
    await send(hand, [order()])
    assert await send(hand, [order()]) is None
    assert (pace.last_minute, watch.slept) == (1, [])
