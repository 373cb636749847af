"""`[memory]`: what the desk learns from its own past besides calibration and weights."""

from typing import Annotated

from pydantic import Field

from trader.settings.section import Section, Text


class Memory(Section):
    """What is learned from the book's own past, beyond whom to believe."""

    rules: Annotated[Text, Field(pattern="^(on|off)$")] = "on"
    """`on`: ten closed trades trigger a look for rules, and those that hold are heard in the pool."""
    thresholds: Annotated[Text, Field(pattern="^(fixed|learned)$")] = "fixed"
    """`learned`: an entry's thresholds follow from results, within bounds. Never a limit."""
    regimes: Annotated[Text, Field(pattern="^(together|apart)$")] = "together"
    """`apart`: calibration and weights are of each regime, where that has forecast better out of sample."""
