"""One prompt file as a value: who the agent is, what it reads, and what it is told."""

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field

from trader.domain.instruments import AssetClass
from trader.domain.value import Value


class Tier(StrEnum):
    """Juniors gather, seniors judge, the executive may shrink or veto. Each reads only those below."""

    JUNIOR = "junior"
    SENIOR = "senior"
    EXECUTIVE = "executive"

    @property
    def rank(self) -> int:
        """0, 1, 2."""
        return list(Tier).index(self)


class ToolCall(Value):
    """A tool that is run before the agent speaks, with the arguments it is run with."""

    name: str
    arguments: dict[str, Any] = {}


class Prompt(Value):
    """An agent's file."""

    name: str
    """The file's name without `.md`."""
    tier: Tier
    mandate: str
    """What it judges or gathers, in one line."""
    asset_classes: tuple[AssetClass, ...] = tuple(AssetClass)
    """Where it is consulted."""
    reads: tuple[str, ...] = ()
    """Agents of a lower tier whose reports it weighs; empty for an executive means everybody."""
    tools: tuple[ToolCall, ...] = ()
    """Run before it speaks."""
    policy: str | None = None
    """The rule that it follows with no model; None: a senior then abstains."""
    model: str | None = None
    """The role of the model that it asks once one is configured."""
    models: tuple[str, ...] = ()
    """Roles, or models by their names, each of which gives an opinion of its own; empty: `model` alone."""
    persona: str | None = None
    """The file of `prompts/personas/` that is laid over it."""
    samples: int = Field(default=1, ge=1, le=9)
    """How often its model is asked the same; what it says is put together in `agents/sampling.py`."""
    sample_temperature: float = Field(default=0.7, ge=0.0, le=2.0)
    """How much chance there is in an answer where there are several."""
    tool_rounds: int = Field(default=0, ge=0, le=3)
    """How often its model may ask for more of the agent's tools before it fills its form."""
    family: str
    """Weights start equal over families, then over the agents of each. Its own name where none is given."""
    lessons: int = Field(default=0, ge=0)
    """Memories that it is shown."""
    body: str
    """The template."""
    body_line: int
    """The line of the file in which the body begins."""
    digest: str
    """Of `text`: what a trace names, and what the journal keeps the text under."""
    text: str
    """The whole file, line ends as `\\n`."""
    path: Path
    overridden: bool = False
    """A workspace file that stands in for a packaged one of the same name."""
