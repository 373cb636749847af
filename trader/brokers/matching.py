"""At what price a simulated order meets a bar, if it does: pure, one order and one bar.

A bar says where it opened and how far prices went, not in which order. So a limit fills only when the market
traded through it, and a stop already when it was touched.
"""

from decimal import Decimal

from trader.brokers.costs import CostModel
from trader.data.market import TradedBar
from trader.domain.instruments import Instrument
from trader.domain.orders import STOPPED, Order, Side


def price_at_open(
    order: Order, triggered: bool, bar: TradedBar, instrument: Instrument, costs: CostModel
) -> Decimal | None:
    """What the order gets at the opening, or None where it does not trade there.

    A market order, a triggered stop and a stop that the open has passed get the open, costs against us. So
    does a limit that the open is better than, but nothing worse than the limit.
    """
    market = costs.price(instrument, order.side, bar.open)
    awake = triggered or order.type not in STOPPED or passed(order, bar.open)
    if not awake:
        return None
    limit = order.limit_price
    if limit is None:
        return market
    if order.side is Side.BUY:
        return min(market, limit) if bar.open < limit else None
    return max(market, limit) if bar.open > limit else None


def price_within(
    order: Order, triggered: bool, bar: TradedBar, instrument: Instrument, costs: CostModel
) -> Decimal | None:
    """What the order gets after the opening, or None: stops when touched, limits when traded through.

    A limit that all of the bar is better than (a leg whose entry has just filled) gets the worst of the bar.
    A stop with a limit gets the stop, costs against us, where the limit allows that; where the limit is
    better than the stop nobody knows whether the bar came back to it, and it waits for the next.
    """
    buying = order.side is Side.BUY
    stop, limit = order.stop_price, order.limit_price
    if limit is not None and (stop is None or triggered):
        through = bar.low < limit if buying else bar.high > limit
        worst = min(limit, bar.high) if buying else max(limit, bar.low)
        return worst if through else None
    if stop is None or triggered or not passed(order, bar.high if buying else bar.low):
        return None
    # What it is to reduce may have been bought at an open that was past the stop already.
    stop = max(stop, bar.open) if buying else min(stop, bar.open)
    price = costs.price(instrument, order.side, stop)
    if limit is None:
        return price
    if (stop - limit) * order.side.sign > 0:
        return None
    return min(price, limit) if buying else max(price, limit)


def trailed(order: Order, best: Decimal, instrument: Instrument) -> Decimal | None:
    """Where a trailing stop stands once the market was at `best`; None where it stays, or does not trail."""
    if order.trail is None or order.stop_price is None:
        return None
    if order.side is Side.SELL:
        followed = instrument.price_at_most(best - order.trail)
        return followed if followed > order.stop_price else None
    followed = instrument.price_at_least(best + order.trail)
    return followed if followed < order.stop_price else None


def passed(order: Order, price: Decimal) -> bool:
    """Whether a market at `price` sets off the order's stop; False for what is no stop."""
    if order.stop_price is None:
        return False
    return price >= order.stop_price if order.side is Side.BUY else price <= order.stop_price
