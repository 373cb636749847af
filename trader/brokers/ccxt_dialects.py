"""What differs between exchanges behind ccxt's one face: a row for each that somebody has proven."""

from collections.abc import Mapping
from dataclasses import dataclass

from trader.brokers.position_mode import PositionMode
from trader.domain.errors import UnknownName


@dataclass(frozen=True)
class Dialect:
    """How one exchange is asked."""

    refusals: frozenset[int]
    """Codes of its answers that prove that an order was not taken, and that ccxt's classes do not tell."""
    by_client_id: bool = True
    """Whether an order can be asked for by its client id; else open and recent ones are looked through."""
    trade_cursor: str = "fromId"
    """The parameter that names the first trade of a page, where trades are counted upwards."""
    positions: PositionMode = PositionMode.NETTED
    """How it keeps them in the markets that are traded here, which are spot."""


BINANCE_REFUSALS = frozenset(
    {
        -1013,  # a filter: lot, price, notional, number of orders
        -1020,  # not supported
        -1021,  # outside of recvWindow
        -1022,  # signature
        *range(-1108, -1099),  # parameters
        -1111,  # too precise
        *range(-1131, -1113),  # parameters that do not go together; unknown symbol or type
        -2014,  # a key of another form
    }
)
"""From "Error codes" in its documentation. Not -1016 (maintenance), nor -2015, which may be a ban."""

DIALECTS: Mapping[str, Dialect] = {"binance": Dialect(BINANCE_REFUSALS)}


def dialect_of(exchange: str) -> Dialect:
    """How `exchange` is asked. Raises UnknownName for one that nobody has proven yet."""
    if exchange not in DIALECTS:
        raise UnknownName("exchange for --broker", exchange, DIALECTS)
    return DIALECTS[exchange]
