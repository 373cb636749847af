"""The bundled samples: real bars, described in docs/data-samples.md."""

from collections.abc import Sequence
from pathlib import Path

import trader.data.samples
from trader.data.feeds.files import open_folder
from trader.data.market import Market
from trader.domain.market import Timeframe

FOLDER = Path(trader.data.samples.__file__).parent
DEFAULT_SYMBOLS = ("AAPL", "GOOG", "IBM", "MSFT")


def open_sample(symbols: Sequence[str] = (), timeframe: Timeframe | None = None) -> Market:
    """The samples of `symbols`, by default four American shares, daily."""
    return open_folder(FOLDER, symbols or DEFAULT_SYMBOLS, timeframe)
