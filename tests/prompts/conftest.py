"""A desk of three agents in a folder of its own, to be spoilt one line at a time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trader.domain.value import Value
from trader.prompts.loader import load_prompts
from trader.prompts.prompt import Prompt, Tier

TECHNICALS = """\
---
name: technicals
tier: junior
mandate: Prices as numbers
tools: [features, levels: {bars: 100}]
---
You gather what {{ symbol }} did.
"""
MOMENTUM = """\
---
name: momentum
tier: senior
mandate: Trend
asset_classes: [equity, fx]
reads: [technicals]
tools: [features]
policy: momentum
family: trend
lessons: 3
---
{{ signal }} {{ reports }}
You judge {{ symbol }}.
"""
EXECUTIVE = """\
---
name: executive
tier: executive
mandate: The last word
---
{{ opinions }}
"""


class NoArguments(Value):
    """The tool takes none."""


class Levels(Value):
    """A tool with one argument."""

    bars: int = 252


TOOLS: dict[str, type[Value]] = {"features": NoArguments, "forecast": NoArguments, "levels": Levels}
POLICIES = {Tier.SENIOR: ("momentum", "value"), Tier.EXECUTIVE: ("executive",)}

Load = Callable[..., tuple[Prompt, ...]]


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    folder = tmp_path / "packaged"
    folder.mkdir()
    for name, text in (("technicals", TECHNICALS), ("momentum", MOMENTUM), ("executive", EXECUTIVE)):
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    folder.mkdir()
    return folder


@pytest.fixture
def load(packaged: Path, workspace: Path) -> Load:
    """Load with a file of this name and text in the workspace."""

    def loaded(name: str = "", text: str = "") -> tuple[Prompt, ...]:
        if name:
            (workspace / name).write_text(text, encoding="utf-8")
        return load_prompts(packaged, workspace, TOOLS, POLICIES)

    return loaded
