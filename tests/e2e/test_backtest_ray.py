"""Books as tasks of a Ray cluster that is begun on this machine: the same books, byte for byte."""

from pathlib import Path

import pytest

from tests.e2e.replays import Town, drive, told
from trader.backtest.books.on_ray import run_on_ray
from trader.backtest.books.pool import Stop
from trader.backtest.books.work import Ended, Failed, Job, News
from trader.workspace import Workspace

pytest.importorskip("ray", reason="Ray is not installed: trader[ray]")


def test_a_book_on_a_ray_cluster_is_the_book_of_this_process_and_a_broken_one_says_why(
    hamlet: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    lender = tmp_path / "lender"
    settings = hamlet.settings
    lost = settings.model_copy(
        update={"run": settings.run.model_copy(update={"feed": f"files:{lender / 'nowhere'}"})}
    )
    jobs = [
        Job(1, Workspace(lender / "1", lender), settings),
        Job(2, Workspace(lender / "2", lender), lost),
    ]
    heard: list[News] = []
    ended = {one.number: one for one in run_on_ray(jobs, 2, heard.append, Stop())}
    assert isinstance(ended[1], Ended)
    assert ended[1].finished
    assert isinstance(ended[2], Failed)
    assert "nowhere" in ended[2].message
    assert {news.number for news in heard} == {1, 2}
    here = drive(Workspace(tmp_path / "here"), hamlet)
    assert told(jobs[0].workspace.journal) == told(here.journal)
