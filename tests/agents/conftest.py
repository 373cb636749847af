"""A case to start from: what every tool says on an ordinary day, to be changed one number at a time."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from trader.agents.case import Case
from trader.domain.instruments import AssetClass
from trader.domain.opinions import Abstention, Opinion
from trader.domain.reports import Evidence

ORDINARY: dict[str, dict[str, Any]] = {
    "features": {
        "bars": 2000,
        "values": {
            "return_252": 0.2,
            "volatility_252": 0.25,
            "volatility_21": 0.2,
            "drawdown_252": -0.05,
            "reversal_60m": -0.35,
            "atr_14": 2.0,
        },
    },
    "forecast": {"p_up": 0.57, "rows": 9000},
    "fundamentals": {"age_days": 40.0, "earnings_yield": 0.06, "book_to_price": 0.4},
    "macro": {"credit_spread_z": 0.5, "market_volatility_z": -0.5, "vix_z": None},
    "news": {"count": 6, "mean_sentiment": 0.2},
}

Changes = dict[str, Any]
"""`tool.path.to.number` -> value; a tool alone -> its error."""
MakeCase = Callable[..., Case]


def evidence(changes: Changes) -> dict[str, Evidence]:
    """What the tools say once `changes` are made."""
    results = deepcopy(ORDINARY)
    errors: dict[str, str] = {}
    for place, value in changes.items():
        tool, *path = place.split(".")
        if not path:
            errors[tool] = value
            continue
        table = results[tool]
        for name in path[:-1]:
            table = table[name]
        table[path[-1]] = value
    return {
        tool: Evidence(tool=tool, arguments={}, result=None, error=errors[tool])
        if tool in errors
        else Evidence.model_construct(tool=tool, arguments={}, result=result, error="")
        for tool, result in results.items()
    }


def make_case(changes: Changes | None = None, **fields: Any) -> Case:
    """An ordinary case with some things changed."""
    given: dict[str, Any] = {
        "symbol": "AAPL",
        "as_of": datetime(2012, 6, 1, 20, tzinfo=UTC),
        "horizon": 5,
        "asset_class": AssetClass.EQUITY,
        "base_rate": 0.54,
        "price": Decimal("100"),
        "evidence": evidence(changes or {}),
    }
    return Case(**(given | fields))


@pytest.fixture
def case() -> MakeCase:
    return make_case


def opinions(**p_up: float | None) -> tuple[Opinion | Abstention, ...]:
    """Forecasts by agent; None is an abstention."""
    return tuple(
        Opinion(agent=agent, p_up=p, reasoning="because")
        if p is not None
        else Abstention(agent=agent, reason="no data")
        for agent, p in p_up.items()
    )
