"""A round, whoever looks after the account, the market and the network, in every order that a choice makes.

The real ccxt asks the stand-in in memory. Each request stands still twice, before the venue has it and before
its answer is heard, until it is let go; requests and replies go astray on the way, and the process dies with
what it had begun. Nothing waits for a clock, so that the same choices are the same story.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tests.contracts.broker import GTC, protective
from tests.contracts.ccxt_desk import SHARE, SYMBOL, CcxtDesk, ccxt_desk, listed
from tests.risk.books import order
from tests.venues.exchange import Refusal
from tests.venues.server import VERSION
from trader.brokers.ccxt_broker import CcxtBroker
from trader.brokers.ledger import fold
from trader.domain.ids import ClientOrderId, DecisionId
from trader.domain.orders import Order, OrderState, Side, TimeInForce
from trader.graph.sending import ByHand, send
from trader.journal.records import OrderIntended
from trader.journal.writer import Memorandum
from trader.runner.keeping import Keeper
from trader.runner.requests import flatten
from trader.runner.waiting import Waiting

D = Decimal
OWNED = D(50)
"""Units that the account had before the book: what is oversold would come out of them."""
STATES = {
    "NEW": OrderState.ACKNOWLEDGED,
    "PARTIALLY_FILLED": OrderState.PARTLY_FILLED,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "EXPIRED": OrderState.EXPIRED,
}
FAULTS = ("lost", "unheard", "late clock", "busy")
CHAPTERS, CHOICES_A_CHAPTER = 8, 60
LOWEST_STOP = 90
TURNS = 12
"""Of the event loop, until everybody waits for a request again: the longest chain of locks and answers."""


class Disk(Memorandum):
    """What is appended may be lost until it is committed."""

    synced = 0

    def commit(self) -> None:
        self.synced = len(self.records)

    def lose(self, chance: random.Random) -> None:
        """The process dies: the end of what was not synced yet is gone."""
        del self.records[chance.randint(self.synced, len(self.records)) :]


@dataclass
class Story:
    """What happens to one account, choice by choice."""

    desk: CcxtDesk
    chance: random.Random
    faults: bool = True
    """Whether requests go astray."""
    free: bool = False
    """Whether requests are let go at once."""
    standing: list[asyncio.Future[None]] = field(default_factory=list)
    actors: set[asyncio.Task[Any]] = field(default_factory=set)
    round: asyncio.Task[Any] | None = None
    number: int = 0
    told: list[str] = field(default_factory=list)
    """The story, to read it by."""
    broken: list[str] = field(default_factory=list)
    journal: Disk = field(default_factory=Disk)

    async def tell(self, chapters: int) -> list[str]:
        """So many times some choices, then peace; the promises that did not hold then."""
        self._begin()
        for _ in range(chapters):
            self.free, self.faults = False, True
            for _ in range(CHOICES_A_CHAPTER):
                self.chance.choice(CHOICES)(self)
                await self._settle()
            await self._peace()
            self._not_oversold()
            self.broken += self._compared()
        return self.broken

    def _begin(self) -> None:
        desk = self.desk
        desk.venue.exchange.balances["AAPL"] = OWNED
        desk.broker._trades.foreign.opening.balances["AAPL"] = OWNED
        desk.client.exchange.fetch = self._fetch
        desk.journal = self.journal
        self._awake()

    def _awake(self) -> None:
        """A process begins, from what the journal has."""
        desk = self.desk
        ledger = fold(desk.book, desk.broker.ledger.instruments.values(), desk.rows)
        desk.broker = CcxtBroker(desk.client, ledger, desk.broker._rules, desk.opening, desk.clock)
        desk.keeper = Keeper(desk.broker, desk.book.id, desk.journal, desk.clock)
        self.sender = ByHand(desk.book, desk.broker, desk.journal, lambda: None, desk.clock)
        self.round = self._start("starts", desk.keeper.start())  # it is over before there is a round

    def _die(self) -> None:
        """What was on its way and had not arrived never does."""
        if self.chance.random() < 0.2:
            self.told.append("dies")
            for one in self.actors:
                one.cancel()
            self.journal.lose(self.chance)
            self._awake()

    # What people, the desk and the market do

    def _act(self) -> None:
        keeper = self.desk.keeper
        working = [
            one.order.client_id
            for one in self.desk.broker.ledger.working()
            if one.order.limit_price is not None
        ]
        match self.chance.randrange(9):
            case 0 | 1 | 2:
                self._in_turn("enters", self._enter)
            case 3:
                self._in_turn("exits", self._exit)
            case 4:
                self._in_turn("flattens", self._flatten)
            case 5:
                self._start("looks", keeper.refresh())
            case 6:
                self._start("compares", keeper.reconcile())
            case 7:
                self._start("ends the bar", keeper.step(self.desk.clock.now()))
            case _ if working:
                name = self.chance.choice(working)
                if self.chance.random() < 0.5:
                    self._start(f"cancels {name}", keeper.cancel(name))
                else:
                    self._start(f"amends {name}", keeper.amend(name, price=D(self.chance.randint(96, 104))))

    def _in_turn(self, what: str, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A round does one thing after the other."""
        if self.round is None or self.round.done():
            self.round = self._start(what, act())

    def _start(self, what: str, act: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self.told.append(what)
        task = asyncio.create_task(act)
        self.actors.add(task)
        return task

    def _named(self) -> DecisionId:
        self.number += 1
        return DecisionId(f"d{self.number}")

    async def _enter(self) -> None:
        name, units = self._named(), self.chance.randint(3, 30)
        good = self.chance.choice((GTC, TimeInForce.DAY))
        entry = order(Side.BUY, units, str(self.chance.choice((99, 102, 105))), name=f"{name}-e1", good=good)
        stop = protective(str(self.chance.randint(LOWEST_STOP, 96)), units)
        changes = {"client_id": f"{name}-s1", "parent": f"{name}-e1", "decision": name}
        await self._send(entry, stop.model_copy(update=changes))

    async def _exit(self) -> None:
        held = int(self.desk.broker.ledger.quantity(SYMBOL))
        if held > 0:
            name, units = self._named(), self.chance.choice((held, self.chance.randint(1, held)))
            limit = str(self.chance.choice((96, 100, 104)))
            await self._send(order(Side.SELL, units, limit, name=f"{name}-x1", reduce_only=True))

    async def _send(self, *orders: Order) -> None:
        """As the round does: intents first, then each order."""
        desk, ours = self.desk, [listed(one) for one in orders]
        now = desk.clock.now()
        desk.journal.append(*(OrderIntended(book=desk.book.id, round="", order=one, at=now) for one in ours))
        desk.journal.commit()
        await send(self.sender, ours)

    async def _flatten(self) -> None:
        desk = self.desk
        account = desk.broker.account(desk.clock.now(), {}, desk.book.cash, desk.book.cash)
        await flatten(self.sender, account, Waiting(), f"c{self._named()}", None)

    def _trade(self) -> None:
        price, volume = D(self.chance.randint(9_300, 10_700)) / 100, self.chance.choice((None, 1, 2, 7, 20))
        self.told.append(f"trades {volume} at {price}")
        self.desk.venue.exchange.print_trade("AAPLUSD", price, None if volume is None else D(volume))
        self._not_oversold()

    # What the network does

    def _let_go(self) -> None:
        standing = [one for one in self.standing if not one.done()]
        if standing:
            self.chance.choice(standing).set_result(None)

    async def _still(self) -> None:
        if not self.free:
            one = asyncio.get_running_loop().create_future()
            self.standing.append(one)
            try:
                await one
            finally:
                self.standing.remove(one)

    async def _fetch(
        self, url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: str | None = None
    ) -> Any:
        import ccxt

        parts = urlsplit(url)
        path, asked = parts.path.removeprefix(VERSION), parts.query or body or ""
        fault = self.chance.choice(FAULTS) if self.faults and self.chance.random() < 0.15 else ""
        self.told.append(f"  {method} {path} {fault} {asked[:70] if method != 'GET' else ''}")
        await self._still()
        if fault == "lost":
            raise ccxt.NetworkError("connection lost")
        refusal = Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
        if fault == "busy":
            refusal = Refusal(-1003, "Too many requests.", 429)
        try:
            if fault in ("late clock", "busy"):
                raise refusal
            sent = {name.lower(): value for name, value in (headers or {}).items()}
            answer = json.loads(json.dumps(self.desk.venue.venue.answer(method, path, asked, sent)))
        except Refusal as error:
            said = {"code": error.code, "msg": error.message}
            await self._still()
            self.desk.client.exchange.handle_errors(
                error.status, "Said", url, method, {}, json.dumps(said), said, headers, body
            )
            raise
        self._not_oversold()
        await self._still()
        if fault == "unheard":
            raise ccxt.RequestTimeout("no answer")
        return answer

    async def _settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def _peace(self) -> None:
        """Everything that was begun ends; then whoever keeps the account is left alone with the venue."""
        self.free, self.faults = True, False
        for one in self.standing:
            if not one.done():
                one.set_result(None)
        async with asyncio.timeout(300):
            done = await asyncio.gather(*self.actors, return_exceptions=True)
        self.broken += [repr(one) for one in done if isinstance(one, Exception)]
        self.actors.clear()
        self.told.append("peace")
        for _ in range(3):
            self.desk.clock.leap(60)
            await self.desk.keeper.refresh()
            report = await self.desk.keeper.reconcile()
        self.broken += [one.sentence for one in report.inexplicable]

    # What must hold

    def _not_oversold(self) -> None:
        if self.desk.venue.exchange.balances["AAPL"] < OWNED:
            self.broken.append("sold what the book does not hold")

    def _compared(self) -> list[str]:
        desk, ledger, exchange = self.desk, self.desk.broker.ledger, self.desk.venue.exchange
        held, broken = ledger.quantity(SYMBOL), []
        if (ledger.cash, held) != (exchange.balances["USD"], exchange.balances["AAPL"] - OWNED):
            broken.append(f"{ledger.cash} and {held}, the venue has {exchange.balances}")
        promised = sum((one.remaining for one in ledger.working(SYMBOL) if one.order.reduce_only), D(0))
        bare = held - promised
        if bare < 0 or bare * LOWEST_STOP >= desk.broker._rules[SYMBOL].min_notional:
            broken.append(f"{held} held, {promised} protected or being sold")
        ids = Counter(one.client_id for one in exchange.orders.values())
        broken += [f"{name} went out {count} times" for name, count in ids.items() if count > 1]
        for one in exchange.orders.values():
            known = ledger.orders.get(ClientOrderId(one.client_id))
            if known is None or (known.state, known.filled) != (STATES[one.status], one.filled):
                broken.append(f"{one.client_id} is {one.status} at the venue, here {known}")
        unsaid = {OrderState.NOT_SENT, OrderState.NEVER_ARRIVED, OrderState.REJECTED, OrderState.INTENDED}
        for name, tracked in ledger.orders.items():
            if name not in ids and tracked.state not in unsaid:
                broken.append(f"{name} is {tracked.state} here, and was never there")
            if tracked.state is OrderState.INTENDED and tracked.order.parent is None:
                broken.append(f"{name} was never sent, and nobody says so")
        return broken + self._folded()

    def _folded(self) -> list[str]:
        """A process that starts now must find the same account in the journal."""
        ledger = self.desk.broker.ledger
        again = fold(self.desk.book, ledger.instruments.values(), self.desk.rows)
        if (again.cash, again.holdings) != (ledger.cash, ledger.holdings):
            return ["the journal folds to another account"]
        ours = {name: replace(one, triggered=False) for name, one in ledger.orders.items()}
        return [
            f"{name}: {again.orders.get(name)} in the journal, {one} here"
            for name, one in ours.items()
            if again.orders.get(name) != one
        ]


CHOICES = (*(Story._act,) * 4, *(Story._trade,) * 2, *(Story._let_go,) * 6, Story._die)


async def interleaved(seed: int, chapters: int, smallest: Decimal) -> list[str]:
    """The promises that one story breaks; the venue takes no order below `smallest` dollars."""
    async with ccxt_desk(share=replace(SHARE, min_notional=smallest)) as desk:
        story = Story(desk, random.Random(seed))
        return await story.tell(chapters)
