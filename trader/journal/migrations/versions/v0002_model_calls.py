"""What language models were asked, and what they answered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = ("decision", "agent", "model", "sample", "stage", "tool_round", "attempt")


def upgrade() -> None:
    op.create_table(
        "model_calls",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("round", sa.Text, nullable=False),
        sa.Column("book", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("sample", sa.BigInteger, nullable=False),
        sa.Column("stage", sa.BigInteger, nullable=False),
        sa.Column("tool_round", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("repair", sa.Boolean, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("tokens_in", sa.BigInteger, nullable=False),
        sa.Column("tokens_out", sa.BigInteger, nullable=False),
        sa.Column("tokens_cached", sa.BigInteger, nullable=False),
        sa.Column("usd", sa.Text, nullable=False),
        sa.Column("ms", sa.Double, nullable=False),
        sa.Column("error_kind", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.UniqueConstraint(*KEY, name="model_calls_key"),
    )
    for column in ("book", "round", "at"):
        op.create_index(f"model_calls_by_{column}", "model_calls", [column])
