"""docs/journal.md describes the tables that there are, and its queries run."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import UniqueConstraint

from tests.journal import story
from trader.journal import schema
from trader.journal.views import VIEWS

DOCS = Path(__file__).parents[2] / "docs"
PAGE, MEMORY, LEARNING = (
    (DOCS / name).read_text(encoding="utf-8") for name in ("journal.md", "memory.md", "learning.md")
)
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE + MEMORY + LEARNING, re.DOTALL)


RECORD_KINDS = (
    "learning_events",
    "signal_performance",
    "market_regimes",
    "model_performance",
    "strategy_evolution",
    "feature_store",
    "ml_models",
    "ai_predictions",
    "tradingview_signals",
)
"""What plain SQL must be able to read, each with a query on a page."""


def test_the_page_lists_every_table_with_its_columns_and_its_key() -> None:
    listed = {
        name: (re.findall(r"`(\w+)`", columns), re.findall(r"\*`(\w+)`\*", columns))
        for name, columns in re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", PAGE, re.MULTILINE)
    }
    made = {}
    for table in schema.RECORDED:
        key = next(item for item in table.constraints if isinstance(item, UniqueConstraint))
        columns = [column.name for column in table.columns if column.name != "seq"]
        made[table.name] = (columns, [name for name in columns if name in key.columns])
    assert listed == made


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_on_the_page_answers(told: Path, query: str) -> None:
    with closing(sqlite3.connect(told)) as database:
        rows = database.execute(query).fetchall()
    assert rows or "undecided" in query  # the story has no undecided decision


def test_the_memory_page_lists_every_view_with_its_columns_and_a_query_of_each(told: Path) -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", MEMORY, re.MULTILINE))
    with closing(sqlite3.connect(told)) as database:
        made = {view: [row[1] for row in database.execute(f"PRAGMA table_info({view})")] for view in VIEWS}
    assert {view: re.findall(r"`(\w+)`", columns) for view, columns in listed.items()} == made
    for name in (*VIEWS, *RECORD_KINDS, "closed_trades"):
        assert any(re.search(rf"FROM {name}\b", query) for query in QUERIES), name


def test_there_are_queries_on_the_page() -> None:
    assert len(QUERIES) >= 10


def test_the_python_on_the_page_runs(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".trader").mkdir()
    (tmp_path / ".trader" / "journal.sqlite3").write_bytes(told.read_bytes())
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "docs/journal.md", "exec"), {})
    assert f"features {story.evidence('IBM').digest}" in capsys.readouterr().out
