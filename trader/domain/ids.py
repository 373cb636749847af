"""Names of things. What happens again has the same name again: ids come from what they name.

Only books and runs, which are lifetimes and not facts, have ULIDs: time, then randomness from the caller.
"""

import base64
import hashlib
from datetime import datetime
from functools import lru_cache
from typing import NewType

BacktestId = NewType("BacktestId", str)
BookId = NewType("BookId", str)
RunId = NewType("RunId", str)
RoundId = NewType("RoundId", str)
DecisionId = NewType("DecisionId", str)
ClientOrderId = NewType("ClientOrderId", str)

ENTRY, EXIT, STOP, TARGET = "e", "x", "s", "t"
"""The legs of a client order id."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CLIENT_ID_LENGTH = 24
"""The longest client order id: what every venue so far allows."""


def _sixteen(*parts: str) -> str:
    """16 lower-case base32 characters (80 bits) of SHA-256 over the parts, each closed by a zero byte."""
    hashed = hashlib.sha256("".join(part + "\0" for part in parts).encode()).digest()
    return base64.b32encode(hashed[:10]).decode().lower()


def _moment(at: datetime) -> str:
    return at.isoformat()


def backtest_id(plan: str) -> BacktestId:
    """`b` + 16 characters of the digest of everything that a backtest's books come from."""
    return BacktestId("b" + _sixteen(plan))


def round_id(book: BookId, as_of: datetime) -> RoundId:
    """`r` + 16 characters."""
    return RoundId("r" + _sixteen(book, _moment(as_of)))


@lru_cache(maxsize=1024)
def decision_id(book: BookId, as_of: datetime, symbol: str, horizon: int) -> DecisionId:
    """`d` + 16 characters of (book, as_of, instrument, horizon)."""
    return DecisionId("d" + _sixteen(book, _moment(as_of), symbol, str(horizon)))


def flatten_id(book: BookId, command: str, symbol: str) -> DecisionId:
    """`f` + 16 characters of (book, command, instrument): what a person ordered in place of a decision."""
    return DecisionId("f" + _sixteen(book, command, symbol))


def client_order_id(decision: DecisionId, leg: str, number: int = 1) -> ClientOrderId:
    """`{decision}-{e|x|s|t}{n}`: at most 24 characters of `[a-z0-9-]`."""
    text = f"{decision}-{leg}{number}"
    if leg not in (ENTRY, EXIT, STOP, TARGET) or len(text) > CLIENT_ID_LENGTH:
        raise ValueError(f"not a client order id: {text}")
    return ClientOrderId(text)


def decision_of(order: ClientOrderId) -> DecisionId:
    """The decision that a client order id was made from."""
    return DecisionId(order.rsplit("-", 1)[0])


def trade_id(book: BookId, symbol: str, opened_by: str, closed_at: datetime) -> str:
    """`t` + 16 characters of (book, instrument, the order that opened the trade, the moment of its close)."""
    return "t" + _sixteen(book, symbol, opened_by, _moment(closed_at))


def signal_id(source: str, symbol: str, at: datetime, content: str = "") -> str:
    """`s` + 16 characters: the same alert sent twice has the same id."""
    return "s" + _sixteen(source, symbol, _moment(at), content)


def ulid(at: datetime, randomness: bytes) -> str:
    """A ULID: 48 bits of milliseconds, 80 bits of `randomness` (10 bytes), in Crockford's base32."""
    if len(randomness) != 10:
        raise ValueError("a ULID takes 10 random bytes")
    number = (int(at.timestamp() * 1000) << 80) | int.from_bytes(randomness, "big")
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
