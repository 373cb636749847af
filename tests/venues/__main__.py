"""`python -m tests.venues`: the stand-in in a process of its own, until its input ends."""

import asyncio
import sys
from decimal import Decimal

from tests.contracts.ccxt_desk import SHARE
from tests.venues.server import serving, stand_in


async def main() -> None:
    venue = stand_in(SHARE, liquid=True, USD="100000", AAPL="0")
    venue.exchange.print_trade("AAPLUSD", Decimal(100))
    async with serving(venue):
        print(venue.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
