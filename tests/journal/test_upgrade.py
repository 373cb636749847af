"""A new journal is what the revisions make, an old one becomes it after a copy, a newer one is left alone."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect

from tests.journal import story
from trader.domain.errors import JournalError, SchemaTooNew
from trader.journal import opening, schema, upgrade
from trader.journal.model_records import ModelEvent, ModelTrained
from trader.journal.reader import JournalReader
from trader.journal.records import (
    CallReserved,
    CommandAnswered,
    EvaluationKept,
    ModelCalled,
    OutcomeKnown,
    StateKnown,
    TradeClosed,
)
from trader.journal.views import VIEWS
from trader.journal.writer import Journal

NEXT = f"{int(schema.HEAD) + 1:04}"
"""A revision that this program does not have."""

NEXT_SCRIPT = f"""
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{schema.HEAD}"


def upgrade() -> None:
    op.add_column("notes", sa.Column("mood", sa.Text, server_default="calm", nullable=False))
    op.create_table("moods", sa.Column("mood", sa.Text, primary_key=True))
"""


AFTER_0001 = (
    schema.tradingview_signals,
    schema.model_calls,
    schema.model_reservations,
    schema.command_answers,
    schema.learned_records,
    schema.learning_events,
    schema.feature_store,
    schema.outcomes,
    schema.closed_trades,
    schema.ml_models,
    schema.model_events,
    schema.evaluations,
)
"""Tables that the first revision did not have."""
MOOD = f"v{NEXT}_mood.py"


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """Migrations of a program that is one revision ahead of this one."""
    folder = shutil.copytree(upgrade.MIGRATIONS, tmp_path / "50 % more" / "migrations")
    (folder / "versions" / MOOD).write_text(NEXT_SCRIPT)
    return folder


def shape(engine: Engine) -> dict[str, object]:
    """Tables with their columns, keys and indices, as the database has them."""
    found = inspect(engine)
    return {
        table: (
            [
                (column["name"], str(column["type"]), column["nullable"])
                for column in found.get_columns(table)
            ],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((key["name"], key["column_names"]) for key in found.get_unique_constraints(table)),
            sorted((index["name"], index["column_names"]) for index in found.get_indexes(table)),
        )
        for table in found.get_table_names()
        if table != "alembic_version"
    } | {view: found.get_view_definition(view) for view in found.get_view_names()}


def set_revision(place: Path, revision: str) -> None:
    with closing(sqlite3.connect(place)) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.commit()


def revision(place: Path) -> str:
    with closing(sqlite3.connect(place)) as database:
        return database.execute("SELECT version_num FROM alembic_version").fetchone()[0]


@pytest.fixture
def old(place: Path) -> Path:
    """A journal at today's revision, with the story in it."""
    with Journal.open(place) as journal:
        journal.append(*story.everything())
    return place


def test_the_revisions_make_the_same_tables_as_a_new_journal_gets(tmp_path: Path) -> None:
    new = create_engine(f"sqlite:///{tmp_path / 'new'}")
    schema.metadata.create_all(new)
    migrated = create_engine(f"sqlite:///{tmp_path / 'migrated'}")
    upgrade.run_revisions(migrated, upgrade.MIGRATIONS)
    assert shape(migrated) == shape(new)
    assert len(shape(new)) > 15
    for engine, last in ((new, []), (migrated, [(0,)])):
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT last FROM counter").fetchall() == last
        engine.dispose()


def test_the_head_is_the_last_revision_and_revisions_count_up() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(upgrade.MIGRATIONS))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert revisions[-1] == schema.HEAD


@pytest.mark.parametrize("unknown", [NEXT, "9999", "f00dfacef00d"])
def test_a_newer_journal_is_refused_with_what_to_do_and_left_alone(old: Path, unknown: str) -> None:
    set_revision(old, unknown)
    before = old.read_bytes()
    for use in (Journal.open, JournalReader):
        with pytest.raises(SchemaTooNew, match=f"has the schema {unknown}") as refused:
            use(old)
        assert "update the program" in refused.value.hint
        assert refused.value.exit_code == 3
    assert old.read_bytes() == before
    assert [file.name for file in old.parent.iterdir()] == [old.name]


def test_an_older_journal_is_migrated_after_a_copy(old: Path, scripts: Path) -> None:
    before = {table.name: rows(old, table.name) for table in schema.RECORDED}
    engine = opening.for_writing(old)
    upgrade.bring_up_to_date(engine, old, head=NEXT, scripts=scripts)
    engine.dispose()
    assert revision(old) == NEXT
    assert {mood for *_, mood in rows(old, "notes")} == {"calm"}
    assert [row[:-1] for row in rows(old, "notes")] == before["notes"]
    copy = old.with_name(f"journal.sqlite3.{schema.HEAD}")
    assert revision(copy) == schema.HEAD
    assert {table.name: rows(copy, table.name) for table in schema.RECORDED} == before
    with JournalReader(copy) as reader:
        assert len(reader.decisions()) == 8


