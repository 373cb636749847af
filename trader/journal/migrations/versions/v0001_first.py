"""The first schema.

Columns are of plain types here: a revision says what it made then, whatever `schema.py` says now.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    counter = op.create_table(
        "counter", sa.Column("last", sa.BigInteger, primary_key=True, autoincrement=False)
    )
    op.bulk_insert(counter, [{"last": 0}])

    _table(
        "blobs",
        _column("digest", sa.Text),
        _column("codec", sa.Text),
        _column("data", sa.LargeBinary),
        key=("digest",),
    )
    _table(
        "books",
        _column("id", sa.Text),
        _column("mode", sa.Text),
        _column("feed", sa.Text),
        _column("symbols", sa.Text),
        _column("timeframe", sa.Text),
        _column("horizon", sa.BigInteger),
        _column("currency", sa.Text),
        _column("calendar", sa.Text),
        _column("cash", sa.Text),
        _column("opened_at", sa.Text),
        _column("settings", sa.Text),
        key=("id",),
    )
    _table(
        "breakers",
        _column("book", sa.Text),
        _column("reason", sa.Text),
        _column("since", sa.Text),
        _column("until", sa.Text, nullable=True),
        _column("lifted", sa.Boolean),
        _column("at", sa.Text),
        _column("asked", sa.Text, nullable=True),
        _column("permitted", sa.Text, nullable=True),
        key=("book", "reason", "since", "lifted"),
    )
    _table(
        "commands",
        _column("id", sa.Text),
        _column("at", sa.Text),
        _column("kind", sa.Text),
        _column("arguments", sa.Text),
        key=("id",),
    )
    _table(
        "decisions",
        _column("id", sa.Text),
        _column("book", sa.Text),
        _column("round", sa.Text),
        _column("as_of", sa.Text),
        _column("symbol", sa.Text),
        _column("horizon", sa.BigInteger),
        _column("outcome", sa.Text),
        _column("cause", sa.Text),
        _column("held_weight", sa.Double),
        _column("target_weight", sa.Double),
        _column("price", sa.Text, nullable=True),
        _column("stop", sa.Text, nullable=True),
        _column("base_rate", sa.Double, nullable=True),
        _column("p_up", sa.Double, nullable=True),
        _column("sigma_p", sa.Double, nullable=True),
        _column("agreement", sa.Double, nullable=True),
        _column("edge", sa.Double, nullable=True),
        _column("edge_error", sa.Double, nullable=True),
        _column("learned", sa.Text),
        _column("body", sa.Text),
        key=("id",),
        indexed=("book", "round", "symbol"),
    )
    _table(
        "entries",
        _column("book", sa.Text),
        _column("id", sa.Text),
        _column("kind", sa.Text),
        _column("at", sa.Text),
        _column("symbol", sa.Text),
        _column("cash", sa.Text),
        _column("quantity", sa.Text),
        _column("note", sa.Text),
        key=("book", "id"),
    )
    _table(
        "fills",
        _column("book", sa.Text),
        _column("id", sa.Text),
        _column("client_id", sa.Text),
        _column("symbol", sa.Text),
        _column("side", sa.Text),
        _column("quantity", sa.Text),
        _column("price", sa.Text),
        _column("market", sa.Text, nullable=True),
        _column("fee", sa.Text),
        _column("fee_currency", sa.Text),
        _column("at", sa.Text),
        _column("note", sa.Text),
        key=("book", "id"),
        indexed=("client_id",),
    )
    _table(
        "learned",
        _column("book", sa.Text),
        _column("digest", sa.Text),
        _column("cut_off", sa.Text),
        _column("horizon", sa.BigInteger),
        key=("book", "digest"),
    )
    _table(
        "marks",
        _column("book", sa.Text),
        _column("as_of", sa.Text),
        _column("equity", sa.Text),
        _column("cash", sa.Text),
        _column("gross", sa.Text),
        key=("book", "as_of"),
    )
    _table(
        "notes",
        _column("key", sa.Text),
        _column("book", sa.Text),
        _column("round", sa.Text),
        _column("decision", sa.Text),
        _column("at", sa.Text),
        _column("kind", sa.Text),
        _column("text", sa.Text),
        _column("data", sa.Text),
        key=("key",),
        indexed=("book", "round"),
    )
    _table(
        "order_events",
        _column("key", sa.Text),
        _column("book", sa.Text),
        _column("client_id", sa.Text),
        _column("state", sa.Text),
        _column("at", sa.Text),
        _column("venue_id", sa.Text),
        _column("reason", sa.Text),
        _column("quantity", sa.Text, nullable=True),
        _column("price", sa.Text, nullable=True),
        key=("key",),
        indexed=("book", "client_id"),
    )
    _table(
        "orders",
        _column("book", sa.Text),
        _column("round", sa.Text),
        _column("at", sa.Text),
        _column("client_id", sa.Text),
        _column("decision", sa.Text),
        _column("symbol", sa.Text),
        _column("side", sa.Text),
        _column("type", sa.Text),
        _column("quantity", sa.Text),
        _column("limit_price", sa.Text, nullable=True),
        _column("stop_price", sa.Text, nullable=True),
        _column("time_in_force", sa.Text),
        _column("reduce_only", sa.Boolean),
        _column("parent", sa.Text, nullable=True),
        key=("client_id",),
        indexed=("book", "round"),
    )
    _table(
        "round_ends",
        _column("round", sa.Text),
        _column("book", sa.Text),
        _column("as_of", sa.Text),
        _column("at", sa.Text),
        key=("round",),
        indexed=("book",),
    )
    _table(
        "rounds",
        _column("round", sa.Text),
        _column("book", sa.Text),
        _column("run", sa.Text),
        _column("as_of", sa.Text),
        _column("signals", sa.Text),
        _column("account", sa.Text),
        _column("facts", sa.Text),
        _column("learned", sa.Text),
        key=("round",),
        indexed=("book",),
    )
    _table(
        "rulings",
        _column("round", sa.Text),
        _column("book", sa.Text),
        _column("decision", sa.Text),
        _column("stage", sa.Text),
        _column("client_id", sa.Text),
        _column("symbol", sa.Text),
        _column("outcome", sa.Text),
        _column("limit", sa.Text),
        _column("asked", sa.Double, nullable=True),
        _column("permitted", sa.Double, nullable=True),
        _column("quantity_asked", sa.Text),
        _column("quantity", sa.Text),
        _column("sentence", sa.Text),
        key=("client_id", "stage"),
        indexed=("book", "round"),
    )
    _table(
        "run_ends",
        _column("run", sa.Text),
        _column("at", sa.Text),
        _column("reason", sa.Text),
        key=("run",),
    )
    _table(
        "runs",
        _column("run", sa.Text),
        _column("book", sa.Text),
        _column("at", sa.Text),
        _column("mode", sa.Text),
        _column("version", sa.Text),
        _column("seed", sa.BigInteger),
        _column("settings", sa.Text),
        _column("settings_digest", sa.Text),
        _column("prompts", sa.Text),
        _column("data_digest", sa.Text),
        key=("run",),
        indexed=("book",),
    )
    _table(
        "steps",
        _column("decision", sa.Text),
        _column("as_of", sa.Text),
        _column("symbol", sa.Text),
        _column("stage", sa.BigInteger),
        _column("agent", sa.Text),
        _column("tier", sa.Text),
        _column("form", sa.Text),
        _column("p_up", sa.Double, nullable=True),
        _column("source", sa.Text),
        _column("record", sa.Text),
        _column("prompt", sa.Text),
        _column("evidence", sa.Text),
        _column("ms", sa.Double),
        _column("body", sa.LargeBinary),
        key=("decision", "agent"),
    )


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _table(name: str, *columns: sa.Column[Any], key: tuple[str, ...], indexed: tuple[str, ...] = ()) -> None:
    seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        name,
        sa.Column("seq", seq, primary_key=True, autoincrement=False),
        *columns,
        sa.UniqueConstraint(*key, name=f"{name}_key"),
    )
    for column in indexed:
        op.create_index(f"{name}_by_{column}", name, [column])
