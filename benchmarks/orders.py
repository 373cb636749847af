"""What a ruling costs on a full book, and what the desk adds to the venue's own time of an order."""

import asyncio
import random
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from time import perf_counter

from benchmarks.figures import Bound, Figure, Say, quantile
from tests.contracts.broker import GTC
from tests.contracts.ccxt_desk import listed
from tests.risk.books import NOW, D, facts, limits, order, stock, working
from tests.venues.dealer import SYMBOL, Dealer, Street
from trader.domain.orders import Order, RulingOutcome, Side
from trader.domain.portfolio import Account, Position
from trader.risk.facts import Facts, Quote
from trader.risk.gate import rule

POSITIONS, RULINGS, SENDS = 20, 2_000, 150
GATE_US, SENT_MS = 200.0, 2.0


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Rulings, then orders to a venue in another process. The least of many is what a free machine takes."""
    for what, asked, outcome in (
        ("an entry that passes", order(symbol="S00", quantity=5, limit="101"), RulingOutcome.ALLOWED),
        ("an entry that is cut", order(symbol="S00", quantity=90, limit="101"), RulingOutcome.CUT),
    ):
        say(f"{RULINGS:,} rulings on {what}")
        took = ruling_us(asked, full_book(), outcome)
        yield Figure(f"gate, {POSITIONS} positions, {what}, p50", statistics.median(took), "us",
                     target=Bound("at most", GATE_US))  # fmt: skip
        yield Figure("  the least", min(took), "us")
    if sys.platform == "win32":
        return
    say(f"{SENDS} orders to a venue on loopback")
    sent = asyncio.run(sending_ms(folder))
    yield Figure("intent synced, until the request leaves, p50", statistics.median(sent.before), "ms",
                 target=Bound("at most", SENT_MS))  # fmt: skip
    yield Figure("  the least", min(sent.before), "ms")
    yield Figure("  p95", quantile(sent.before, 0.95), "ms")
    yield Figure("an order, with everything recorded, p50", statistics.median(sent.whole), "ms",
                 statistics.median(sent.bare), "ccxt alone, which records nothing")  # fmt: skip
    yield Figure("  the least", min(sent.whole), "ms", min(sent.bare), "ccxt alone, which records nothing")


def full_book() -> Facts:
    """As many positions as the limits let be, each with its stop; quotes, ages and every correlation."""
    stocks = [stock(f"S{number:02}") for number in range(POSITIONS)]
    names = [one.symbol for one in stocks]
    stops = [
        working(order(Side.SELL, 40, None, symbol=name, name=f"p{number}-s1", stop="90", reduce_only=True))
        for number, name in enumerate(names)
    ]
    held = tuple(Position(symbol=name, quantity=D(40), cost=D(4_000), opened_at=NOW) for name in names)
    account = Account(
        as_of=NOW,
        currency="USD",
        cash=D(100_000),
        positions=held,
        working=tuple(stops),
        marks=dict.fromkeys(names, D(100)),
        peak=D(200_000),
        day_open=D(180_000),
    )
    return facts(
        account=account,
        instruments=tuple(stocks),
        quotes={name: Quote(bid=D("99.99"), ask=D("100.01")) for name in names},
        correlations={f"{one}|{other}": 0.3 for one, other in combinations(names, 2)},
        data_age=dict.fromkeys(names, 0.0),
    )


def ruling_us(asked: Order, known: Facts, outcome: RulingOutcome) -> list[float]:
    """Microseconds of each ruling."""
    permitted, took = limits(), []
    assert rule(asked, known, permitted).outcome is outcome
    for _ in range(RULINGS):
        began = perf_counter()
        rule(asked, known, permitted)
        took.append((perf_counter() - began) * 1e6)
    return took


@dataclass(frozen=True)
class Sent:
    """Milliseconds of each order."""

    before: list[float]
    """From the wish to the first byte: the intent is on the disk by then."""
    whole: list[float]
    """Until the venue's answer is on the disk too."""
    bare: list[float]
    """The same request through the same ccxt, with nothing of the desk."""


async def sending_ms(folder: Path) -> Sent:
    """Orders by turns through the keeper and through ccxt alone, to a venue in a process of its own."""
    found, left = Sent([], [], []), [0.0]
    with Street() as street:
        async with Dealer(folder / "orders.sqlite3", street.url) as dealer:
            exchange = dealer.broker._client.exchange
            fetch: Callable[..., object] = exchange.fetch

            async def noted(*arguments: object, **named: object) -> object:
                left[0] = perf_counter()
                return await fetch(*arguments, **named)  # type: ignore[misc]

            exchange.fetch = noted
            for number in random.Random(1).sample(range(SENDS), SENDS):  # noqa: S311 - an order of turns
                one = listed(order(quantity=1, limit="90", name=f"d{number}-e1", good=GTC))
                began = perf_counter()
                await dealer.keeper.send(one)
                found.before.append((left[0] - began) * 1e3)
                found.whole.append((perf_counter() - began) * 1e3)
                began = perf_counter()
                await exchange.create_order(
                    SYMBOL, "limit", "buy", "1", "90", {"clientOrderId": f"b{number}"}
                )
                found.bare.append((perf_counter() - began) * 1e3)
                street.forget()
    return found
