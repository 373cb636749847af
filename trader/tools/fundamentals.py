"""What the last filing said, and what it says for each unit of money paid."""

from datetime import date, datetime

from trader.data.view import MarketView
from trader.domain.errors import ToolError
from trader.domain.market import ActionKind, FundamentalRow
from trader.domain.value import Moment, Number
from trader.tools.tool import NoArguments, Schema, Tool, ToolContext


class Result(Schema):
    """The filing of the latest period that was public."""

    period_end: date
    """What it describes."""
    published_at: Moment
    """When it became public."""
    age_days: Number
    """Days since then."""
    values: dict[str, Number]
    """As filed, by name."""
    earnings_yield: Number | None
    """`eps_ttm` over the price (Basu 1977); null where it was not filed."""
    book_to_price: Number | None
    """`book_value_per_share` over the price (Fama and French 1992); null where it was not filed."""


def run(context: ToolContext, _: NoArguments) -> Result:
    """Read the latest period's filing."""
    view, symbol = context.view, context.symbol
    rows = view.fundamentals(symbol)
    if not rows:
        raise ToolError(f"no fundamentals of {symbol} were published before {view.as_of:%Y-%m-%d}")
    row = rows[-1]
    return Result(
        period_end=row.period_end,
        published_at=row.published_at,
        age_days=(view.as_of - row.published_at).total_seconds() / 86400.0,
        values=row.values,
        earnings_yield=_per_price(view, row, "eps_ttm"),
        book_to_price=_per_price(view, row, "book_value_per_share"),
    )


def _per_price(view: MarketView, row: FundamentalRow, name: str) -> float | None:
    """An amount per share over the price, both of a share as it is now."""
    if name not in row.values:
        return None
    now = row.values[name] / _splits_since(view, row.symbol, row.published_at)
    return now / float(view.price(row.symbol))


def _splits_since(view: MarketView, symbol: str, at: datetime) -> float:
    """Shares now for one share at `at`: a filing counts the shares of its own day."""
    ratio = 1.0
    for action in view.actions(symbol):
        if action.kind is ActionKind.SPLIT and action.effective > at:
            ratio *= float(action.amount)
    return ratio


FUNDAMENTALS = Tool(
    "fundamentals", "The last filing, with earnings and book per price", NoArguments, Result, run
)
