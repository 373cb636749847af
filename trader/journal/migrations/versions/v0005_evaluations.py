"""Evaluations are kept, so that they can be listed, shown and compared."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evaluations",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("id", "at", "book", "kind", "agents", "source", "finding")
        ),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("id", name="evaluations_key"),
    )
    op.create_index("evaluations_by_at", "evaluations", ["at"])
