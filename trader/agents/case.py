"""Everything that an agent may look at when it judges one instrument at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from trader.domain.instruments import AssetClass
from trader.domain.opinions import Abstention, Opinion
from trader.domain.portfolio import Account
from trader.domain.reports import Evidence, Report
from trader.domain.signals import Signal


@dataclass(frozen=True)
class Case:
    """One instrument, one moment, one agent. Rules are functions of this and of nothing else."""

    symbol: str
    as_of: datetime
    horizon: int
    """Bars ahead of the event that is forecast."""
    asset_class: AssetClass
    base_rate: float
    """How often the event has been so before `as_of`."""
    price: Decimal
    """Last traded."""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """What the agent's own tools said, by tool."""
    reports: Mapping[str, Report] = field(default_factory=dict)
    """What the juniors filed, by junior."""
    opinions: tuple[Opinion | Abstention, ...] = ()
    """What the seniors said: the executive's alone."""
    account: Account | None = None
    rules: tuple[str, ...] = ()
    """What memory's rules that hold here say, a sentence each, in the order they were stated."""
    signals: tuple[Signal, ...] = ()
    """Why the desk looks: what a model is shown."""
    bars_a_year: float = 252.0
    """Bars in a year of the instrument's calendar: annual measures are read by it."""

    def number(self, tool: str, *path: str) -> float | None:
        """A number in a tool's result, found by its path; None for whatever is not a finite number."""
        evidence = self.evidence.get(tool)
        value: Any = evidence.result if evidence else None
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return None
        return float(value)

    def lack(self, tool: str, *names: str) -> str:
        """In words: why `tool` did not give one of `names`."""
        evidence = self.evidence.get(tool)
        if evidence is None:
            return f"{tool} was not run"
        return f"{tool}: {evidence.error}" if evidence.error else f"{tool} has no {' or '.join(names)}"

    def digests(self, *tools: str) -> tuple[str, ...]:
        """The digests of what these tools said, in this order."""
        return tuple(self.evidence[tool].digest for tool in tools if tool in self.evidence)
