"""Ways in which a venue and a journal come to disagree while nobody looks, each planted on purpose."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.contracts.broker import GTC, protective
from tests.contracts.ccxt_desk import CcxtDesk
from tests.risk.books import order
from trader.brokers.reconcile import Kind
from trader.domain.orders import OrderState
from trader.journal.records import FillReceived, OrderChanged

D = Decimal
MARKET = "AAPLUSD"

PLANTED: Mapping[str, bool] = {
    "an order that was cancelled": False,
    "an order that the venue let expire": False,
    "an order that filled": False,
    "an order that filled in part": False,
    "a stop that went off": False,
    "an order of somebody else": False,
    "a trade of somebody else": False,
    "an order that the venue never had": True,
    "an order of other terms": True,
    "money that came or went": True,
    "units that came or went": True,
    "an order that the journal says has ended": True,
    "a journal that has lost a fill": False,
    "a journal that has a fill too many": True,
}
"""What is planted, and whether it is inexplicable: then nothing may be opened."""


@dataclass(frozen=True)
class Found:
    """What a restart found."""

    named: bool
    """Whether a difference of the right kind was told."""
    sent: int
    """Requests meanwhile that could have moved something."""
    barred: bool
    """Whether entries are refused now."""


async def plant_and_restart(desk: CcxtDesk, what: str, chance: random.Random) -> Found:
    """Give the desk a position with its stop and a working order, plant a divergence, and start it again."""
    held, waiting = chance.randint(5, 40), chance.randint(5, 40)
    await desk.send(order(quantity=held, limit="105"), protective("95", held))
    await desk.trades_at("100")
    await desk.send(order(quantity=waiting, limit="98", name="d2-e1", good=GTC))
    sent = desk.orders_sent
    expected = _plant(desk, what, chance, waiting)
    await desk.restart()
    told = {(one.kind, one.what) for one in desk.report.differences}
    return Found(
        named=any(kind is expected[0] and expected[1] in subject for kind, subject in told),
        sent=desk.orders_sent - sent,
        barred=bool(desk.report.inexplicable),
    )


def _plant(desk: CcxtDesk, what: str, chance: random.Random, waiting: int) -> tuple[Kind, str]:
    """The kind of difference that must be told, and what it must be about."""
    planters = (_ended, _traded, _foreign, _odd, _moved, _journalled)
    return next(found for plant in planters if (found := plant(desk, what, chance, waiting)) is not None)


Expected = tuple[Kind, str] | None


def _ended(desk: CcxtDesk, what: str, chance: random.Random, waiting: int) -> Expected:
    statuses = {"an order that was cancelled": "CANCELED", "an order that the venue let expire": "EXPIRED"}
    if what not in statuses:
        return None
    desk.end_at_venue("d2-e1", statuses[what])
    return Kind.MISSING, "d2-e1"


def _traded(desk: CcxtDesk, what: str, chance: random.Random, waiting: int) -> Expected:
    match what:
        case "an order that filled":
            desk.trade_away("97.5")
            return Kind.MISSING, "d2-e1"
        case "an order that filled in part":
            desk.trade_away("97.5", chance.randint(1, waiting - 1) * 10)
            return Kind.FILLED, "d2-e1"
        case "a stop that went off":
            desk.end_at_venue("d2-e1", "CANCELED")
            desk.trade_away("94")
            return Kind.MISSING, "d1-s1"
    return None


def _foreign(desk: CcxtDesk, what: str, chance: random.Random, waiting: int) -> Expected:
    units = D(chance.randint(1, 9))
    match what:
        case "an order of somebody else":
            desk.venue.exchange.place(MARKET, "BUY", "LIMIT", units, D(90), client_id="web_1")
            return Kind.FOREIGN, "web_1"
        case "a trade of somebody else":
            desk.venue.exchange.place(MARKET, "BUY", "MARKET", units, client_id="web_2")
            return Kind.FOREIGN_TRADE, "trade"
    return None


def _odd(desk: CcxtDesk, what: str, chance: random.Random, waiting: int) -> Expected:
    placed = desk.venue.exchange.of_client("d2-e1")
    match what:
        case "an order that the venue never had":
            del desk.venue.exchange.orders[placed.id]
            return Kind.MISSING, "d2-e1"
        case "an order of other terms":
            placed.price -= D(chance.randint(1, 500)) / 100
            return Kind.TERMS, "d2-e1"
    return None


def _moved(desk: CcxtDesk, what: str, chance: random.Random, waiting: int) -> Expected:
    balances = desk.venue.exchange.balances
    match what:
        case "money that came or went":
            balances["USD"] += D(chance.choice((-1, 1)) * chance.randint(1, 10_000)) / 100
            return Kind.HOLDING, "USD"
        case "units that came or went":
            balances["AAPL"] += D(chance.randint(1, 900)) / 100
            return Kind.HOLDING, "AAPL"
    return None


def _journalled(desk: CcxtDesk, what: str, chance: random.Random, waiting: int) -> Expected:
    records = desk.journal.records
    match what:
        case "an order that the journal says has ended":
            event = next(one.event for one in records if isinstance(one, OrderChanged))
            changes = {"client_id": "d2-e1", "state": OrderState.CANCELLED, "reason": "planted"}
            desk.journal.append(OrderChanged(book=desk.book.id, event=event.model_copy(update=changes)))
            return Kind.ENDED, "d2-e1"
        case "a journal that has lost a fill":
            desk.journal.records = [one for one in records if not isinstance(one, FillReceived)]
            return Kind.HOLDING, "AAPL"
        case "a journal that has a fill too many":
            one = next(one for one in records if isinstance(one, FillReceived))
            twin = one.fill.model_copy(update={"id": "AAPL/USD-999"})
            desk.journal.append(FillReceived(book=desk.book.id, fill=twin))
            return Kind.HOLDING, "AAPL"
    return None
