"""A closed trade from the account's round trip and what had been decided: the same whenever it is made."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from trader.brokers.ledger import Tracked
from trader.data.adjust import ActionTable, adjusted
from trader.data.view import MarketView
from trader.domain.decisions import Decision
from trader.domain.ids import ENTRY, EXIT, STOP, TARGET, ClientOrderId, DecisionId, decision_of, trade_id
from trader.domain.market import ActionKind, to_datetime64
from trader.domain.portfolio import Book, RoundTrip
from trader.domain.signals import Direction
from trader.domain.trades import ClosedTrade, ExitReason, MarketState, Stated
from trader.memory.confluence import confluence

_REASONS = {
    EXIT: ExitReason.DECISION,
    STOP: ExitReason.STOP,
    TARGET: ExitReason.TARGET,
    ENTRY: ExitReason.TURNED,
}


class Excursion(NamedTuple):
    """How the price went while a trade was held, as fractions of its entry."""

    bars: int
    adverse: float
    favourable: float


def closed_trade(
    book: Book,
    trip: RoundTrip,
    known_at: datetime,
    decision: Decision | None,
    state: MarketState,
    path: Excursion | None,
    orders: Mapping[ClientOrderId, Tracked],
) -> ClosedTrade:
    """What is remembered of `trip`.

    `decision` opened it, None where nobody recorded one; `state` are the conditions at its moment; `path` is
    None where the bars are not at hand; `orders` are the account's, in their present terms.
    """
    side = Direction.SHORT if trip.quantity < 0 else Direction.LONG
    pool = decision.pool if decision else None
    stop, target = _stop_distance(decision), _target_distance(trip, orders.values())
    reason, by = _exit(trip)
    return ClosedTrade(
        id=trade_id(book.id, trip.symbol, trip.opened_by, trip.closed_at),
        book=book.id,
        symbol=trip.symbol,
        side=side,
        opened_at=trip.opened_at,
        closed_at=trip.closed_at,
        known_at=known_at,
        entry=trip.entry,
        exit=trip.exit,
        quantity=abs(trip.quantity),
        currency=book.currency,
        profit=trip.realised,
        net_return=float(trip.realised / trip.cost),
        bars=path.bars if path else None,
        stop_distance=stop,
        target_distance=target,
        reward_to_risk=_reward_to_risk(decision, stop, target),
        adverse=path.adverse if path else None,
        favourable=path.favourable if path else None,
        decision=opener(trip),
        decided_at=decision.as_of if decision else None,
        p_up=pool.p_up if pool else None,
        base_rate=pool.base_rate if pool else None,
        edge=decision.edge if decision else None,
        stated=tuple(
            Stated(agent=one.agent, record=one.record, p_up=one.p_up, weight=one.weight)
            for one in sorted(pool.contributions if pool else (), key=lambda one: one.agent)
        ),
        state=state,
        confluence=confluence(
            state, side, {one.agent: one.p_up - pool.base_rate for one in pool.contributions} if pool else {}
        ),
        exit_reason=reason,
        exit_decision=by,
    )


def opener(trip: RoundTrip) -> DecisionId:
    """The decision that opened a round trip."""
    return decision_of(ClientOrderId(trip.opened_by))


def excursion_of(view: MarketView, trip: RoundTrip) -> Excursion | None:
    """How the price went while `trip` was held; None where no bar covers it.

    The bars are those that closed from the entry until before the exit; of the bar in which it was closed
    only the exit's price counts, because the rest of it may have come later. Splits are undone, dividends
    are not added: they are in the profit.
    """
    bars = view.traded(trip.symbol).until(trip.closed_at)
    if not len(bars) or bars.opened[0] > to_datetime64(trip.opened_at):
        return None
    splits = (one for one in view.actions(trip.symbol) if one.kind is ActionKind.SPLIT)
    present = adjusted(bars, ActionTable.of(one for one in splits if one.effective <= trip.closed_at))
    opened, closed = _micros(trip.opened_at), _micros(trip.closed_at)
    available = present.available.astype("datetime64[us]")
    held = (available >= opened) & (available < closed)
    entry, exit_ = float(trip.entry), float(trip.exit)
    low, high = min([exit_, *present.low[held]]), max([exit_, *present.high[held]])
    below, above = max(0.0, 1.0 - low / entry), max(0.0, high / entry - 1.0)
    long = trip.quantity > 0
    return Excursion(int(held.sum()), below if long else above, above if long else below)


def _micros(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def _exit(trip: RoundTrip) -> tuple[ExitReason, str]:
    """What ended it, and the decision or command that the closing order belongs to."""
    if not trip.closed_by:
        return ExitReason.ACTION, ""
    decision, leg = decision_of(ClientOrderId(trip.closed_by)), trip.closed_by.rpartition("-")[2][:1]
    if decision.startswith("f"):
        return ExitReason.PERSON, decision
    return _REASONS[leg], decision


def _stop_distance(decision: Decision | None) -> float | None:
    """From the price that was decided at to the stop, as a fraction: splits since do not change it."""
    if decision is None or decision.stop is None or decision.price is None:
        return None
    return float(abs(decision.price - decision.stop) / decision.price) or None


def _target_distance(trip: RoundTrip, orders: Iterable[Tracked]) -> float | None:
    """From the entry to the nearest take-profit that came with it."""
    legs = (one.order for one in orders if one.order.parent == trip.opened_by)
    limits = [leg.limit_price for leg in legs if leg.client_id.rpartition("-")[2].startswith(TARGET)]
    distances = [abs(limit - trip.entry) / trip.entry for limit in limits if limit is not None]
    return float(min(distances, default=Decimal(0))) or None


def _reward_to_risk(decision: Decision | None, stop: float | None, target: float | None) -> float | None:
    """The target's distance, else the mean gain that was counted on, over the stop's distance."""
    if stop is None:
        return None
    gain = decision.payoff.mean_gain if decision and decision.payoff else None
    reward = target if target is not None else gain
    return None if reward is None else reward / stop
