"""How a venue keeps positions, and which of it this program keeps: the one place where that is decided.

The ledger has one position an instrument. A venue that keeps a long and a short side by side would tell of
two, and an order would have to say which one it is about: nothing here would be right about either. What an
adapter would have to keep for that: docs/decisions/0019-positions-are-netted.md.
"""

from enum import StrEnum

from trader.domain.errors import UsageError


class PositionMode(StrEnum):
    """What becomes of a sale where something is held."""

    NETTED = "netted"
    """It makes the position smaller: there is one an instrument. Spot markets have no other way."""
    HEDGED = "hedged"
    """It may open a short beside it: an instrument has two, or as many as there were orders."""


KEPT = frozenset({PositionMode.NETTED})
"""What the ledger, the gate and the comparison with a venue know how to count."""


def check_kept(venue: str, mode: PositionMode) -> None:
    """Raise UsageError for a venue whose positions cannot be kept here."""
    if mode not in KEPT:
        kept = ", ".join(sorted(KEPT))
        raise UsageError(
            f"{venue} keeps positions {mode}, a long and a short of one instrument side by side; "
            f"here they are kept {kept}",
            hint=f"set the account to {kept} (one-way) positions at the venue, or take an account that is",
        )
