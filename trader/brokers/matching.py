"""At what price a simulated order meets a bar, if it does: pure, one order and one bar.

A bar says where it opened and how far prices went, not in which order. So a limit fills only when the market
traded through it, and a stop already when it was touched.
"""

from decimal import Decimal

from trader.brokers.costs import CostModel
from trader.data.market import TradedBar
from trader.domain.instruments import Instrument
from trader.domain.orders import Order, OrderType, Side


def price_at_open(
    order: Order, triggered: bool, bar: TradedBar, instrument: Instrument, costs: CostModel
) -> Decimal | None:
    """What the order gets at the opening, or None where it does not trade there.

    A market order, a triggered stop and a stop that the open has passed get the open, costs against us. So
    does a limit that the open is better than, but nothing worse than the limit.
    """
    market = costs.price(instrument, order.side, bar.open)
    if order.type is OrderType.MARKET or triggered or passed(order, bar.open):
        return market
    limit = order.limit_price
    if limit is None:
        return None
    if order.side is Side.BUY:
        return min(market, limit) if bar.open < limit else None
    return max(market, limit) if bar.open > limit else None


def price_within(
    order: Order, triggered: bool, bar: TradedBar, instrument: Instrument, costs: CostModel
) -> Decimal | None:
    """What the order gets after the opening, or None: stops when touched, limits when traded through.

    A limit that all of the bar is better than (a leg whose entry has just filled) gets the worst of the bar.
    """
    if triggered:
        return None
    buying = order.side is Side.BUY
    if order.limit_price is not None:
        through = bar.low < order.limit_price if buying else bar.high > order.limit_price
        worst = min(order.limit_price, bar.high) if buying else max(order.limit_price, bar.low)
        return worst if through else None
    if order.stop_price is not None and passed(order, bar.high if buying else bar.low):
        return costs.price(instrument, order.side, order.stop_price)
    return None


def passed(order: Order, price: Decimal) -> bool:
    """Whether a market at `price` sets off the order's stop; False for what is no stop."""
    if order.stop_price is None:
        return False
    return price >= order.stop_price if order.side is Side.BUY else price <= order.stop_price
