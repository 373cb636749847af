"""`[memory]`: what the desk makes of its own past. What is remembered is in the journal in any case."""

from typing import Annotated

from pydantic import Field

from trader.settings.section import Section, Text


class Memory(Section):
    """What the desk learns from its own past, beyond whom to believe; and the index of what it remembers."""

    rules: Annotated[Text, Field(pattern="^(on|off)$")] = "on"
    """`on`: ten closed trades trigger a look for rules, and those that hold are heard in the pool."""
    thresholds: Annotated[Text, Field(pattern="^(fixed|learned)$")] = "fixed"
    """`learned`: an entry's thresholds follow from results, within bounds. Never a limit."""
    index: Annotated[Text, Field(pattern=r"^(none|chroma|https?://[^ /]+/?)$")] = "none"
    """`none`; `chroma` in the workspace; or `http://HOST:PORT` of a Chroma server."""
    embedding: Annotated[Text, Field(pattern=r"^(hashed-words|[^/ ]+/[^ ]+)$")] = "hashed-words"
    """Text as numbers: `hashed-words` (by spelling, on this machine), or PROVIDER/MODEL through litellm."""
