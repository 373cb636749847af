"""The rate of exchange that a fill was counted at, and where it is from."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fills", sa.Column("rate", sa.Text, server_default="1", nullable=False))
    op.add_column("fills", sa.Column("rate_source", sa.Text, server_default="", nullable=False))
