"""What the journal and a venue across a socket say differently is found, and never mended by trading."""

import random

import pytest

from tests.contracts.broker import protective
from tests.contracts.ccxt_desk import CcxtDesk
from tests.risk.books import order
from tests.venues.divergences import PLANTED, plant_and_restart
from trader.domain.orders import OrderState, Side
from trader.journal.records import Noted


@pytest.mark.parametrize("planted", PLANTED)
async def test_a_planted_divergence_is_found_and_nothing_is_sent(desk: CcxtDesk, planted: str) -> None:
    found = await plant_and_restart(desk, planted, random.Random(1))
    assert found.named
    assert found.sent == 0
    assert found.barred is PLANTED[planted]


async def test_what_cannot_be_explained_bars_entries_and_nothing_else(desk: CcxtDesk) -> None:
    await desk.send(order(limit="105"), protective("95"))
    await desk.trades_at("100")
    desk.venue.exchange.balances["USD"] -= 1
    report = await desk.keeper.reconcile()
    assert [one.what for one in report.inexplicable] == ["USD"]
    assert await desk.send(order(name="d2-e1", limit="105")) == [OrderState.NOT_SENT]
    assert "USD" in desk.events[-1].reason
    exit_ = order(Side.SELL, 10, "95", name="d3-x1", reduce_only=True)
    assert await desk.send(exit_) == [OrderState.ACKNOWLEDGED]
    await desk.trades_at("100")
    assert desk.account("100").quantity("AAPL") == 0
    desk.venue.exchange.balances["USD"] += 1
    assert (await desk.keeper.reconcile()).inexplicable == ()
    assert await desk.send(order(name="d4-e1", limit="105")) == [OrderState.ACKNOWLEDGED]


async def test_a_difference_is_noted_once(desk: CcxtDesk) -> None:
    desk.venue.exchange.balances["USD"] -= 1
    for _ in range(3):
        await desk.keeper.reconcile()
    notes = [one for one in desk.journal.records if isinstance(one, Noted)]
    assert [one.kind for one in notes] == ["divergence"]
    assert "inexplicable" in notes[0].text
