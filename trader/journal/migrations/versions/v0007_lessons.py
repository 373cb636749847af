"""What learning, or a person, changed: rules and thresholds, before and after, with the evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXTS = ("key", "book", "at", "kind", "subject", "before", "after", "evidence", "text")


def upgrade() -> None:
    op.create_table(
        "learning_events",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        *(sa.Column(name, sa.Text, nullable=False) for name in TEXTS),
        sa.UniqueConstraint("key", name="learning_events_key"),
    )
    op.create_index("learning_events_by_book", "learning_events", ["book"])
