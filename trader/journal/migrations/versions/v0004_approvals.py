"""Orders that wait for approval, the distance of trailing stops, and what came of what people asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("trail", sa.Text, nullable=True))
    op.add_column("orders", sa.Column("state", sa.Text, server_default="intended", nullable=False))
    for column in ("limit_price", "trail"):
        op.add_column("order_events", sa.Column(column, sa.Text, nullable=True))
    op.create_table(
        "command_answers",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("book", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.UniqueConstraint("id", name="command_answers_key"),
    )
