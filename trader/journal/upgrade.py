"""Making a journal, and bringing an old one up to date.

A new journal gets today's tables at once, as Alembic's cookbook advises for new databases: running revisions
would import Alembic, which takes longer than all the rest of the start. A test holds both to one schema.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select, update

from trader.domain.errors import JournalError, SchemaTooNew
from trader.journal import opening, schema

MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(
    engine: Engine, place: Path | str, *, head: str = schema.HEAD, scripts: Path = MIGRATIONS
) -> None:
    """Make the tables of a new journal, or migrate an old one to `head` after putting a copy of it beside it.

    Raises:
        SchemaTooNew: the journal is beyond `head`.
        JournalError: the database is something else, or cannot be migrated.
    """
    with engine.begin() as connection:
        found = stored_revision(connection, place)
        if found is None:
            schema.metadata.create_all(connection, checkfirst=False)
            connection.execute(insert(schema.revision).values(version_num=schema.HEAD))
            connection.execute(insert(schema.counter).values(last=0))
            return
        opening.check_whole(connection, place)
        # SQLite finds that a file is read-only at the first write, which must not be an order's.
        connection.execute(update(schema.counter).values(last=schema.counter.c.last))
    refuse_newer(found, head, place)
    if found != head:
        _migrate(engine, place, found, scripts)


def check_readable(connection: Connection, place: Path | str) -> None:
    """Refuse to read what is not a journal at today's revision: reading never migrates."""
    found = stored_revision(connection, place)
    if found is None:
        raise JournalError(f"the journal {opening.shown(place)} is empty", hint="`trader run` fills it")
    refuse_newer(found, schema.HEAD, place)
    if found != schema.HEAD:
        raise JournalError(
            f"the journal {opening.shown(place)} was written by an older program (schema {found})",
            hint="`trader run` brings it up to date, after a copy",
        )


def stored_revision(connection: Connection, place: Path | str) -> str | None:
    """The revision a journal is at; None where the database is empty."""
    tables = inspect(connection).get_table_names()
    if schema.revision.name in tables:
        return connection.scalar(select(schema.revision.c.version_num))
    if tables:
        raise JournalError(
            f"{opening.shown(place)} is a database, but not a journal: it has the table {tables[0]}",
            hint="name another file or database",
        )
    return None


def refuse_newer(found: str, head: str, place: Path | str) -> None:
    """Revisions are numbered 0001, 0002, …; one beyond `head` has rows this program would not understand."""
    if found > head:
        raise SchemaTooNew(
            f"the journal {opening.shown(place)} has the schema {found}; this program knows it up to {head}",
            hint="update the program, or use another folder with --workspace DIR",
        )


def run_revisions(engine: Engine, scripts: Path) -> None:
    """Run every revision in `scripts` that the database has not had, in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _migrate(engine: Engine, place: Path | str, found: str, scripts: Path) -> None:
    from alembic.util.exc import CommandError

    if engine.dialect.name == "sqlite":
        _copy_beside(Path(place), found)
    try:
        run_revisions(engine, scripts)
    except CommandError as error:
        raise JournalError(
            f"the journal {opening.shown(place)} cannot be migrated from the schema {found}: {error}",
            hint="use the program that wrote it, or another folder with --workspace DIR",
        ) from error


def _copy_beside(path: Path, found: str) -> None:
    """`journal.sqlite3` -> `journal.sqlite3.0001`, whole even where the last program died in the middle."""
    copy = path.with_name(f"{path.name}.{found}")
    if copy.exists():
        raise JournalError(
            f"the copy before migrating is in the way: {copy}", hint="move it away and run again"
        )
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
