"""Where market data comes from: one module for each source, and one function that opens any of them."""

from collections.abc import Sequence
from pathlib import Path

from trader.data.market import Market
from trader.domain.errors import UnknownName, UsageError
from trader.domain.market import Timeframe

FEEDS = ("sample", "files:DIR", "ccxt:EXCHANGE")


def open_feed(name: str, symbols: Sequence[str] = (), timeframe: Timeframe | None = None) -> Market:
    """The market of the feed `name`: `sample`, or `files:DIR` for a folder of the user's.

    Where no symbol is named the feed chooses; where no timeframe is, it is the shortest that the symbols
    share. Raises UnknownName for a feed or a symbol that does not exist, UsageError and DataError as
    `open_folder`.
    """
    kind, _, rest = name.partition(":")
    if kind == "sample" and not rest:
        from trader.data.feeds.sample import open_sample

        return open_sample(symbols, timeframe)
    if kind == "files":
        from trader.data.feeds.files import open_folder

        if not rest:
            raise UsageError("the feed files needs a folder", hint="--feed files:DIR")
        return open_folder(Path(rest).expanduser(), symbols, timeframe)
    if kind == "ccxt":
        raise UsageError(
            f"the feed {name} is read while a run goes on, bar by bar",
            hint="trader run --broker ccxt:binance --feed ccxt:binance --symbols BTC/USDT --timeframe 15m",
        )
    raise UnknownName("feed", name, FEEDS)
