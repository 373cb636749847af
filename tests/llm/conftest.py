import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from trader.clock import SystemClock
from trader.llm.client import Call, Message
from trader.llm.forms import Question
from trader.llm.litellm_client import LitellmClient
from trader.llm.schemas import schema_for

DIGEST = "0123456789abcdef01234567"
QUESTION = Question(agent="momentum", tier="senior", symbol="MSFT", evidence=frozenset({DIGEST}))


def call_of(api_base: str | None = None, **changes: Any) -> Call:
    """A question to the server at `api_base`."""
    asked = (Message(role="user", content="Will it rise?"),)
    fields = {"model": "openai/served", "messages": asked, "form_schema": schema_for("senior")}
    return Call.model_validate({**fields, "api_base": api_base, **changes})


@pytest.fixture(scope="session")
def client() -> Iterator[LitellmClient]:
    """One for all tests, as one is for a run: importing litellm takes seconds."""
    made = LitellmClient(SystemClock())
    asyncio.run(made.prepare())
    yield made
    asyncio.run(made.close())
