"""What people ask of a run, between its rounds: approve, flatten, resume, pin. Each is answered once.

Another process appends a row to `commands`; the run reads those that have no answer, in the order of `seq`.
A run that dies on the way does it again when it goes on: orders have the ids of the request, so that nothing
is sent twice.
"""

from collections.abc import Callable
from typing import Any

from trader.domain.ids import EXIT, ClientOrderId, RoundId, client_order_id, flatten_id
from trader.domain.orders import Order, OrderType, Side
from trader.domain.portfolio import Account, Book
from trader.domain.value import plain
from trader.graph.sending import Sender, send
from trader.graph.state import Desk
from trader.journal.reader import JournalReader
from trader.journal.records import CommandAnswered, Commanded, OrderChanged, OrderIntended
from trader.risk.facts import Facts
from trader.runner.waiting import Waiting

APPROVE, REJECT, FLATTEN, RESUME = "approve", "reject", "flatten", "resume"
Answer = tuple[bool, str]
"""Whether it was done, and a sentence for the person."""


def flattening(book: Book, account: Account, command: str, symbol: str | None) -> list[Order]:
    """A market order for each position (of `symbol`), that can only reduce it."""
    return [
        Order(
            client_id=client_order_id(flatten_id(book.id, command, held.symbol), EXIT),
            decision=flatten_id(book.id, command, held.symbol),
            symbol=held.symbol,
            side=Side.SELL if held.quantity > 0 else Side.BUY,
            type=OrderType.MARKET,
            quantity=abs(held.quantity),
            reduce_only=True,
        )
        for held in account.positions
        if symbol in (None, held.symbol)
    ]


async def flatten(
    desk: Sender, account: Account, waiting: Waiting, command: str, symbol: str | None
) -> Answer:
    """End entries that wait or work, then leave every position (of `symbol`) at the next price there is."""
    if (halted := desk.halted()) is not None:
        return False, f"{halted}; nothing was sent"
    for name, one in tuple(waiting.known.items()):
        if symbol in (None, one.asked.order.symbol):
            waiting.reject(name, desk)
    for working in account.working:
        if not working.order.reduce_only and symbol in (None, working.order.symbol):
            told = await desk.broker.cancel(working.order.client_id)
            desk.recorder.append(*(OrderChanged(book=desk.book.id, event=event) for event in told))
    # What an entry filled while it was being ended is left too.
    account = desk.broker.account(account.as_of, account.marks, account.peak, account.day_open)
    orders = flattening(desk.book, account, command, symbol)
    now = desk.clock.now()
    desk.recorder.append(
        *(OrderIntended(book=desk.book.id, round=RoundId(""), order=order, at=now) for order in orders)
    )
    desk.recorder.commit()
    for order in orders:
        await send(desk, [order])
    said = ", ".join(f"{order.side} {plain(order.quantity)} {order.symbol}" for order in orders)
    return True, f"sent: {said}" if orders else "nothing is held"


class Requests:
    """Reads and answers them."""

    def __init__(
        self, reader: JournalReader, waiting: Waiting, resume: Callable[[], tuple[str, ...]]
    ) -> None:
        self._reader, self._waiting, self._resume = reader, waiting, resume

    async def answer_all(self, desk: Desk, now: Callable[[], Facts]) -> tuple[str, ...]:
        """Do what was asked of this book and not answered yet; the answers, for whoever watches.

        `now` makes the facts as the account stands when each is begun.
        """
        said = []
        for asked in self._reader.unanswered_commands():
            if asked.arguments.get("book") == desk.book.id:
                done, text = await self._answer(asked, desk, now())
                desk.recorder.append(
                    CommandAnswered(id=asked.id, book=desk.book.id, at=desk.clock.now(), done=done, text=text)
                )
                desk.recorder.commit()
                said.append(f"{asked.kind}: {text}")
        return tuple(said)

    async def _answer(self, asked: Commanded, desk: Desk, facts: Facts) -> Answer:
        match asked.kind:
            case "approve" | "reject":
                return await self._rule_on(asked.kind, asked.arguments, desk, facts)
            case "flatten":
                symbol = asked.arguments.get("symbol")
                return await flatten(desk, facts.account, self._waiting, asked.id, symbol)
            case "resume":
                lifted = self._resume()
                return True, f"lifted: {', '.join(lifted)}" if lifted else "nothing was barred"
            case "pin" | "mute" | "release":  # read anew at each fit: what was asked is in the journal
                return True, f"{asked.arguments.get('rule')}: from the next look at what has resolved"
            case _:
                return False, f"this program does not know how to {asked.kind}"

    async def _rule_on(self, kind: str, arguments: dict[str, Any], desk: Desk, facts: Facts) -> Answer:
        name = ClientOrderId(str(arguments.get("order", "")))
        if name not in self._waiting.known:
            return False, f"{name} does not wait for approval any more"
        if kind == APPROVE:
            return await self._waiting.approve(name, desk, facts)
        self._waiting.reject(name, desk)
        return True, f"{name} was rejected"
