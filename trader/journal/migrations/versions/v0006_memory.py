"""What is remembered: closed trades, states of the market, outcomes, learned records; views of them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBERS = ("rsi", "adx", "atr", "macd", "bollinger", "volume_ratio", "trend", "volatility")
VIEWS = {
    "ai_predictions": """
SELECT s.seq, d.book, s.decision, d.as_of, d.symbol, d.horizon, s.agent, s.record, s.source, s.p_up,
       d.base_rate, d.outcome AS decided, o.known_at, o.event_return, o.happened,
       (s.p_up - o.happened) * (s.p_up - o.happened) AS brier,
       (d.base_rate - o.happened) * (d.base_rate - o.happened) AS brier_base
FROM steps s JOIN decisions d ON d.id = s.decision LEFT JOIN outcomes o ON o.decision = s.decision
WHERE s.p_up IS NOT NULL""",
    "model_performance": """
SELECT book, record, count(*) AS forecasts, count(happened) AS resolved, avg(brier) AS brier,
       avg(brier_base) AS brier_base,
       avg(CASE WHEN happened IS NULL THEN NULL
                WHEN (p_up > 0.5) = (happened > 0.5) THEN 1.0 ELSE 0.0 END) AS hit_rate,
       avg(happened) AS always_up
FROM ai_predictions GROUP BY book, record""",
    "signal_performance": """
SELECT book, symbol, direction, decided, count(*) AS signals, count(happened) AS resolved,
       avg(happened) AS went_up, avg(event_return) AS mean_return
FROM (SELECT d.book, d.symbol, d.outcome AS decided, o.happened, o.event_return,
             CASE WHEN d.p_up > d.base_rate THEN 'up'
                  WHEN d.p_up < d.base_rate THEN 'down' ELSE 'none' END AS direction
      FROM decisions d LEFT JOIN outcomes o ON o.decision = d.id) AS pointed
GROUP BY book, symbol, direction, decided""",
    "market_regimes": """
SELECT book, symbol, regime, min(as_of) AS since, max(as_of) AS until, count(*) AS bars
FROM (SELECT book, symbol, regime, as_of,
             row_number() OVER (PARTITION BY book, symbol ORDER BY as_of)
             - row_number() OVER (PARTITION BY book, symbol, regime ORDER BY as_of) AS spell
      FROM feature_store WHERE regime IS NOT NULL) AS marked
GROUP BY book, symbol, regime, spell""",
    "strategy_evolution": """
SELECT book, cut_off AS at, record,
       lag(weight) OVER (PARTITION BY book, record ORDER BY cut_off) AS weight_before,
       weight, prior_weight, slope, intercept, n, n_eff, brier, brier_base
FROM learned_records""",
}


def upgrade() -> None:
    _table(
        "learned_records",
        *_texts("book", "digest", "cut_off", "record"),
        *_numbers("weight", "prior_weight", "intercept", "slope", nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        *_numbers("n_eff", nullable=False),
        *_numbers("brier", "brier_base"),
        key=("book", "digest", "record"),
    )
    _table(
        "feature_store",
        *_texts("book", "symbol", "as_of"),
        *_state(),
        key=("book", "symbol", "as_of"),
    )
    _table(
        "outcomes",
        *_texts("book", "decision", "symbol", "as_of"),
        sa.Column("horizon", sa.BigInteger, nullable=False),
        *_texts("known_at"),
        *_numbers("event_return", "happened", nullable=False),
        key=("decision",),
    )
    op.create_index("outcomes_by_book", "outcomes", ["book"])
    _table(
        "closed_trades",
        *_texts("id", "book", "symbol", "side", "opened_at", "closed_at", "known_at", "entry", "exit"),
        *_texts("quantity", "currency", "profit"),
        *_numbers("net_return", nullable=False),
        sa.Column("bars", sa.BigInteger, nullable=True),
        *_numbers("stop_distance", "target_distance", "reward_to_risk", "adverse", "favourable"),
        *_texts("decision"),
        sa.Column("decided_at", sa.Text, nullable=True),
        *_numbers("p_up", "base_rate", "edge"),
        *_state(),
        *_numbers("confluence"),
        *_texts("exit_reason", "exit_decision", "body"),
        key=("id",),
    )
    for column in ("book", "symbol"):
        op.create_index(f"closed_trades_by_{column}", "closed_trades", [column])
    for name, query in VIEWS.items():
        op.execute(sa.text(f"CREATE VIEW {name} AS {query}"))


def _table(name: str, *columns: "sa.Column[Any]", key: tuple[str, ...]) -> None:
    seq = sa.Column(
        "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    op.create_table(name, seq, *columns, sa.UniqueConstraint(*key, name=f"{name}_key"))


def _texts(*names: str) -> "list[sa.Column[Any]]":
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str, nullable: bool = True) -> "list[sa.Column[Any]]":
    return [sa.Column(name, sa.Double, nullable=nullable) for name in names]


def _state() -> "list[sa.Column[Any]]":
    return [*_numbers(*NUMBERS), sa.Column("regime", sa.Text, nullable=True)]
