"""A small OpenAI-compatible server on loopback that answers as a test asks: late, wrong, in drips, never."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

MODEL = "served-1.0"
Served = TypeVar("Served")


@dataclass(frozen=True)
class Reply:
    """What the server does with one request."""

    text: str = ""
    """The content of the answer, in an ordinary completion."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes | None = None
    """Sent instead of a completion, word for word."""
    raw: bytes | None = None
    """Sent instead of head and body, word for word; then the connection is closed."""
    endless: bytes = b""
    """Sent after all that, again and again, until the other side has had enough."""
    delay_s: float = 0.0
    drip_s: float = 0.0
    """Seconds between single bytes; 0 sends the body at once."""
    hang_up: bool = False
    """Closes the connection with nothing said."""
    tokens: tuple[int, int, int] = (100, 20, 0)
    """In, out, and how many of those in came from a cache."""

    def payload(self) -> bytes:
        """The body as it goes over the wire."""
        if self.body is not None:
            return self.body.encode() if isinstance(self.body, str) else self.body
        if self.status != 200:
            return json.dumps(
                {"error": {"message": self.text, "type": "error", "code": self.status}}
            ).encode()
        sent, written, cached = self.tokens
        usage = {
            "prompt_tokens": sent,
            "completion_tokens": written,
            "total_tokens": sent + written,
            "prompt_tokens_details": {"cached_tokens": cached},
        }
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": self.text}}
        said = {"id": "c", "object": "chat.completion", "created": 1, "model": MODEL, "usage": usage}
        return json.dumps({**said, "choices": [choice]}).encode()


class Server:
    """Answers the n-th request with the n-th reply; the last one stays."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.paths: list[str] = []
        self.requests: list[dict[str, Any]] = []
        """Bodies of the requests, as they came."""
        self.headers: list[dict[str, str]] = []
        self.at_once = self.most_at_once = 0
        self.api_base = ""
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        # Cancelled by `close` alone, which waits for it; a stream's task that ends cancelled is reported.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._one(reader, writer):
                pass
        self._connections.discard(task)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def close(self) -> None:
        """Ends every connection."""
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.paths.append(head[0])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(json.loads(body or b"{}"))  # a redirection is followed with a GET
        self.headers.append(headers)
        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(reply.delay_s)
            return not reply.hang_up and await self._reply(reply, writer)
        finally:
            self.at_once -= 1

    async def _reply(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        if reply.raw is not None:
            await self._send(reply.raw, reply, writer)
            return False
        body = reply.payload()
        headers = {"content-type": "application/json", "content-length": str(len(body)), **reply.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} Said\r\n{lines}\r\n".encode())
        await self._send(body, reply, writer)
        return True

    async def _send(self, sent: bytes, reply: Reply, writer: asyncio.StreamWriter) -> None:
        if not reply.drip_s:
            writer.write(sent)
        for byte in sent if reply.drip_s else b"":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(reply.drip_s)
        while reply.endless:
            writer.write(reply.endless)
            await writer.drain()
            await asyncio.sleep(reply.drip_s)
        await writer.drain()


@asynccontextmanager
async def serving(*replies: Reply) -> AsyncIterator[Server]:
    """A server with these replies, at `api_base`, until the block ends."""
    server = Server(*replies)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    server.api_base = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        listening.close()
        await server.close()


@contextmanager
def in_thread(serving: AbstractAsyncContextManager[Served]) -> Iterator[Served]:
    """A server in a thread of its own: for what brings its own event loop."""
    loop, began, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[Served] = []

    async def serve() -> None:
        async with serving as server:
            found.append(server)
            began.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    began.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()
