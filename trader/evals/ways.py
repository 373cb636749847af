"""From what was asked for to the ways in which an agent is asked, and what each is compared with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from trader.agents.agent import Agent
from trader.domain.errors import UnknownName, UsageError
from trader.evals.variants import RECORDED
from trader.graph.again import Scene
from trader.prompts.prompt import Prompt
from trader.prompts.rewording import reworded
from trader.runner.permuting import PERMUTED
from trader.runner.prompt_trial import edited_prompt
from trader.runner.trial import role_of
from trader.runner.variants import Variant
from trader.settings.llm import Role

MOST_REPEATS = 20


@dataclass(frozen=True)
class Ways:
    """What was asked for."""

    prompt: Path | None = None
    models: tuple[str, ...] = ()
    repeat: int = 1
    paraphrase: bool = False
    permute: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything was."""
        return self != Ways()

    @property
    def one_edit(self) -> bool:
        """Whether it is an edited prompt and nothing else: the answer is one line then."""
        return self == Ways(prompt=self.prompt)


@dataclass(frozen=True)
class Way:
    """A variant, and the name of the one that it is compared with."""

    variant: Variant
    against: str = RECORDED


def ways_of(asked: Ways, scene: Scene, agent: Agent, roles: Mapping[str, Role]) -> tuple[Way, ...]:
    """Each model by itself: as it is, again, in other words, and with evidence exchanged.

    Raises UsageError for what a rule cannot be asked, UnknownName for a role or evidence that there is none
    of, and what `edited_prompt` raises.
    """
    if not 1 <= asked.repeat <= MOST_REPEATS:
        raise UsageError(f"--repeat {asked.repeat}: from 2 to {MOST_REPEATS} times", hint="--repeat 5")
    for what in asked.permute:
        if what not in PERMUTED:
            raise UnknownName("evidence to permute", what, PERMUTED)
    prompt = edited_prompt(scene, agent.name, asked.prompt) if asked.prompt else None
    models: list[tuple[str, Role | None]] = [
        (model, role_of(model, agent.role, roles)) for model in asked.models
    ]
    found: list[Way] = []
    for label, role in models or [("", None)]:
        if role or agent.role:
            found += _of_model(asked, agent, label or ("edited" if prompt else "asked again"), prompt, role)
        elif prompt or asked.repeat > 1 or asked.paraphrase:
            raise UsageError(
                f"{agent.name} follows a rule: asked again, or in other words, it says the same",
                hint="--model NAME asks a model in its place; docs/language-models.md gives it one",
            )
        else:
            found += [Way(Variant(f"{what} permuted", permuted=PERMUTED[what])) for what in asked.permute]
    return tuple(found)


def _of_model(
    asked: Ways, agent: Agent, label: str, prompt: Prompt | None, role: Role | None
) -> Iterator[Way]:
    """One model's: the first is compared with what is recorded, the others with the first."""
    yield Way(Variant(label, prompt, role))
    for time in range(2, asked.repeat + 1):
        yield Way(Variant(f"{label}, time {time}", prompt, role, time), label)
    if asked.paraphrase:
        for name, text in reworded(prompt or agent.prompt).items():
            yield Way(Variant(f"{label}, {name}", text, role, reworded=True), label)
    for what in asked.permute:
        yield Way(Variant(f"{label}, {what} permuted", prompt, role, permuted=PERMUTED[what]), label)
