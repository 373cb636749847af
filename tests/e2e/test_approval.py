"""Orders that wait for a person: approved, rejected, left alone; and leaving everything at once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.replays import Town, Watcher, drive
from trader.cli import main
from trader.clock import SystemClock
from trader.domain.orders import OrderState, OrderType
from trader.journal.reader import JournalReader
from trader.journal.records import Commanded
from trader.journal.writer import Journal
from trader.risk.killswitch import engage, lift
from trader.runner import ClosedRound, Control
from trader.workspace import Workspace

S = OrderState
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def village(hamlet: Town) -> Town:
    return Town(hamlet.data, {**hamlet.flags, "run.approval": "always"})


@pytest.fixture
def folder(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


class Person:
    """Says the same of every entry that waits, in the pause after each round; keeps what was asked."""

    def __init__(self, folder: Workspace, kind: str, book: str = "") -> None:
        self.folder, self.kind = folder, kind
        self.asked: list[str] = []

    def __call__(self, closed: ClosedRound) -> None:
        with JournalReader(self.folder.journal) as reader:
            (book,) = reader.books()
            last = {event.client_id: event.state for event in reader.order_events(book.id)}
        for name, state in last.items():
            if state is S.AWAITING_APPROVAL and name.endswith("e1") and name not in self.asked:
                self.asked.append(name)
                asks(self.folder, self.kind, {"book": book.id, "order": name}, f"{self.kind} {name}")


def asks(folder: Workspace, kind: str, arguments: dict[str, Any], id: str) -> None:
    with Journal.open(folder.journal) as journal:
        journal.append(Commanded(id=id, at=SystemClock().now(), kind=kind, arguments=arguments))


def states(folder: Workspace) -> dict[str, list[OrderState]]:
    """Order -> the states it went through."""
    found: dict[str, list[OrderState]] = {}
    with JournalReader(folder.journal) as reader:
        for event in reader.order_events(reader.books()[-1].id):
            found.setdefault(event.client_id, []).append(event.state)
    return found


def fills(folder: Workspace) -> list[str]:
    with JournalReader(folder.journal) as reader:
        return [fill.client_id for fill in reader.fills(reader.books()[-1].id)]


def test_an_order_that_nobody_answers_expires_at_the_next_close_and_nothing_is_sent(
    village: Town, folder: Workspace
) -> None:
    drive(folder, village)
    found = states(folder)
    assert found
    assert {tuple(steps) for steps in found.values()} == {(S.AWAITING_APPROVAL, S.EXPIRED)}
    assert fills(folder) == []


def test_what_is_approved_between_two_rounds_is_the_run_without_approval(
    hamlet: Town, village: Town, folder: Workspace, tmp_path: Path
) -> None:
    free = Workspace(tmp_path / "free")
    drive(free, hamlet)
    person = Person(folder, "approve")
    drive(folder, village, watcher=Watcher(person))
    assert person.asked
    with JournalReader(folder.journal) as reader, JournalReader(free.journal) as other:
        book, same = reader.books()[-1], other.books()[-1]
        assert [mark.equity for mark in reader.marks(book.id)] == [
            mark.equity for mark in other.marks(same.id)
        ]
        assert [(fill.symbol, fill.quantity, fill.price) for fill in reader.fills(book.id)] == [
            (fill.symbol, fill.quantity, fill.price) for fill in other.fills(same.id)
        ]
        assert all(reader.answer(f"approve {name}").done for name in person.asked)
    for name in person.asked:
        assert states(folder)[name][:3] == [S.AWAITING_APPROVAL, S.INTENDED, S.SUBMITTED]


def test_what_is_rejected_is_never_sent(village: Town, folder: Workspace) -> None:
    person = Person(folder, "reject")
    drive(folder, village, watcher=Watcher(person))
    assert person.asked
    for name in person.asked:
        assert states(folder)[name] == [S.AWAITING_APPROVAL, S.REJECTED]
        assert states(folder)[name.replace("-e1", "-s1")] == [S.AWAITING_APPROVAL, S.REJECTED]
    assert fills(folder) == []


def test_a_small_order_does_not_wait(hamlet: Town, folder: Workspace) -> None:
    drive(folder, Town(hamlet.data, {**hamlet.flags, "run.approval": "over:1000000"}))
    assert fills(folder)
    assert all(S.AWAITING_APPROVAL not in steps for steps in states(folder).values())


def test_what_was_approved_is_ruled_on_again(village: Town, folder: Workspace) -> None:
    """Between the gate and the person the desk was halted: the order waits on, and then expires."""
    person = Person(folder, "approve")

    def halts_first(closed: ClosedRound) -> None:
        engage(folder.halt, "wait", SystemClock().now())
        person(closed)

    drive(folder, village, watcher=Watcher(halts_first))
    with JournalReader(folder.journal) as reader:
        answers = [reader.answer(f"approve {name}") for name in person.asked]
    assert answers
    assert all(not one.done and "halted" in one.text for one in answers)
    assert fills(folder) == []
    lift(folder.halt)


def test_a_run_that_died_after_the_approval_sends_it_once(village: Town, folder: Workspace) -> None:
    """Approved while no run was there; the next one does it before its first round."""
    control = Control()

    def stop(closed: ClosedRound) -> None:
        with JournalReader(folder.journal) as reader:
            control.stop = bool(reader.orders(reader.books()[-1].id))

    drive(folder, village, watcher=Watcher(stop), control=control)
    (waiting,) = [name for name in states(folder) if name.endswith("e1")][:1]
    assert main(["--workspace", str(folder.root), "approve", waiting, "--json"]) == 0
    drive(folder, village)
    assert states(folder)[waiting].count(S.SUBMITTED) == 1
    assert waiting in fills(folder)


def test_flatten_leaves_every_position_and_cancels_what_would_enter(hamlet: Town, folder: Workspace) -> None:
    once: list[str] = []

    def flatten(closed: ClosedRound) -> None:
        if closed.account.positions and not once:
            once.append(closed.account.positions[0].symbol)
            asks(folder, "flatten", {"book": book(folder)}, "leave")

    watcher = Watcher(flatten)
    drive(folder, hamlet, watcher=watcher)
    assert once
    with JournalReader(folder.journal) as reader:
        answer = reader.answer("leave")
        orders = [one.order for one in reader.orders(book(folder)) if one.order.decision.startswith("f")]
    assert answer is not None
    assert answer.done
    assert {one.type for one in orders} == {OrderType.MARKET}
    assert all(one.reduce_only and one.client_id in fills(folder) for one in orders)
    after = next(one for one in watcher.rounds if any(f.client_id == orders[0].client_id for f in one.fills))
    assert after.account.quantity(once[0]) == 0


def test_flatten_is_refused_while_the_desk_is_halted(
    hamlet: Town, folder: Workspace, capsys: Captured
) -> None:
    drive(folder, hamlet)
    engage(folder.halt, "lunch", SystemClock().now())
    assert main(["--workspace", str(folder.root), "flatten", "--yes"]) == 3
    assert "lunch" in capsys.readouterr().err


def test_flatten_without_a_run_places_the_orders_that_the_next_run_fills(
    hamlet: Town, folder: Workspace, capsys: Captured
) -> None:
    control = Control()

    def stop(closed: ClosedRound) -> None:
        control.stop = bool(closed.account.positions)

    drive(folder, hamlet, watcher=Watcher(stop), control=control)
    assert main(["--workspace", str(folder.root), "flatten"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert main(["--workspace", str(folder.root), "flatten", "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["done"] is True
    drive(folder, hamlet)
    flat = [name for name in fills(folder) if name.startswith("f")]
    assert len(flat) == len(told["orders"]) > 0
    assert main(["--workspace", str(folder.root), "flatten", "--yes"]) in (0, 3)


def test_the_commands_say_what_does_not_wait(hamlet: Town, folder: Workspace, capsys: Captured) -> None:
    drive(folder, hamlet)
    done = next(iter(states(folder)))
    assert main(["--workspace", str(folder.root), "approve", done]) == 2
    assert "does not wait for approval" in capsys.readouterr().err
    assert main(["--workspace", str(folder.root), "reject", "dnobody"]) == 2
    assert "unknown order" in capsys.readouterr().err


def test_a_command_that_this_program_does_not_know_is_answered(hamlet: Town, folder: Workspace) -> None:
    once: list[bool] = []

    def ask(closed: ClosedRound) -> None:
        if not once:
            once.append(True)
            asks(folder, "dance", {"book": book(folder)}, "x")
            asks(folder, "approve", {"book": book(folder), "order": "dnobody-e1"}, "y")
            asks(folder, "approve", {"book": "another", "order": "dnobody-e1"}, "z")
            asks(folder, "resume", {"book": book(folder)}, "r")

    drive(folder, hamlet, watcher=Watcher(ask))
    with JournalReader(folder.journal) as reader:
        assert "does not know" in reader.answer("x").text
        assert "does not wait" in reader.answer("y").text
        assert reader.answer("z") is None
        assert reader.answer("r").text == "nothing was barred"
        assert [one.id for one in reader.unanswered_commands()] == ["z"]


def test_a_run_in_another_process_waits_and_goes_on_when_a_person_has_approved(
    village: Town, folder: Workspace, capsys: Captured
) -> None:
    folder.root.mkdir(exist_ok=True)
    flags = ["--feed", f"files:{village.data}", "--start", str(village.flags["run.start"])]
    with subprocess.Popen(
        [sys.executable, "-m", "trader", "run", *flags, "--approval", "always", "--wait-for-approval"],
        cwd=folder.root,
        env={**os.environ, "TRADER_DESK__HORIZON": "20", "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "waits for approval" in line:
                name = line.split("note: ")[1].split()[0]
                assert main(["--workspace", str(folder.root), "approve", name, "--json"]) == 0
                told = json.loads(capsys.readouterr().out)
                assert told["done"] is True, told
        assert process.wait() == 0, "".join(said)
    assert fills(folder)
    assert all(S.EXPIRED not in steps[:2] for steps in states(folder).values())


def book(folder: Workspace) -> str:
    with JournalReader(folder.journal) as reader:
        return reader.books()[-1].id
