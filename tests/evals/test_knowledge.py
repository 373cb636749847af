"""Cases on each side of a knowledge cut-off: what a model may remember is no evidence of its skill."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import pytest

from tests.commands import example
from tests.evals.desks import noise, real_cases, staffed
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.ids import BookId, DecisionId
from trader.domain.portfolio import Book, Mode
from trader.evals.cases import Cases, Recorded
from trader.evals.evaluation import Evaluation, scored
from trader.evals.knowledge import AFTER, NO_MODEL, SEEN, UNKNOWN, side, stated
from trader.journal.answers import Turn
from trader.settings import load

MODEL = "openai/reader"


def test_what_two_roles_say_of_one_model_is_the_later_day_and_a_later_file_has_the_last_word() -> None:
    def roles(**days: str) -> Mapping[str, object]:
        flags: dict[str, object] = {}
        for name, day in days.items():
            flags |= {f"llm.roles.{name}.models": (MODEL,), f"llm.roles.{name}.knowledge_cutoff": day}
        return flags

    one, other = (
        load(flags=roles(fast="2011-01-31", careful="2011-06-30"))[0],
        load(flags=roles(fast="2011-03-31"))[0],
    )
    assert stated(one) == {MODEL: date(2011, 6, 30)}
    assert stated(one, other) == {MODEL: date(2011, 3, 31)}
    assert stated(load(flags={"llm.roles.fast.models": (MODEL,)})[0]) == {}


def test_a_day_is_seen_up_to_the_cut_off_and_unknown_where_one_model_says_nothing() -> None:
    cut_offs = {"a": date(2011, 6, 30), "b": date(2012, 6, 30)}
    last = datetime(2011, 6, 30, 20, tzinfo=UTC)
    assert side(last, {"a"}, cut_offs) == SEEN
    assert side(last.replace(month=7), {"a"}, cut_offs) == AFTER
    assert side(last.replace(month=7), {"a", "b"}, cut_offs) == SEEN
    assert side(last, {"a", "silent"}, cut_offs) == SEEN
    assert side(last.replace(month=7), {"a", "silent"}, cut_offs) == UNKNOWN
    assert side(last, (), cut_offs) == NO_MODEL


@pytest.fixture(scope="module")
def oracle() -> Cases:
    """Knows the outcome of the first half of the cases, and nothing of the second."""
    cases = real_cases(250)
    half = np.arange(len(cases)) < len(cases) // 2
    return staffed(
        cases, {"reader": np.where(half, np.where(cases.happened == 1.0, 0.9, 0.1), noise(cases, 1))}
    )


@cache
def bars() -> Market:
    return open_feed("sample", ("AAPL", "IBM"))


def evaluation(cases: Cases, cut_offs: Mapping[str, date]) -> Evaluation:
    market = bars()
    made = [
        example.trade().model_copy(
            update={"id": DecisionId(f"d{row:016}"), "symbol": symbol, "as_of": at.replace(tzinfo=UTC)}
        )
        for row, (symbol, at) in enumerate(zip(cases.symbol.tolist(), cases.decided.tolist(), strict=True))
    ]
    turns = tuple(
        Turn(one.id, 2, "reader", "senior", "opinion", 0.5, f"model:{MODEL}", "reader/m", "", 1.0)
        for one in made
    )
    book = Book(
        id=BookId("01ARZ3NDEKTSV4RRFFQ69G5FAV"), mode=Mode.PAPER, feed="sample", symbols=("AAPL", "IBM"),
        timeframe=market.timeframe, horizon=5, currency="USD", calendar="XNYS", cash=example.book().cash,
        opened_at=made[0].as_of, settings="",
    )  # fmt: skip
    recorded = Recorded(tuple(made), cases, turns, ())
    return scored(recorded, book, market, (), ("reader",), cut_offs=cut_offs)


def test_who_remembers_the_outcomes_is_judged_on_the_days_that_it_cannot_have_read_about(
    oracle: Cases,
) -> None:
    middle = oracle.decided[len(oracle) // 2].item().date()
    unknown, known = evaluation(oracle, {}), evaluation(oracle, {MODEL: middle})
    assert unknown.finding.startswith("BETTER THAN THE BASE RATE")
    assert unknown.finding.endswith("The models may have seen these dates.")
    assert any(f"no knowledge cut-off is known of {MODEL}" in one for one in unknown.findings)
    assert known.finding.startswith("INSUFFICIENT EVIDENCE: reader after the cut-off: log loss +")
    assert any(one.startswith("the model may have seen this: 25") for one in known.findings)
    (reader,) = known.agents
    rows = {row.slice: row for row in reader.knowledge}
    assert set(rows) == {SEEN, AFTER}
    assert rows[SEEN].log_loss < 0.2 < rows[AFTER].log_loss
    assert reader.unseen is not None
    assert reader.unseen.cases == rows[AFTER].cases
    assert known.provenance.cut_offs == {MODEL: middle}


def test_where_every_day_may_have_been_read_about_nothing_is_evidence(oracle: Cases) -> None:
    found = evaluation(oracle, {MODEL: date(2020, 1, 1)})
    assert found.finding == (
        "INSUFFICIENT EVIDENCE: reader: the model may have seen 500 of 500 cases, "
        "and none is left to judge by."
    )
