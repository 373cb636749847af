"""What breaks is survived where it may be, and stops everything where it must not be: the journal."""

import errno
import inspect
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.replays import Town, Watcher, drive, told
from trader.agents.case import Case
from trader.agents.policies import POLICIES
from trader.brokers.paper import PaperBroker
from trader.domain.decisions import Decision, Outcome
from trader.domain.errors import JournalError
from trader.domain.opinions import Abstention, Verdict, VerdictAction
from trader.domain.orders import Order
from trader.domain.reports import Report
from trader.graph import thinking
from trader.graph.consensus import Question
from trader.graph.replay import replay
from trader.graph.thresholds import Thresholds
from trader.journal import schema
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal
from trader.prompts.prompt import Tier
from trader.runner import ClosedRound, loop
from trader.tools.registry import TOOLS
from trader.tools.toolbox import LiveToolbox
from trader.workspace import Workspace

FIRST_ROUND = {"run.cycles": 1}


@pytest.fixture
def one_round(hamlet: Town) -> Town:
    """A single round, and one forecast is enough for a decision: it is the others that break."""
    return Town(hamlet.data, {**hamlet.flags, **FIRST_ROUND, "desk.quorum": 1})


def ran(tmp_path: Path, town: Town) -> ClosedRound:
    """The one round of a run."""
    watcher = Watcher()
    drive(Workspace(tmp_path), town, watcher=watcher)
    (closed,) = watcher.rounds
    return closed


def traded(closed: ClosedRound) -> list[str]:
    return [made.symbol for made in closed.decisions if made.outcome is Outcome.TRADE]


def test_a_tool_that_raises_is_missing_from_a_report_and_the_decision_goes_on(
    one_round: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def divided(context: Any, arguments: Any) -> Any:
        raise ZeroDivisionError("by a spread of nothing")

    tools = tuple(replace(tool, run=divided) if tool.name == "macro" else tool for tool in TOOLS)
    monkeypatch.setattr(loop, "LiveToolbox", lambda: LiveToolbox(tools))
    closed = ran(tmp_path, one_round)
    report, opinion = closed.forms["AAPL"]["macro"], closed.forms["AAPL"]["sentiment"]
    assert isinstance(report, Report)
    assert isinstance(opinion, Abstention)
    assert report.missing == ("macro: broke: ZeroDivisionError: by a spread of nothing",)
    assert "by a spread of nothing" in opinion.reason
    assert not opinion.failed
    assert traded(closed) == ["AAPL", "IBM"]


@pytest.mark.parametrize("agent", ["technicals", "momentum", "executive"])
def test_whatever_breaks_around_an_agent_is_that_agent_s_trouble_alone(
    agent: str, one_round: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = thinking.agent_case

    def case(state: Any, desk: Any, evidence: Any) -> Case:
        running = inspect.stack()[1].frame.f_locals["agent"].name
        if running == agent and state["symbol"] == "AAPL":
            raise OSError("no room for its evidence")
        return real(state, desk, evidence)

    monkeypatch.setattr(thinking, "agent_case", case)
    closed = ran(tmp_path, one_round)
    form = closed.forms["AAPL"][agent]
    told = {"technicals": "missing", "momentum": "reason", "executive": "reason"}[agent]
    assert "broke: OSError: no room for its evidence" in str(getattr(form, told))
    assert "IBM" in traded(closed)


def test_a_rule_that_raises_is_an_abstention_and_the_decision_goes_on(
    one_round: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(agent: str, case: Case) -> Abstention:
        raise KeyError("nobody knows")

    rules = POLICIES[Tier.SENIOR]
    monkeypatch.setitem(rules, "sentiment", replace(rules["sentiment"], judge=broken))
    closed = ran(tmp_path, one_round)
    form = closed.forms["AAPL"]["sentiment"]
    assert form == Abstention(
        agent="sentiment", reason="its rule broke: KeyError: 'nobody knows'", failed=True
    )
    assert traded(closed) == ["AAPL", "IBM"]


def test_an_executive_whose_rule_raises_lets_nothing_grow(
    one_round: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(agent: str, case: Case) -> Verdict:
        raise RuntimeError("out of office")

    rules = POLICIES[Tier.EXECUTIVE]
    monkeypatch.setitem(rules, "executive", replace(rules["executive"], rule=broken))
    closed = ran(tmp_path, one_round)
    verdict = closed.forms["AAPL"]["executive"]
    assert isinstance(verdict, Verdict)
    assert (verdict.action, verdict.factor) == (VerdictAction.VETO, 0.0)
    assert "out of office" in verdict.reason
    assert traded(closed) == []
    assert {made.cuts[-1].by for made in closed.decisions} == {"executive"}


def test_a_consensus_that_raises_is_undecided_and_the_others_of_its_round_go_on(
    one_round: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conclude = thinking.conclude

    def broken(asked: Question, rules: Thresholds) -> Decision:
        if asked.symbol == "AAPL":
            raise OverflowError("too sure")
        return conclude(asked, rules)

    monkeypatch.setattr(thinking, "conclude", broken)
    closed = ran(tmp_path, one_round)
    apple = next(made for made in closed.decisions if made.symbol == "AAPL")
    assert apple.outcome is Outcome.UNDECIDED
    assert apple.cause == "consensus broke: OverflowError: too sure"
    assert apple.target_weight == apple.held_weight
    assert traded(closed) == ["IBM"]
    monkeypatch.undo()
    with JournalReader(Workspace(tmp_path).journal) as reader:  # and a mended program decides otherwise
        assert not replay(reader, apple.id).identical


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """Every order that reaches the broker."""
    orders: list[Order] = []
    submit = PaperBroker.submit

    async def counted(broker: PaperBroker, order: Order) -> Any:
        orders.append(order)
        return await submit(broker, order)

    monkeypatch.setattr(PaperBroker, "submit", counted)
    return orders


def no_space_for(table: str) -> Callable[[Journal, Any, Any], None]:
    """The disk is full as soon as a row of `table` is to be written."""
    write = Journal._write

    def full(journal: Journal, connection: Any, batch: Any) -> None:
        if any(row.table.name == table for row in batch):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(journal, connection, batch)

    return full


def counts(journal: Path) -> dict[str, int]:
    with closing(sqlite3.connect(journal)) as database:
        return {
            table.name: database.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
            for table in schema.RECORDED
        }


@pytest.mark.parametrize("table", ["rounds", "steps", "decisions", "rulings", "orders"])
def test_without_a_journal_no_order_is_sent_and_the_error_says_why(
    hamlet: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: list[Order], table: str
) -> None:
    workspace = Workspace(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_write", no_space_for(table))
        with pytest.raises(JournalError, match="No space left on device"):
            drive(workspace, hamlet)
    assert sent == []
    after = counts(workspace.journal)
    assert (after[table], after["orders"], after["fills"], after["round_ends"]) == (0, 0, 0, 0)


def test_a_run_whose_journal_failed_goes_on_when_there_is_room_again(
    hamlet: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, other = Workspace(tmp_path / "full"), Workspace(tmp_path / "roomy")
    for table in ("orders", "order_events", "fills"):
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "_write", no_space_for(table))
            with pytest.raises(JournalError):
                drive(workspace, hamlet)
    assert drive(workspace, hamlet).finished
    drive(other, hamlet)
    assert told(workspace.journal) == told(other.journal)
