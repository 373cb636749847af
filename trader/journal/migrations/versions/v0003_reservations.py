"""What calls may cost, from before they are made; and where an answer came from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = ("run", "decision", "agent", "call", "asked")


def upgrade() -> None:
    op.add_column("model_calls", sa.Column("source", sa.Text, server_default="", nullable=False))
    op.create_table(
        "model_reservations",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("book", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("usd", sa.Text, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.UniqueConstraint(*KEY, name="model_reservations_key"),
    )
    op.create_index("model_reservations_by_at", "model_reservations", ["at"])
