"""One short replay for all: sixteen rounds of three shares with entries, a stop, dividends and a split.

It is run once, without a break; tests that run it again in pieces begin with a copy of its caches.
"""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.e2e.replays import Town, cut, drive, told
from trader.runner import Ran
from trader.workspace import Workspace

HISTORY, START, END = date(2003, 2, 25), date(2005, 2, 4), date(2005, 2, 28)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Two years of bars before the first round, so that rules have a history and the forecaster its rows.

    What is learned is fitted at every bar and the collar is wide, so that limits cut some of the entries.
    """
    data = cut(tmp_path_factory.mktemp("town") / "data", ("AAPL", "IBM", "MSFT"), HISTORY, END)
    return Town(data, {"run.start": START, "desk.refit_bars": 1, "risk.price_collar": 0.1})


@pytest.fixture(scope="session")
def unbroken(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The whole replay in one go."""
    return drive(Workspace(tmp_path_factory.mktemp("unbroken")), town)


@pytest.fixture(scope="session")
def story(unbroken: Ran) -> dict[str, list[str]]:
    """What it came to."""
    return told(unbroken.journal)


@pytest.fixture
def elsewhere(unbroken: Ran, tmp_path: Path) -> Callable[[str], Workspace]:
    """Makes a workspace that has nothing but the caches of the unbroken run."""

    def made(name: str) -> Workspace:
        workspace = Workspace(tmp_path / name)
        shutil.copytree(Workspace(unbroken.journal.parents[1]).cache, workspace.cache)
        return workspace

    return made


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A smaller one, opened in a second: two shares, six rounds, too few bars to train the forecaster on."""
    data = cut(
        tmp_path_factory.mktemp("hamlet") / "data", ("AAPL", "IBM"), date(2003, 9, 2), date(2005, 2, 11)
    )
    return Town(data, {"run.start": START, "desk.horizon": 20})
