"""Requests and replies that are lost, at random: one order where the venue has taken it, none where not."""

import random
from dataclasses import dataclass, field
from typing import Any

from tests.contracts.broker import GTC
from tests.contracts.ccxt_desk import CcxtDesk
from tests.risk.books import order
from trader.domain.orders import OrderState, Side

TOGETHER = 15
"""Orders that are lost before anybody asks for them."""
WAYS: tuple[dict[str, Any], ...] = (
    {"reply": "none"},
    {"reply": "cut"},
    {"reply": "half"},
    {"reply": "html"},
    {"reply": "list"},
    {"reply": "object"},
    {"code": -1001},
    {"code": -1006},
    {"code": -1007},
    {"code": -1016},
    {"reply": "status", "status": 503},
    {"late_s": 0.02},
)


@dataclass
class Lost:
    """What came of it."""

    cases: int = 0
    doubled: int = 0
    """Orders that the venue has more than once."""
    missed: int = 0
    """Orders of which the desk does not know in the end whether the venue has them."""
    wrong: int = 0
    """Orders that the desk believes to be there and are not, or the other way round."""
    named: list[str] = field(default_factory=list)


async def lose(desk: CcxtDesk, cases: int, chance: random.Random) -> Lost:
    """Send so many orders, each of which goes astray in its own way, and ask what became of them."""
    found = Lost()
    while found.cases < cases:
        sent = []
        for _ in range(min(TOGETHER, cases - found.cases)):
            name, how = f"l{found.cases}-e1", chance.choice(WAYS)
            desk.venue.fault("POST /order", apply=chance.random() < 0.5, **how)
            await desk.send(order(Side.BUY, 1, "50", name=name, good=GTC))
            sent.append((name, how))
            found.cases += 1
        await desk.venue.late()
        desk.speak_again()
        await desk.keeper.refresh()
        await desk.wait_out()
        for name, how in sent:
            state, there = desk.broker.ledger.orders[name].state, desk.at_venue(name)
            found.doubled += there > 1
            found.missed += state is OrderState.UNKNOWN
            expected = OrderState.ACKNOWLEDGED if there else OrderState.NEVER_ARRIVED
            if state is not expected:
                found.wrong += 1
                found.named.append(f"{name} {how}: {state}, {there} at the venue")
            await desk.keeper.cancel(name)
    return found
