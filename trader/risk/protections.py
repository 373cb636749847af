"""Protections: after what an instrument has done, no entry in it for a number of bars. Rows of trader.toml.

Computed from the closed trades and the stops of the book's ledger alone, so they are the same after a
restart. None is on unless settings name it. The four rules are those that users of freqtrade know; the
numbers are the user's.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, TypeAlias

from trader.domain.errors import SettingsError, nearest
from trader.domain.portfolio import RoundTrip, sum_exact
from trader.domain.value import Amount, Moment, Value, plain

BarsSince: TypeAlias = Callable[[datetime], float]
"""Bars of trading time from a moment until now."""


class Protection(Value):
    """One row."""

    rule: str
    bars: int
    """How long the pause lasts, from the stop or the end of the trade that began it."""
    within: int = 0
    """Bars before that close that are looked at."""
    trades: int = 1
    """Trades that it takes."""
    limit: Amount = Decimal(0)
    """`least` or `most`, as a share of what the trades had cost."""


class Pause(Value):
    """No entry in one instrument."""

    symbol: str
    rule: str
    since: Moment
    bars: int
    """How long it lasts."""
    asked: Amount
    permitted: Amount
    sentence: str
    """For a person: "losses: 2 losing trades within 20 bars, 2 begin a pause of 10 bars"."""


Measured: TypeAlias = tuple[Decimal, Decimal, str] | None
"""What was measured, what is permitted, and both in words; None where there is no reason to pause."""


@dataclass(frozen=True)
class Rule:
    """What begins a pause."""

    measured: Callable[[Protection, Sequence[RoundTrip]], Measured]
    """Of the instrument's trades in the window, oldest first and at least one."""
    settings: tuple[str, ...]
    """What a row of it has, beside `rule` and `bars`."""
    says: str
    """For the documentation."""


COOLDOWN = "cooldown"
STOPPED: Measured = (Decimal(1), Decimal(0), "a stop was filled")
NO_STOPS: Mapping[str, Moment] = MappingProxyType({})


def _stopped(_: Protection, trades: Sequence[RoundTrip]) -> Measured:
    if not trades[-1].stopped:
        return None
    return STOPPED


def _losses(row: Protection, trades: Sequence[RoundTrip]) -> Measured:
    lost = sum(1 for trade in trades if trade.realised < 0)
    if lost < row.trades:
        return None
    return Decimal(lost), Decimal(row.trades), f"{lost} losing trades within {row.within} bars"


def _low_profit(row: Protection, trades: Sequence[RoundTrip]) -> Measured:
    gained = sum_exact(trade.realised for trade in trades) / _cost(trades)
    if len(trades) < row.trades or gained >= row.limit:
        return None
    made = f"{len(trades)} trades within {row.within} bars made {_percent(gained)}"
    return gained, row.limit, f"{made}, {_percent(row.limit)} needed"


def _drawdown(row: Protection, trades: Sequence[RoundTrip]) -> Measured:
    """The deepest fall of the trades' results added up, from the highest point before it."""
    total = peak = deepest = Decimal(0)
    for trade in trades:
        total += trade.realised / _cost([trade])
        peak = max(peak, total)
        deepest = max(deepest, peak - total)
    if len(trades) < row.trades or deepest <= row.limit:
        return None
    said = f"trades within {row.within} bars fell by {_percent(deepest)}, {_percent(row.limit)} allowed"
    return deepest, row.limit, said


RULES: Mapping[str, Rule] = {
    COOLDOWN: Rule(_stopped, (), "a stop of the instrument was filled"),
    "losses": Rule(_losses, ("trades", "within"), "`trades` trades lost within `within` bars"),
    "low_profit": Rule(
        _low_profit,
        ("trades", "within", "least"),
        "`trades` trades or more within `within` bars made less than `least` of what they had cost",
    ),
    "drawdown": Rule(
        _drawdown,
        ("trades", "within", "most"),
        "the results of `trades` trades or more within `within` bars fell by more than `most` of their cost",
    ),
}
"""By the name that a row gives as `rule`."""


