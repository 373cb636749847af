"""A server on loopback that answers as a desk would: with the form that is asked for, or as a test says."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.llm.server import Reply, Server

Answering = Callable[["Asked"], Reply]


class Asked:
    """One request, read as a person would."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        self.messages: list[dict[str, str]] = request["messages"]
        self.text = "\n".join(message["content"] for message in self.messages)
        found = re.findall(r"^# (\S+) at |published about (\S+) up to", self.text, re.MULTILINE)[0]
        self.symbol = "".join(found)
        self.digests = re.findall(r"\b[0-9a-f]{24}\b", self.text)
        self.executive = "What the seniors say" in self.text
        self.junior = "You gather" in self.text
        self.part = (re.findall(r"# Your part: (\w+)", self.text) or ["executive"])[0]


def form(asked: Asked, **changes: Any) -> Reply:
    """A form that the desk takes: a little above the base rate, or an approval."""
    if asked.junior:
        cited = {"name": "tone of the day", "value": "calm", "evidence": asked.digests[0]}
        said: dict[str, Any] = {"kind": "report", "symbol": asked.symbol, "facts": [cited], "missing": []}
    elif asked.executive:
        said = {
            "kind": "verdict", "symbol": asked.symbol, "action": "approve", "factor": 1.0, "reason": "agreed"
        }  # fmt: skip
    else:
        said = {
            "kind": "opinion",
            "symbol": asked.symbol,
            "p_up": None if asked.part == "risk" else 0.62,
            "size_cap": 1.0,
            "stop": None,
            "reasoning": f"{asked.part} has read the reports",
            "factors_for": ["a strong year"],
            "factors_against": [],
            "evidence": asked.digests[:1],
        }
    return Reply(json.dumps(said | changes), tokens=(len(asked.text) // 4, 90, 0))


class DeskServer(Server):
    """Answers each request by what it says."""

    def __init__(self, answering: Answering) -> None:
        super().__init__()
        self.answering = answering
        self.port = 0
        self.replies = _Replies(self)  # type: ignore[assignment]


class _Replies:
    """Stands where the list of replies does: the reply to the newest request."""

    def __init__(self, server: DeskServer) -> None:
        self._server = server

    def __len__(self) -> int:
        return len(self._server.requests)

    def __getitem__(self, index: int) -> Reply:
        return self._server.answering(Asked(self._server.requests[-1]))


@asynccontextmanager
async def desk_server(answering: Answering = form, port: int = 0) -> AsyncIterator[DeskServer]:
    """Serves until the block ends, at `port` or wherever there is room."""
    server = DeskServer(answering)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port)
    host, server.port = listening.sockets[0].getsockname()
    server.api_base = f"http://{host}:{server.port}/v1"
    try:
        yield server
    finally:
        listening.close()
        await server.close()
