"""Signals from outside, each a row that plain SQL reads: rounds have them packed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words = ("book", "round", "id", "symbol", "timeframe", "at")
    maybe = ("direction", "stop", "target")
    op.create_table(
        "tradingview_signals",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        *(sa.Column(name, sa.Text, nullable=False) for name in words),
        *(sa.Column(name, sa.Text, nullable=True) for name in maybe),
        sa.Column("confidence", sa.Double, nullable=True),
        sa.Column("note", sa.Text, nullable=False),
        sa.UniqueConstraint("book", "id", name="tradingview_signals_key"),
    )
