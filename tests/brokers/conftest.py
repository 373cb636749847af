"""A desk whose venue is a stand-in on loopback."""

import pytest_asyncio

from tests.contracts.ccxt_desk import ccxt_desk


@pytest_asyncio.fixture
async def desk():
    async with ccxt_desk() as one:
        yield one
