"""Every tool there is. A new one is a new file and a line here."""

from typing import Any

from trader.domain.errors import UnknownName
from trader.tools.tool import Tool

TOOLS: tuple[Tool[Any, Any], ...] = ()


def tool(name: str) -> Tool[Any, Any]:
    """The tool of this name. Raises UnknownName with the nearest ones."""
    for candidate in TOOLS:
        if candidate.name == name:
            return candidate
    raise UnknownName("tool", name, (candidate.name for candidate in TOOLS))
