"""`trader positions` and `trader orders`: the account as the journal has it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from trader.brokers.ledger import Tracked
from trader.brokers.present import Present
from trader.commands import output, words
from trader.commands.books import chosen
from trader.commands.session import Session
from trader.domain.orders import WAITING, WORKING, Fill, OrderEvent
from trader.domain.portfolio import Position, sum_exact
from trader.domain.value import jsonable
from trader.journal.reader import JournalReader


def positions(session: Session, book: str | None) -> None:
    """`positions`."""
    with JournalReader(session.workspace.journal) as reader:
        now = chosen(reader, book)
    rows = [_position(held, now) for held in now.account.positions]
    account = _account(now)
    if session.json:
        output.document({"positions": rows, "account": account})
        return
    lines = (
        (
            held.symbol,
            words.amount(held.quantity),
            words.money(row["average_cost"]),
            words.price(row["price"]),
            words.money(row["value"]),
            words.share(row["weight"]),
            words.money(row["unrealised"]),
            words.moment(held.opened_at),
        )
        for row, held in zip(rows, now.account.positions, strict=True)
    )
    table = output.fitting(
        *("symbol", "quantity", "cost each", "price", "value", "weight", "unrealised", "since (UTC)"),
        rows=lines,
        right=("quantity", "cost each", "price", "value", "weight", "unrealised"),
        spare=("since (UTC)", "cost each", "price"),
    )
    currency = now.account.currency
    output.screen(
        table if rows else "nothing is held",
        f"{words.money(account['equity'], currency)} in all, {words.money(account['cash'], currency)} of it "
        f"cash, {words.share(account['drawdown'])} below the peak; book {now.book.id} "
        f"at the close of {words.moment(now.account.as_of)}",
        *(
            f"1 {rate.currency} is {words.amount(rate.worth)} {currency}: {rate.sentence}"
            for _, rate in sorted(now.account.rates.items())
        ),
    )


def orders(session: Session, book: str | None, *, every: bool) -> None:
    """`orders`: those that may still fill or wait; all with `--all`."""
    with JournalReader(session.workspace.journal) as reader:
        now = chosen(reader, book)
        events, fills = reader.order_events(now.book.id), reader.fills(now.book.id)
    open_ = WORKING | WAITING
    shown = [one for one in now.ledger.orders.values() if every or one.state in open_]
    rows = [_order(one, events, fills) for one in shown]
    if session.json:
        output.document({"orders": rows, "book": now.book.id})
        return
    headings = ("id", "symbol", "side", "type", "quantity", "filled", "limit", "stop", "state", "why")
    right = ("quantity", "filled", "limit", "stop")
    lines = (
        (
            one.order.client_id,
            one.order.symbol,
            one.order.side.value,
            one.order.type.value,
            words.amount(one.order.quantity),
            words.amount(one.filled),
            words.price(one.order.limit_price),
            words.price(one.order.stop_price),
            one.state.value,
            row["reason"],
        )
        for one, row in zip(shown, rows, strict=True)
    )
    if shown:
        spare = ("why", "type", "filled", "limit", "stop")
        output.screen(output.fitting(*headings, rows=lines, right=right, spare=spare))
    else:
        output.screen(
            "no order was ever placed" if every else "no order works or waits; --all shows the rest"
        )


def _position(held: Position, now: Present) -> dict[str, Any]:
    price = now.account.marks[held.symbol]
    multiplier = now.account.multiplier(held.symbol)
    value = now.account.value(held.symbol)
    stops = [
        working.order.stop_price
        for working in now.account.working
        if working.order.symbol == held.symbol and working.order.reduce_only
    ]
    return {
        **jsonable(held),
        "average_cost": abs(held.cost / held.quantity / multiplier).quantize(Decimal("0.00000001")),
        "price": price,
        "value": value,
        "weight": float(now.account.weight(held.symbol)),
        "unrealised": value - held.cost,
        "stop": next((stop for stop in stops if stop is not None), None),
    }


def _account(now: Present) -> dict[str, Any]:
    account = now.account
    return {
        "book": now.book.id,
        "mode": now.book.mode.value,
        "as_of": account.as_of,
        "currency": account.currency,
        "rates": [rate for _, rate in sorted(account.rates.items())],
        "cash": account.cash,
        "equity": account.equity,
        "gross": account.gross,
        "drawdown": float(account.drawdown),
        "peak": account.peak,
        "day_open": account.day_open,
        "working": len(account.working),
    }


def _order(one: Tracked, events: Sequence[OrderEvent], fills: Sequence[Fill]) -> dict[str, Any]:
    order = one.order
    mine = [fill for fill in fills if fill.client_id == order.client_id]
    told = [event for event in events if event.client_id == order.client_id]
    paid = sum_exact(fill.quantity * fill.price for fill in mine)
    units = sum_exact(fill.quantity for fill in mine)
    return {
        "client_id": order.client_id,
        "venue_id": next((event.venue_id for event in reversed(told) if event.venue_id), ""),
        "symbol": order.symbol,
        "side": order.side.value,
        "type": order.type.value,
        "quantity": order.quantity,
        "filled": one.filled,
        "state": one.state.value,
        "fees": sum_exact(fill.fee for fill in mine),
        "decision_id": order.decision,
        "limit_price": order.limit_price,
        "stop_price": order.stop_price,
        "trail": order.trail,
        "time_in_force": order.time_in_force.value,
        "reduce_only": order.reduce_only,
        "parent": order.parent,
        "average_price": (paid / units).quantize(Decimal("0.00000001")) if units else None,
        "at": told[-1].at if told else None,
        "reason": next((event.reason for event in reversed(told) if event.reason), ""),
    }
