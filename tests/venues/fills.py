"""Random sequences of fills: partial, repeated, out of order, before the acknowledgement, with fees."""

import json
import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tests.contracts.broker import GTC, protective
from tests.contracts.ccxt_desk import SYMBOL, CcxtDesk
from tests.risk.books import order
from tests.venues.exchange import Refusal
from tests.venues.server import VERSION
from trader.domain.orders import Side

D = Decimal


def without_socket(desk: CcxtDesk) -> None:
    """The real ccxt asks the stand-in in memory: what is tried ten thousand times is not the network."""
    exchange, venue = desk.client.exchange, desk.venue.venue

    async def fetch(
        url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: str | None = None
    ) -> Any:
        parts = urlsplit(url)
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        try:
            answer = venue.answer(method, parts.path.removeprefix(VERSION), parts.query or body or "", sent)
        except Refusal as error:
            said = {"code": error.code, "msg": error.message}
            exchange.handle_errors(
                error.status, "Said", url, method, {}, json.dumps(said), said, headers, body
            )
            raise
        return json.loads(json.dumps(answer))

    exchange.fetch = fetch


async def sequence(desk: CcxtDesk, number: int, chance: random.Random) -> bool:
    """One entry, its stop, fills in parts, perhaps a cancel and an exit. Whether all is exact and covered."""
    venue = desk.venue.exchange
    venue.fee = chance.choice((D(0), D("0.001"), D("0.00075")))
    venue.fee_asset = chance.choice(("", "", "BNB"))
    desk.venue.venue.shuffle = chance.random() < 0.5
    units = chance.randint(2, 60)
    venue.print_trade("AAPLUSD", D("100"))
    name = f"f{number}"
    stop = protective("80", units).model_copy(
        update={"client_id": f"{name}-s1", "parent": f"{name}-e1", "decision": name}
    )
    entry = order(Side.BUY, units, "105", name=f"{name}-e1", good=GTC)
    await desk.send(entry.model_copy(update={"decision": name}), stop)
    for _ in range(chance.randint(0, 6)):
        price = D(chance.randint(9_000, 11_000)) / 100
        venue.print_trade("AAPLUSD", price, D(chance.randint(1, 20)))
        if chance.random() < 0.4:
            _forget(desk, chance)
            await desk.keeper.refresh()
    if chance.random() < 0.5:
        await desk.keeper.cancel(f"{name}-e1")
    await desk.keeper.refresh()
    held = desk.broker.ledger.quantity(SYMBOL)
    if held >= 1 and chance.random() < 0.7:
        leaving = order(Side.SELL, int(held), "50", name=f"{name}-x1", reduce_only=True, good=GTC)
        await desk.send(leaving)
        venue.print_trade("AAPLUSD", D(chance.randint(9_000, 11_000)) / 100, D(chance.randint(1, 60)))
        venue.print_trade("AAPLUSD", D(chance.randint(9_000, 11_000)) / 100)
    _forget(desk, chance)
    await desk.keeper.refresh()
    await desk.keeper.cancel(f"{name}-e1")
    await desk.keeper.refresh()
    return exact(desk) and protected(desk)


def exact(desk: CcxtDesk) -> bool:
    """Whether cash and units are the venue's to the last digit, and the journal folds to the same."""
    ledger = desk.broker.ledger
    return (ledger.cash, ledger.quantity(SYMBOL)) == desk.truth


def protected(desk: CcxtDesk) -> bool:
    """Whether working stops cover every whole unit that is held."""
    ledger = desk.broker.ledger
    covered = sum(one.remaining for one in ledger.working(SYMBOL) if one.order.stop_price is not None)
    return covered == ledger.instruments[SYMBOL].lots(ledger.quantity(SYMBOL))


def _forget(desk: CcxtDesk, chance: random.Random) -> None:
    """The venue tells its trades again, from somewhere in the past."""
    read = desk.broker._trades.cursors[SYMBOL]
    desk.broker._trades.cursors[SYMBOL] = max(0, read - chance.randint(0, 12))
