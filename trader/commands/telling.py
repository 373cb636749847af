"""What happened in a round, in one line each: for plain output and for the screen's list alike."""

from collections.abc import Iterator
from typing import NamedTuple

from trader.commands import words
from trader.domain.ids import STOP, decision_of
from trader.domain.orders import Fill, RulingOutcome, Side
from trader.domain.portfolio import AccountEntry, EntryKind
from trader.risk.facts import Breaker
from trader.runner import ClosedRound


class Event(NamedTuple):
    """One line, and the style it has on a terminal."""

    when: str
    text: str
    style: str = ""


def events(closed: ClosedRound, already: frozenset[Breaker] = frozenset()) -> Iterator[Event]:
    """Dividends and splits, fills, what the gate cut or refused, breakers; in the order they happened.

    `already` are the breakers that were told in an earlier round.
    """
    when = words.moment(closed.as_of)
    for entry in closed.entries:
        yield Event(when, _entry(entry, closed.account.currency), "cyan")
    for fill in closed.fills:
        yield Event(when, _fill(fill), "green" if fill.side is Side.BUY else "magenta")
    for ruling in closed.rulings:
        if ruling.outcome is not RulingOutcome.ALLOWED:
            yield Event(when, f"{ruling.outcome} {ruling.symbol}: {ruling.sentence}", "yellow")
    for breaker in closed.breakers:
        if breaker not in already:
            until = f"until {words.moment(breaker.until)}" if breaker.until else "until a person resumes"
            yield Event(when, f"breaker {breaker.reason.replace('_', ' ')}: no entries {until}", "bold red")


def _fill(fill: Fill) -> str:
    verb = "bought" if fill.side is Side.BUY else "sold"
    leg = fill.client_id.rpartition("-")[2]
    why = " by its protective stop" if leg.startswith(STOP) else ""
    fee = f", fee {words.money(fill.fee)} {fill.fee_currency}"
    what = f"{verb} {words.amount(fill.quantity)} {fill.symbol} at {words.price(fill.price)}{why}{fee}"
    return f"{what}  {decision_of(fill.client_id)}"


def _entry(entry: AccountEntry, currency: str) -> str:
    match entry.kind:
        case EntryKind.SPLIT:
            return (
                f"split of {entry.symbol}: {words.amount(entry.quantity)} units more  {entry.note}".rstrip()
            )
        case EntryKind.DEPOSIT:
            return f"deposit of {words.money(entry.cash, currency)}"
        case _:
            what = entry.kind.value.replace("_", " ")
            return f"{what} of {entry.symbol}: {words.money(entry.cash, currency)}  {entry.note}".rstrip()


def standing(closed: ClosedRound) -> str:
    """Where the account stands."""
    account = closed.account
    exposure = account.gross / account.equity if account.equity > 0 else account.gross
    return (
        f"equity {words.money(account.equity, account.currency)}, "
        f"{words.share(exposure, 1)} invested, drawdown {words.share(account.drawdown, 1)}"
    )
