"""The cache of answers: one file that several may use, and none of whose faults reach a decision."""

import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from trader.llm.cache import AnswerCache
from trader.llm.client import Answer

ANSWER = Answer(text='{"kind": "opinion"}', tokens_in=100, tokens_out=20, usd=Decimal("0.0012"), ms=3.0)


def test_what_was_kept_is_found_by_whoever_asks_next_and_says_where_it_was_found(tmp_path: Path):
    one = AnswerCache(tmp_path / "cache" / "answers", 10)
    other = AnswerCache(tmp_path / "cache" / "answers", 10)
    one.keep("a", ANSWER)
    found = other.find("a")
    assert found is not None
    assert found.source == "cache"
    assert found.model_copy(update={"source": ""}) == ANSWER
    assert other.find("b") is None


def test_the_first_answer_stays(tmp_path: Path):
    cache = AnswerCache(tmp_path / "answers", 10)
    cache.keep("a", ANSWER)
    cache.keep("a", ANSWER.model_copy(update={"text": "another"}))
    assert getattr(cache.find("a"), "text", None) == ANSWER.text


def test_the_oldest_leave_when_it_is_opened(tmp_path: Path):
    cache = AnswerCache(tmp_path / "answers", 3)
    for name in "abcde":
        cache.keep(name, ANSWER)
    cache.close()
    again = AnswerCache(tmp_path / "answers", 3)
    assert [name for name in "abcde" if again.find(name)] == ["c", "d", "e"]


def test_an_answer_that_cannot_be_read_is_told_of_once_and_asked_anew(tmp_path: Path):
    told: list[str] = []
    cache = AnswerCache(tmp_path / "answers", 10, told.append)
    for name in "ab":
        cache.keep(name, ANSWER)
    with sqlite3.connect(tmp_path / "answers") as rows:
        rows.execute("UPDATE answers SET answer = substr(answer, 1, 20)")
    rows.close()
    assert cache.find("a") is None
    assert cache.find("b") is None
    assert len(told) == 1
    assert "cannot be read" in told[0]
    cache.keep("a", ANSWER)
    assert cache.find("a") is not None


@pytest.mark.parametrize("text", [b"no database at all, and long enough to be looked at" * 40, b"\0" * 4096])
def test_a_file_that_is_none_of_its_own_is_left_alone_and_said(tmp_path: Path, text: bytes):
    (tmp_path / "answers").write_bytes(text)
    told: list[str] = []
    cache = AnswerCache(tmp_path / "answers", 10, told.append)
    cache.keep("a", ANSWER)
    assert cache.find("a") is None
    assert (tmp_path / "answers").read_bytes() == text
    assert len(told) == 1
    assert "delete it" in told[0]


def test_a_folder_that_cannot_be_made_costs_nothing_but_the_answers(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    told: list[str] = []
    cache = AnswerCache(tmp_path / "file" / "answers", 10, told.append)
    cache.keep("a", ANSWER)
    assert cache.find("a") is None
    assert len(told) == 1


KEEPING = """
import sys
from pathlib import Path
from trader.llm.cache import AnswerCache
from trader.llm.client import Answer
cache = AnswerCache(Path(sys.argv[1]), 10_000, lambda text: sys.exit(text))
for number in range(200):
    cache.keep(f"{number}", Answer(text=sys.argv[2], usd=0, ms=1.0))
"""


def test_processes_keep_answers_at_the_same_time_and_none_is_lost(tmp_path: Path):
    path = tmp_path / "answers"
    keeping = [
        subprocess.Popen([sys.executable, "-c", KEEPING, str(path), name], cwd=Path(__file__).parents[2])
        for name in ("one", "other", "third")
    ]
    assert [process.wait(60) for process in keeping] == [0, 0, 0]
    cache = AnswerCache(path, 10_000)
    texts = [getattr(cache.find(f"{number}"), "text", "") for number in range(200)]
    assert set(texts) <= {"one", "other", "third"}
