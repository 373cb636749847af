"""What must hold at a venue whatever happens, at its full count: the real ccxt against a stand-in."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from benchmarks.figures import Bound, Figure, Say
from tests.contracts.ccxt_desk import ccxt_desk
from tests.venues.dealer import Misses, Street
from tests.venues.divergences import PLANTED, plant_and_restart
from tests.venues.fills import sequence, without_socket
from tests.venues.halts import CHANNELS, WITHIN_S, halts
from tests.venues.interleaving import CHAPTERS, interleaved
from tests.venues.losses import Lost, lose

LOST, DIVERGENCES, SEQUENCES, STORIES, KILLS, HALTS = 2_000, 500, 10_000, 500, 1_000, 200
"""How often each is tried."""
SEED = 20260105
NONE = Bound("at most", 0)
Counts = TypeVar("Counts", Lost, Misses)
SMALLEST = (Decimal(5), Decimal(250))
"""Dollars of the smallest order that the venue takes: any, and one that parts of an entry stay below."""
A_DESK = 200
"""Cases of one desk, before a new one takes its place."""
A_SERIES = 25
"""Kills of dealers over one journal, before it is compared with the venue."""


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Lost requests, planted divergences, fills, and killed processes."""
    lost = asyncio.run(lost_requests(LOST, say))
    yield Figure("requests or replies lost", lost.cases, target=Bound("at least", LOST))
    yield Figure("  orders more than once at the venue", lost.doubled, target=NONE)
    yield Figure("  orders left unknown", lost.missed, target=NONE)
    yield Figure("  orders believed to be where they are not", lost.wrong, target=NONE)
    found = asyncio.run(divergences(DIVERGENCES, say))
    yield Figure("divergences planted", found["planted"], target=Bound("at least", DIVERGENCES))
    yield Figure("  not named", found["not named"], target=NONE)
    yield Figure("  mended by trading", found["traded"], target=NONE)
    yield Figure("  entries barred wrongly, or not", found["barred wrongly"], target=NONE)
    wrong = asyncio.run(random_fills(SEQUENCES, say))
    yield Figure("random sequences of fills", SEQUENCES, target=Bound("at least", SEQUENCES))
    yield Figure("  with cash or units not exact", wrong, target=NONE)
    broken = asyncio.run(stories(STORIES, say))
    yield Figure("stories of all who use an account at once", STORIES, target=Bound("at least", STORIES))
    yield Figure("  with an order lost or doubled, or units bare or oversold", broken, target=NONE)
    if sys.platform == "win32":
        say("no dealers are killed: there is no SIGKILL")
        return
    misses = killed_dealers(folder, KILLS, say)
    yield Figure("SIGKILLs of a dealer at a venue", KILLS, target=Bound("at least", KILLS))
    yield Figure("  orders doubled", misses.doubled + misses.unheard, target=NONE)
    yield Figure("  fills lost", misses.lost, target=NONE)
    yield Figure("  orders left unknown", misses.unknown, target=NONE)
    yield Figure("  orders, cash or units apart from the venue", misses.apart, target=NONE)
    for channel in CHANNELS:
        yield from kill_switch(folder, channel, HALTS, say)


async def lost_requests(cases: int, say: Say) -> Lost:
    """Desks whose requests and replies go astray."""
    chance, total = random.Random(SEED), Lost()  # noqa: S311 - a seed to repeat it by
    while total.cases < cases:
        say(f"lost {total.cases:,} times of {cases:,}")
        async with ccxt_desk() as desk:
            one = await lose(desk, min(A_DESK, cases - total.cases), chance)
        _add(one, total, say)
    return total


async def divergences(cases: int, say: Say) -> Counter[str]:
    """Restarts after somebody has changed the venue, or the journal."""
    chance, found = random.Random(SEED), Counter[str]()  # noqa: S311 - a seed to repeat it by
    kinds = sorted(PLANTED)
    for number in range(cases):
        what = kinds[number % len(kinds)]
        async with ccxt_desk() as desk:
            one = await plant_and_restart(desk, what, chance)
        found["planted"] += 1
        found["not named"] += not one.named
        found["traded"] += one.sent > 0
        found["barred wrongly"] += one.barred is not PLANTED[what]
        if not one.named or one.sent or one.barred is not PLANTED[what]:
            say(f"{number}: {what}: {one}")
        if number % 50 == 0:
            say(f"{number:,} divergences of {cases:,}")
    return found


async def random_fills(cases: int, say: Say) -> int:
    """How many sequences end with an account that is not the venue's to the last digit."""
    chance, wrong, done = random.Random(SEED), 0, 0  # noqa: S311 - a seed to repeat it by
    while done < cases:
        say(f"{done:,} sequences of fills of {cases:,}")
        async with ccxt_desk() as desk:
            without_socket(desk)
            for number in range(min(A_DESK, cases - done)):
                if not await sequence(desk, number, chance):
                    say(f"sequence {done + number}: not exact")
                    wrong += 1
                    break
                done += 1
            else:
                continue
            done += 1
    return wrong


async def stories(cases: int, say: Say) -> int:
    """How many stories of a round, its keeper, the market, faults and deaths break a promise."""
    broken = 0
    for number in range(cases):
        promises = await interleaved(SEED + number, CHAPTERS, SMALLEST[number % len(SMALLEST)])
        broken += bool(promises)
        for promise in promises:
            say(f"story {number}: {promise}")
        if number % 50 == 0:
            say(f"{number:,} stories of {cases:,}")
    return broken


def killed_dealers(folder: Path, kills: int, say: Say) -> Misses:
    """Dealers killed at random, over journals that are compared with their venues in another process."""
    chance, total, done = random.Random(SEED), Misses(), 0  # noqa: S311 - a seed to repeat it by
    while done < kills:
        say(f"killed {done:,} dealers of {kills:,}")
        place = folder / f"dealer-{done}.sqlite3"
        with Street() as street:
            for _ in range(min(A_SERIES, kills - done)):
                street.kill(place, done, chance.uniform(0.0, 0.5), dealing=done % 4 != 3)
                done += 1
            one = street.settled(place)
        _add(one, total, say)
    return total


def _add(one: Counts, total: Counts, say: Say) -> None:
    """Name what one series found, and count it with the others."""
    for name in one.named:
        say(name)
    for count in fields(total):
        before = getattr(total, count.name)
        if isinstance(before, int):
            setattr(total, count.name, before + getattr(one, count.name))


def kill_switch(folder: Path, channel: str, cases: int, say: Say) -> Iterator[Figure]:
    """Dealers that are halted while they deal, and something hangs."""
    say(f"{cases} halts by {channel}")
    with Street() as street:
        found = halts(street, folder, channel, cases, random.Random(SEED))  # noqa: S311 - a seed to repeat it by
    for name in found.named:
        say(name)
    yield Figure(f"halts by {channel} while dealing", found.cases, target=Bound("at least", cases))
    yield Figure("  orders sent before", found.orders)
    yield Figure(
        "  the last order after the halt", max(0.0, found.latest_s), "s", target=Bound("at most", WITHIN_S)
    )
    yield Figure("  with an order later than that", found.late, target=NONE)
