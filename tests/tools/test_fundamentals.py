from datetime import timedelta

import pytest

from tests.tools.markets import START, close_of, context, filing, market
from trader.domain.errors import ToolError
from trader.tools.fundamentals import run
from trader.tools.tool import NoArguments

SOURCE = market(400)  # the split is on day 200; filings are public 40 days after each quarter of 91
NOTHING = NoArguments()


def test_the_last_published_filing_is_read_and_not_the_last_quarter() -> None:
    moment = START + timedelta(days=91 + 39)
    assert run(context(SOURCE, moment), NOTHING).values == filing("AAA", 0).values
    assert run(context(SOURCE, moment + timedelta(days=1)), NOTHING).values == filing("AAA", 1).values


def test_yields_are_per_price_paid() -> None:
    here = context(SOURCE, close_of(140))
    result = run(here, NOTHING)
    price = float(here.view.price("AAA"))
    assert result.earnings_yield == pytest.approx(5.0 / price)
    assert result.book_to_price == pytest.approx(41.0 / price)
    assert result.age_days == pytest.approx(10.0)


def test_a_split_after_the_filing_divides_what_was_filed_per_share() -> None:
    here = context(SOURCE, close_of(210))
    assert run(here, NOTHING).earnings_yield == pytest.approx(5.0 / 2 / float(here.view.price("AAA")))


def test_a_filing_after_the_split_counts_new_shares_already() -> None:
    here = context(SOURCE, close_of(230))
    assert run(here, NOTHING).earnings_yield == pytest.approx(6.0 / float(here.view.price("AAA")))


def test_what_was_not_filed_has_no_yield() -> None:
    bare = filing("AAA", 0).model_copy(update={"values": {"revenue": 7.0}})
    result = run(context(market(100, fundamentals=(bare,)), close_of(99)), NOTHING)
    assert (result.values, result.earnings_yield, result.book_to_price) == ({"revenue": 7.0}, None, None)


def test_without_filings_the_tool_says_so() -> None:
    with pytest.raises(ToolError, match="no fundamentals of BBB were published before 2010-10-29"):
        run(context(SOURCE, close_of(300), "BBB"), NOTHING)
