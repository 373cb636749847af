"""What a run remembers: trades when they close, outcomes when they are known, and nothing that is to come."""

import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tests.e2e.replays import Town, Watcher, cut, drive, told
from tests.e2e.test_interrupted import Killer
from trader.agents.agent import EXPERIENCE
from trader.brokers.present import Present
from trader.data.feeds import open_feed
from trader.domain.trades import ExitReason
from trader.graph.replay import replay
from trader.journal.reader import JournalReader
from trader.journal.writer import LINGER_S, Journal
from trader.memory.embedding import HashedWords
from trader.memory.index import TradeIndex
from trader.runner import Ran, indexing
from trader.runner.indexing import Indexing
from trader.runner.rebuilding import rebuild
from trader.workspace import Workspace

SYMBOLS = ("AAPL", "IBM")
TABLES = ("closed_trades", "outcomes", "feature_store", "learned_records")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Free trading with stops so near that trades end within days."""
    free = dict.fromkeys(("paper.fee_bps", "paper.half_spread_bps", "paper.slippage_bps"), 0)
    eager = {"desk.stop_atr": 0.4, "desk.minimum_agreement": 0.0, "desk.kelly_fraction": 1.0}
    data = cut(tmp_path_factory.mktemp("busy") / "data", SYMBOLS, date(2010, 6, 1), date(2012, 2, 10))
    asked = {"run.start": date(2012, 1, 3), "run.cycles": 16, "agents.risk.enabled": False}
    return Town(data, {**free, **eager, **asked})


@pytest.fixture(scope="module")
def dealt(busy: Town, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return drive(Workspace(tmp_path_factory.mktemp("dealt")), busy)


def rows(journal: Path, table: str) -> list[tuple[object, ...]]:
    """Everything but the numbers of the rows, in an order of their own."""
    with closing(sqlite3.connect(journal)) as database:
        return sorted(row[1:] for row in database.execute(f"SELECT * FROM {table}"))


def test_every_trade_is_remembered_once_in_the_round_that_learned_of_its_close(dealt: Ran) -> None:
    with JournalReader(dealt.journal) as reader:
        trades = reader.memories.trades(dealt.book.id)
        present = Present.of(reader, dealt.book)
        rounds = [one.as_of for one in reader.rounds(dealt.book.id)]
        assert present is not None
        trips = present.ledger.closed
        assert [(one.symbol, one.closed_at, one.profit) for one in trades] == [
            (trip.symbol, trip.closed_at, trip.realised) for trip in trips
        ]
        assert trades
        for trade in trades:
            decision = reader.decision(trade.decision)
            assert decision.pool is not None
            assert trade.known_at == min(as_of for as_of in rounds if as_of >= trade.closed_at)
            assert trade.decided_at == decision.as_of < trade.opened_at
            assert {one.agent: one.p_up for one in trade.stated} == {
                one.agent: one.p_up for one in decision.pool.contributions
            }
            assert None not in (trade.state.rsi, trade.state.regime, trade.adverse, trade.stop_distance)
    assert ExitReason.STOP in {trade.exit_reason for trade in trades}


def test_every_forecast_is_scored_when_its_horizon_has_passed_traded_or_not(dealt: Ran) -> None:
    with JournalReader(dealt.journal) as reader:
        predictions = reader.memories.predictions(dealt.book.id)
        pending = reader.memories.unresolved(dealt.book.id)
        outcomes = {made.id: made.outcome for made in reader.decisions(dealt.book.id)}
        rounds = [one.as_of for one in reader.rounds(dealt.book.id)]
    view = dealt.market.view(rounds[-1])
    for one in predictions:
        events = view.event_returns(one.symbol, dealt.book.horizon)
        exact = {str(at): r for at, r in zip(events.decided, events.r, strict=True)}
        assert one.event_return == exact[one.as_of.strftime("%Y-%m-%dT%H:%M:%S")]
        assert one.as_of < one.known_at <= rounds[-1]
    assert len(pending) == len(SYMBOLS) * dealt.book.horizon
    assert "hold" in outcomes.values()
    assert len(predictions) >= len(SYMBOLS) * (len(rounds) - dealt.book.horizon)


def test_an_older_journal_is_filled_to_the_byte_and_filling_it_again_adds_nothing(
    dealt: Ran, tmp_path: Path
) -> None:
    old = tmp_path / "journal.sqlite3"
    with closing(sqlite3.connect(dealt.journal)) as source, closing(sqlite3.connect(old)) as target:
        source.backup(target)
        for table in TABLES:
            target.execute(f"DELETE FROM {table}")
        target.commit()
    for again in range(2):
        with Journal.open(old) as journal, JournalReader(old) as reader:
            added = rebuild(reader, journal, dealt.book)
        assert added.without_data == ""
        assert (added.trades > 0, added.outcomes > 0, added.states > 0) == ((again == 0),) * 3
    for table in TABLES:
        assert rows(old, table) == rows(dealt.journal, table), table


def test_without_its_bars_a_trade_is_filled_from_the_journal_alone(
    dealt: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Path(shutil.copy(dealt.journal, tmp_path / "journal.sqlite3"))
    with closing(sqlite3.connect(old)) as database:
        database.execute("UPDATE books SET feed = 'ccxt:binance'")
        for table in ("closed_trades", "outcomes"):
            database.execute(f"DELETE FROM {table}")
        database.commit()
    with Journal.open(old) as journal, JournalReader(old) as reader:
        added = rebuild(reader, journal, reader.books()[0])
        trades = reader.memories.trades()
    assert "is read while a run goes on" in added.without_data
    assert (added.outcomes, len(trades)) == (0, added.trades)
    assert {(one.adverse, one.bars) for one in trades} == {(None, None)}
    assert all(one.state.rsi is not None and one.p_up is not None for one in trades)


def test_seniors_are_shown_trades_from_the_first_close_on_and_the_decision_is_made_again_the_same(
    dealt: Ran,
) -> None:
    with JournalReader(dealt.journal) as reader:
        first = min(one.known_at for one in reader.memories.trades(dealt.book.id))
        shown = {}
        for summary in reader.rounds(dealt.book.id):
            for step in reader.round(summary.round).steps:
                if step.tier == "senior":
                    tools = {reader.evidence(digest).tool for digest in step.evidence}
                    shown.setdefault(step.as_of, []).append(EXPERIENCE in tools)
        last = reader.decisions(dealt.book.id, limit=1)[0]
        assert replay(reader, last.id).identical
        data = open_feed(dealt.book.feed, dealt.book.symbols, dealt.book.timeframe)
        assert replay(reader, last.id, data).identical
    assert all(any(told) == (as_of >= first) for as_of, told in shown.items())
    assert any(any(told) for told in shown.values())


def test_the_index_of_a_run_is_in_step_and_a_lost_folder_is_made_again(dealt: Ran, tmp_path: Path) -> None:
    folder, said = tmp_path / "chroma", []
    with JournalReader(dealt.journal) as reader:
        for _ in range(2):
            index = Indexing(folder, "hashed-words", dealt.book, reader, said.append)
            trades = reader.memories.remembered(dealt.book.id)
            index.remember(trades)
            index.close()
            opened = TradeIndex.open(folder, dealt.book.id, HashedWords())
            assert opened.check({one.id for one in trades}) == (frozenset(), frozenset())
            assert opened.search("stop average true ranges", 3)
            opened.close()
            shutil.rmtree(folder)
    assert said == []


def test_a_broken_index_is_said_once_and_the_run_comes_to_the_same(dealt: Ran, tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    folder.mkdir()
    (folder / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    said: list[str] = []
    with JournalReader(dealt.journal) as reader:
        index = Indexing(folder, "hashed-words", dealt.book, reader, said.append)
        trades = reader.memories.remembered(dealt.book.id)
        index.remember(trades)
        index.remember(trades)
        index.close()
        (note,) = said
        assert "the desk goes on from the journal" in note
        assert "trader memory rebuild" in note
        ((_, counted),) = indexing.remade(folder, HashedWords(), reader)
    assert counted.added == counted.trades == len(trades)


def test_two_read_what_one_writes(busy: Town, dealt: Ran, tmp_path: Path) -> None:
    """Readers of a run that goes on see whole trades, and never fewer than before."""
    workspace = Workspace(tmp_path)
    shutil.copytree(dealt.journal.parent / "cache", workspace.cache)
    seen: list[tuple[int, int]] = []

    def look(_: object) -> None:
        with JournalReader(workspace.journal) as one, JournalReader(workspace.journal) as other:
            seen.append((len(one.memories.trades()), len(other.memories.remembered())))

    ran = drive(workspace, busy, watcher=Watcher(after=look))
    assert [one for one, _ in seen] == sorted(other for _, other in seen)
    assert seen[-1][0] == len(rows(ran.journal, "closed_trades")) == len(rows(dealt.journal, "closed_trades"))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_killed_while_it_writes_down_a_trade_it_loses_nothing_and_remembers_nothing_twice(
    busy: Town, dealt: Ran, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path)
    shutil.copytree(dealt.journal.parent / "cache", workspace.cache)
    with Killer(busy) as killer:
        kills = [killer.kill(workspace, "TradeClosed", 1, pause) for pause in (0.0, 2 * LINGER_S)]
    ran = drive(workspace, busy)
    assert (kills, ran.finished) == ([True, True], True)
    assert told(ran.journal) == told(dealt.journal)
