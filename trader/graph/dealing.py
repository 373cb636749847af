"""The nodes of `desk`: which signals are heard, which orders come of the decisions, and what is sent."""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Send

from trader.domain.orders import Order, OrderEvent, OrderState, Ruling
from trader.domain.signals import Signal, SignalSource
from trader.domain.trades import MarketState
from trader.graph.allocate import allot, rule_in_turn
from trader.graph.sending import send
from trader.graph.state import Allotment, Desk, Round
from trader.journal.records import (
    Begins,
    Noted,
    OrderChanged,
    OrderIntended,
    RoundClosed,
    RulingMade,
    RulingStage,
)

Update = dict[str, object]


async def intake(state: Round, runtime: Runtime[Desk]) -> Update:
    """Signals by instrument. Unknown, early, stale, repeated or unsure ones are left out, with a note."""
    desk = runtime.context
    accepted: dict[str, tuple[Signal, ...]] = {}
    seen: set[str] = set()
    for signal in sorted(state["signals"], key=lambda one: (one.symbol, one.id)):
        reason = _refusal(signal, seen, state, desk)
        seen.add(signal.id)
        if reason is None:
            accepted[signal.symbol] = (*accepted.get(signal.symbol, ()), signal)
        else:
            desk.recorder.append(
                Noted(
                    book=desk.book.id,
                    round=state["round"],
                    at=desk.clock.now(),
                    kind="signal_refused",
                    text=f"{signal.symbol}: {reason}",
                    data=signal.model_dump(mode="json"),
                )
            )
    if desk.models is not None:
        desk.models.begin(len(accepted))
    return {"accepted": accepted}


def _refusal(signal: Signal, seen: set[str], state: Round, desk: Desk) -> str | None:
    """Why a signal is not listened to, or None."""
    if signal.id in seen:
        return "the same signal again"
    if signal.symbol not in desk.market.instruments:
        return "no such instrument in this book"
    if not desk.market.instruments[signal.symbol].tradable:
        return "its prices cannot be traded at"
    if signal.symbol not in state["account"].marks:
        return "no price is known"
    if signal.at > state["as_of"]:
        return f"from {signal.at.isoformat()}, which has not come yet"
    allowed = float(desk.limits.value("data_age"))
    age = state["facts"].data_age.get(signal.symbol, 0.0)
    if age > allowed:
        return f"its last bar is {age:.1f} bars old, {allowed:g} allowed"
    outside = signal.source is SignalSource.WEBHOOK and signal.confidence is not None
    learned = state["learned"].lessons
    least = learned.thresholds.signal_confidence if learned and learned.thresholds else desk.signal_confidence
    if outside and signal.confidence is not None and signal.confidence < least:
        return f"confidence {signal.confidence:.2f}, {least:.2f} needed"
    return None


def one_each(state: Round) -> list[Send] | Literal["record"]:
    """A `decide` for each instrument, at the same time; on to the record where no signal was accepted."""
    return [
        Send(
            "decide",
            {
                "round": state["round"],
                "as_of": state["as_of"],
                "symbol": symbol,
                "signals": signals,
                "account": state["account"],
                "learned": state["learned"],
                "conditions": state.get("conditions", {}).get(symbol, MarketState()),
                "reports": {},
                "forms": {},
                "decisions": {},
            },
        )
        for symbol, signals in state["accepted"].items()
    ] or "record"


async def allocate(state: Round, runtime: Runtime[Desk]) -> Update:
    """All decisions of the round against the one account."""
    desk = runtime.context
    allotments = allot(state["decisions"].values(), state["account"], state["facts"], desk.limits)
    _record_rulings(desk, state, "allocate", [(item.order, item.ruling) for item in allotments])
    return {"allotments": allotments}


async def gate(state: Round, runtime: Runtime[Desk]) -> Update:
    """The last word on the real orders. On an account that has not changed it changes nothing."""
    desk = runtime.context
    asked = [item for item in state["allotments"] if item.ruling.quantity > 0]
    ruled = rule_in_turn([item.order for item in asked], state["facts"], desk.limits)
    _record_rulings(desk, state, "gate", ruled)
    passed = tuple(
        Allotment(order=order, ruling=ruling, stop=_resized(item.stop, ruling))
        for item, (order, ruling) in zip(asked, ruled, strict=True)
        if ruling.quantity > 0
    )
    return {"allotments": passed}


def _resized(stop: Order | None, ruling: Ruling) -> Order | None:
    return None if stop is None else stop.model_copy(update={"quantity": ruling.quantity})


def by_ruling(state: Round) -> Literal["execute", "record"]:
    """Only what the gate passed is executed."""
    return "execute" if state["allotments"] else "record"


async def execute(state: Round, runtime: Runtime[Desk]) -> Update:
    """Intents to disk, then to the broker, each once. What needs a person's word waits for it."""
    desk = runtime.context
    waiting = {
        item.order.client_id: why
        for item in state["allotments"]
        if (why := desk.approval.needed(item.order, state["facts"])) is not None
    }
    for item in state["allotments"]:
        _intend(desk, state, item, waiting.get(item.order.client_id))
    desk.recorder.commit()
    for item in state["allotments"]:
        if item.order.client_id not in waiting:
            await send(desk, item.orders)
    return {}


def _intend(desk: Desk, state: Round, item: Allotment, why: str | None) -> None:
    """Write down that the orders are about to be sent, or why they wait."""
    now = desk.clock.now()
    begins: Begins = OrderState.INTENDED if why is None else OrderState.AWAITING_APPROVAL
    for order in item.orders:
        desk.recorder.append(
            OrderIntended(book=desk.book.id, round=state["round"], order=order, at=now, state=begins)
        )
        if why is not None:
            event = OrderEvent(client_id=order.client_id, state=begins, at=now, reason=why)
            desk.recorder.append(OrderChanged(book=desk.book.id, event=event))


async def record(state: Round, runtime: Runtime[Desk]) -> Update:
    """The round is closed: everything of it is on disk before anybody hears of it."""
    desk = runtime.context
    desk.recorder.append(
        RoundClosed(round=state["round"], book=desk.book.id, as_of=state["as_of"], at=desk.clock.now())
    )
    desk.recorder.commit()
    return {}


def _record_rulings(
    desk: Desk,
    state: Round,
    stage: RulingStage,
    ruled: list[tuple[Order, Ruling]] | tuple[tuple[Order, Ruling], ...],
) -> None:
    desk.recorder.append(
        *(
            RulingMade(
                round=state["round"], book=desk.book.id, decision=order.decision, stage=stage, ruling=ruling
            )
            for order, ruling in ruled
        )
    )
