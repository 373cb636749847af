"""The journal's tables: one for each record type, and `blobs` for what is large and named by its digest.

Rows are only ever added. `seq` counts the rows of all tables in the order they were committed: who has read
up to a `seq` has missed nothing before it. The unique constraint of a table is its record's key.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from trader.journal.columns import AmountText, CompressedText, MomentText, WordText

HEAD = "0005"
"""The revision these tables are at: the last file in `migrations/versions`."""

metadata = MetaData()


def _table(name: str, *columns: Column[Any], key: tuple[str, ...], indexed: tuple[str, ...] = ()) -> Table:
    return Table(
        name,
        metadata,
        Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
        *columns,
        UniqueConstraint(*key, name=f"{name}_key"),
        *(Index(f"{name}_by_{column}", column) for column in indexed),
    )


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _word(name: str) -> Column[Any]:
    return Column(name, WordText, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, MomentText, nullable=nullable)


def _amount(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, AmountText, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, Double, nullable=nullable)


def _integer(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


revision = Table("alembic_version", metadata, Column("version_num", Text, primary_key=True))
"""Alembic's own table: which revision this database is at."""

counter = Table("counter", metadata, Column("last", BigInteger, primary_key=True, autoincrement=False))
"""One row: the highest `seq` given out. Whoever appends raises it within the same transaction."""

books = _table(
    "books",
    _text("id"),
    _word("mode"),
    _text("feed"),
    _text("symbols"),
    _word("timeframe"),
    _integer("horizon"),
    _text("currency"),
    _text("calendar"),
    _amount("cash"),
    _moment("opened_at"),
    _text("settings"),
    key=("id",),
)

runs = _table(
    "runs",
    _text("run"),
    _text("book"),
    _moment("at"),
    _word("mode"),
    _text("version"),
    _integer("seed"),
    _text("settings"),
    _text("settings_digest"),
    _text("prompts"),
    _text("data_digest"),
    key=("run",),
    indexed=("book",),
)

run_ends = _table("run_ends", _text("run"), _moment("at"), _text("reason"), key=("run",))

rounds = _table(
    "rounds",
    _text("round"),
    _text("book"),
    _text("run"),
    _moment("as_of"),
    _text("signals"),
    _text("account"),
    _text("facts"),
    _text("learned"),
    key=("round",),
    indexed=("book",),
)

round_ends = _table(
    "round_ends",
    _text("round"),
    _text("book"),
    _moment("as_of"),
    _moment("at"),
    key=("round",),
    indexed=("book",),
)

steps = _table(
    "steps",  # whose book and round are their decision's: repeating them would be a tenth of the file
    _text("decision"),
    _moment("as_of"),
    _text("symbol"),
    _integer("stage"),
    _text("agent"),
    _text("tier"),
    _text("form"),
    _number("p_up", nullable=True),
    _text("source"),
    _text("record"),
    _text("prompt"),
    _text("evidence"),
    _number("ms"),
    Column("body", CompressedText, nullable=False),
    key=("decision", "agent"),
)

model_calls = _table(
    "model_calls",
    _text("decision"),
    _text("round"),
    _text("book"),
    _moment("at"),
    _text("agent"),
    _text("model"),
    _integer("sample"),
    _integer("stage"),
    _integer("tool_round"),
    _integer("attempt"),
    Column("repair", Boolean, nullable=False),
    _text("call"),
    _text("answer"),
    _text("model_version"),
    _integer("tokens_in"),
    _integer("tokens_out"),
    _integer("tokens_cached"),
    _amount("usd"),
    _number("ms"),
    _text("error_kind"),
    _text("error"),
    _text("source"),
    key=("decision", "agent", "model", "sample", "stage", "tool_round", "attempt"),
    indexed=("book", "round", "at"),
)

model_reservations = _table(
    "model_reservations",
    _text("run"),
    _text("decision"),
    _text("book"),
    _moment("at"),
    _text("agent"),
    _text("call"),
    _integer("asked"),
    _amount("usd"),
    _integer("tokens"),
    key=("run", "decision", "agent", "call", "asked"),
    indexed=("at",),
)

