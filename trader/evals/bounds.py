"""Bounds that an evaluation may have to keep, for checks that run by themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from trader.evals.evaluation import Evaluation


@dataclass(frozen=True)
class Bounds:
    """At most so much; None bounds nothing."""

    brier: float | None = None
    log_loss: float | None = None
    usd: Decimal | None = None

    def broken_by(self, found: Evaluation) -> Iterator[str]:
        """A sentence for each bound that is not kept, by those who were named or by the desk.

        A score that does not exist keeps no bound.
        """
        wanted = {"brier": self.brier, "log_loss": self.log_loss, "usd": self.usd}
        for one in found.judged:
            for name, bound in wanted.items():
                if bound is None:
                    continue
                score = one.scores[name]
                if score is None:
                    yield f"{one.name}: there is no {name} to hold against {bound}"
                elif score > bound:
                    yield f"{one.name}: {name} {score:.6g} is above {bound}"
