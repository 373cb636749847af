"""How large boosted trees are, in words that every library has."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Boosting:
    """Everything that shapes the trees besides the rows."""

    rounds: int
    depth: int
    eta: float
    leaf: float
    """Least hessian of a leaf: four times as many effective cases."""
    ridge: float
    """Hessian of cases that say nothing, added to each leaf."""
    rows: float
    """Share of the rows that each tree sees."""
    inputs: float
    """Share of the inputs that each tree sees."""
    bins: int = 64
    """Borders an input is cut at: a quarter of the libraries' default, and half of their time."""

    def said(self) -> dict[str, Any]:
        """As a card has it."""
        return asdict(self)


CALM = Boosting(rounds=60, depth=2, eta=0.05, leaf=5.0, ridge=10.0, rows=0.5, inputs=0.5)
"""For markets, where nearly all is noise.

Chosen once and not searched: trees of depth 2 see pairs of inputs; a leaf needs some 20 effective cases (the
hessian of one is about 1/4) and is shrunk as if it had seen 40 more that say nothing.
"""

STRONG = Boosting(rounds=100, depth=4, eta=0.15, leaf=5.0, ridge=5.0, rows=1.0, inputs=0.5)
"""For data with more to find; what `python -m benchmarks training` measures beside XGBoost's default."""

SIZES = {"calm": CALM, "strong": STRONG}