def pauses(
    closed: Iterable[RoundTrip],
    rows: Sequence[Protection],
    bars_since: BarsSince,
    stops: Mapping[str, Moment] = NO_STOPS,
) -> tuple[Pause, ...]:
    """What is paused now, by symbol and then in the order of the rows.

    `stops` has the moment of each symbol's last stop that filled: it begins a cooldown even where other
    entries of the same position are still held.
    """
    if not rows:
        return ()
    by_symbol: defaultdict[str, list[RoundTrip]] = defaultdict(list)
    for trade in closed:
        by_symbol[trade.symbol].append(trade)
    found = []
    for symbol in sorted(by_symbol.keys() | stops.keys()):
        trades, stopped = by_symbol[symbol], stops.get(symbol)
        for row in rows:
            last, measured = stopped, STOPPED
            if row.rule != COOLDOWN or stopped is None or bars_since(stopped) >= row.bars:
                last, measured = _last(row, trades, bars_since)
            if measured is not None and last is not None:
                asked, permitted, said = measured
                found.append(
                    Pause(
                        symbol=symbol,
                        rule=row.rule,
                        since=last,
                        bars=row.bars,
                        asked=asked,
                        permitted=permitted,
                        sentence=f"{_name(row)}: {said}; no entry in {symbol} for {row.bars} bars",
                    )
                )
    return tuple(found)


def _last(
    row: Protection, trades: Sequence[RoundTrip], bars_since: BarsSince
) -> tuple[Moment | None, Measured]:
    """The end of the last trade, and what a row finds in those up to it; nothing where that is long ago."""
    if not trades or (age := bars_since(trades[-1].closed_at)) >= row.bars:
        return None, None
    window = [one for one in trades if bars_since(one.closed_at) - age <= row.within]
    return trades[-1].closed_at, RULES[row.rule].measured(row, window)


def resolve_protections(rows: Any) -> tuple[Protection, ...]:
    """`[[risk.protections]]` as it was written. Raises SettingsError for whatever may not be there."""
    if (
        not isinstance(rows, Sequence)
        or isinstance(rows, str)
        or not all(isinstance(r, Mapping) for r in rows)
    ):
        raise SettingsError("[risk] protections is no list of tables", hint="[[risk.protections]]")
    return tuple(_resolved(row) for row in rows)


def _resolved(row: Mapping[str, Any]) -> Protection:
    rule = str(row.get("rule"))
    if rule not in RULES:
        raise SettingsError(f"[[risk.protections]] has no rule {rule}", hint=nearest(rule, RULES))
    wanted = ("rule", "bars", *RULES[rule].settings)
    for name in row:
        if name not in wanted:
            wrong = f"[[risk.protections]] {rule} has no setting {name}"
            raise SettingsError(wrong, hint=nearest(name, wanted))
    for name in wanted:
        if name not in row and name != "trades":
            raise SettingsError(f"[[risk.protections]] {rule} needs {name}", hint=", ".join(wanted))
    bound = next((name for name in ("least", "most") if name in row), None)
    return Protection(
        rule=rule,
        bars=_whole(rule, "bars", row["bars"]),
        within=_whole(rule, "within", row["within"]) if "within" in row else 0,
        trades=_whole(rule, "trades", row.get("trades", 1)),
        limit=_share(rule, bound, row[bound]) if bound else Decimal(0),
    )


def _whole(rule: str, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SettingsError(f"[[risk.protections]] {rule}: {name} = {value!r} is no whole number above zero")
    return value


def _share(rule: str, name: str, value: Any) -> Decimal:
    """A fraction, of any sign for `least`: what trades must have made may be a loss."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("nan")
    lowest = -1 if name == "least" else 0
    if not number.is_finite() or not lowest <= number <= 1:
        raise SettingsError(
            f"[[risk.protections]] {rule}: {name} = {value!r} is not from {lowest} to 1",
            hint="shares are fractions: 0.05 is 5 %",
        )
    return number


def _cost(trades: Sequence[RoundTrip]) -> Decimal:
    """What the trades had cost to enter."""
    return sum_exact(trade.cost for trade in trades)


def _name(row: Protection) -> str:
    """As sentences say it."""
    return row.rule.replace("_", " ")


def _percent(share: Decimal) -> str:
    return f"{plain(round(share * 100, 2))} %"
