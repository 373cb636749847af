"""The stand-in's HTTP on loopback, with the faults that a test sets; and what tests may ask of its truth."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from tests.venues.binance import Binance
from tests.venues.exchange import Exchange, Listing, Refusal
from tests.venues.faults import Fault

D = Decimal
VERSION = "/api/v3"
PAGE = "<html><body>Service is being upgraded</body></html>"


class StandIn:
    """Answers requests at `url` until it is closed."""

    def __init__(self, venue: Binance) -> None:
        self.venue = venue
        self.faults: list[Fault] = []
        self._owned = dict(venue.exchange.balances)
        self.url = ""
        self.skew_ms = 0
        self._connections: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.Task[None]] = set()

    @property
    def exchange(self) -> Exchange:
        return self.venue.exchange

    def fault(self, on: str, **how: Any) -> Fault:
        """The next request of this kind goes wrong."""
        one = Fault(on, **how)
        self.faults.append(one)
        return one

    def forget(self) -> None:
        """Everything that was asked, set and ordered; what is owned is as at first."""
        self.faults.clear()
        self.venue.asked_at.clear()
        self.exchange.orders.clear()
        self.exchange.trades.clear()
        self.exchange.balances.update(self._owned)

    async def late(self) -> None:
        """Wait until everything that was on its way has arrived."""
        await asyncio.gather(*self._late)

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
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()

    async def close(self) -> None:
        """End every connection."""
        tasks = [*self._connections, *self._late]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        path, _, query = target.partition("?")
        if path.startswith("/truth"):
            return self._send(writer, 200, {}, json.dumps(self._told(path, body)).encode())
        asked = "&".join(part for part in (query, body) if part)
        return await self._answer(writer, method, path.removeprefix(VERSION), asked, headers)

    async def _answer(
        self, writer: asyncio.StreamWriter, method: str, path: str, asked: str, headers: Mapping[str, str]
    ) -> bool:
        fault = self._due(f"{method} {path}")
        await asyncio.sleep(fault.wait_s)
        if fault.late_s:
            task = asyncio.create_task(self._arrive(fault.late_s, method, path, asked, headers))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            return False
        status, said = 200, b"{}"
        if fault.apply:
            status, said = self._asked(method, path, asked, headers)
        if fault.code:
            status = fault.status
            said = json.dumps({"code": fault.code, "msg": fault.message}).encode()
        await asyncio.sleep(fault.hold_s)
        if fault.reply in ("none", "cut"):
            return fault.reply == "cut" and self._cut(writer, said)
        bodies = {"half": said[: len(said) // 2], "html": PAGE.encode(), "list": b"[]", "object": b"{}"}
        if fault.reply == "status":
            status = fault.status
        return self._send(writer, status, fault.headers, bodies.get(fault.reply, said))

    def _asked(self, method: str, path: str, asked: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            return 200, json.dumps(self.venue.answer(method, path, asked, headers)).encode()
        except Refusal as error:
            return error.status, json.dumps({"code": error.code, "msg": error.message}).encode()

    async def _arrive(
        self, after_s: float, method: str, path: str, asked: str, headers: Mapping[str, str]
    ) -> None:
        await asyncio.sleep(after_s)
        self._asked(method, path, asked, headers)

    def _due(self, route: str) -> Fault:
        for one in self.faults:
            if one.on == route and one.times > 0:
                if one.skip:
                    one.skip -= 1
                    continue
                one.times -= 1
                return one
        return Fault(route)

    def _send(self, writer: asyncio.StreamWriter, status: int, extra: Mapping[str, str], said: bytes) -> bool:
        headers = {"content-type": "application/json", "content-length": str(len(said)), **extra}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + said)
        return True

    def _cut(self, writer: asyncio.StreamWriter, said: bytes) -> bool:
        lines = f"content-type: application/json\r\ncontent-length: {len(said)}\r\n"
        writer.write(f"HTTP/1.1 200 Said\r\n{lines}\r\n".encode() + said[: len(said) // 2])
        return False

    def _told(self, path: str, body: str) -> Any:
        """`/truth` as a test in another process reads it; `/truth/fault` and `/truth/trade` change things."""
        exchange = self.exchange
        if path == "/truth/fault":
            self.faults.append(Fault(**json.loads(body)))
        if path == "/truth/asked":
            return self.venue.asked_at
        if path == "/truth/forget":
            self.forget()
        if path == "/truth/trade":
            asked = json.loads(body)
            units = asked.get("quantity")
            exchange.print_trade(asked["symbol"], D(asked["price"]), None if units is None else D(units))
        return json.loads(
            json.dumps(
                {
                    "orders": [asdict(one) for one in exchange.orders.values()],
                    "trades": [asdict(one) for one in exchange.trades],
                    "balances": exchange.balances,
                    "faults": [asdict(one) for one in self.faults],
                },
                default=str,
            )
        )


def stand_in(*listings: Listing, liquid: bool = False, **balances: str) -> StandIn:
    """A venue of these markets and balances; it is not listening yet."""
    listed = listings or (Listing("BTC", "USDT"),)
    held = {name: D(amount) for name, amount in balances.items()}
    server: StandIn

    def now_ms() -> int:
        return int(time.time() * 1000) + server.skew_ms

    exchange = Exchange({one.symbol: one for one in listed}, held or {"USDT": D(100_000)}, now_ms)
    exchange.liquid = liquid
    server = StandIn(Binance(exchange))
    return server


@asynccontextmanager
async def serving(server: StandIn, port: int = 0) -> AsyncIterator[StandIn]:
    """The stand-in at its `url` until the block ends."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port)
    host, port = listening.sockets[0].getsockname()
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        listening.close()
        await server.close()
