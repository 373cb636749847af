"""Views that plain SQL reads beside the tables: what was recorded, put together. docs/memory.md shows each.

They are the same text for SQLite and PostgreSQL, and hold nothing of their own.
"""

from collections.abc import Mapping

VIEWS: Mapping[str, str] = {
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
"""Name -> what it selects; a view may read those before it."""
