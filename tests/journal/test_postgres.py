"""The same journal in PostgreSQL. Needs a server, so it runs only where TEST_DATABASE_URL names a database.

Everything in that database is dropped. It also needs `pip install 'trader[postgres]'`.
"""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, delete, text

from tests.journal import story
from tests.journal.test_upgrade import shape
from tests.journal.test_writer import group
from trader.domain.errors import JournalError, SchemaTooNew
from trader.journal import opening, schema, upgrade
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal

URL = os.environ.get("TEST_DATABASE_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="TEST_DATABASE_URL is not set")


@pytest.fixture
def engine() -> Iterator[Engine]:
    """Of an empty database."""
    engine = opening.for_writing(URL)
    _empty(engine)
    yield engine
    _empty(engine)
    engine.dispose()


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


@pytest.mark.usefixtures("engine")
def test_what_is_read_is_what_was_written() -> None:
    with Journal.open(URL) as journal:
        for symbol in story.SYMBOLS:
            journal.put(story.evidence(symbol))
        journal.append(*story.everything())
        journal.commit()
        journal.append(*story.everything())
    made = story.decision("GOOG")
    with JournalReader(URL) as reader:
        assert reader.books() == [story.book()]
        assert reader.decision(made.id[:8]) == made
        told = reader.round_of(made.id)
        assert told.opened == story.opening()
        assert told.steps == tuple(
            step for symbol in story.SYMBOLS for step in story.steps(story.decision(symbol))
        )
        assert told.learned == story.state()
        assert len(told.fills) == 1
        assert reader.find_evidence(made.id, "momentum") == [story.evidence("GOOG")]
        assert reader.marks(story.BOOK) == [story.mark(story.START), story.mark(story.START + story.DAY)]
        assert reader.notes(story.BOOK) == [story.note()]
        assert len(reader.movements(story.BOOK)) == 13
        assert len(reader.opinions(story.BOOK)) == 8
        assert reader.last_closed(story.BOOK) == story.START + story.DAY
        with pytest.raises(JournalError, match="read-only"):
            reader._tables.read(delete(schema.steps), dict)


def test_the_revisions_make_the_same_tables_as_a_new_journal_gets(engine: Engine) -> None:
    schema.metadata.create_all(engine)
    new = shape(engine)
    _empty(engine)
    upgrade.run_revisions(engine, upgrade.MIGRATIONS)
    assert shape(engine) == new


def test_two_programs_never_give_out_the_same_seq(engine: Engine) -> None:
    with Journal.open(URL) as one, Journal.open(URL) as other:
        for row in range(20):
            (one, other)[row % 2].append(*group(f"program {row}", 3))
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(DISTINCT seq) FROM notes")) == 60
        assert connection.scalar(text("SELECT last FROM counter")) == 60


def test_a_newer_journal_is_refused(engine: Engine) -> None:
    Journal.open(URL).close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew):
        Journal.open(URL)


def test_a_database_that_is_not_there_is_told() -> None:
    with pytest.raises(JournalError, match="does not exist") as refused:
        Journal.open(f"{URL}_not_there")
    assert "DATABASE_URL" in refused.value.hint
