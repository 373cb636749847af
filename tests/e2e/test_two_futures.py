"""Two runs whose data part after a close are one run up to there: decisions, orders, fills and marks."""

import csv
import random
import shutil
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import pytest

from tests.e2e.replays import Town, Watcher, drive, told
from trader.runner import Control
from trader.workspace import Workspace

LAST = date(2005, 2, 9)
"""Up to here everything is as it was: four of the six rounds."""

Change = Callable[[list[dict[str, str]]], Iterable[dict[str, str]]]


def rewritten(path: Path, when: str, change: Change) -> None:
    """The file with the rows after LAST put through `change`."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = [row for row in rows if row[when][:10] <= str(LAST)]
    later = [row for row in rows if row[when][:10] > str(LAST)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows([*known, *change(later)])


def nothing(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return []


def noise(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Prices between 5 and 500, macro values of any size."""
    chance = random.Random(1)
    for row in rows:
        if "open" in row:
            prices = sorted(round(chance.uniform(5, 500), 2) for _ in range(4))
            low, one, other, high = (f"{price:.2f}" for price in prices)
            row |= {"low": low, "high": high, "open": one, "close": other, "volume": "1000000"}
        elif "value" in row:
            row["value"] = f"{chance.uniform(1, 999):.2f}"
    return rows


def another_split(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [
        *({**row, "amount": "0.01"} for row in rows),
        {"symbol": "IBM", "ex_date": "2005-02-10", "kind": "split", "amount": "7", "error": ""},
    ]


def until_last(town: Town, folder: Path) -> dict[str, list[str]]:
    """What four rounds of a run come to that would have gone on."""
    control = Control()
    watcher = Watcher()
    watcher.after = lambda closed: setattr(control, "stop", closed.as_of.date() == LAST)
    ran = drive(Workspace(folder), town, watcher=watcher, control=control)
    assert len(watcher.rounds) == 4
    return told(ran.journal)


@pytest.mark.parametrize(
    ("change", "actions"), [(nothing, nothing), (noise, another_split)], ids=["nothing", "noise"]
)
def test_a_run_knows_nothing_of_the_data_after_its_close(
    hamlet: Town, tmp_path: Path, change: Change, actions: Change
) -> None:
    shutil.copytree(hamlet.data, tmp_path / "data")
    for path in (tmp_path / "data").glob("*.1d.csv"):
        rewritten(path, "timestamp", change)
    rewritten(tmp_path / "data" / "macro.csv", "published_at", change)
    rewritten(tmp_path / "data" / "actions.csv", "ex_date", actions)
    other = Town(tmp_path / "data", hamlet.flags)
    as_it_was = until_last(hamlet, tmp_path / "one")
    assert len(as_it_was["decisions"]) == 8
    assert len(as_it_was["fills"]) == 3
    assert until_last(other, tmp_path / "other") == as_it_was
