"""What trading and holding cost, and on which terms a book is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from trader.brokers.costs import BASIS_POINT, CostModel
from trader.domain.errors import UsageError
from trader.domain.instruments import Instrument
from trader.domain.market import Floats

Rate = float | Floats


@dataclass(frozen=True, eq=False)
class TradingCosts:
    """One number for all, or an array (S,) of one a symbol; the first five count for each side.

    `funding` and `borrow` may be (T, S) besides. Raises UsageError for what is not a number.
    """

    commission: Rate = 0.0
    """A fraction of the value traded."""
    per_unit: Rate = 0.0
    """Of the symbol's currency, for each unit traded."""
    half_spread: Rate = 0.0
    """A fraction of the price."""
    slippage: Rate = 0.0
    """A fraction of the price, whatever the size."""
    impact: Rate = 0.0
    """A fraction of the price for an order as large as the bar's volume; of smaller ones the `power`th root
    law: `impact * (units / volume) ** power`."""
    power: float = 0.5
    """One half: the square-root law (Toth and others 2011)."""
    funding: Rate = 0.0
    """A fraction of the position a bar, paid by longs and got by shorts, at the open."""
    borrow: Rate = 0.0
    """A fraction of a short position a bar, at the open."""
    interest: float = 0.0
    """A fraction a bar of cash below zero."""

    def __post_init__(self) -> None:
        for name in ("commission", "per_unit", "half_spread", "slippage", "impact", "borrow", "interest"):
            if not (np.isfinite(getattr(self, name)) & (np.asarray(getattr(self, name)) >= 0)).all():
                raise UsageError(f"{name} must be a number of at least zero")
        if not np.isfinite(self.funding).all() or not 0.0 < self.power <= 1.0:
            raise UsageError("funding must be a number, and power above 0 and at most 1")

    @classmethod
    def flat(cls, basis_points: float) -> Self:
        """So much a side, all of it commission: what results are compared at."""
        return cls(commission=basis_points / 1e4)

    @classmethod
    def of(cls, model: CostModel, instruments: Sequence[Instrument], **others: float) -> Self:
        """The paper broker's, by asset class; `others` are fields that it does not know."""
        costs = [model.of(instrument) for instrument in instruments]
        return cls(
            commission=np.array([float(one.fee_bps * BASIS_POINT) for one in costs]),
            half_spread=np.array([float(one.half_spread_bps * BASIS_POINT) for one in costs]),
            slippage=np.array([float(one.slippage_bps * BASIS_POINT) for one in costs]),
            **others,
        )


@dataclass(frozen=True)
class Terms:
    """How a book is kept. Raises UsageError for what cannot be."""

    cash: float = 1_000_000.0
    """At the start, in the book's currency."""
    start: int = 0
    """The bar at whose close the first decision can be; what came before is history."""
    margin: bool = False
    """Whether cash may go below zero and units may be sold short. Without, purchases are cut to the cash
    that is there, all by the same share, and sales to what is held."""
    participation: float = 0.1
    """The share of a bar's volume that one order may be; the rest of it lapses."""
    write_off: bool = False
    """Whether what is held of a delisted symbol is worth nothing; else it is sold at the last close."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.cash) and self.cash > 0.0):
            raise UsageError(f"a book of {self.cash:g} cannot trade", hint="give it cash above zero")
        if not self.participation > 0.0:
            raise UsageError("participation must be above zero; inf for no bound")
