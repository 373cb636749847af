"""A body of at most LARGEST bytes, packed or not: what a server sends beyond is never read.

litellm and the clients under it read whatever comes into memory, as long as it comes. Every connection that
litellm opens goes through one class of its own; `bind` puts a narrower one in its place.
"""

import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx

LARGEST = 1_000_000
"""Bytes. A form has at most 40,000 characters; a model that thinks at length sends some hundred thousand."""
UNPACKED = ("", "identity")
PACKED = ("gzip", "x-gzip", "deflate")
EITHER_HEADER = zlib.MAX_WBITS | 32
"""zlib finds out itself whether it is gzip or zlib."""


class BodyTooLarge(httpx.ReadError):
    """More than LARGEST bytes. `failures.py` knows it by its name."""


def bind() -> None:
    """Has litellm open its connections with a bound; calling it again changes nothing."""
    from litellm.llms.custom_httpx import aiohttp_transport as module

    transport: Any = module.LiteLLMAiohttpTransport
    if not issubclass(transport, _Marked):
        module.LiteLLMAiohttpTransport = _bounded(transport)


class _Marked:
    """What is bounded already."""


def _bounded(transport: Any) -> Any:
    class Bounded(transport, _Marked):  # type: ignore[misc]
        """litellm's transport, with a bound on the body."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            # Other packings could not be unpacked by pieces of a known size.
            request.headers["accept-encoding"] = "gzip, deflate"
            response = await super().handle_async_request(request)
            packing = response.headers.pop("content-encoding", "").strip().lower()
            response.stream = Body(response.stream, packing)
            return response  # type: ignore[no-any-return]

    return Bounded


class Body(httpx.AsyncByteStream):
    """The unpacked bytes of `stream`. Raises BodyTooLarge, or ReadError for what cannot be unpacked."""

    def __init__(self, stream: Any, packing: str = "", largest: int = LARGEST) -> None:
        self._stream, self._packing, self._left = stream, packing, largest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._packing not in (*UNPACKED, *PACKED):
            raise httpx.ReadError(f"a body packed as {self._packing[:40]!r}, which was not asked for")
        unpacker = zlib.decompressobj(EITHER_HEADER) if self._packing in PACKED else None
        async for sent in self._stream:
            yield self._counted(self._unpacked(unpacker, sent) if unpacker else sent)

    async def aclose(self) -> None:
        """Lets go of the connection."""
        await self._stream.aclose()

    def _unpacked(self, unpacker: Any, sent: bytes) -> bytes:
        try:
            return bytes(unpacker.decompress(sent, self._left + 1))  # one more shows that there is more
        except zlib.error as error:
            raise httpx.ReadError(f"a body that cannot be unpacked: {error}") from None

    def _counted(self, read: bytes) -> bytes:
        self._left -= len(read)
        if self._left < 0:
            raise BodyTooLarge("the body is too large")
        return read
