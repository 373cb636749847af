"""However much a server sends, in whatever packing, only so much of it is read."""

import gzip
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.llm.conftest import call_of
from tests.llm.server import Reply, serving
from trader.domain.errors import AnswerTooLarge, ModelUnavailable
from trader.llm.bounded import LARGEST, Body, BodyTooLarge, bind
from trader.llm.litellm_client import LitellmClient

PACKINGS = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
SPACE = b" " * 65_536
PROVIDERS = [
    "openai/m", "gemini/gemini-2.5-flash", "anthropic/claude-sonnet-4-5", "ollama/m", "ollama_chat/m",
    "openrouter/a/b", "hosted_vllm/m", "lm_studio/m",
]  # fmt: skip


class Pieces(httpx.AsyncByteStream):
    """A body in pieces."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces, self.taken, self.closed = pieces, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.taken += 1
            yield piece

    async def aclose(self) -> None:
        self.closed = True


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


async def read(body: Body) -> bytes:
    return b"".join([piece async for piece in body])


@given(st.binary(max_size=300), st.sampled_from(sorted(PACKINGS)), st.integers(1, 50))
async def test_what_fits_comes_through_as_it_was(said: bytes, packing: str, size: int) -> None:
    pieces = cut(PACKINGS[packing](said), size)
    assert await read(Body(Pieces(pieces), packing, largest=300)) == said


@given(st.binary(min_size=301, max_size=900), st.sampled_from(sorted(PACKINGS)), st.integers(1, 50))
async def test_one_byte_too_many_is_too_many(said: bytes, packing: str, size: int) -> None:
    pieces = cut(PACKINGS[packing](said), size)
    assert await read(Body(Pieces(pieces), packing, largest=len(said))) == said
    with pytest.raises(BodyTooLarge):
        await read(Body(Pieces(pieces), packing, largest=len(said) - 1))


async def test_what_comes_after_is_not_read() -> None:
    sent = Pieces([b"x" * 100] * 1000)
    body = Body(sent, largest=250)
    with pytest.raises(BodyTooLarge):
        await read(body)
    await body.aclose()
    assert (sent.taken, sent.closed) == (3, True)


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip", "compress", "none of it"])
async def test_a_packing_that_was_not_asked_for_is_not_unpacked(packing: str) -> None:
    with pytest.raises(httpx.ReadError, match="not asked for"):
        await read(Body(Pieces([b"{}"]), packing))


async def test_what_cannot_be_unpacked_is_said() -> None:
    with pytest.raises(httpx.ReadError, match="cannot be unpacked"):
        await read(Body(Pieces([b"not gzip at all"]), "gzip"))


def bomb(megabytes: int) -> bytes:
    """Spaces, packed a thousand to one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(megabytes)), packer.flush()])


ENDLESS = [
    Reply(raw=HEAD + b"\r\n", endless=SPACE),
    Reply(raw=HEAD + b"transfer-encoding: chunked\r\n\r\n", endless=b"10000\r\n" + SPACE + b"\r\n"),
    Reply(raw=HEAD + b"content-length: 900000000000\r\n\r\n{", endless=SPACE),
    Reply(raw=b"HTTP/1.1 500 Oops\r\n\r\n", endless=SPACE),
    Reply(body=bomb(300), headers={"content-encoding": "gzip"}),
]


@pytest.mark.parametrize("reply", ENDLESS, ids=["plain", "chunked", "promised", "failure", "bomb"])
async def test_a_body_without_an_end_ends_and_takes_no_memory(client: LitellmClient, reply: Reply) -> None:
    async with serving(reply) as server:
        tracemalloc.start()
        began = time.monotonic()
        try:
            with pytest.raises(AnswerTooLarge, match="openai/served: an answer too large to be one"):
                await client.ask(call_of(server.api_base), 20.0)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert most < 10 * LARGEST
    assert time.monotonic() - began < 15.0
    assert len(server.requests) == 1


@pytest.mark.parametrize("model", PROVIDERS)
async def test_it_is_so_at_every_provider(
    client: LitellmClient, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.setenv(name, "planted-in-a-test")
    async with serving(ENDLESS[0]) as server:
        with pytest.raises(AnswerTooLarge):
            await client.ask(call_of(server.api_base, model=model), 20.0)
    assert len(server.requests) == 1


async def test_an_answer_may_be_packed(client: LitellmClient) -> None:
    packed = gzip.compress(Reply("{}").payload())
    async with serving(Reply(body=packed, headers={"content-encoding": "gzip"})) as server:
        assert (await client.ask(call_of(server.api_base), 10.0)).text == "{}"
    assert server.headers[0]["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", b"not gzip"), ("br", b"{}"), ("gzip", gzip.compress(b"{" * 99, mtime=0)[:-9])],
)
async def test_a_packing_that_is_wrong_is_no_answer(
    client: LitellmClient, encoding: str, body: bytes
) -> None:
    async with serving(Reply(body=body, headers={"content-encoding": encoding})) as server:
        with pytest.raises(ModelUnavailable) as raised:
            await client.ask(call_of(server.api_base), 10.0)
    assert not isinstance(raised.value, AnswerTooLarge)


async def test_binding_twice_is_binding_once(client: LitellmClient) -> None:
    from litellm.llms.custom_httpx import aiohttp_transport

    bound = aiohttp_transport.LiteLLMAiohttpTransport
    bind()
    assert aiohttp_transport.LiteLLMAiohttpTransport is bound
