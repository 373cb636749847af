"""`trader approve`, `reject` and `flatten`: what a person orders, of the process that holds the workspace."""

import asyncio
import secrets
import sys
import time
from collections.abc import Sequence
from typing import Any

from trader.brokers.costs import CostModel
from trader.brokers.paper import PaperBroker
from trader.brokers.present import Present
from trader.clock import SetClock, SystemClock
from trader.commands import output
from trader.commands.books import chosen
from trader.commands.config import loaded
from trader.commands.session import Session
from trader.domain.errors import Refused, UnknownName, UsageError, WorkspaceInUse
from trader.domain.ids import ulid
from trader.domain.orders import Order, OrderState
from trader.domain.value import plain
from trader.graph.sending import ByHand
from trader.journal.reader import JournalReader
from trader.journal.records import CommandAnswered, Commanded
from trader.journal.writer import Journal
from trader.risk import killswitch
from trader.runner.requests import FLATTEN, flatten, flattening
from trader.runner.waiting import Waiting
from trader.workspace import Workspace

REFUSED = 3
PATIENCE_S = 10.0
"""How long to wait for a run to answer: it looks between rounds, and a round takes its time."""
POLL_S = 0.1


def rule_on(session: Session, kind: str, order: str, book: str | None) -> int:
    """`approve` and `reject`: 0 where it was done, or will be when the run goes on; 3 where refused."""
    workspace = session.workspace
    with JournalReader(workspace.journal) as reader:
        now = chosen(reader, book)
    waiting = _named(now, order)
    answer = ask(workspace, kind, {"book": now.book.id, "order": waiting.client_id})
    later = f"written down: the run of book {now.book.id} does it when it goes on (`trader run`)"
    return _told(session, kind, answer, later, {"order": waiting.client_id})


def flatten_book(session: Session, symbol: str | None, book: str | None, *, yes: bool) -> int:
    """`flatten`: 0 where it was sent, 3 where it was refused. Asks first, naming what will be sent."""
    workspace = session.workspace
    with JournalReader(workspace.journal) as reader:
        now = chosen(reader, book)
        runs = reader.runs(now.book.id)
    if symbol is not None and symbol not in now.book.symbols:
        raise UnknownName("symbol", symbol, now.book.symbols)
    if halted := killswitch.halted(workspace.halt):
        raise Refused(f"{halted}; nothing is sent", hint="`trader resume` first")
    orders = flattening(now.book, now.account, "", symbol)
    leaving = [f"{one.side} {plain(one.quantity)} {one.symbol}" for one in orders]
    if loaded(session)[0].run.dry_run:
        would = ", ".join(leaving) or "nothing is held"
        raise Refused(f"{killswitch.DRY_RUN}, and nothing is sent", hint=f"otherwise: {would}")
    entries = [one.client_id for one in _entries(now) if symbol in (None, one.symbol)]
    if not orders and not entries:
        return _told(session, FLATTEN, None, "nothing is held, and no entry works or waits", {"orders": []})
    _confirm(session, orders, entries, yes=yes)
    sent: dict[str, Any] = {"orders": leaving}
    try:
        with workspace.hold():
            if now.book.feed.startswith("ccxt:"):
                return _told(session, FLATTEN, _flatten_there(session, now, symbol), "", sent)
            if runs and runs[-1].ended is not None and runs[-1].ended.reason == "finished":
                raise Refused(
                    f"the replay of book {now.book.id} is over: no bar comes that could fill an order",
                    hint="`trader run --new` opens another book",
                )
            answer: CommandAnswered | None = _flatten_here(workspace, now, symbol)
    except WorkspaceInUse:
        given = {"book": now.book.id} | ({"symbol": symbol} if symbol else {})
        answer = ask(workspace, FLATTEN, given)
    return _told(session, FLATTEN, answer, "written down: the run does it before its next round", sent)


def ask(workspace: Workspace, kind: str, arguments: dict[str, Any]) -> CommandAnswered | None:
    """Write down what is asked, and wait a little for an answer; None where no run gives one."""
    now = SystemClock().now()
    asked = Commanded(id=ulid(now, secrets.token_bytes(10)), at=now, kind=kind, arguments=arguments)
    with Journal.open(workspace.journal) as journal:
        journal.append(asked)
    if not in_use(workspace):
        return None
    clock = SystemClock()
    until = clock.monotonic() + PATIENCE_S
    with JournalReader(workspace.journal) as reader:
        while (answer := reader.answer(asked.id)) is None and clock.monotonic() < until:
            time.sleep(POLL_S)
    return answer


