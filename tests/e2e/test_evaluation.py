"""A replay's decisions scored from its journal: the same again, byte for byte, and as the summary has it."""

from collections.abc import Sequence

import pytest

from tests.e2e.replays import Town
from trader.commands.eval_report import document
from trader.data.feeds import open_feed
from trader.domain.value import canonical_json, jsonable
from trader.evals.evaluation import Evaluation, evaluate
from trader.evals.run_summary import agent_scores
from trader.journal.reader import JournalReader
from trader.runner import Ran


def evaluation(ran: Ran, names: Sequence[str] = (), last: int | None = None) -> Evaluation:
    with JournalReader(ran.journal) as reader:
        return evaluate(reader, ran.book, open_feed(ran.book.feed, ran.book.symbols), names, last=last)


def test_scores_are_byte_identical_from_recorded_answers(unbroken: Ran) -> None:
    one, other = (canonical_json(jsonable(document(evaluation(unbroken), ()))) for _ in range(2))
    assert one == other


def test_scores_are_those_of_the_run_s_summary(unbroken: Ran, town: Town) -> None:
    found = {one.name: one for one in evaluation(unbroken).agents}
    market = open_feed(unbroken.book.feed, unbroken.book.symbols)
    with JournalReader(unbroken.journal) as reader:
        summed = agent_scores(
            reader.opinions(unbroken.book.id), market, unbroken.book, market.closes(unbroken.book.symbols)[-1]
        )
    assert {row.agent for row in summed} == {name for name, one in found.items() if one.cases}
    for row in summed:
        mine = found[row.agent]
        assert (mine.cases, mine.scores["hit_rate"]) == (row.resolved, row.hit_rate)
        assert mine.scores["brier"] == pytest.approx(row.brier, abs=1e-12)
        assert mine.base["brier"] == pytest.approx(row.brier_base, abs=1e-12)


def test_contributions_add_up_to_the_pool_as_it_was(unbroken: Ran) -> None:
    """The recorded shifts and weights give the recorded probabilities again."""
    found = evaluation(unbroken)
    gained = found.desk.base["log_loss"], found.desk.scores["log_loss"]
    brought = sum(one.contribution.shapley for one in found.agents if one.contribution)
    assert brought == pytest.approx(float(gained[0] or 0) - float(gained[1] or 0), abs=1e-9)


def test_the_newest_decisions_alone(unbroken: Ran) -> None:
    found = evaluation(unbroken, ["momentum"], last=24)
    assert found.provenance.decisions == 24
    assert found.provenance.named == ("momentum",)
    assert [one.name for one in found.judged] == ["momentum"]
    assert 0 < found.provenance.cases < 24  # the last five closes have not resolved
    assert found.provenance.data == found.provenance.data_recorded[0]
    assert found.finding.startswith("INSUFFICIENT EVIDENCE: momentum has")
