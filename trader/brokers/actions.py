"""What corporate actions do to an account: splits rescale units and orders, dividends and delistings pay."""

from decimal import Decimal

from trader.brokers.costs import SMALLEST_AMOUNT
from trader.brokers.ledger import ONE, Ledger, Tracked
from trader.brokers.session import Emit, end
from trader.data.market import TradedBar
from trader.domain.instruments import Instrument
from trader.domain.market import ActionKind, CorporateAction
from trader.domain.orders import Order, OrderEvent, OrderState, Side
from trader.domain.portfolio import AccountEntry, EntryKind
from trader.domain.value import plain


def act(
    ledger: Ledger, emit: Emit, action: CorporateAction, bar: TradedBar | None, worth: Decimal = ONE
) -> None:
    """Put `action` into effect, at its moment and before anything fills; once, where something was held.

    `bar` is the instrument's first with the action in effect, where there is one; `worth` what a unit of its
    currency is worth in the book's.
    """
    if ledger.knows(_name(action, "")) or action.symbol not in ledger.instruments:
        return
    match action.kind:
        case ActionKind.DIVIDEND:
            _dividend(ledger, emit, action, worth)
        case ActionKind.DELISTING:
            _delisting(ledger, emit, action, worth)
        case ActionKind.SPLIT:
            _split(ledger, emit, action, bar, worth)
            for tracked in ledger.working(action.symbol):
                _restate(ledger, emit, action, tracked)


def _dividend(ledger: Ledger, emit: Emit, action: CorporateAction, worth: Decimal) -> None:
    """Cash for every unit held; a short position pays it."""
    held = ledger.quantity(action.symbol)
    if held == 0:
        return
    instrument = ledger.instruments[action.symbol]
    cash = (instrument.notional(held, action.amount) * worth).quantize(SMALLEST_AMOUNT)
    note = f"{plain(action.amount)} for each of {plain(held)}"
    emit(
        AccountEntry(
            id=_name(action, ""),
            kind=EntryKind.DIVIDEND,
            at=action.effective,
            symbol=action.symbol,
            cash=cash,
            note=note,
        )
    )


def _delisting(ledger: Ledger, emit: Emit, action: CorporateAction, worth: Decimal) -> None:
    """Every order ends; each unit held is paid out, and a short position pays."""
    for tracked in ledger.working(action.symbol):
        reason = f"{action.symbol} trades no more"
        end(ledger, emit, tracked.order.client_id, OrderState.CANCELLED, action.effective, reason)
    instrument, held = ledger.instruments[action.symbol], ledger.quantity(action.symbol)
    emit(
        AccountEntry(
            id=_name(action, ""),
            kind=EntryKind.DELISTING,
            at=action.effective,
            symbol=action.symbol,
            cash=(instrument.notional(held, action.amount) * worth).quantize(SMALLEST_AMOUNT),
            quantity=-held,
            note=f"{plain(action.amount)} for each of {plain(held)}",
        )
    )


def _split(
    ledger: Ledger, emit: Emit, action: CorporateAction, bar: TradedBar | None, worth: Decimal
) -> None:
    """New units for old; a fraction of a lot is paid out at the opening price.

    Without a bar nobody knows that price, and the fraction is paid out at what it cost.
    """
    held = ledger.quantity(action.symbol)
    if held == 0:
        return
    instrument = ledger.instruments[action.symbol]
    after = held * action.amount
    emit(
        AccountEntry(
            id=_name(action, ""),
            kind=EntryKind.SPLIT,
            at=action.effective,
            symbol=action.symbol,
            quantity=after - held,
            note=_ratio(action),
        )
    )
    fraction = after - instrument.lots(after)
    if fraction == 0:
        return
    if bar is not None:
        cash = instrument.notional(fraction, bar.open) * worth
    else:
        cash = ledger.holdings[action.symbol].cost * fraction / after
    emit(
        AccountEntry(
            id=_name(action, "-lieu"),
            kind=EntryKind.CASH_IN_LIEU,
            at=action.effective,
            symbol=action.symbol,
            cash=cash.quantize(SMALLEST_AMOUNT),
            quantity=-fraction,
            note=f"for {plain(fraction)} after {_ratio(action)}",
        )
    )


def _restate(ledger: Ledger, emit: Emit, action: CorporateAction, tracked: Tracked) -> None:
    """A working order in new units: what is left of it times the ratio, its price divided by it."""
    instrument, order = ledger.instruments[action.symbol], tracked.order
    left = instrument.lots(tracked.remaining * action.amount)
    if left == 0:
        reason = f"less than a lot is left of it after {_ratio(action)}"
        end(ledger, emit, order.client_id, OrderState.CANCELLED, action.effective, reason)
        return
    stop, limit = _stop(order, action.amount, instrument), _limit(order, action.amount, instrument)
    emit(
        OrderEvent(
            client_id=order.client_id,
            state=tracked.state,
            at=action.effective,
            quantity=tracked.filled + left,
            price=limit if stop is None else stop,
            limit_price=limit if stop is not None else None,
            trail=None if order.trail is None else _tick(order.trail / action.amount, instrument),
            reason=_ratio(action),
        )
    )


def _stop(order: Order, ratio: Decimal, instrument: Instrument) -> Decimal | None:
    """The stop divided by the ratio, on the nearest tick."""
    return None if order.stop_price is None else _tick(order.stop_price / ratio, instrument)


def _limit(order: Order, ratio: Decimal, instrument: Instrument) -> Decimal | None:
    """The limit divided by the ratio: on the tick, never past it, at least one tick."""
    if order.limit_price is None:
        return None
    exact = order.limit_price / ratio
    buying = order.side is Side.BUY
    rounded = instrument.price_at_most(exact) if buying else instrument.price_at_least(exact)
    return max(rounded, instrument.tick_size)


def _tick(price: Decimal, instrument: Instrument) -> Decimal:
    return max(instrument.nearest_price(price), instrument.tick_size)


def _ratio(action: CorporateAction) -> str:
    return f"a split of {plain(action.amount)} for 1"


def _name(action: CorporateAction, part: str) -> str:
    return f"{action.symbol}-{action.ex_date}-{action.kind}-{plain(action.amount)}{part}"
