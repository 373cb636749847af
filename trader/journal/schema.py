"""The journal's tables: one for each record type, and `blobs` for what is large and named by its digest.

Rows are only ever added. `seq` counts the rows of all tables in the order they were committed: who has read
up to a `seq` has missed nothing before it. The unique constraint of a table is its record's key.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
)

from trader.journal.columns import AmountText, CompressedText, MomentText, WordText
from trader.journal.views import VIEWS

HEAD = "0010"
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


def _integer(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


STATE = ("rsi", "adx", "atr", "macd", "bollinger", "volume_ratio", "trend", "volatility")
"""The numbers of a market's state, each a column of its own; the regime is a word beside them."""


def _state_columns() -> tuple[Column[Any], ...]:
    numbers = tuple(_number(name, nullable=True) for name in STATE)
    return (*numbers, Column("regime", WordText))


def _made(view: str, query: str) -> Callable[..., None]:
    """Makes a view once the tables stand."""

    def make(_: MetaData, connection: Connection, **__: object) -> None:
        connection.exec_driver_sql(f"CREATE VIEW {view} AS {query}")

    return make


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

tradingview_signals = _table(
    "tradingview_signals",  # also in `rounds.signals`, where SQL would have to unpack them
    _text("book"),
    _text("round"),
    _text("id"),
    _text("symbol"),
    _word("timeframe"),
    _moment("at"),
    Column("direction", WordText),
    _amount("stop", nullable=True),
    _amount("target", nullable=True),
    _number("confidence", nullable=True),
    _text("note"),
    key=("book", "id"),
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
    _amount("rate"),
    _text("rate_source"),
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

learned_records = _table(
    "learned_records",
    _text("book"),
    _text("digest"),
    _moment("cut_off"),
    _text("record"),
    _number("weight"),
    _number("prior_weight"),
    _number("intercept"),
    _number("slope"),
    _integer("n"),
    _number("n_eff"),
    _number("brier", nullable=True),
    _number("brier_base", nullable=True),
    key=("book", "digest", "record"),
)

feature_store = _table(
    "feature_store",
    _text("book"),
    _text("symbol"),
    _moment("as_of"),
    *_state_columns(),
    key=("book", "symbol", "as_of"),
)

outcomes = _table(
    "outcomes",
    _text("book"),
    _text("decision"),
    _text("symbol"),
    _moment("as_of"),
    _integer("horizon"),
    _moment("known_at"),
    _number("event_return"),
    _number("happened"),
    key=("decision",),
    indexed=("book",),
)

closed_trades = _table(
    "closed_trades",
    _text("id"),
    _text("book"),
    _text("symbol"),
    _word("side"),
    _moment("opened_at"),
    _moment("closed_at"),
    _moment("known_at"),
    _amount("entry"),
    _amount("exit"),
    _amount("quantity"),
    _text("currency"),
    _amount("profit"),
    _number("net_return"),
    _integer("bars", nullable=True),
    _number("stop_distance", nullable=True),
    _number("target_distance", nullable=True),
    _number("reward_to_risk", nullable=True),
    _number("adverse", nullable=True),
    _number("favourable", nullable=True),
    _text("decision"),
    _moment("decided_at", nullable=True),
    _number("p_up", nullable=True),
    _number("base_rate", nullable=True),
    _number("edge", nullable=True),
    *_state_columns(),
    _number("confluence", nullable=True),
    _word("exit_reason"),
    _text("exit_decision"),
    _text("body"),
    key=("id",),
    indexed=("book", "symbol"),
)

learning_events = _table(
    "learning_events",
    _text("key"),
    _text("book"),
    _moment("at"),
    _text("kind"),
    _text("subject"),
    _text("before"),
    _text("after"),
    _text("evidence"),
    _text("text"),
    key=("key",),
    indexed=("book",),
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

ml_models = _table(
    "ml_models",
    _text("id"),
    _moment("at"),
    _text("name"),
    _text("purpose"),
    _text("label"),
    _integer("horizon"),
    _word("timeframe"),
    _text("feed"),
    _text("symbols"),
    _text("data"),
    _moment("trained_from"),
    _moment("trained_until"),
    _integer("rows"),
    _number("n_eff"),
    _integer("folds"),
    _number("log_loss"),
    _number("brier"),
    _number("auc"),
    _number("against_base_rate"),
    _number("against_base_rate_high"),
    _number("against_baseline"),
    _number("against_baseline_high"),
    _text("program"),
    key=("id",),
)

model_events = _table(
    "model_events",
    _text("key"),
    _text("model"),
    _moment("at"),
    _text("kind"),
    _text("text"),
    _text("data"),
    key=("key",),
    indexed=("model",),
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

for _name, _query in VIEWS.items():
    event.listen(metadata, "after_create", _made(_name, _query))