def in_use(workspace: Workspace) -> bool:
    """Whether a process works here now."""
    try:
        with workspace.hold():
            return False
    except WorkspaceInUse:
        return True


def _flatten_here(workspace: Workspace, now: Present, symbol: str | None) -> CommandAnswered:
    """No run holds the workspace: the paper account takes the orders, and fills them when the run goes on."""
    clock = SetClock(now.account.as_of)
    id = ulid(SystemClock().now(), secrets.token_bytes(10))
    with Journal.open(workspace.journal) as journal, JournalReader(workspace.journal) as reader:
        hand = ByHand(
            now.book,
            PaperBroker(now.ledger, CostModel(), clock, rates=now.account.rates),
            journal,
            lambda: killswitch.halted(workspace.halt),
            clock,
        )
        waiting = Waiting.of(reader, now.book.id)
        done, text = asyncio.run(flatten(hand, now.account, waiting, id, symbol))
    text = f"{text}; what was sent fills when the run goes on" if done else text
    return CommandAnswered(id=id, book=now.book.id, at=clock.now(), done=done, text=text)


def _flatten_there(session: Session, now: Present, symbol: str | None) -> CommandAnswered:
    """No run holds the workspace: its venue is asked, and the orders go there."""
    from trader.commands.venue import keys_of
    from trader.runner.at_venue import flatten_at_venue

    book, clock = now.book, SystemClock()
    flags = {
        "run.broker": book.feed,
        "run.feed": book.feed,
        "run.symbols": book.symbols,
        "run.timeframe": book.timeframe,
    }
    settings, _ = loaded(session, flags)
    id = ulid(clock.now(), secrets.token_bytes(10))
    found = keys_of(session, book.feed)
    done, text = asyncio.run(flatten_at_venue(session.workspace, settings, found, book, id, symbol, clock))
    return CommandAnswered(id=id, book=book.id, at=clock.now(), done=done, text=text)


def _named(now: Present, order: str) -> Order:
    """The waiting order whose id begins so. Raises UsageError."""
    waits = {
        one.order.client_id: one.order
        for one in now.ledger.orders.values()
        if one.state is OrderState.AWAITING_APPROVAL and one.order.parent is None
    }
    found = [one for name, one in waits.items() if name.startswith(order)]
    if len(found) == 1:
        return found[0]
    known = next((one for name, one in now.ledger.orders.items() if name.startswith(order)), None)
    if known is not None and not found:
        raise UsageError(f"{known.order.client_id} does not wait for approval: it is {known.state}")
    raise UnknownName("order that waits for approval", order, waits)


def _entries(now: Present) -> list[Order]:
    """Orders that may still open or enlarge a position, waiting ones included."""
    return [
        one.order
        for one in now.ledger.orders.values()
        if (one.working or one.state is OrderState.AWAITING_APPROVAL) and not one.order.reduce_only
    ]


def _confirm(session: Session, orders: list[Order], entries: Sequence[str], *, yes: bool) -> None:
    if yes:
        return
    if session.json or not sys.stdin.isatty():
        raise UsageError("flatten asks first, and nobody is there to answer", hint="--yes does not ask")
    import typer

    for one in orders:
        output.say(f"to be sent: {one.side} {plain(one.quantity)} {one.symbol} at the market")
    for name in entries:
        output.say(f"to be cancelled: {name}")
    typer.confirm("Send?", abort=True, err=True)


def _told(
    session: Session, kind: str, answer: CommandAnswered | None, otherwise: str, more: dict[str, Any]
) -> int:
    text = answer.text if answer is not None else otherwise
    if session.json:
        output.document(
            {
                "command": kind,
                "answered": answer is not None,
                "done": answer.done if answer is not None else None,
                "text": text,
                **more,
            }
        )
    else:
        output.screen(f"{kind}: {text}")
    return REFUSED if answer is not None and not answer.done else 0
