"""Trained models, and what happened to them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def seq() -> sa.Column[int]:
    return sa.Column(
        "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    )


def texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def numbers(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double, nullable=False) for name in names]


def counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "ml_models",
        seq(),
        *texts("id", "at", "name", "purpose", "label"),
        *counts("horizon"),
        *texts("timeframe", "feed", "symbols", "data", "trained_from", "trained_until"),
        *counts("rows"),
        *numbers("n_eff"),
        *counts("folds"),
        *numbers("log_loss", "brier", "auc"),
        *numbers("against_base_rate", "against_base_rate_high", "against_baseline", "against_baseline_high"),
        *texts("program"),
        sa.UniqueConstraint("id", name="ml_models_key"),
    )
    op.create_table(
        "model_events",
        seq(),
        *texts("key", "model", "at", "kind", "text", "data"),
        sa.UniqueConstraint("key", name="model_events_key"),
    )
    op.create_index("model_events_by_model", "model_events", ["model"])
