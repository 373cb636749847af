"""Over many rounds, too: what is learned from answers does not depend on the order in which they came."""

import random
from collections.abc import Callable

import pytest

from tests.e2e.replays import Town, drive, told
from tests.properties.test_order_of_answers import unsettle
from trader.workspace import Workspace


def test_a_run_in_which_answers_come_in_any_order_comes_to_the_same(
    town: Town,
    story: dict[str, list[str]],
    elsewhere: Callable[[str], Workspace],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unsettle(random.Random(11), monkeypatch)
    workspace = elsewhere("shuffled")
    drive(workspace, town)
    assert told(workspace.journal) == story
