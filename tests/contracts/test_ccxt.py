"""The ccxt adapter keeps what every broker promises, the ugly half too. Its venue is on loopback."""

import pytest_asyncio

from tests.contracts.broker import *  # noqa: F403 - the suite itself
from tests.contracts.ccxt_desk import ccxt_desk
from tests.contracts.venue import *  # noqa: F403 - the ugly half


@pytest_asyncio.fixture
async def desk():
    async with ccxt_desk() as one:
        yield one
