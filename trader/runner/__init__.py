"""The clock of paper and live: a feed's closes become rounds, and each round goes through the desk."""

from trader.runner.loop import Ran, run
from trader.runner.watching import ClosedRound, Control, Observer, Opening

__all__ = ["ClosedRound", "Control", "Observer", "Opening", "Ran", "run"]
