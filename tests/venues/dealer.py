"""A desk without a mind: it orders, cancels and asks at random, as fast as it can, until it is killed.

Its journal is a real one on a real disk, its venue another process. `compared` says what of the venue's truth
the journal does not have, once the dealer was started again and left in peace.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self
from urllib.request import Request, urlopen

from pydantic import SecretStr

from tests.brokers.street import BOOK
from tests.contracts.broker import GTC, protective
from tests.contracts.ccxt_desk import SYMBOL, LeapClock, listed
from tests.risk.books import order
from tests.venues.binance import KEY, SECRET
from trader.brokers.ccxt_broker import MARGIN_S, CcxtBroker
from trader.brokers.ccxt_client import connected
from trader.brokers.foreign import Opening
from trader.brokers.ledger import fold
from trader.data.feeds.ccxt_exchange import Address, Keys
from trader.domain.ids import DecisionId
from trader.domain.orders import OrderState, Side, TimeInForce
from trader.journal.reader import JournalReader
from trader.journal.records import BookOpened, OrderIntended
from trader.journal.writer import Journal
from trader.risk.killswitch import halted
from trader.runner.keeping import Keeper

D = Decimal
ROOT = Path(__file__).parents[2]
WINDOW_MS = 1000
OPENING = Opening(account="1", balances={"USD": D(100_000), "AAPL": D(0)}, trades={SYMBOL: 0})
OURS = BOOK.model_copy(update={"symbols": (SYMBOL,), "calendar": "24/7"})


class Dealer:
    """One process lifetime over a journal."""

    def __init__(self, place: Path, url: str, halt: Path | None = None) -> None:
        self._place, self._address = place, Address("binance", url, WINDOW_MS, timeout_s=2.0)
        self._halt = halt
        self.clock = LeapClock()
        self.held = AsyncExitStack()
        self.broker: CcxtBroker
        self.keeper: Keeper

    async def __aenter__(self) -> Self:
        keys = Keys(SecretStr(KEY), SecretStr(SECRET))
        client = await self.held.enter_async_context(connected(self._address, keys, self.clock))
        rules = await client.prepare((SYMBOL,))
        journal = self.held.enter_context(Journal.open(self._place))
        journal.append(BookOpened(book=OURS))
        journal.commit()
        with JournalReader(self._place) as reader:
            rows = [one.order if isinstance(one, OrderIntended) else one for one in reader.movements(OURS.id)]
        ledger = fold(OURS, [one.instrument for one in rules.values()], rows)
        self.broker = CcxtBroker(client, ledger, rules, OPENING, self.clock, self._halted)
        self.keeper = Keeper(self.broker, OURS.id, journal, self.clock, self._halted)
        await self.keeper.start()
        return self

    def _halted(self) -> str | None:
        return halted(self._halt) if self._halt is not None else None

    async def __aexit__(self, *_: object) -> None:
        await self.held.aclose()

    async def deal(self, chance: random.Random) -> None:
        """Something at random, again and again."""
        while True:
            if self._halted() is not None:
                await asyncio.sleep(0.01)  # goes on trying, and leaves the processor to others
            number = len(self.broker.ledger.orders)
            name = DecisionId(f"d{number:016}")
            held = self.broker.ledger.quantity(SYMBOL)
            units = chance.randint(1, 9)
            match chance.randrange(5):
                case 0 | 1:
                    entry = order(Side.BUY, units, "105", name=f"{name}-e1", good=TimeInForce.DAY)
                    stop = protective("95", units).model_copy(
                        update={"client_id": f"{name}-s1", "parent": entry.client_id, "decision": name}
                    )
                    entry = entry.model_copy(update={"decision": name})
                    await self.keeper.send(listed(entry), listed(stop))
                case 2 if held > 0:
                    leaving = order(
                        Side.SELL, int(held), "96", name=f"{name}-x1", reduce_only=True, good=TimeInForce.DAY
                    )
                    await self.keeper.send(listed(leaving))
                case 3:
                    resting = order(Side.BUY, units, "90", name=f"{name}-e1", good=GTC)
                    await self.keeper.send(listed(resting))
                case _:
                    await self.keeper.step(self.clock.now())
                    working = [one.order.client_id for one in self.broker.ledger.working()]
                    if working and chance.random() < 0.5:
                        await self.keeper.cancel(chance.choice(working))

    async def settle(self) -> None:
        """Until nothing that was sent can still arrive; then ask for everything."""
        self.clock.leap(self._address.recv_window_ms / 1000 + MARGIN_S)
        await self.keeper.refresh()
        await self.keeper.reconcile()


@dataclass
class Misses:
    """What does not hold between a journal and its venue; all zero where everything does."""

    doubled: int = 0
    """Client ids that the venue has taken more than once."""
    unheard: int = 0
    """Orders at the venue that no intent was written for."""
    lost: int = 0
    """Fills at the venue that the journal does not have, or has otherwise."""
    unknown: int = 0
    """Orders that nobody knows the state of."""
    apart: int = 0
    """Orders that stand otherwise, and cash or units that are not equal."""
    named: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.doubled + self.unheard + self.lost + self.unknown + self.apart


STATES = {
    "NEW": {OrderState.ACKNOWLEDGED},
    "PARTIALLY_FILLED": {OrderState.PARTLY_FILLED},
    "FILLED": {OrderState.FILLED},
    "CANCELED": {OrderState.CANCELLED},
    "EXPIRED": {OrderState.EXPIRED},
}


def compared(place: Path, broker: CcxtBroker, truth: dict[str, Any]) -> Misses:
    """The journal and the ledger beside the venue's truth."""
    found = Misses()
    with JournalReader(place) as reader:
        intended = {one.order.client_id for one in reader.orders(OURS.id)}
        fills = {fill.id: (fill.quantity, fill.price) for fill in reader.fills(OURS.id)}
    ids = Counter(one["client_id"] for one in truth["orders"])
    found.doubled = sum(count - 1 for count in ids.values())
    found.unheard = len(set(ids) - intended)
    trades = {f"{SYMBOL}-{one['id']}": (D(one["quantity"]), D(one["price"])) for one in truth["trades"]}
    found.lost = len(set(trades.items()) ^ set(fills.items()))
    orders = broker.ledger.orders
    found.unknown = sum(one.state is OrderState.UNKNOWN for one in orders.values())
    for one in truth["orders"]:
        known = orders.get(one["client_id"])
        if known is None or known.state not in STATES[one["status"]] or known.filled != D(one["filled"]):
            found.apart += 1
            found.named.append(f"{one['client_id']} {one['status']} {known and known.state}")
    wanted = (D(truth["balances"]["USD"]), D(truth["balances"]["AAPL"]))
    if (broker.ledger.cash, broker.ledger.quantity(SYMBOL)) != wanted:
        found.apart += 1
        found.named.append(f"{broker.ledger.cash} {broker.ledger.quantity(SYMBOL)} but {wanted}")
    return found


