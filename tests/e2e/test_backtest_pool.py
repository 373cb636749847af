"""Workers that die, are stopped and go on; every file is told from where it stands."""

import os
import signal
import sys
from collections.abc import Callable

import pytest

from tests.e2e.replays import Town, told
from trader.backtest.books.pool import Stop, run_in_processes
from trader.backtest.books.work import Ended, Failed, Going, Job, News
from trader.workspace import Workspace

Elsewhere = Callable[[str], Workspace]


@pytest.fixture
def jobs(town: Town, elsewhere: Elsewhere) -> list[Job]:
    """The town's book and a short one, with the caches of the unbroken run; slow enough to be caught."""
    lender = elsewhere("lender").root
    whole, short = (
        town.settings.model_copy(
            update={"run": town.settings.run.model_copy(update={"speed": 8.0, "cycles": cycles})}
        )
        for cycles in (None, 2)
    )
    return [
        Job(1, Workspace(lender / "1", lender), whole),
        Job(2, Workspace(lender / "2", lender), short),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_worker_is_reported_and_its_book_goes_on(
    jobs: list[Job], story: dict[str, list[str]]
) -> None:
    killed: list[int] = []

    def hear(news: News) -> None:
        if isinstance(news, Going) and news.number == 1 and news.done >= 2 and not killed:
            killed.append(int(jobs[0].workspace.lock_file.read_text()))
            os.kill(killed[0], signal.SIGKILL)

    ended = {one.number: one for one in run_in_processes(jobs, 1, hear, Stop())}
    assert isinstance(ended[1], Failed)
    assert ended[1].message == "its worker was killed by SIGKILL"
    assert "the same command goes on" in ended[1].hint
    assert isinstance(ended[2], Ended)
    assert ended[2].finished
    (again,) = run_in_processes(jobs[:1], 1, lambda news: None, Stop())
    assert isinstance(again, Ended)
    assert again.finished
    assert told(jobs[0].workspace.journal) == story


def test_asked_to_stop_a_worker_finishes_its_round_and_begins_no_other_book(jobs: list[Job]) -> None:
    stop = Stop()

    def hear(news: News) -> None:
        stop.asked = stop.asked or (isinstance(news, Going) and news.done >= 1)

    (ended,) = run_in_processes(jobs, 1, hear, stop)
    assert isinstance(ended, Ended)
    assert not ended.finished
    rounds = len(told(jobs[0].workspace.journal)["closed"])
    assert 1 <= rounds < 16
    assert all(closed == "true" for closed in told(jobs[0].workspace.journal)["closed"])
    assert not jobs[1].workspace.journal.exists()
