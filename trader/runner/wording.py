"""New rules in a model's words, where the desk has one: beside the template, and recorded like any call."""

from collections.abc import Iterable
from typing import NamedTuple

from trader.agents.agent import Agent
from trader.domain.ids import DecisionId, RoundId
from trader.domain.lessons import Change, Rule, Wording
from trader.graph.insisting import InsistentModels
from trader.graph.models import LiveModels
from trader.graph.state import Desk
from trader.graph.turn import Turn
from trader.journal.records import ModelCalled
from trader.memory.rules import MEMORY
from trader.memory.wording import wording_calls, wording_of, words_for
from trader.prompts.prompt import Tier
from trader.settings.llm import Role


class Worded(NamedTuple):
    """What became of the rules, what was changed, and the calls that were made for it."""

    rules: tuple[Rule, ...]
    changes: tuple[Change, ...] = ()
    calls: tuple[ModelCalled, ...] = ()


def spokesman(agents: Iterable[Agent]) -> Role | None:
    """Whose model is asked: the executive's, else that of the first agent that has one; None without any."""
    asking = sorted((one for one in agents if one.role), key=lambda one: one.tier is not Tier.EXECUTIVE)
    return asking[0].role if asking else None


async def put_into_words(desk: Desk, rules: tuple[Rule, ...], new: frozenset[str], round: RoundId) -> Worded:
    """`rules`, those in `new` with a model's words where one gave any that pass; else as they were."""
    role, models = spokesman(desk.agents), desk.models
    if role is None or not new or not isinstance(models, LiveModels | InsistentModels):
        return Worded(rules)
    worded: list[Rule] = []
    changes: list[Change] = []
    calls: list[ModelCalled] = []
    for rule in rules:
        if rule.id in new:
            # The rule's id stands where a decision's would: it is what was paid for.
            turn = Turn(DecisionId(rule.id), round, desk.book.id, MEMORY, stage=0)
            asked = words_for(rule)
            filled = await models.fill(
                wording_calls(role, asked), wording_of(rule), turn, desk.recorder, calls.append
            )
            wording = None
            if filled.form is not None and filled.call is not None:
                wording = Wording(
                    text=filled.form, model=filled.call.model, prompt=asked.digest, call=filled.call.digest
                )
            changes.append(_told(rule, wording, filled.cause))
            rule = rule.model_copy(update={"wording": wording})
        worded.append(rule)
    return Worded(tuple(worded), tuple(changes), tuple(calls))


def _told(rule: Rule, wording: Wording | None, cause: str) -> Change:
    """What is written down of it, whichever way it went."""
    if wording is None:
        text, after, evidence = f"the template alone: {cause}", {}, {"cause": cause}
    else:
        text, after = f"in the words of {wording.model}: {wording.text}", {"wording": wording.text}
        evidence = {"model": wording.model, "prompt": wording.prompt, "call": wording.call}
    before = {"sentence": rule.sentence}
    return Change(kind="worded", subject=rule.id, before=before, after=after, evidence=evidence, text=text)
