"""Between two rounds: the pace, a pause, an order that waits for a person, and what people ask meanwhile."""

import asyncio

from trader.clock import Clock
from trader.domain.orders import Order
from trader.domain.value import plain
from trader.runner.rounds import Rounds
from trader.runner.watching import Control, Observer

WAIT_S = 0.05
"""How often a paused or paced run looks whether it may go on."""
LISTEN_S = 0.5
"""How often it looks meanwhile what people have asked for."""


async def between(rounds: Rounds, observer: Observer, control: Control, clock: Clock, due: float) -> None:
    """Return when the next round is due, nobody has paused the run, and no order waits for a person."""
    for waits in rounds.waiting.known.values():
        observer.note(asking(waits.asked.order))
    heard = clock.monotonic()
    while not control.stop and not control.step and _held_back(rounds, control, clock, due):
        await asyncio.sleep(WAIT_S)
        if clock.monotonic() - heard >= LISTEN_S:
            heard = clock.monotonic()
            for text in await rounds.listen():
                observer.note(text)


def asking(order: Order) -> str:
    """What a person is asked: "d…-e1 waits for approval: buy 8 AAPL at 600 or better; trader approve d…"."""
    price = f" at {plain(order.limit_price)} or better" if order.limit_price is not None else ""
    what = f"{order.side} {plain(order.quantity)} {order.symbol}{price}"
    return f"{order.client_id} waits for approval: {what}; trader approve {order.client_id}"


def _held_back(rounds: Rounds, control: Control, clock: Clock, due: float) -> bool:
    waits = control.wait_for_approval and bool(rounds.waiting.known)
    return control.paused or waits or clock.monotonic() < due
