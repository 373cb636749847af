"""Rates of exchange from bars: what a unit of another currency is worth, as of a close, and which close.

A rate is the last close of a pair of the feed: `EURUSD` says what a euro is worth in dollars, and its inverse
what a dollar is worth in euros. Pairs are not chained.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from trader.data.view import MarketView
from trader.domain.errors import UsageError
from trader.domain.instruments import Instrument
from trader.domain.portfolio import Rate

ONE = Decimal(1)
SMALLEST_RATE = Decimal("0.000000000001")
"""An inverse has no end: it is kept to the twelfth decimal, and whoever uses it uses just that."""


def rates_at(view: MarketView, pairs: Iterable[str], currency: str) -> dict[str, Rate]:
    """What a unit of each other currency is worth in `currency`; of a pair without a bar yet there is none.

    The first pair that has a currency is its source.
    """
    found: dict[str, Rate] = {}
    for symbol in pairs:
        bars = view.bars(symbol, 1)
        for base, inverse in _sides(view.instrument(symbol), currency):
            if len(bars) and base not in found:
                close = view.price(symbol)
                found[base] = Rate(
                    currency=base,
                    worth=(ONE / close).quantize(SMALLEST_RATE) if inverse else close,
                    source=f"1 / close of {symbol}" if inverse else f"close of {symbol}",
                    at=bars.available[-1].item().replace(tzinfo=view.as_of.tzinfo),
                )
    return found


def convertible(instruments: Mapping[str, Instrument], pairs: Iterable[str], currency: str) -> set[str]:
    """The currencies that an account in `currency` can have instruments in. Raises UsageError for no pair."""
    known = {currency}
    for symbol in pairs:
        sides = [base for base, _ in _sides(instruments[symbol], currency)]
        if not sides:
            raise UsageError(
                f"{symbol} is no rate of {currency}: it is neither quoted in it nor of it",
                hint=f"paper.rates has pairs such as EUR{currency}",
            )
        known.update(sides)
    return known


def _sides(pair: Instrument, currency: str) -> Iterator[tuple[str, bool]]:
    """The other currency of a pair, and whether its price must be turned round."""
    name = pair.symbol.replace("/", "").replace("-", "")
    base = name.removesuffix(pair.currency)
    if not base or base == name:
        return
    if pair.currency == currency:
        yield base, False
    elif base == currency:
        yield pair.currency, True
