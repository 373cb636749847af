"""A decision again from the journal alone: the same, byte for byte; and where it is not, what differs."""

import json
import random
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from trader.domain.decisions import Decision, Outcome
from trader.domain.reports import Evidence
from trader.domain.value import canonical_json
from trader.graph.replay import Replay, replay
from trader.journal.reader import JournalReader
from trader.runner import Ran


def replayed(journal: Path, decision: str) -> Replay:
    with JournalReader(journal) as reader:
        return replay(reader, decision)


@pytest.fixture(scope="module")
def decisions(unbroken: Ran) -> list[Decision]:
    with JournalReader(unbroken.journal) as reader:
        return reader.decisions(unbroken.book.id)


def test_every_decision_is_the_same_again(unbroken: Ran, decisions: list[Decision]) -> None:
    """A replay runs the whole round and tells where another of its decisions differs: one a round is all."""
    chance = random.Random(3)
    for moment in sorted({made.as_of for made in decisions}):
        of_round = [made for made in decisions if made.as_of == moment]
        assert len(of_round) == 3
        chosen = chance.choice(of_round)
        assert replayed(unbroken.journal, chosen.id) == Replay(chosen.id, True, ())


@pytest.fixture
def trade(decisions: list[Decision]) -> Decision:
    """A decision that bought."""
    return next(made for made in decisions if made.outcome is Outcome.TRADE and made.target_weight > 0)


@pytest.fixture
def copy(unbroken: Ran, tmp_path: Path) -> Path:
    return Path(shutil.copy(unbroken.journal, tmp_path / "copy.sqlite3"))


def change(journal: Path, query: str, *given: object) -> None:
    with closing(sqlite3.connect(journal)) as database, database:
        assert database.execute(query, given).rowcount == 1


def packed(value: Any) -> bytes:
    return zlib.compress(canonical_json(value).encode())


def doctor_evidence(journal: Path, trade: Decision) -> None:
    """Momentum saw another year than the one that was."""
    with JournalReader(journal) as reader:
        (shown,) = reader.find_evidence(trade.id, "momentum")
    values = {**(shown.result or {})["values"], "return_252": -0.5}
    forged = Evidence(
        tool=shown.tool, arguments=shown.arguments, result={**(shown.result or {}), "values": values}
    )
    change(journal, "UPDATE blobs SET data = ? WHERE digest = ?", packed(forged), shown.digest)


def doctor_opinion(journal: Path, trade: Decision) -> None:
    """Momentum is said to have been surer than it was."""
    with closing(sqlite3.connect(journal)) as database:
        (body,) = database.execute(
            "SELECT body FROM steps WHERE decision = ? AND agent = 'momentum'", (trade.id,)
        ).fetchone()
    said = json.loads(zlib.decompress(body))
    change(
        journal,
        "UPDATE steps SET body = ? WHERE decision = ? AND agent = 'momentum'",
        packed({**said, "p_up": 0.9}),
        trade.id,
    )


def doctor_decision(journal: Path, trade: Decision) -> None:
    """The target is said to have been twice as large."""
    forged = trade.model_copy(update={"target_weight": 2 * trade.target_weight})
    change(
        journal,
        "UPDATE decisions SET body = ? WHERE id = ?",
        canonical_json(forged),
        trade.id,
    )


def doctor_ruling(journal: Path, trade: Decision) -> None:
    """The gate is said to have passed another quantity."""
    change(
        journal,
        "UPDATE rulings SET quantity = '1' WHERE decision = ? AND stage = 'gate'",
        trade.id,
    )


def doctor_learned(journal: Path, trade: Decision) -> None:
    """What had been learned is another thing: every price is said to rise almost surely."""
    with JournalReader(journal) as reader:
        learned = reader.blob(trade.learned)
    forged = [{**row, "base_rate": 0.9} for row in learned["symbols"]]
    change(
        journal,
        "UPDATE blobs SET data = ? WHERE digest = ?",
        packed({**learned, "symbols": forged}),
        trade.learned,
    )


def doctor_account(journal: Path, trade: Decision) -> None:
    """There was more money."""
    with closing(sqlite3.connect(journal)) as database:
        (digest,) = database.execute("SELECT account FROM rounds WHERE round = ?", (trade.round,)).fetchone()
    with JournalReader(journal) as reader:
        account = reader.blob(digest)
    change(
        journal,
        "UPDATE blobs SET data = ? WHERE digest = ?",
        packed({**account, "cash": "200000"}),
        digest,
    )


@pytest.mark.parametrize(
    ("doctor", "named"),
    [
        (doctor_evidence, "opinion of momentum: p_up"),
        (doctor_opinion, "opinion of momentum: p_up: recorded 0.9,"),
        (doctor_decision, "decision: target_weight"),
        (doctor_ruling, "gate's ruling: quantity"),
        (doctor_learned, "decision: pool: base_rate"),
        (doctor_account, "order "),
    ],
)
def test_a_changed_journal_is_told_from_what_really_follows(
    copy: Path, trade: Decision, doctor: Callable[[Path, Decision], None], named: str
) -> None:
    doctor(copy, trade)
    again = replayed(copy, trade.id)
    assert not again.identical
    assert any(difference.startswith(named) for difference in again.differences), again.differences


def test_what_differs_elsewhere_in_the_round_is_said(
    copy: Path, trade: Decision, decisions: list[Decision]
) -> None:
    doctor_opinion(copy, trade)
    other = next(made for made in decisions if made.round == trade.round and made.id != trade.id)
    assert replayed(copy, other.id).differences == (f"decision {trade.id} of the same round differs too",)
