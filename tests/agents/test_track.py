"""The rehearsal runs what a rule reads and no more, and that changes no score."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from tests.properties.desks import SYMBOLS, rising
from tests.tools.markets import close_of
from trader.agents.agent import Agent
from trader.agents.roster import roster
from trader.agents.track import Rehearsal, score_history
from trader.domain.reports import Evidence
from trader.memory.cases import Forecasts
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.tool import ToolContext
from trader.tools.toolbox import LiveToolbox, Toolbox

MARKET = rising(420)


class Told(Agent):
    """An agent that is given what all of its tools say, whoever asks for less."""

    def gather(
        self, toolbox: Toolbox, context: ToolContext, only: Container[str] | None = None
    ) -> dict[str, Evidence]:
        return super().gather(toolbox, context)


class Noting:
    """A toolbox that knows what it was asked."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self._toolbox = LiveToolbox()

    def call(self, name: str, arguments: Mapping[str, Any], context: ToolContext) -> Evidence:
        self.asked.add(name)
        return self._toolbox.call(name, arguments, context)


def scored(agents: Sequence[Agent]) -> tuple[dict[str, Forecasts], set[str]]:
    toolbox = Noting()
    rehearsal = Rehearsal(
        agents=agents,
        market=MARKET,
        toolbox=toolbox,
        forecaster=Forecaster(),
        cost_of=lambda instrument: 0.002,
        symbols=SYMBOLS,
        horizon=20,
        before=close_of(419),
    )
    return score_history(rehearsal, lambda done, total: None), toolbox.asked


def as_bytes(found: Mapping[str, Forecasts]) -> dict[str, tuple[bytes, ...]]:
    names = ("decided", "symbol", "p_up", "base_rate")
    return {record: tuple(getattr(one, name).tobytes() for name in names) for record, one in found.items()}


def test_rules_are_scored_the_same_with_all_evidence_and_with_what_they_read() -> None:
    agents = roster()
    told = [Told(one.prompt, one.policy, one.role, one.voice, one.led_by) for one in agents]
    (less, asked), (more, all_asked) = scored(agents), scored(told)
    assert as_bytes(less) == as_bytes(more)
    assert len(less) >= 3
    assert asked < all_asked
    assert {"risk_numbers", "kelly"} <= all_asked - asked
