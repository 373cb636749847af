"""Every tool there is. A new one is a new file and a line here."""

from typing import Any

from trader.domain.errors import UnknownName
from trader.tools.account import ACCOUNT
from trader.tools.features import FEATURES
from trader.tools.forecast.tool import FORECAST
from trader.tools.fundamentals import FUNDAMENTALS
from trader.tools.levels import LEVELS
from trader.tools.macro import MACRO
from trader.tools.news import NEWS
from trader.tools.portfolio import PORTFOLIO
from trader.tools.regime import REGIME
from trader.tools.risk_numbers import RISK_NUMBERS
from trader.tools.similar_trades import SIMILAR_TRADES
from trader.tools.sizing import KELLY
from trader.tools.sizing_portfolio import KELLY_PORTFOLIO
from trader.tools.tool import Tool
from trader.tools.validator import VALIDATOR

TOOLS: tuple[Tool[Any, Any], ...] = (
    FEATURES,
    FORECAST,
    VALIDATOR,
    LEVELS,
    REGIME,
    RISK_NUMBERS,
    MACRO,
    FUNDAMENTALS,
    NEWS,
    KELLY,
    KELLY_PORTFOLIO,
    PORTFOLIO,
    ACCOUNT,
    SIMILAR_TRADES,
)


def tool(name: str) -> Tool[Any, Any]:
    """The tool of this name. Raises UnknownName with the nearest ones."""
    for candidate in TOOLS:
        if candidate.name == name:
            return candidate
    raise UnknownName("tool", name, (candidate.name for candidate in TOOLS))
