"""What a scorer is."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from trader.evals.subject import Subject

Score: TypeAlias = float | int | Decimal | None
"""None where there is nothing to score: never a number that looks fine."""
Scorer: TypeAlias = Callable[[Subject], Score]
