"""What the account and portfolio tools read from the snapshot."""

from decimal import Decimal

import numpy as np
import pytest

from tests.tools.markets import account, bars, close_of, context, market
from trader.domain.errors import ToolError
from trader.domain.ids import ClientOrderId, DecisionId
from trader.domain.orders import Order, OrderState, OrderType, Side
from trader.domain.portfolio import WorkingOrder
from trader.tools import account as account_tool
from trader.tools import portfolio as portfolio_tool
from trader.tools.tool import NoArguments

SOURCE = market(400, symbols=("AAA", "BBB", "CCC"))
NOW = close_of(399)
NOTHING = NoArguments()
HELD = account(SOURCE, NOW, AAA=100, BBB=50)


def working(symbol: str) -> WorkingOrder:
    order = Order(
        client_id=ClientOrderId(f"d-{symbol.lower()}-s1"),
        decision=DecisionId("d"),
        symbol=symbol,
        side=Side.SELL,
        type=OrderType.STOP,
        quantity=Decimal(100),
        stop_price=Decimal("80.5"),
    )
    return WorkingOrder(order=order, state=OrderState.ACKNOWLEDGED, filled=Decimal(40))


def test_the_account_is_read_around_the_symbol() -> None:
    held = HELD.model_copy(update={"working": (working("AAA"), working("BBB"))})
    result = account_tool.run(context(SOURCE, NOW, held=held), NOTHING)
    assert (result.cash, result.quantity, result.cost) == (Decimal(100_000), Decimal(100), Decimal(9_000))
    assert result.value == 100 * held.marks["AAA"]
    assert result.equity == held.equity
    assert [(item.leg, item.remaining, item.price) for item in result.working] == [
        ("s1", Decimal(60), Decimal("80.5"))
    ]


def test_a_symbol_that_is_not_held_costs_nothing() -> None:
    result = account_tool.run(context(SOURCE, NOW, "CCC", held=HELD), NOTHING)
    assert (result.quantity, result.value, result.cost, result.working) == (0, 0, 0, ())


def test_exposure_is_in_shares_of_equity() -> None:
    result = portfolio_tool.run(context(SOURCE, NOW, held=HELD), NOTHING)
    one, other = (float(HELD.value(symbol) / HELD.equity) for symbol in ("AAA", "BBB"))
    assert result.positions == {"AAA": pytest.approx(one), "BBB": pytest.approx(other)}
    assert result.weight == pytest.approx(one)
    assert result.gross == pytest.approx(one + other)
    assert result.drawdown == pytest.approx(1 - float(HELD.equity) / 200_000)


def test_correlation_is_with_what_else_is_held() -> None:
    here = context(SOURCE, NOW, "CCC", held=HELD)
    result = portfolio_tool.run(here, NOTHING)
    returns = {name: np.diff(np.log(here.view.bars(name, 253).close)) for name in SOURCE.symbols}
    expected = {name: np.corrcoef(returns["CCC"], returns[name])[0, 1] for name in ("AAA", "BBB")}
    assert result.correlations == pytest.approx(expected)
    assert set(portfolio_tool.run(context(SOURCE, NOW, held=HELD), NOTHING).correlations) == {"BBB"}


def test_too_few_common_bars_have_no_correlation() -> None:
    assert portfolio_tool.correlation(SOURCE.view(close_of(19)), "AAA", "BBB") is None
    assert portfolio_tool.correlation(SOURCE.view(close_of(20)), "AAA", "BBB") is not None


@pytest.mark.parametrize("run", [account_tool.run, portfolio_tool.run])
def test_where_nothing_is_traded_there_is_no_account(run: object) -> None:
    with pytest.raises(ToolError, match="there is no account"):
        run(context(SOURCE, NOW), NOTHING)


def test_a_price_that_never_moves_has_no_correlation() -> None:
    still = market(400, bars={"AAA": SOURCE.bars["AAA"], "BBB": bars("BBB", [50.0] * 400)}, actions={})
    assert portfolio_tool.correlation(still.view(NOW), "AAA", "BBB") is None