decisions = _table(
    "decisions",
    _text("id"),
    _text("book"),
    _text("round"),
    _moment("as_of"),
    _text("symbol"),
    _integer("horizon"),
    _word("outcome"),
    _text("cause"),
    _number("held_weight"),
    _number("target_weight"),
    _amount("price", nullable=True),
    _amount("stop", nullable=True),
    _number("base_rate", nullable=True),
    _number("p_up", nullable=True),
    _number("sigma_p", nullable=True),
    _number("agreement", nullable=True),
    _number("edge", nullable=True),
    _number("edge_error", nullable=True),
    _text("learned"),
    _text("body"),
    key=("id",),
    indexed=("book", "round", "symbol"),
)

rulings = _table(
    "rulings",
    _text("round"),
    _text("book"),
    _text("decision"),
    _text("stage"),
    _text("client_id"),
    _text("symbol"),
    _word("outcome"),
    _text("limit"),
    _number("asked", nullable=True),
    _number("permitted", nullable=True),
    _amount("quantity_asked"),
    _amount("quantity"),
    _text("sentence"),
    key=("client_id", "stage"),
    indexed=("book", "round"),
)

orders = _table(
    "orders",
    _text("book"),
    _text("round"),
    _moment("at"),
    _text("client_id"),
    _text("decision"),
    _text("symbol"),
    _word("side"),
    _word("type"),
    _amount("quantity"),
    _amount("limit_price", nullable=True),
    _amount("stop_price", nullable=True),
    _word("time_in_force"),
    Column("reduce_only", Boolean, nullable=False),
    Column("parent", Text),
    _amount("trail", nullable=True),
    _word("state"),
    key=("client_id",),
    indexed=("book", "round"),
)

order_events = _table(
    "order_events",
    _text("key"),
    _text("book"),
    _text("client_id"),
    _word("state"),
    _moment("at"),
    _text("venue_id"),
    _text("reason"),
    _amount("quantity", nullable=True),
    _amount("price", nullable=True),
    _amount("limit_price", nullable=True),
    _amount("trail", nullable=True),
    key=("key",),
    indexed=("book", "client_id"),
)

fills = _table(
    "fills",
    _text("book"),
    _text("id"),
    _text("client_id"),
    _text("symbol"),
    _word("side"),
    _amount("quantity"),
    _amount("price"),
    _amount("market", nullable=True),
    _amount("fee"),
    _text("fee_currency"),
    _moment("at"),
    _text("note"),
    key=("book", "id"),
    indexed=("client_id",),
)

entries = _table(
    "entries",
    _text("book"),
    _text("id"),
    _word("kind"),
    _moment("at"),
    _text("symbol"),
    _amount("cash"),
    _amount("quantity"),
    _text("note"),
    key=("book", "id"),
)

marks = _table(
    "marks",
    _text("book"),
    _moment("as_of"),
    _amount("equity"),
    _amount("cash"),
    _amount("gross"),
    key=("book", "as_of"),
)

learned = _table(
    "learned",
    _text("book"),
    _text("digest"),
    _moment("cut_off"),
    _integer("horizon"),
    key=("book", "digest"),
)

breakers = _table(
    "breakers",
    _text("book"),
    _text("reason"),
    _moment("since"),
    _moment("until", nullable=True),
    Column("lifted", Boolean, nullable=False),
    _moment("at"),
    _amount("asked", nullable=True),
    _amount("permitted", nullable=True),
    key=("book", "reason", "since", "lifted"),
)

notes = _table(
    "notes",
    _text("key"),
    _text("book"),
    _text("round"),
    _text("decision"),
    _moment("at"),
    _text("kind"),
    _text("text"),
    _text("data"),
    key=("key",),
    indexed=("book", "round"),
)

commands = _table(
    "commands",
    _text("id"),
    _moment("at"),
    _text("kind"),
    _text("arguments"),
    key=("id",),
)

command_answers = _table(
    "command_answers",
    _text("id"),
    _text("book"),
    _moment("at"),
    Column("done", Boolean, nullable=False),
    _text("text"),
    key=("id",),
)

evaluations = _table(
    "evaluations",
    _text("id"),
    _moment("at"),
    _text("book"),
    _text("kind"),
    _text("agents"),
    _text("source"),
    _text("finding"),
    Column("document", CompressedText, nullable=False),
    key=("id",),
    indexed=("at",),
)

blobs = _table(
    "blobs",
    _text("digest"),
    _text("codec"),
    Column("data", CompressedText, nullable=False),
    key=("digest",),
)

RECORDED = tuple(table for table in metadata.sorted_tables if "seq" in table.c)
"""Every table that is appended to."""
