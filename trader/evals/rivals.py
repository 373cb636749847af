"""What a book has to be better than: simpler things done with the same money over the same rounds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trader.brokers.costs import CostModel
from trader.data.market import Market
from trader.domain.market import to_datetime64
from trader.domain.portfolio import Book
from trader.evals.curve import Curve
from trader.evals.run_summary import held

Floats = NDArray[np.float64]

CASH = "cash"
HELD = "buy and hold"
AT_EXPOSURE = "buy and hold at the desk's exposure"
"""The baseline that the first line is about: what the desk's mean exposure earned without a desk."""


@dataclass(frozen=True, eq=False)
class Rival:
    """One baseline's returns, (n - 1,), over the rounds of the book."""

    name: str
    returns: Floats
    exposure: float | None
    note: str = ""


def rivals(
    market: Market, book: Book, curve: Curve, costs: CostModel, turnover: float, seed: int
) -> tuple[Rival, ...]:
    """All of them, the simplest first."""
    view = market.view(curve.as_of[-1])
    moments = np.array([to_datetime64(at) for at in curve.as_of])
    worth = np.mean([held(view, symbol, moments, costs) for symbol in book.symbols], axis=0)
    whole = np.diff(worth) / worth[:-1]
    exposure = float(curve.exposure.mean())
    return (
        Rival(CASH, np.zeros(len(curve.returns)), 0.0),
        Rival(HELD, whole, 1.0, "equal amounts, bought once"),
        Rival(AT_EXPOSURE, whole * exposure, exposure, "rebalanced each round without costs"),
    )
