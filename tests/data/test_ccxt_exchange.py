"""An exchange is opened for its sandbox, or not at all."""

import ccxt.async_support as library
import pytest
from pydantic import SecretStr

from trader.data.feeds.ccxt_exchange import Address, Keys, exchange_of, hosts, is_loopback, opened
from trader.domain.errors import Refused, UnknownName, UsageError

KEYS = Keys(SecretStr("planted-key"), SecretStr("planted-secret"))


async def test_every_address_of_the_sandbox_is_another_than_the_real_ones() -> None:
    async with opened(Address("binance"), KEYS) as exchange:
        now = hosts(exchange.urls["api"])
        assert now
        assert not now & hosts(library.binance().urls["api"])
        assert "testnet.binance.vision" in now


async def test_with_a_stand_in_every_address_is_on_this_machine() -> None:
    async with opened(Address("binance", "http://127.0.0.1:7"), KEYS) as exchange:
        assert hosts(exchange.urls["api"]) == {"127.0.0.1:7"}


@pytest.mark.parametrize("place", ["http://10.0.0.1:80", "https://api.binance.com", "http://example.org"])
async def test_a_stand_in_elsewhere_is_refused(place: str) -> None:
    with pytest.raises(Refused, match="is on this machine") as refused:
        async with opened(Address("binance", place), KEYS):
            pass
    assert refused.value.hint


async def test_an_exchange_without_a_sandbox_is_refused() -> None:
    without = next(name for name in library.exchanges if not getattr(library, name)().urls.get("test"))
    with pytest.raises(Refused, match="no sandbox"):
        async with opened(Address(without), KEYS):
            pass


async def test_an_exchange_that_is_none_names_the_nearest() -> None:
    with pytest.raises(UnknownName) as unknown:
        async with opened(Address("binanse"), KEYS):
            pass
    assert "binance" in unknown.value.hint


async def test_numbers_stay_text_and_nothing_is_sent_twice() -> None:
    async with opened(Address("binance", "http://127.0.0.1:7"), KEYS) as exchange:
        assert exchange.number is str
        assert exchange.options["maxRetriesOnFailure"] == 0


def test_keys_do_not_show_themselves() -> None:
    assert "planted" not in repr(KEYS)


@pytest.mark.parametrize("name", ["ccxt", "ccxt:", "paper", "binance"])
def test_a_venue_is_named_with_its_library(name: str) -> None:
    with pytest.raises(UsageError, match="not a venue"):
        exchange_of(name)


def test_loopback_is_this_machine_alone() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "127.8.9.1")] == [True] * 4
    assert not any(is_loopback(host) for host in ("0.0.0.0", "10.1.1.1", "binance.com", ""))
