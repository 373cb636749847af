"""Refused for safety: a workspace that another process holds, and a halt."""

import os
from pathlib import Path

import pytest

from tests.e2e.replays import Town, Watcher, drive, told
from trader.clock import SystemClock
from trader.domain.errors import WorkspaceInUse
from trader.domain.orders import OrderState
from trader.journal.reader import JournalReader
from trader.risk.killswitch import engage, lift
from trader.runner import ClosedRound, Control
from trader.workspace import Workspace


def test_a_workspace_in_use_is_left_alone(hamlet: Town, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with workspace.hold(), pytest.raises(WorkspaceInUse, match=f"in use by process {os.getpid()}"):
        drive(workspace, hamlet)
    assert not workspace.journal.exists()
    assert drive(workspace, hamlet, control=Control(stop=True)).journal.exists()


def test_halted_the_desk_goes_on_deciding_and_nothing_is_sent(hamlet: Town, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    engage(workspace.halt, "the market is mad", SystemClock().now())
    watcher = Watcher()
    ran = drive(workspace, hamlet, watcher=watcher)
    with JournalReader(ran.journal) as reader:
        orders, events = reader.orders(ran.book.id), reader.order_events(ran.book.id)
        fills, decisions = reader.fills(ran.book.id), reader.decisions(ran.book.id)
    assert len(decisions) == 12
    assert any(made.pool is not None and made.pool.p_up > 0 for made in decisions)
    assert orders
    assert {event.client_id for event in events} == {placed.order.client_id for placed in orders}
    assert {event.state for event in events} == {OrderState.NOT_SENT}
    assert all("the market is mad" in event.reason for event in events)
    assert fills == []
    assert all(closed.account.equity == closed.account.cash == 100_000 for closed in watcher.rounds)


def test_a_halt_in_the_middle_stops_what_is_new_and_protective_stops_stay(
    hamlet: Town, tmp_path: Path
) -> None:
    """Halted when the first entries have filled: of the third round's order nothing is sent."""
    workspace = Workspace(tmp_path)

    def halt(closed: ClosedRound) -> None:
        if closed.index == 2:
            engage(workspace.halt, "look at this first", SystemClock().now())
        if closed.index == 4:
            lift(workspace.halt)

    watcher = Watcher(halt)
    ran = drive(workspace, hamlet, watcher=watcher)
    begun, halted = watcher.rounds[0].as_of, watcher.rounds[3]
    with JournalReader(ran.journal) as reader:
        orders, events = reader.orders(ran.book.id), reader.order_events(ran.book.id)
        filled = {fill.client_id for fill in reader.fills(ran.book.id) if fill.at <= halted.as_of}
    first = {placed.order.client_id for placed in orders if placed.at == begun}
    barred = {placed.order.client_id for placed in orders if begun < placed.at <= halted.as_of}
    assert barred
    assert {event.state for event in events if event.client_id in barred} == {OrderState.NOT_SENT}
    assert filled == {name for name in first if name.endswith("-e1")}
    assert {one.order.client_id for one in halted.account.working} == first - filled
    assert len(halted.account.positions) == len(halted.account.working) == 2


def test_a_run_that_was_halted_goes_on_where_it_would_have(hamlet: Town, tmp_path: Path) -> None:
    """Stopped while halted and begun again: the same as halted in one go, and nothing is sent late."""
    whole, parts = Workspace(tmp_path / "whole"), Workspace(tmp_path / "parts")
    control = Control()

    def lifting(workspace: Workspace, stop_at: int | None) -> Watcher:
        def after(closed: ClosedRound) -> None:
            control.stop = closed.index == stop_at
            if closed.index == 3:
                lift(workspace.halt)

        return Watcher(after)

    for workspace in (whole, parts):
        engage(workspace.halt, "wait", SystemClock().now().replace(microsecond=0, second=0))
    drive(whole, hamlet, watcher=lifting(whole, None), control=control)
    drive(parts, hamlet, watcher=lifting(parts, 1), control=control)
    drive(parts, hamlet, watcher=lifting(parts, 3), control=control)
    drive(parts, hamlet, watcher=lifting(parts, None), control=control)
    assert told(parts.journal) == told(whole.journal)


def test_a_halt_cancels_the_entries_that_still_wait(hamlet: Town, tmp_path: Path) -> None:
    """Halted when the first round has sent its entries: none of them is filled by the next bar."""
    workspace = Workspace(tmp_path)

    def halt(closed: ClosedRound) -> None:
        if closed.index == 1:
            engage(workspace.halt, "stop", SystemClock().now())

    watcher = Watcher(halt)
    ran = drive(workspace, hamlet, watcher=watcher)
    first = watcher.rounds[0].as_of
    with JournalReader(ran.journal) as reader:
        sent = {one.order.client_id for one in reader.orders(ran.book.id) if one.at == first}
        last = {event.client_id: event.state for event in reader.order_events(ran.book.id)}
        fills = reader.fills(ran.book.id)
    assert sent
    assert {last[client_id] for client_id in sent} == {OrderState.CANCELLED}
    assert fills == []
