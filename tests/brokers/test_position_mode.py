"""Positions are netted; a venue that keeps them otherwise is refused in words before anything is sent."""

import pytest

from tests.contracts.ccxt_desk import SYMBOL, CcxtDesk
from trader.brokers import ccxt_client
from trader.brokers.ccxt_dialects import DIALECTS, Dialect
from trader.brokers.position_mode import KEPT, PositionMode, check_kept
from trader.domain.errors import UsageError


def test_every_exchange_that_somebody_has_proven_keeps_positions_as_they_are_kept_here() -> None:
    for name, dialect in DIALECTS.items():
        check_kept(name, dialect.positions)
    assert {PositionMode.NETTED} == KEPT


async def test_a_venue_with_hedged_positions_is_refused_before_it_is_asked_anything(
    desk: CcxtDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    hedged = Dialect(frozenset(), positions=PositionMode.HEDGED)
    monkeypatch.setattr(ccxt_client, "dialect_of", lambda exchange: hedged)
    client = ccxt_client.CcxtClient(desk.client.exchange, desk.client.address, desk.clock)
    asked = len(desk.venue.venue.asked)
    with pytest.raises(UsageError, match="positions hedged, a long and a short") as refused:
        await client.prepare((SYMBOL,))
    assert "one-way" in refused.value.hint
    assert len(desk.venue.venue.asked) == asked
