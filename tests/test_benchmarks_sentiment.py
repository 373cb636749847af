"""That labelled files are read as they are, and right ones counted. No times."""

from pathlib import Path

import pytest

from benchmarks.sentiment import Labelled, by_vader, interval, labelled, main, scored
from trader.tools.tone import Class

GOOD, BAD, PLAIN = "Profit rises, strongly", "Loss widens", "The company is in Oulu"
ROWS = [
    Labelled(Class.POSITIVE, GOOD),
    Labelled(Class.NEGATIVE, BAD),
    Labelled(Class.NEUTRAL, PLAIN),
]


@pytest.mark.parametrize(
    "content",
    [
        f'"{GOOD}",positive\n{BAD},negative\n{PLAIN},neutral\n',
        f'Sentiment,Text\nPositive,"{GOOD}"\nNEGATIVE,{BAD}\nneutral,{PLAIN}\n',
        f"# labelled by hand\npositive\t{GOOD}\nnegative\t{BAD}\nneutral\t{PLAIN}\n",
        f"{GOOD}@positive\n{BAD}@negative\n{PLAIN}@neutral\n",
        f'id,text,label\n7,"{GOOD}",1\n8,{BAD},-1\n9,{PLAIN},0\n',
    ],
)
def test_the_column_with_the_class_is_found(tmp_path: Path, content: str) -> None:
    path = tmp_path / "labelled"
    path.write_text(content, "utf-8")
    assert labelled(path) == ROWS


def test_an_old_file_is_latin(tmp_path: Path) -> None:
    path = tmp_path / "labelled.txt"
    path.write_bytes("Kymmene älv@neutral\n".encode("latin-1"))
    assert labelled(path) == [Labelled(Class.NEUTRAL, "Kymmene älv")]


def test_right_ones_are_counted_beside_vader() -> None:
    whole, *_ = scored("three", ROWS)
    assert whole.here == 100.0
    assert whole.peer == pytest.approx(100.0 * sum(by_vader(one.text) is one.label for one in ROWS) / 3)


def test_an_interval_holds_its_share_and_stays_within_one() -> None:
    assert interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert interval(50, 100) == pytest.approx((0.4038, 0.5962), abs=1e-3)


def test_a_file_is_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text("".join(f'{one.label},"{one.text}"\n' for one in ROWS), "utf-8")
    assert main([str(path)]) == 0
    assert "3 texts, right" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, "", "Text,Mood\nrain,grey\n"])
def test_a_file_without_labels_is_a_line_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    path = tmp_path / "labelled.csv"
    if content is not None:
        path.write_text(content)
    assert main([str(path)]) == 2
    assert main([]) == 2
    said = capsys.readouterr().err
    assert "labelled.csv" in said
    assert "usage: python -m benchmarks.sentiment FILE" in said
