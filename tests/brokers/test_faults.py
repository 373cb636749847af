"""What must hold whatever happens at a venue; `python -m benchmarks faults` has the full counts."""

import random
import sys
from pathlib import Path

import pytest

from tests.contracts.ccxt_desk import CcxtDesk, ccxt_desk
from tests.venues.dealer import Street
from tests.venues.fills import exact, sequence, without_socket
from tests.venues.halts import CHANNELS, halts
from tests.venues.losses import lose
from trader.brokers.ledger import fold

LOST = 60
SEQUENCES = 60
KILLS = 6
HALTS = 1


async def test_whatever_is_lost_there_is_one_order_where_the_venue_took_it_and_none_elsewhere(
    desk: CcxtDesk,
) -> None:
    found = await lose(desk, LOST, random.Random(1))
    assert found.named == []
    assert (found.cases, found.doubled, found.missed, found.wrong) == (LOST, 0, 0, 0)


async def test_random_fills_leave_cash_and_position_exact() -> None:
    async with ccxt_desk() as desk:
        without_socket(desk)
        chance = random.Random(2)
        for number in range(SEQUENCES):
            assert await sequence(desk, number, chance), number
        again = fold(desk.book, desk.broker.ledger.instruments.values(), desk.rows)
        assert (again.cash, again.holdings) == (desk.broker.ledger.cash, desk.broker.ledger.holdings)
        assert exact(desk)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_killed_dealers_double_nothing_and_lose_nothing(tmp_path: Path) -> None:
    chance, place = random.Random(3), tmp_path / "journal.sqlite3"
    with Street() as street:
        for number in range(KILLS):
            street.kill(place, number, chance.uniform(0.0, 0.4), dealing=number % 4 != 3)
        found = street.settled(place)
        truth = street.truth()
    assert found.named == []
    assert found.total == 0
    assert truth["orders"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("channel", CHANNELS)
def test_no_order_leaves_later_than_a_second_after_the_kill_switch(tmp_path: Path, channel: str) -> None:
    with Street() as street:
        found = halts(street, tmp_path, channel, HALTS, random.Random(4))
    assert found.named == []
    assert (found.cases, found.late) == (HALTS, 0)
    assert found.orders >= HALTS
