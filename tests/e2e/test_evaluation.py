"""A replay's decisions scored from its journal: the same again, byte for byte, and as the summary has it."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest

from tests.e2e.replays import Town
from trader.commands.eval_report import document
from trader.data.feeds import open_feed
from trader.domain.value import canonical_json, jsonable
from trader.evals.cases import Cases, gather
from trader.evals.evaluation import Evaluation, evaluate
from trader.evals.keeping import compare_kept, forecasts
from trader.evals.money import money
from trader.evals.pool import contributions
from trader.evals.profit import stakes
from trader.evals.rivals import AT_EXPOSURE, CASH, HELD
from trader.evals.run_summary import agent_scores, summarise
from trader.evals.sizing import trail
from trader.evals.trading_costs import SIDES_BPS
from trader.graph.assembly import cost_model
from trader.journal.reader import JournalReader
from trader.journal.records import EvaluationKept
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


def test_weights_are_those_that_the_desk_came_to_before_its_thresholds(unbroken: Ran) -> None:
    feed = open_feed(unbroken.book.feed, unbroken.book.symbols)
    with JournalReader(unbroken.journal) as reader:
        recorded = gather(reader, unbroken.book, feed)
    staked = stakes(recorded.decisions, recorded.cases)
    weights = staked.weights(recorded.cases.desk)
    of = {(made.symbol, made.as_of.replace(tzinfo=None)): made for made in recorded.decisions}
    checked = 0
    for row, place in enumerate(
        zip(recorded.cases.symbol.tolist(), recorded.cases.decided.tolist(), strict=True)
    ):
        made = of[place]
        if made.pool is None or made.edge is None or made.edge_error is None:
            continue
        before = {step.name: step.weight for step in made.sizing}["drawdown throttle"]
        wanted = before if made.edge > made.edge_error else 0.0
        assert weights[row] == pytest.approx(wanted, abs=1e-12)
        checked += 1
    assert checked > 20
    assert weights.max() > 0


def test_an_always_abstaining_agent_earns_nothing_and_shares_add_up(unbroken: Ran) -> None:
    feed = open_feed(unbroken.book.feed, unbroken.book.symbols)
    with JournalReader(unbroken.journal) as reader:
        recorded = gather(reader, unbroken.book, feed)
    known = recorded.cases
    silent = np.full((1, len(known)), np.nan)
    nothing = np.zeros((1, len(known)))
    wider = Cases(
        **{
            **vars(known),
            "agents": (*known.agents, "silent"),
            "said": np.vstack([known.said, silent]),
            "shift": np.vstack([known.shift, nothing]),
            "share": np.vstack([known.share, nothing]),
        }
    )
    staked = stakes(recorded.decisions, known)
    found = contributions(wider, staked=staked)
    assert (found["silent"].profit_shapley, found["silent"].profit_leave_one_out) == (0.0, 0.0)
    assert (found["silent"].shapley, found["silent"].leave_one_out) == (0.0, 0.0)
    whole = staked.profits(known.desk, known.returns)
    base = staked.profits(known.base_rate, known.returns)
    rows = ~np.isnan(known.desk)
    gained = float(np.nanmean(whole[rows]) - np.nanmean(base[rows]))
    assert sum(one.profit_shapley or 0.0 for one in found.values()) == pytest.approx(gained, abs=1e-12)


def test_net_return_never_rises_with_the_cost_of_the_same_fills(unbroken: Ran, town: Town) -> None:
    feed = open_feed(unbroken.book.feed, unbroken.book.symbols)
    with JournalReader(unbroken.journal) as reader:
        fills, marks = reader.fills(unbroken.book.id), reader.marks(unbroken.book.id)
        found = money(reader, unbroken.book, feed, marks[0].as_of, marks[-1].as_of, Decimal(30))
    assert fills
    assert found is not None
    assert [*found.at_bps] == [*SIDES_BPS]
    assert sorted(found.at_bps.values(), reverse=True) == [*found.at_bps.values()]
    assert len(set(found.at_bps.values())) == len(SIDES_BPS)
    gained = float(marks[-1].equity / marks[0].equity) - 1.0
    assert found.performance.net_return == pytest.approx(gained, abs=1e-12)
    assert found.net_return == pytest.approx(gained - 30.0 / float(marks[0].equity), abs=1e-12)
    assert found.performance.sharpe is not None
    assert found.performance.sharpe_interval is None  # fewer than twenty horizons


def test_the_same_money_in_every_baseline_stands_beside_the_account(unbroken: Ran, town: Town) -> None:
    found = evaluation(unbroken).money
    assert found is not None
    rows = {row.name: row for row in found.baselines}
    assert list(rows)[:3] == [CASH, HELD, AT_EXPOSURE]
    assert {"equal weight", "12-1 momentum", "MACD"} <= set(rows)
    assert any(name.endswith("random portfolios") for name in rows)
    market = open_feed(unbroken.book.feed, unbroken.book.symbols)
    with JournalReader(unbroken.journal) as reader:
        summary = summarise(reader, market, unbroken.book, cost_model(town.settings))
    assert rows[CASH].performance.net_return == 0.0
    assert rows[HELD].performance.net_return == pytest.approx(summary.buy_and_hold.gain, abs=1e-12)
    wanted = summary.buy_and_hold.gain_at_exposure
    assert rows[AT_EXPOSURE].performance.net_return == pytest.approx(wanted, abs=1e-12)
    assert found.desk.exposure == pytest.approx(summary.buy_and_hold.exposure, abs=1e-12)
    assert {row.less for row in found.baselines} == {None}  # sixteen rounds are too few for an interval
    told = document(evaluation(unbroken), ())["money"]
    assert [row["name"] for row in told["baselines"]] == list(rows)


def test_the_trail_of_sizing_has_every_step_in_its_order(unbroken: Ran) -> None:
    with JournalReader(unbroken.journal) as reader:
        rows = trail(reader.decisions(unbroken.book.id))
    assert [row.step for row in rows][:4] == ["kelly", "uncertainty", "fraction", "sharing"]
    shrinking = [row.mean_weight for row in rows[:7]]
    assert sorted(shrinking, reverse=True) == shrinking
    assert trail([]) == ()


def kept(found: Evaluation, id: str, agents: tuple[str, ...] = ()) -> EvaluationKept:
    told = {**document(found, ()), "forecasts": forecasts(found.cases)}
    return EvaluationKept(
        id=id,
        at=found.provenance.last,
        kind="decisions",
        agents=agents,
        source="journal",
        finding=found.finding,
        document=jsonable(told),
    )


def test_two_evaluations_are_paired_on_the_cases_that_both_have(unbroken: Ran) -> None:
    whole, newest = evaluation(unbroken), evaluation(unbroken, ["momentum"], last=24)
    found = compare_kept(kept(whole, "A"), kept(newest, "B", ("momentum",)))
    assert {row.name for row in found.rows} == {*whole.cases.agents, "desk"}
    assert {row.cases for row in found.rows} == {len(newest.cases)}
    assert all(row.difference and row.difference.log_loss == 0.0 for row in found.rows)
    assert any("paired on the 9 cases that both have" in one for one in found.findings)
    assert found.finding.startswith("INSUFFICIENT EVIDENCE: momentum of B")


def test_a_comparison_is_the_paired_difference_of_what_was_said(unbroken: Ran) -> None:
    first = kept(evaluation(unbroken), "A")
    told = jsonable(first.document)
    told["forecasts"]["said"]["momentum"] = [
        0.9 if p is not None else None for p in told["forecasts"]["said"]["momentum"]
    ]
    second = first.model_copy(update={"id": "B", "document": told, "agents": ("momentum",)})
    (row,) = [one for one in compare_kept(first, second).rows if one.name == "momentum"]
    cases = evaluation(unbroken).cases
    before = cases.said[cases.agents.index("momentum")]
    answered = ~np.isnan(before)
    happened = cases.happened[answered]
    wanted = ((0.9 - happened) ** 2).mean() - ((before[answered] - happened) ** 2).mean()
    assert row.difference is not None
    assert row.difference.brier == pytest.approx(wanted, abs=1e-12)
