"""Silence ends a book's work; answers, whatever they are worth, do not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from trader.agents.speaking import Spoken
from trader.domain.errors import NoModelAnswers
from trader.domain.ids import BookId, DecisionId, RoundId
from trader.domain.opinions import Abstention
from trader.graph.insisting import InsistentModels
from trader.journal.records import ModelCalled
from trader.journal.writer import Memorandum

AGENT: Any = SimpleNamespace(name="value")
CASE: Any = SimpleNamespace(symbol="IBM", as_of=datetime(2012, 3, 2, 21, tzinfo=UTC))
SPOKEN = Spoken(Abstention(agent="value", reason="as it came"), "model:a/b", "")


def call(kind: str) -> ModelCalled:
    """One call and the class of its error."""
    return ModelCalled(
        decision=DecisionId("d1"),
        round=RoundId("r1"),
        book=BookId("b1"),
        at=CASE.as_of,
        agent="value",
        model="a/b",
        stage=2,
        attempt=0,
        call="c1",
        error_kind=kind,
        error=f"said {kind}",
    )


@dataclass
class Scripted:
    """Models whose n-th asking makes the n-th calls: each is an error's class, or nothing for a form."""

    script: Sequence[Sequence[str]]
    asked: int = field(default=0)

    def begin(self, decisions: int) -> None:
        pass

    def due(self) -> float:
        return 60.0

    async def ask(
        self, agent: Any, case: Any, turn: Any, until: float, recorder: Any, use_tool: Any
    ) -> Spoken:
        for kind in self.script[self.asked]:
            recorder.append(call(kind))
        self.asked += 1
        return SPOKEN


async def asked(script: Sequence[Sequence[str]]) -> tuple[Spoken | str, list[str], int]:
    """What comes of it, the calls that were written down, and how often it was asked."""
    models: Any = Scripted(script)
    memo = Memorandum()
    outcome: Spoken | str
    try:
        insistent = InsistentModels(models, waits_s=(0.0, 0.0))
        turn: Any = None
        outcome = await insistent.ask(AGENT, CASE, turn, 60.0, memo, lambda name, arguments: turn)
    except NoModelAnswers as error:
        outcome = error.message
    return outcome, [one.error_kind for one in memo.records if isinstance(one, ModelCalled)], models.asked


SILENT = "no model answers value about IBM at 2012-03-02 21:00: said ModelUnavailable"


@pytest.mark.parametrize(
    ("script", "outcome", "written", "times"),
    [
        ([[""]], SPOKEN, [""], 1),
        ([["ModelUnavailable"], ["RateLimited"], [""]], SPOKEN, [""], 3),
        ([["ModelUnavailable"], ["ModelTimeout"], ["ModelTimeout"]], SILENT, [], 3),
        ([["ModelRefused"]], SILENT.replace("Unavailable", "Refused"), [], 1),
        ([["ModelUnavailable", ""]], SPOKEN, ["ModelUnavailable", ""], 1),  # the next model answered
        ([["", "ModelTimeout"]], SPOKEN, ["", "ModelTimeout"], 1),  # one of its samples
        ([["ParseError", "ParseError"]], SPOKEN, ["ParseError", "ParseError"], 1),
        ([["ParseError", "ModelUnavailable"]], SILENT, ["ParseError"], 1),  # what was answered is numbered
        ([["BudgetSpent"]], SPOKEN, ["BudgetSpent"], 1),
        ([["ModelUnavailable"], ["BudgetSpent"], ["BudgetSpent"]], SILENT, [], 3),
        ([["PromptTooLong"]], SPOKEN, ["PromptTooLong"], 1),
    ],
)
async def test_only_silence_ends_it_and_nothing_of_it_is_written_down(
    script: list[list[str]], outcome: Spoken | str, written: list[str], times: int
) -> None:
    assert await asked(script) == (outcome, written, times)
