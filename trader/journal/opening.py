"""Connections to the journal, and its failures in words that say what to do."""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from trader.domain.errors import JournalError, MissingExtra, TraderError, UsageError

BUSY_S = 10.0
"""How long to wait for another program's transaction before giving up."""


def for_writing(place: Path | str) -> Engine:
    """An engine whose transactions wait for the disk, at a path (made where there is none) or a URL."""
    url = _url(place)
    if url is not None:
        return _postgres(url)
    path = Path(place)
    with failures_named(place):
        path.parent.mkdir(parents=True, exist_ok=True)
    uri = f"{path.resolve().as_uri()}?mode=rwc"
    engine = _sqlite(uri, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")
    _begin(engine, "BEGIN IMMEDIATE")
    return engine


def for_reading(place: Path | str) -> Engine:
    """An engine that cannot write, at a path or a URL.

    Raises:
        JournalError: there is no such file.
    """
    url = _url(place)
    if url is not None:
        return _postgres(url, "-c default_transaction_read_only=on")
    path = Path(place).resolve()
    if not path.is_file():
        raise JournalError(f"there is no journal at {path}", hint="`trader run` makes one")
    # Not `mode=ro`: who closes the file last moves the log into it, and a reader that may not leaves litter.
    uri = f"{path.as_uri()}?mode=rw"
    if not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists():
        uri += "&immutable=1"  # on a read-only disk nobody writes, and no file for locks can be made
    engine = _sqlite(uri, "PRAGMA query_only=ON")
    _begin(engine, "BEGIN")
    return engine


def shown(place: Path | str) -> str:
    """`place` for a person: a path, or a URL without its password."""
    url = _url(place)
    return url.set(drivername="postgresql").render_as_string() if url is not None else str(place)


def _url(place: Path | str) -> URL | None:
    if isinstance(place, Path) or "://" not in place:
        return None
    try:
        url = make_url(place)
    except (ArgumentError, ValueError) as error:
        raise UsageError(
            "DATABASE_URL is not a URL", hint="postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from error
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise UsageError(f"DATABASE_URL: {url.drivername} is not supported", hint="use postgresql://…")
    return url.set(drivername="postgresql+psycopg")


def _postgres(url: URL, options: str = "") -> Engine:
    try:
        return create_engine(url, connect_args={"options": options})
    except ImportError as error:
        raise MissingExtra("psycopg", "postgres") from error


def _sqlite(uri: str, *settings: str) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            for setting in settings:
                connection.execute(setting)
        except BaseException:
            connection.close()
            raise
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=QueuePool)


def _begin(engine: Engine, statement: str) -> None:
    """Begin transactions ourselves: left to itself the driver begins them late, and not before reads."""

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


@contextmanager
def failures_named(place: Path | str) -> Iterator[None]:
    """Turn whatever the database, its driver or the disk raises into a JournalError about `place`."""
    try:
        yield
    except TraderError:
        raise
    except SQLAlchemyError as error:
        raise _explained(getattr(error, "orig", None) or error, place) from error
    except (sqlite3.Error, OSError, zlib.error, ValueError) as error:
        raise _explained(error, place) from error


def check_whole(connection: Connection, place: Path | str) -> None:
    """Refuse an SQLite file whose pages do not fit together; takes about a millisecond a megabyte."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise _corrupt(place, found.splitlines()[-1])


_SAVED = "everything committed before is kept"
_FOLDER = "check that its folder exists and is writable, or use another with --workspace DIR"
_SERVER = "check DATABASE_URL, and that the server runs and has that database"
_EXPLANATIONS = (
    # sqlite's name of the error begins with, what to say, what to do
    ("SQLITE_FULL", "cannot be written: the disk is full", f"free some space and run again; {_SAVED}"),
    ("SQLITE_IOERR", "cannot be read or written: the disk failed or is full", f"check the disk; {_SAVED}"),
    (
        "SQLITE_READONLY",
        "cannot be written: the file or its folder is read-only",
        "make both writable, or use another folder with --workspace DIR",
    ),
    (
        "SQLITE_CANTOPEN",
        "cannot be opened",
        _FOLDER,
    ),
    (
        "SQLITE_BUSY",
        "is locked by another program",
        "close what has it open (a database browser, a backup) and run again",
    ),
    ("SQLITE_LOCKED", "is locked by another program", "close what has it open and run again"),
    (
        "SQLITE_NOTADB",
        "is not a journal: the file is not an SQLite database",
        "move it away and run again, or restore a copy of it",
    ),
)


def _corrupt(place: Path | str, detail: str) -> JournalError:
    return JournalError(
        f"the journal {shown(place)} is corrupt: {detail}",
        hint="restore a copy, or move it away and run again; `sqlite3 FILE .recover` saves what can be read",
    )


def _explained(error: BaseException, place: Path | str) -> JournalError:
    name = getattr(error, "sqlite_errorname", "")
    for start, what, todo in _EXPLANATIONS:
        if name.startswith(start):
            return JournalError(f"the journal {shown(place)} {what}", hint=todo)
    if name.startswith("SQLITE_CORRUPT") or isinstance(error, (zlib.error, ValueError)):
        return _corrupt(place, _first_line(error))
    todo = _FOLDER if isinstance(error, OSError) else _SERVER if _url(place) else ""
    return JournalError(f"the journal {shown(place)} cannot be used: {_first_line(error)}", hint=todo)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
