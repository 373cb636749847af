"""The indicators of a symbol as of a view, each computed once for the tools that read it."""

from functools import lru_cache
from typing import TYPE_CHECKING

from trader.data.view import MarketView
from trader.domain.errors import ToolError
from trader.domain.market import Series
from trader.features.annual import bars_a_year

if TYPE_CHECKING:
    from trader.features.table import Table

KEPT = 16
"""A round's symbols; at ten years of days, a megabyte each."""
_INDEX = "sp500"
"""What a price is set beside."""


@lru_cache(maxsize=KEPT)
def indicators(view: MarketView, symbol: str) -> "Table":
    """Name -> one value a bar, adjusted as of the view's moment. A view never changes, so nor does this."""
    # Imported here: talib brings pandas, which whoever only lists the tools need not wait for.
    from trader.features.table import Table

    def index() -> Series | None:
        try:
            return view.series(_INDEX)
        except ToolError:  # there is none, or nothing of it yet: what reads it has no value
            return None

    bars = view.bars(symbol)
    a_year = bars_a_year(bars.timeframe, view.instrument(symbol).calendar)
    return Table(
        bars, bars_a_year=a_year, index=index, beside=lambda name: view.published(f"{symbol}.{name}")
    )
