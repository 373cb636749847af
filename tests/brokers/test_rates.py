"""An account with instruments in several currencies: exact sums, a rate with its source, no rate no order."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from tests.brokers.street import BOOK, FREE, OPENED, action, bar_of, done
from tests.risk.books import INSTRUMENTS, facts, limits, order, stock
from trader.brokers.costs import CostModel
from trader.brokers.ledger import Ledger, Row, fold
from trader.brokers.paper import PaperBroker
from trader.brokers.rates import convertible, rates_at
from trader.clock import SetClock
from trader.data.market import Market
from trader.domain.errors import OrderError, UsageError
from trader.domain.instruments import AssetClass, Instrument
from trader.domain.market import ActionKind, Bars, Timeframe
from trader.domain.orders import Fill, OrderState, RulingOutcome, Side
from trader.domain.portfolio import Rate
from trader.graph.approval import Approval
from trader.risk.gate import rule
from trader.risk.limits import resolve_limits

D = Decimal
SAP = stock("SAP").model_copy(update={"currency": "EUR"})
BOTH = (*INSTRUMENTS, SAP)


def euro(worth: str, day: int = 0) -> dict[str, Rate]:
    at = OPENED + timedelta(days=day)
    return {"EUR": Rate(currency="EUR", worth=D(worth), source="close of EURUSD", at=at)}


def broker(rates: dict[str, Rate], rows: tuple[Row, ...] = (), costs: CostModel = FREE) -> PaperBroker:
    ledger = fold(BOOK, BOTH, rows)
    return PaperBroker(ledger, costs, SetClock(OPENED), borrow_rate=D("0.5"), rates=rates)


def test_what_is_bought_and_sold_at_two_rates_is_cash_to_the_last_digit() -> None:
    one = broker(euro("1.25"), costs=CostModel(fee_bps=D(10), half_spread_bps=D(0), slippage_bps=D(0)))
    buying = order(symbol="SAP", quantity=10, limit="105")
    rows: list[Row] = [buying, *done(one.submit(buying))]
    rows += one.advance({"SAP": bar_of("SAP", 1, "100 101 99 100")}, (), euro("1.25")).rows
    leaving = order(Side.SELL, 10, "95", symbol="SAP", name="d2-x1", reduce_only=True)
    rows += [leaving, *done(one.submit(leaving))]
    rows += one.advance({"SAP": bar_of("SAP", 2, "110 111 109 110")}, (), euro("1.20", 1)).rows
    bought, sold = (row for row in rows if isinstance(row, Fill))
    assert (bought.price, bought.rate, bought.fee, bought.fee_currency) == (100, D("1.25"), D("1.25"), "USD")
    assert sold.rate_source == "close of EURUSD at 2012-06-02 20:00 UTC"
    profit = D(10) * 110 * D("1.20") - D(10) * 100 * D("1.25") - bought.fee - sold.fee
    assert one.ledger.cash == BOOK.cash + profit
    assert [trade.realised for trade in one.ledger.closed] == [profit]
    again = fold(BOOK, BOTH, rows)
    assert (again.cash, again.closed) == (one.ledger.cash, one.ledger.closed)


def test_a_position_is_worth_what_its_currency_is_worth_now() -> None:
    one = broker(euro("1.25"))
    done(one.submit(order(symbol="SAP", quantity=10, limit="105")))
    one.advance({"SAP": bar_of("SAP", 1, "100 101 99 100")})
    one.rates = euro("1.10", 1)
    account = one.account(OPENED, {"SAP": D(120)}, BOOK.cash, BOOK.cash)
    assert account.equity == BOOK.cash - 1250 + 10 * 120 * D("1.10")
    assert account.rates["EUR"].sentence == "close of EURUSD at 2012-06-02 20:00 UTC"
    with pytest.raises(OrderError, match="SAP is held in EUR, the account is in USD: no rate is known"):
        one.ledger.account(OPENED, {"SAP": D(120)}, BOOK.cash, BOOK.cash)


def test_dividends_and_what_a_short_borrows_are_paid_at_the_rate() -> None:
    one = broker(euro("2"))
    done(one.submit(order(Side.SELL, symbol="SAP", quantity=10, limit="95")))
    one.advance({"SAP": bar_of("SAP", 1, "100 101 99 100")})
    cash = one.ledger.cash
    dividend = action("SAP", 2, ActionKind.DIVIDEND, "3")
    paid, borrowed = one.advance({"SAP": bar_of("SAP", 2, "100 101 99 100")}, [dividend]).entries
    assert paid.cash == -10 * 3 * 2
    assert borrowed.cash == -(10 * 100 * D("0.5") / 252 * 2).quantize(D("1e-8"))
    assert one.ledger.cash == cash + paid.cash + borrowed.cash


def test_without_a_rate_an_order_is_refused_by_name_at_the_gate_and_at_the_broker() -> None:
    one = broker({})
    assert done(one.submit(order(symbol="SAP")))[-1].state is OrderState.REJECTED
    assert done(broker({}).submit(order(symbol="SAP")))[-1].reason == (
        "SAP is in EUR, the book in USD: no rate is known"
    )
    with pytest.raises(OrderError, match="SAP is in EUR, the account in USD: no rate is known"):
        rule(order(symbol="SAP"), facts(prices={"SAP": "100"}, instruments=BOTH), limits())


def test_limits_and_approval_count_in_the_currency_of_the_account() -> None:
    account = Ledger(BOOK, BOTH).account(OPENED, {"SAP": D(100)}, BOOK.cash, BOOK.cash, euro("2"))
    known = facts(instruments=BOTH).model_copy(update={"account": account, "data_age": {"SAP": 0.0}})
    cut = rule(order(symbol="SAP", quantity=100, limit="100"), known, resolve_limits({"position_size": 0.05}))
    assert (cut.outcome, cut.quantity, cut.limit) == (RulingOutcome.CUT, 25, "position_size")
    waits = Approval(over=D(4999)).needed(order(symbol="SAP", quantity=25, limit="100"), known)
    assert waits == "5000 USD asked, 4999 allowed without approval"


def pair(symbol: str, currency: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        venue="test",
        asset_class=AssetClass.FX,
        currency=currency,
        tick_size=D("0.00001"),
        lot_size=D(1),
        calendar="24/7",
    )


def closes(symbol: str, *prices: float) -> Bars:
    opened = np.datetime64("2012-06-01T00:00:00") + np.arange(len(prices)) * np.timedelta64(86_400, "s")
    column = np.array(prices)
    return Bars(
        symbol, Timeframe.D1, opened, opened + np.timedelta64(86_400, "s"),
        column, column.copy(), column.copy(), column.copy(), column.copy(),
    )  # fmt: skip


def test_a_rate_is_the_last_close_before_the_moment_or_its_inverse() -> None:
    pairs = {"EURUSD": pair("EURUSD", "USD"), "USDJPY": pair("USDJPY", "JPY")}
    bars = {"EURUSD": closes("EURUSD", 1.25, 1.5), "USDJPY": closes("USDJPY", 80.0, 90.0)}
    market = Market(Timeframe.D1, pairs, bars)
    at = OPENED + timedelta(days=1)  # the second bar has not closed
    found = rates_at(market.view(at), ("EURUSD", "USDJPY"), "USD")
    assert found["EUR"].worth == D("1.25")
    assert found["JPY"].worth == D("0.0125")
    assert found["JPY"].sentence == "1 / close of USDJPY at 2012-06-02 00:00 UTC"
    assert rates_at(market.view(OPENED - timedelta(days=1)), ("EURUSD",), "USD") == {}
    assert convertible(pairs, ("EURUSD", "USDJPY"), "USD") == {"USD", "EUR", "JPY"}
    with pytest.raises(UsageError, match="EURUSD is no rate of GBP"):
        convertible(pairs, ("EURUSD",), "GBP")