ZYGOTE = """
import asyncio, json, os, random, sys, time, traceback
from contextlib import nullcontext
from pathlib import Path
import ccxt.async_support
from tests.venues.dealer import Dealer
from trader.commands.halt import by_signal

async def block():
    while True:  # as a client that does not give way does
        time.sleep(0.2)
        await asyncio.sleep(0.01)

async def deal(place, url, seed, halt=None, blocked=False):
    blocking = asyncio.create_task(block()) if blocked else None
    async with Dealer(Path(place), url, Path(halt) if halt else None) as dealer:
        print("dealing", flush=True)
        await dealer.deal(random.Random(seed))

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        given = json.loads(line)
        try:
            with by_signal(Path(given[3])) if len(given) > 3 else nullcontext():
                asyncio.run(deal(*given))
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Has everything imported, and for each line of its input deals in a child until that is killed."""


class Street:
    """A venue in one process, and dealers in another that are killed one after the other."""

    def __init__(self) -> None:
        self._venue = self._started("-m", "tests.venues")
        assert self._venue.stdout is not None
        self.url = self._venue.stdout.readline().strip()
        self._zygote = self._started("-c", ZYGOTE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._zygote, self._venue):
            process.communicate()

    def kill(self, place: Path, seed: int, after_s: float, *, dealing: bool = True) -> None:
        """Start a dealer, and kill it with SIGKILL so long after it began, or began to deal.

        Raises AssertionError where it has ended by itself.
        """
        child, said = self.begin(place, seed), ""
        if dealing:
            said = self._said()
        time.sleep(after_s)
        self.end(child, said)

    def begin(self, place: Path, seed: int, *more: object) -> int:
        """Start a dealer; its process id. `more` is a file that halts it, and whether something blocks it."""
        assert self._zygote.stdin is not None
        print(json.dumps([str(place), self.url, seed, *more]), file=self._zygote.stdin, flush=True)
        return int(self._said())

    def wait_for_dealing(self) -> None:
        """Until the dealer that was begun last deals."""
        assert self._said() == "dealing"

    def end(self, child: int, said: str = "") -> None:
        """Kill a dealer with SIGKILL. Raises AssertionError where it has ended by itself."""
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        while not said.lstrip("-").isdecimal():
            said = self._said()
        code = int(said)
        if code != -signal.SIGKILL:
            raise AssertionError(f"the dealer has ended by itself, with code {code}")

    def _said(self) -> str:
        assert self._zygote.stdout is not None
        return self._zygote.stdout.readline().strip()

    def fault(self, on: str, **how: object) -> None:
        """Set a fault of the venue."""
        asked = Request(f"{self.url}/truth/fault", json.dumps({"on": on, **how}).encode(), method="POST")
        urlopen(asked).close()

    def settled(self, place: Path) -> Misses:
        """Start once more, leave it in peace, and compare."""

        async def settle() -> Misses:
            async with Dealer(place, self.url) as dealer:
                await dealer.settle()
                truth = await asyncio.to_thread(self.truth)
                return compared(place, dealer.broker, truth)

        return asyncio.run(settle())

    def truth(self) -> dict[str, Any]:
        """What the venue says that happened."""
        with urlopen(f"{self.url}/truth") as answer:
            truth: dict[str, Any] = json.load(answer)
            return truth

    def asked_at(self, route: str) -> list[float]:
        """When the venue was asked this, in seconds."""
        with urlopen(f"{self.url}/truth/asked") as answer:
            return [at / 1000 for what, at in json.load(answer) if what == route]

    def forget(self) -> None:
        """Another account: nothing was ever asked or ordered; and what it owns is as at first."""
        urlopen(f"{self.url}/truth/forget").close()

    def _started(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
