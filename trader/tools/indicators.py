"""All indicators of a symbol as of a view, computed once for the tools that read them."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from trader.data.view import MarketView
from trader.domain.market import Floats
from trader.features.annual import bars_a_year

_KEPT = 16
"""A round's symbols; at ten years of days, a megabyte each."""


@lru_cache(maxsize=_KEPT)
def indicators(view: MarketView, symbol: str) -> Mapping[str, Floats]:
    """Name -> one value a bar, adjusted as of the view's moment. A view never changes, so nor does this."""
    # Imported here: talib brings pandas, which whoever only lists the tools need not wait for.
    from trader.features.catalogue import compute

    bars = view.bars(symbol)
    a_year = bars_a_year(bars.timeframe, view.instrument(symbol).calendar)
    return MappingProxyType(compute(bars, bars_a_year=a_year))
