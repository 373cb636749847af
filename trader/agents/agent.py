"""One agent, made from one prompt file: what it runs, and the form it fills without a language model.

A senior follows its rule, and says so in `source`; one with no rule abstains. What it fills when it has a
model is in `speaking.py`.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trader.agents.case import Case
from trader.agents.policies.policy import ExecutivePolicy, Policy
from trader.domain.instruments import Instrument
from trader.domain.opinions import Abstention, Opinion, Verdict, VerdictAction
from trader.domain.reports import Evidence, Fact, Report
from trader.prompts.prompt import Prompt, Tier, ToolCall
from trader.settings.llm import Role

if TYPE_CHECKING:
    from trader.tools.tool import ToolContext
    from trader.tools.toolbox import Toolbox

EXPERIENCE = "similar_trades"
"""The tool whose answer is shown as lessons."""
NO_RULE = "no model is configured and it follows no rule"


@dataclass(frozen=True)
class Agent:
    """A junior files a `report`, a senior `judge`s, the executive `rule`s. None of them raises."""

    prompt: Prompt
    policy: Policy | ExecutivePolicy | None = None
    """The rule in force: the prompt's, or the one that trader.toml puts in its place."""
    role: Role | None = None
    """The models that it asks; None where it follows its rule."""
    voice: str = ""
    """Which of its prompt's several opinions this is; empty where there is one."""
    led_by: str = ""
    """Whose rule speaks for this one too: several models are several opinions, one rule is one."""

    @property
    def name(self) -> str:
        """As in the trace and on the desk: its file's name, with the voice where there are several."""
        return f"{self.prompt.name}.{self.voice}" if self.voice else self.prompt.name

    @property
    def tier(self) -> Tier:
        """Whether it gathers, judges or rules."""
        return self.prompt.tier

    @property
    def source(self) -> str:
        """Where its form comes from while it asks no model: `tools`, `rule:NAME`, or `none`."""
        if self.tier is Tier.JUNIOR:
            return "tools"
        return f"rule:{self.policy.name}" if self.policy and not self.led_by else "none"

    @property
    def record(self) -> str:
        """The key of its learned record, one for each source it has had; empty for a junior."""
        return "" if self.tier is Tier.JUNIOR else f"{self.prompt.name}/{self.source}"

    @cached_property
    def calls(self) -> tuple[ToolCall, ...]:
        """What is run before it speaks: what its file names, then what its rule needs besides."""
        named = {call.name for call in self.prompt.tools}
        needed = self.policy.tools if isinstance(self.policy, Policy) else ()
        return self.prompt.tools + tuple(ToolCall(name=tool) for tool in needed if tool not in named)

    def consulted(self, instrument: Instrument, unavailable: Mapping[str, str] | None = None) -> str | None:
        """None where it is consulted, else why not.

        `unavailable` maps tools that cannot answer to the reason: an agent is left out where all of its
        tools are.
        """
        if instrument.asset_class not in self.prompt.asset_classes:
            return f"its mandate does not cover {instrument.asset_class}"
        lacking = unavailable or {}
        if self.calls and all(call.name in lacking for call in self.calls):
            return "; ".join(f"{call.name}: {lacking[call.name]}" for call in self.calls)
        return None

    def gather(
        self, toolbox: "Toolbox", context: "ToolContext", only: Container[str] | None = None
    ) -> dict[str, Evidence]:
        """What its tools say, by tool, in the order of `calls`; `only` these, or all of them."""
        return {
            call.name: toolbox.call(call.name, call.arguments, context)
            for call in self.calls
            if only is None or call.name in only
        }

    def recollect(self, toolbox: "Toolbox", context: "ToolContext") -> dict[str, Evidence]:
        """What it is shown of earlier trades, where its file wants any and there is something to say."""
        if not self.prompt.lessons or any(call.name == EXPERIENCE for call in self.calls):
            return {}
        if context.memory is not None and not context.memory.known(context.view.as_of):
            return {}
        told = toolbox.call(EXPERIENCE, {"limit": self.prompt.lessons}, context)
        return {} if told.result is None else {EXPERIENCE: told}

    def speak(self, case: Case) -> Report | Opinion | Abstention | Verdict:
        """The form of its tier."""
        match self.tier:
            case Tier.JUNIOR:
                return self.report(case)
            case Tier.SENIOR:
                return self.judge(case)
            case Tier.EXECUTIVE:
                return self.rule(case)

    def report(self, case: Case) -> Report:
        """Every number and word in its tools' results as a fact; what they could not say is missing."""
        facts: list[Fact] = []
        missing: list[str] = []
        seen: list[str] = []
        for call in self.calls:
            evidence = case.evidence.get(call.name)
            if evidence is None or evidence.result is None:
                missing.append(case.lack(call.name))
                continue
            digest = evidence.digest
            seen.append(digest)
            # Sorted, because a result read back from the journal has its keys in another order.
            found = sorted(_scalars(evidence.result))
            facts += (Fact(name=f"{call.name}.{name}", value=_plain(value), evidence=digest)
                      for name, value in found if value is not None)  # fmt: skip
            missing += _missing(call.name, evidence.result, [name for name, value in found if value is None])
        return Report(agent=self.name, facts=tuple(facts), missing=tuple(missing), evidence=tuple(seen))

    def judge(self, case: Case) -> Opinion | Abstention:
        """A senior's form. A rule that breaks is an abstention that says so."""
        if not isinstance(self.policy, Policy):
            return Abstention(agent=self.name, reason=NO_RULE)
        if self.led_by:
            return Abstention(agent=self.name, reason=f"its rule speaks once, as {self.led_by}")
        if (nothing := self.nothing_to_weigh(case)) is not None:
            return nothing
        try:
            return self.policy.judge(self.name, case)
        except Exception as error:  # a failed agent never fails a decision
            reason = f"its rule broke: {type(error).__name__}: {error}"
            return Abstention(agent=self.name, reason=reason, failed=True)

    def nothing_to_weigh(self, case: Case) -> Abstention | None:
        """An abstention where all the reports that it reads are empty."""
        filed = [case.reports[name] for name in self.prompt.reads if name in case.reports]
        if not filed or not all(report.empty for report in filed):
            return None
        lacks = "; ".join(f"{report.agent}: {', '.join(report.missing)}" for report in filed)
        return Abstention(agent=self.name, reason=f"nothing to weigh ({lacks})")

    def rule(self, case: Case) -> Verdict:
        """The executive's form. A rule that breaks lets nothing grow: it might have said no."""
        if not isinstance(self.policy, ExecutivePolicy):
            return Verdict(agent=self.name, action=VerdictAction.APPROVE, reason=NO_RULE)
        try:
            return self.policy.rule(self.name, case)
        except Exception as error:
            reason = f"its rule broke: {type(error).__name__}: {error}"
            return Verdict(agent=self.name, action=VerdictAction.VETO, factor=0.0, reason=reason)


def _scalars(result: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted name, value) of everything in `result` but lists, which stay in the evidence."""
    for name, value in result.items():
        if isinstance(value, Mapping):
            yield from _scalars(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            yield f"{prefix}{name}", value


def _missing(tool: str, result: Mapping[str, Any], absent: list[str]) -> list[str]:
    """What the tool itself says it lacks, and why; else the names that have no value."""
    if isinstance(result.get("missing"), list):
        return [f"{tool}: {reason}" for reason in result["missing"]]
    return [f"{tool}: no value for {', '.join(absent)}"] if absent else []


def _plain(value: Any) -> Any:
    return ("yes" if value else "no") if isinstance(value, bool) else value