def test_a_journal_from_before_models_is_read_and_goes_on(place: Path) -> None:
    """The first revision as that program left it: today's tables without the calls of models."""
    with Journal.open(place) as journal:
        told = story.everything()
        later = (
            ModelCalled,
            CallReserved,
            CommandAnswered,
            StateKnown,
            OutcomeKnown,
            TradeClosed,
            ModelTrained,
            ModelEvent,
            EvaluationKept,
        )
        journal.append(*(one for one in told if not isinstance(one, later)))
    with closing(sqlite3.connect(place)) as database:
        for view in reversed(VIEWS):
            database.execute(f"DROP VIEW {view}")
        for table in AFTER_0001:
            database.execute(f"DROP TABLE {table.name}")
        for column in ("trail", "state"):
            database.execute(f"ALTER TABLE orders DROP COLUMN {column}")
        for column in ("limit_price", "trail"):
            database.execute(f"ALTER TABLE order_events DROP COLUMN {column}")
        for column in ("rate", "rate_source"):
            database.execute(f"ALTER TABLE fills DROP COLUMN {column}")
        database.commit()
    set_revision(place, "0001")
    kept = [table.name for table in schema.RECORDED if table not in AFTER_0001]
    before = {table: rows(place, table) for table in kept}
    with Journal.open(place) as journal:
        journal.append(story.model_called())
    assert revision(place) == schema.HEAD
    before["orders"] = [(*row, None, "intended") for row in before["orders"]]
    before["order_events"] = [(*row, None, None) for row in before["order_events"]]
    before["fills"] = [(*row, "1", "") for row in before["fills"]]
    assert {table: rows(place, table) for table in kept} == before
    with JournalReader(place) as reader:
        assert reader.model_calls(story.BOOK) == [story.model_called()]
        assert len(reader.decisions()) == 8
    assert revision(place.with_name("journal.sqlite3.0001")) == "0001"


def rows(place: Path, table: str) -> list[tuple]:
    with closing(sqlite3.connect(place)) as database:
        return database.execute(f"SELECT * FROM {table} ORDER BY seq").fetchall()


def test_a_migration_that_fails_leaves_the_journal_as_it_was(old: Path, scripts: Path) -> None:
    script = scripts / "versions" / MOOD
    script.write_text(script.read_text() + "    op.drop_table('there_is_no_such_table')\n")
    engine = opening.for_writing(old)
    with (
        pytest.raises(JournalError, match="no such table: there_is_no_such_table"),
        opening.failures_named(old),
    ):
        upgrade.bring_up_to_date(engine, old, head=NEXT, scripts=scripts)
    engine.dispose()
    with JournalReader(old) as reader:
        assert len(reader.decisions()) == 8
    with closing(sqlite3.connect(old)) as database:
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        columns = [name for _, name, *_ in database.execute("PRAGMA table_info(notes)")]
    assert "moods" not in names
    assert "mood" not in columns


def test_a_copy_that_is_there_already_is_not_written_over(old: Path, scripts: Path) -> None:
    copy = old.with_name(f"journal.sqlite3.{schema.HEAD}")
    copy.write_text("kept by somebody")
    engine = opening.for_writing(old)
    with pytest.raises(JournalError, match="is in the way") as refused:
        upgrade.bring_up_to_date(engine, old, head=NEXT, scripts=scripts)
    engine.dispose()
    assert refused.value.hint
    assert copy.read_text() == "kept by somebody"
    assert revision(old) == schema.HEAD


def test_a_revision_that_nobody_knows_is_refused(old: Path) -> None:
    set_revision(old, "0000")
    with pytest.raises(JournalError, match="cannot be migrated from the schema 0000") as refused:
        Journal.open(old)
    assert refused.value.hint


def test_reading_never_migrates(old: Path) -> None:
    set_revision(old, "0000")
    with pytest.raises(JournalError, match="written by an older program") as refused:
        JournalReader(old)
    assert "trader run" in refused.value.hint
    assert revision(old) == "0000"


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "journal.sqlite3"
    with closing(sqlite3.connect(place)) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    for use in (Journal.open, JournalReader):
        with pytest.raises(JournalError, match="not a journal: it has the table recipes"):
            use(place)
    with closing(sqlite3.connect(place)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_an_empty_file_becomes_a_journal_but_is_not_read_as_one(tmp_path: Path) -> None:
    place = tmp_path / "journal.sqlite3"
    place.touch()
    with pytest.raises(JournalError, match="is empty"):
        JournalReader(place)
    Journal.open(place).close()
    assert revision(place) == schema.HEAD
