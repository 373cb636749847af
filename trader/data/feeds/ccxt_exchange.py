"""An exchange through ccxt, opened for nothing but its sandbox, with numbers as text and no second tries.

What ccxt really does when something goes wrong decides how it is set up here: `maxRetriesOnFailure` sends an
order twice, and `number=Decimal` stops all rounding, while `number=str` rounds and stays exact.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from trader.domain.errors import MissingExtra, Refused, UnknownName, UsageError

Exchange: TypeAlias = Any
"""A class of ccxt's, which has no types."""


@dataclass(frozen=True)
class Keys:
    """What signs requests; it never shows itself."""

    key: SecretStr
    secret: SecretStr


@dataclass(frozen=True)
class Address:
    """Which exchange, and where it is."""

    exchange: str
    """As ccxt calls it: `binance`."""
    stand_in: str = ""
    """`http://127.0.0.1:PORT` of a program that plays the exchange on this machine; else its sandbox."""
    recv_window_ms: int = 5000
    """How late a request may reach the venue and still count."""
    timeout_s: float = 10.0
    """How long an answer is waited for."""

    @property
    def name(self) -> str:
        """As traces name it."""
        return f"ccxt:{self.exchange}"


@asynccontextmanager
async def opened(address: Address, keys: Keys | None = None) -> AsyncIterator[Exchange]:
    """The exchange's sandbox until the block ends; with `keys` its private side too. Nothing is sent yet.

    Raises MissingExtra without ccxt, UnknownName for no exchange, Refused where nothing proves that it is
    paper: an exchange without a sandbox, or a stand-in that is not on this machine.
    """
    exchange = _made(address, keys)
    try:
        _move_to_sandbox(exchange, address)
        yield exchange
    finally:
        await exchange.close()


def _made(address: Address, keys: Keys | None) -> Exchange:
    try:
        import ccxt.async_support as library
    except ImportError:
        raise MissingExtra("ccxt", "brokers") from None
    if address.exchange not in library.exchanges:
        raise UnknownName("exchange", address.exchange, library.exchanges)
    config: dict[str, Any] = {
        "number": str,
        "enableRateLimit": not address.stand_in,
        "timeout": int(address.timeout_s * 1000),
        "maxRetriesOnFailure": 0,
        "options": {
            "defaultType": "spot",
            "recvWindow": address.recv_window_ms,
            "maxRetriesOnFailure": 0,
            "fetchMargins": False,
            "fetchMarkets": {"types": ["spot"]},
            "warnOnFetchOpenOrdersWithoutSymbol": False,
        },
    }
    if keys is not None:
        config |= {"apiKey": keys.key.get_secret_value(), "secret": keys.secret.get_secret_value()}
    exchange = getattr(library, address.exchange)(config)
    exchange.has["fetchCurrencies"] = False  # it asks an address that sandboxes do not have
    return exchange


def _move_to_sandbox(exchange: Exchange, address: Address) -> None:
    """Point every request at the sandbox, and make sure that it is there that they point."""
    real, sandbox = hosts(exchange.urls["api"]), hosts(exchange.urls.get("test") or {})
    if not sandbox or sandbox & real:
        raise Refused(
            f"{address.exchange} has no sandbox that ccxt knows: nothing would prove that its money is paper",
            hint="trader run --mode paper --broker paper",
        )
    exchange.set_sandbox_mode(True)
    if address.stand_in:
        place = urlsplit(address.stand_in)
        if not is_loopback(place.hostname or ""):
            raise Refused(
                f"{address.stand_in}: a stand-in is on this machine, and this address is not",
                hint="venue.stand_in = 'http://127.0.0.1:PORT', or leave it out for the venue's sandbox",
            )
        exchange.urls["api"] = _moved(exchange.urls["api"], place.scheme, place.netloc)
        sandbox = {place.netloc}
    if not hosts(exchange.urls["api"]) <= sandbox:
        raise Refused(f"{address.exchange}: its sandbox leads elsewhere: {exchange.urls['api']}")


def hosts(urls: Any) -> set[str]:
    """Every host, with its port, in ccxt's table of addresses."""
    if isinstance(urls, str):
        return {urlsplit(urls).netloc}
    return set().union(*(hosts(inner) for inner in urls.values())) if urls else set()


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _moved(urls: Any, scheme: str, netloc: str) -> Any:
    if isinstance(urls, Mapping):
        return {name: _moved(inner, scheme, netloc) for name, inner in urls.items()}
    parts = urlsplit(urls)
    return urlunsplit((scheme, netloc, parts.path, parts.query, ""))


def exchange_of(name: str) -> str:
    """The exchange in `ccxt:EXCHANGE`. Raises UsageError."""
    kind, _, exchange = name.partition(":")
    if kind != "ccxt" or not exchange:
        raise UsageError(f"{name}: not a venue", hint="for example ccxt:binance")
    return exchange
