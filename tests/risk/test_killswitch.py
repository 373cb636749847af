"""The file that stops everything, however it came about and whatever is in it."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trader.risk.killswitch import engage, halted, lift

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has other links, and other answers")
NOON = datetime(2012, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def halt(tmp_path: Path) -> Path:
    return tmp_path / ".trader" / "HALT"


def test_without_the_file_nothing_is_halted(halt):
    assert halted(halt) is None
    assert not halt.parent.exists(), "looking makes nothing"


def test_an_engaged_switch_says_since_when_and_why(halt):
    engage(halt, "the feed looks wrong", NOON)
    assert halted(halt) == "halted since 2012-06-01T12:00:00+00:00: the feed looks wrong"


def test_a_second_engagement_keeps_the_first_reason(halt):
    engage(halt, "first", NOON)
    engage(halt, "second", NOON)
    assert halted(halt).endswith("first")


def test_a_file_made_by_hand_halts(halt):
    halt.parent.mkdir()
    halt.touch()
    assert halted(halt) == "halted: HALT is there and gives no reason"


def test_a_file_that_cannot_be_decoded_halts(halt):
    halt.parent.mkdir()
    halt.write_bytes(b"\xff\xfe\xfa")
    assert halted(halt) == "halted: HALT is there and cannot be read (UnicodeDecodeError)"


def test_a_folder_of_that_name_halts(halt):
    halt.mkdir(parents=True)
    assert halted(halt).startswith("halted: HALT is there and cannot be read")


@POSIX
def test_a_link_to_nowhere_halts(halt):
    halt.parent.mkdir()
    halt.symlink_to(halt.parent / "gone")
    assert halted(halt) == "halted: HALT is there and cannot be read (FileNotFoundError)"


@POSIX
def test_where_nobody_can_look_it_halts(halt):
    halt.parent.write_text("a file where the folder should be")
    assert halted(halt).startswith("halted: whether HALT is there cannot be seen")


@POSIX
def test_anybody_may_read_it_and_only_its_owner_change_it(halt):
    before = os.umask(0)
    try:
        engage(halt, "look", NOON)
    finally:
        os.umask(before)
    assert stat.S_IMODE(halt.stat().st_mode) == 0o644


def test_lifting_takes_it_away_and_says_whether_there_was_one(halt):
    engage(halt, "look", NOON)
    assert lift(halt) is True
    assert halted(halt) is None
    assert lift(halt) is False


def test_a_workspace_that_has_no_folder_yet_is_halted_all_the_same(tmp_path):
    deep = tmp_path / "new" / ".trader" / "HALT"
    engage(deep, "größer als erwartet — 止まれ", NOON)
    engage(deep, "again", NOON)
    assert halted(deep).endswith("größer als erwartet — 止まれ")
