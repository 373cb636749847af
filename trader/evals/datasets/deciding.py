"""A desk on the cases of a data set: what it says of each, as an evaluation reads a journal."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from trader.domain.decisions import Decision
from trader.domain.portfolio import Book
from trader.domain.reports import Evidence
from trader.evals.cases import Recorded, resolved
from trader.evals.datasets.loading import Dataset
from trader.journal.answers import Forecast, ToolError, Turn
from trader.journal.records import DecisionMade, ModelCalled, Step
from trader.journal.writer import Memorandum
from trader.memory.recorded import recorded
from trader.runner.sitting import Sitting

REFIT = 5
"""Dates after which the desk learns again, as it does in a run."""


class Decided(NamedTuple):
    """Everything that came of it."""

    book: Book
    recorded: Recorded
    """Of the cases that are scored."""


async def decide_cases(
    dataset: Dataset, sitting: Sitting, progress: Callable[[int, int], None] = lambda done, total: None
) -> Decided:
    """Decide every case at its moment, from a flat account, in order of time.

    What the desk has learned at a moment is fitted on its own forecasts in the set that had resolved by then,
    those of the training part included: walk-forward, as in a run.
    """
    at: dict[datetime, list[str]] = defaultdict(list)
    for case in dataset.cases:
        at[case.as_of].append(case.symbol)
    scored = {(case.symbol, case.as_of) for case in dataset.scored}
    heard, forecasts = _Heard(), list[Forecast]()
    learned = None
    for number, (as_of, symbols) in enumerate(sorted(at.items())):
        if number % REFIT == 0:
            learned = sitting.learned(as_of, recorded(forecasts))
        said = await sitting.decide(as_of, learned=learned, symbols=symbols)
        for record in said.records:
            if isinstance(record, Step) and record.form == "opinion" and record.body["p_up"] is not None:
                known = learned.of_symbol(record.symbol) if learned else None
                base_rate = known.base_rate if known else None
                p_up = record.body["p_up"]
                forecasts.append(Forecast(as_of, record.symbol, record.agent, record.record, p_up, base_rate))
        heard.add(said, scored)
        progress(number + 1, len(at))
    book = sitting.desk.book
    decisions = tuple(heard.decisions)
    cases = resolved(
        decisions,
        [one for one in forecasts if (one.symbol, one.as_of) in scored],
        heard.turns,
        dataset.market,
        book,
    )
    return Decided(
        book, Recorded(decisions, cases, tuple(heard.turns), tuple(heard.calls), tuple(heard.tool_errors))
    )


class _Heard:
    """Records of a memorandum, as the journal's reader gives them."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.turns: list[Turn] = []
        self.calls: list[ModelCalled] = []
        self.tool_errors: list[ToolError] = []

    def add(self, said: Memorandum, scored: set[tuple[str, datetime]]) -> None:
        """One moment; of it only the cases that are scored."""
        wanted = set()
        for record in said.records:
            if isinstance(record, DecisionMade) and (record.decision.symbol, record.decision.as_of) in scored:
                self.decisions.append(record.decision)
                wanted.add(record.decision.id)
        for record in said.records:
            if isinstance(record, Step) and record.decision in wanted and record.form != "brief":
                self.turns.append(_turn(record))
                for name in record.evidence:
                    found = Evidence.model_validate_json(said.blobs[name])
                    if found.result is None:
                        self.tool_errors.append(
                            ToolError(record.decision, record.agent, found.tool, found.error)
                        )
            elif isinstance(record, ModelCalled) and record.decision in wanted:
                self.calls.append(record)


def _turn(step: Step) -> Turn:
    return Turn(
        decision=step.decision,
        stage=step.stage,
        agent=step.agent,
        tier=step.tier,
        form=step.form,
        p_up=step.body.get("p_up"),
        source=step.source,
        record=step.record,
        prompt=step.prompt,
        ms=step.ms,
    )
