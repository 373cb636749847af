"""The kernel and the paper broker are two programs: the same orders must cost the same to the cent."""

from decimal import Decimal

import numpy as np
import pytest

from tests.backtest.made import flat
from tests.brokers.street import Street, action, order
from tests.risk.books import INSTRUMENTS
from trader.backtest.plan import Plan, Wanted
from trader.backtest.simulate import simulate
from trader.backtest.terms import Terms, TradingCosts
from trader.brokers.costs import CostModel
from trader.domain.market import ActionKind
from trader.domain.orders import OrderState, Side

D = Decimal
AAPL = INSTRUMENTS[0]
BARS = 120
BORROW = D("0.03")


def opens_and_closes(seed):
    random = np.random.default_rng(seed)
    close = np.round(100.0 * np.exp(np.cumsum(random.normal(0.0, 0.02, BARS))), 2)
    open = np.round(np.concatenate([close[:1], close[:-1]]) * (1.0 + random.normal(0.0, 0.005, BARS)), 2)
    return open, close, random


@pytest.mark.parametrize("seed", range(4))
def test_the_same_orders_have_the_same_fills_costs_and_cash(seed):
    open, close, random = opens_and_closes(seed)
    orders = np.where(random.random(BARS) < 0.4, random.integers(-60, 60, BARS), 0)
    volume = random.integers(100, 2000, BARS)
    split, paid = np.ones((BARS, 1)), np.zeros((BARS, 1))
    split[40], split[90], paid[60], paid[90] = 1.5, 2.0, 0.47, 0.25
    street = Street(CostModel(), participation=D("0.1"), borrow_rate=BORROW)
    cash, units = [], []
    for day in range(BARS):
        happened = []
        if split[day, 0] != 1.0:
            happened.append(action("AAPL", day + 1, ActionKind.SPLIT, f"{split[day, 0]:g}"))
        if paid[day, 0] != 0.0:
            happened.append(action("AAPL", day + 1, ActionKind.DIVIDEND, f"{paid[day, 0]:g}"))
        high, low = max(open[day], close[day]), min(open[day], close[day])
        street.bar(f"{open[day]} {high} {low} {close[day]}", *happened, volume=int(volume[day]))
        cash.append(float(street.ledger.cash))
        units.append(float(street.ledger.quantity("AAPL")))
        if orders[day]:
            side = Side.BUY if orders[day] > 0 else Side.SELL
            sent = order(side, abs(int(orders[day])), None, name=f"d{day}-e1")
            assert street.submit(sent) == [OrderState.ACKNOWLEDGED]
    panel = flat(close, open=open, volume=volume[:, None], split=split, dividend=paid, lot=1.0, tick=0.01)
    found = simulate(
        panel,
        Plan(np.arange(BARS), orders[:, None], Wanted.ORDERS),
        TradingCosts.of(CostModel(), [AAPL], borrow=float(BORROW) / 252),
        Terms(cash=100_000.0, margin=True, participation=0.1),
    )
    assert found.units[:, 0].tolist() == units
    assert found.cash == pytest.approx(cash, abs=0.005)
    fills = street.fills
    assert len(fills) > 30
    assert found.trades.price == pytest.approx([float(fill.price) for fill in fills], abs=1e-9)
    assert found.trades.commission == pytest.approx([float(fill.fee) for fill in fills], abs=1e-6)
