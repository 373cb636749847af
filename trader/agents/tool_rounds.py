"""An agent that asks for more of its own tools before it fills its form.

What it may ask for stands at the end of its prompt, behind everything that agents share, and what tools say
comes back as one more turn: a provider that keeps prefixes reads none of it twice. Requests are answers of a
form like any other, so that every model which can fill a form can make them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from trader.agents.agent import Agent
from trader.domain.reports import Evidence
from trader.llm.asking import Results
from trader.llm.forms import ToolRequest
from trader.prompts.rendering import fenced
from trader.tools.registry import TOOLS

UseTool = Callable[[str, Mapping[str, Any]], Evidence]
"""Runs one tool for the case in hand; what cannot be answered is evidence with an error."""


def offer(agent: Agent) -> str:
    """What an agent with tool rounds is told about them."""
    own = {call.name for call in agent.calls}
    told = {
        tool.name: {"says": tool.summary, "arguments": tool.schema["arguments"].get("properties", {})}
        for tool in TOOLS
        if tool.name in own
    }
    rounds = agent.prompt.tool_rounds
    return (
        f"\n\nBefore you fill the form you may ask for more of your tools, {_times(rounds)} at most: answer "
        "with the kind `tools`, everything else null or empty, and the calls under `tools`.\n"
        f"{fenced(told)}\n"
    )


class ToolRounds:
    """The tools that one agent asks for in one asking, and the evidence that came of them."""

    def __init__(self, agent: Agent, use: UseTool, show: Callable[[Evidence], dict[str, Any]]) -> None:
        self._own = {call.name for call in agent.calls}
        self._use, self._show = use, show
        self.evidence: dict[str, Evidence] = {}
        """By digest."""

    def __call__(self, request: ToolRequest, left: int) -> Results:
        """What the tools say, and how many requests are left."""
        told: list[dict[str, Any]] = []
        found: list[str] = []
        for name, arguments in request.calls:
            asked = {"tool": name, "arguments": arguments}
            if name not in self._own:
                told.append({**asked, "error": "you have no such tool"})
                continue
            evidence = self._use(name, arguments)
            self.evidence[evidence.digest] = evidence
            found.append(evidence.digest)
            told.append({**asked, "evidence": evidence.digest, **self._show(evidence)})
        rest = f"You may ask {_times(left)} more." if left else "Fill your form now: there are no more tools."
        return Results(text=f"Your tools say:\n{fenced(told)}\n{rest}", evidence=frozenset(found))


def _times(rounds: int) -> str:
    return "once" if rounds == 1 else f"{rounds} times"
