"""`trader backtest` as a user has it: the same desk as a run, resumed, reported, compared."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.e2e.replays import Town, told
from tests.e2e.test_command_line import document, trader
from tests.e2e.test_two_futures import LAST, another_split, noise, rewritten
from trader.backtest.books.work import Ended, Job, work
from trader.evals.findings import INSUFFICIENT
from trader.journal.reader import JournalReader
from trader.runner import Control
from trader.workspace import Workspace

Elsewhere = Callable[[str], Workspace]
AS_THE_TOWN = "[desk]\nrefit_bars = 1\n[risk]\nprice_collar = 0.1\n"


class Page(HTMLParser):
    """What a page has in it, and whether every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_backtest_decides_as_the_run_of_the_same_signals(
    town: Town, story: dict[str, list[str]], elsewhere: Elsewhere, tmp_path: Path
) -> None:
    place = elsewhere("past")
    place.config.write_text(AS_THE_TOWN, encoding="utf-8")
    data = shutil.copytree(town.data, tmp_path / "data")
    asked = ["backtest", "--feed", f"files:{data}", "--start", "2005-02-04", "--cost", "10,25"]
    page = tmp_path / "report.html"

    found = document(trader(place, *asked, "--html", str(page), "--json"))
    (folder,) = place.backtests.glob("*")
    books = [Workspace(folder / name) for name in ("01", "02")]
    assert told(books[0].journal) == story
    assert told(books[1].journal) != story
    assert found["finding"].startswith(INSUFFICIENT)
    assert found["id"] == folder.name
    assert [one["finished"] for one in found["variants"]] == [True, True]
    assert found["refits"]["late"] == 0
    assert found["costs"]["at_bps"]["10"] == pytest.approx(found["net_return"], abs=1e-4)  # but for ticks
    assert found["selection"]["why_not"] == "2 with these rounds and symbols, and it takes 10"

    text = page.read_text(encoding="utf-8")
    parsed = Page()
    parsed.feed(text)
    assert not parsed.open
    assert "svg" in parsed.seen
    assert not parsed.seen & {"script", "img", "link", "iframe"}
    assert not parsed.addresses
    assert INSUFFICIENT in text

    runs = [len(_runs(book)) for book in books]
    again = trader(place, *asked)
    assert again.returncode == 0
    assert again.stdout.splitlines()[0].endswith("2 books, 32 rounds, 32 of them done before")
    assert [len(_runs(book)) for book in books] == runs  # nothing was run
    assert again.stdout.splitlines()[1] == found["finding"]
    (listed,) = document(trader(place, "backtest", "list", "--json"))["backtests"]
    assert (listed["books"], listed["finished"], listed["rounds"]) == (2, 2, 32)
    assert document(trader(books[0], "trace", "list", "--json"))["decisions"]

    apart = document(trader(place, "backtest", "compare", "last/1", "last/2", "--json"))
    assert apart["finding"].startswith(INSUFFICIENT)
    assert apart["rounds"] == 16
    assert apart["differ"] == {"paper.cost_bps": ["10.0", "25.0"]}
    assert trader(place, "backtest", "compare", "last", "last/1").returncode == 2

    rows = (data / "IBM.1d.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (data / "IBM.1d.csv").write_text("".join(rows[:-1]), encoding="utf-8")
    refused = trader(place, "backtest", "show")
    assert refused.returncode == 2
    assert "is not what" in refused.stderr
    assert "--start 2005-02-04" in refused.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for other processes")
def test_interrupted_before_a_round_it_leaves_and_says_how_to_go_on(town: Town, tmp_path: Path) -> None:
    asked = [
        "backtest",
        "--workspace",
        str(tmp_path),
        "--feed",
        f"files:{town.data}",
        "--start",
        "2005-02-04",
    ]
    child = subprocess.Popen(
        [sys.executable, "-m", "trader", *asked],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline().startswith("backtest b")
        os.kill(child.pid, signal.SIGINT)
        said = child.stderr.read()
    assert child.returncode == 130
    assert "0 of 1 book finished; this goes on with the rest:" in said
    assert re.search(r"trader backtest --start 2005-02-04 --feed files:\S+", said)


def test_nothing_after_a_close_changes_what_a_book_had_decided(hamlet: Town, tmp_path: Path) -> None:
    """Two futures for one past, each gone through to its end: up to where they part they are one."""
    data = shutil.copytree(hamlet.data, tmp_path / "data")
    for path in data.glob("*.1d.csv"):
        rewritten(path, "timestamp", noise)
    rewritten(data / "macro.csv", "published_at", noise)
    rewritten(data / "actions.csv", "ex_date", another_split)
    until, after = [], []
    for number, town in enumerate((hamlet, Town(data, hamlet.flags)), 1):
        place = Workspace(tmp_path / str(number))
        assert isinstance(work(Job(number, place, town.settings), Control(), lambda news: None), Ended)
        with JournalReader(place.journal) as reader:
            made = [(one.as_of, one.canonical()) for one in reader.decisions(newest_first=False)]
        until.append([decision for at, decision in made if at.date() <= LAST])
        after.append([decision for at, decision in made if at.date() > LAST])
    assert len(until[0]) == 8
    assert until[0] == until[1]
    assert after[0] != after[1]


def _runs(book: Workspace) -> list[object]:
    with JournalReader(book.journal) as reader:
        return list(reader.runs(reader.books()[-1].id))
