"""How numbers and moments are written for people. JSON documents have them in full."""

from datetime import datetime
from decimal import Decimal

from trader.domain.decisions import Decision, Outcome
from trader.domain.value import plain

NOTHING = "-"


def share(value: float | Decimal | None, digits: int = 2) -> str:
    """0.0512 is 5.12%."""
    return NOTHING if value is None else f"{float(value) * 100:.{digits}f}%"


def change(value: float | Decimal | None, digits: int = 2) -> str:
    """0.0512 is +5.12%."""
    return NOTHING if value is None else f"{float(value) * 100:+.{digits}f}%"


def probability(value: float | None) -> str:
    """Four digits: what a pooled forecast moves by is in the third."""
    return NOTHING if value is None else f"{value:.4f}"


def money(value: Decimal | None, currency: str = "") -> str:
    """Two digits and thousands, exact to the cent."""
    return NOTHING if value is None else f"{value:,.2f} {currency}".rstrip()


def amount(value: Decimal | None) -> str:
    """A price or a quantity as it is."""
    return NOTHING if value is None else plain(value)


def price(value: Decimal | None) -> str:
    """As it is, with two digits after the point at least."""
    if value is None:
        return NOTHING
    whole, _, digits = plain(value).partition(".")
    return f"{whole}.{digits:0<2}"


def moment(at: datetime) -> str:
    """To the minute, in UTC."""
    return at.strftime("%Y-%m-%d %H:%M")


def day(at: datetime) -> str:
    """The day, in UTC."""
    return at.strftime("%Y-%m-%d")


def fact(value: float | str | None) -> str:
    """Four significant digits of a number, a whole number in full, yes or no, and a text as it is."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return f"{int(value)}" if value == int(value) else f"{value:.4g}"


def count(number: int, noun: str, plural: str = "") -> str:
    """1 trade, 2 trades."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """48 s, 3 min 20 s, 2 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {left} s" if left else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def side(decision: Decision) -> str | None:
    """Which way a decision to trade goes."""
    if decision.outcome is not Outcome.TRADE:
        return None
    return "buy" if decision.target_weight > decision.held_weight else "sell"
