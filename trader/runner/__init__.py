"""The clock of replays and venues: closes become rounds, and each round goes through the desk."""

from trader.runner.loop import Ran, run
from trader.runner.watching import ClosedRound, Control, Observer, Opening

__all__ = ["ClosedRound", "Control", "Observer", "Opening", "Ran", "run"]
