"""What the user set, from the weakest to the strongest: defaults, trader.toml, .env, the environment, flags.

`load` gives one frozen `Settings` and the place each value came from. The tables `[risk]` and `[agents.NAME]`
stay plain: their owners validate them, and `Sources.error` makes errors that name the file and the line.
"""

from trader.settings.lines import line_of
from trader.settings.load import Typed, keys, load, restored
from trader.settings.model import Desk, Paper, Run, Settings
from trader.settings.sources import Origin, Source, Sources

__all__ = [
    "Desk",
    "Origin",
    "Paper",
    "Run",
    "Settings",
    "Source",
    "Sources",
    "Typed",
    "keys",
    "line_of",
    "load",
    "restored",
]
