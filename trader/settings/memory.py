"""`[memory]`: the index beside the journal. What is remembered is in the journal with or without one."""

from typing import Annotated

from pydantic import Field

from trader.settings.section import Section, Text


class MemoryIndex(Section):
    """The index of what is remembered. Closed trades are in the journal whether or not there is one."""

    index: Annotated[Text, Field(pattern=r"^(none|chroma|https?://[^ /]+/?)$")] = "none"
    """`none`; `chroma` in the workspace; or `http://HOST:PORT` of a Chroma server."""
    embedding: Annotated[Text, Field(pattern=r"^(hashed-words|[^/ ]+/[^ ]+)$")] = "hashed-words"
    """Text as numbers: `hashed-words` (by spelling, on this machine), or PROVIDER/MODEL through litellm."""
