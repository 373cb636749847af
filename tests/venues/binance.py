"""Binance's REST for spot, as its documentation gives it: who may ask, and the shapes of answers."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.venues.exchange import Exchange, Listing, Placed, Refusal, Trade

D = Decimal
KEY, SECRET = "k" * 64, "s" * 64
ONE = D(1)
RECV_WINDOW_MS = 5000
AHEAD_MS = 1000
PAGE = 1000
UID = 354937868
Bar = tuple[int, str, str, str, str, str]
"""Opening in milliseconds; open, high, low, close, volume."""


def text(amount: Decimal) -> str:
    return f"{amount:.8f}"


@dataclass
class Binance:
    """One account's door to an exchange."""

    exchange: Exchange
    key: str = KEY
    secret: str = SECRET
    bars: Callable[[str, str], list[Bar]] = lambda symbol, interval: []
    revoked: bool = False
    ask_over_bid: Decimal = ONE
    shuffle: bool = False
    """Trades are told newest first, and each twice."""
    asked: list[str] = field(default_factory=list)
    """Every request: method, path and client id."""
    asked_at: list[tuple[str, int]] = field(default_factory=list)
    """Method and path of every request, and its moment in milliseconds."""

    def answer(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Any:
        """What the venue says, as JSON. Raises Refusal."""
        asked = dict(parse_qsl(query, keep_blank_values=True))
        name = asked.get("newClientOrderId") or asked.get("origClientOrderId") or ""
        self.asked.append(f"{method} {path} {name}".strip())
        self.asked_at.append((f"{method} {path}", self.exchange.now_ms()))
        public = {
            "GET /ping": lambda _: {},
            "GET /time": lambda _: {"serverTime": self.exchange.now_ms()},
            "GET /exchangeInfo": self._exchange_info,
            "GET /klines": self._klines,
            "GET /ticker/24hr": self._ticker,
            "GET /ticker/bookTicker": self._book_ticker,
        }
        signed = {
            "GET /account": self._account,
            "POST /order": self._place,
            "GET /order": self._order,
            "DELETE /order": self._cancel,
            "GET /openOrders": self._open_orders,
            "GET /allOrders": self._all_orders,
            "GET /myTrades": self._my_trades,
        }
        route = f"{method} {path}"
        if route in public:
            return public[route](asked)
        if route not in signed:
            raise Refusal(-1000, f"no such path: {route}", 404)
        self._authenticate(query, asked, headers)
        return signed[route](asked)

    def _authenticate(self, query: str, asked: Mapping[str, str], headers: Mapping[str, str]) -> None:
        if headers.get("x-mbx-apikey") != self.key or self.revoked:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        signed, _, signature = query.rpartition("&signature=")
        expected = hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise Refusal(-1022, "Signature for this request is not valid.")
        self.check_time(asked)

    def check_time(self, asked: Mapping[str, str]) -> None:
        stamp, window = int(asked["timestamp"]), int(asked.get("recvWindow", RECV_WINDOW_MS))
        now = self.exchange.now_ms()
        if stamp >= now + AHEAD_MS:
            raise Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if now - stamp > window:
            raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")

    def _exchange_info(self, asked: Mapping[str, str]) -> Any:
        return {
            "timezone": "UTC",
            "serverTime": self.exchange.now_ms(),
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [described(one) for one in self.exchange.listings.values()],
        }

    def _klines(self, asked: Mapping[str, str]) -> Any:
        bars = self.bars(self.exchange.listing(asked["symbol"]).symbol, asked["interval"])
        start, end = int(asked.get("startTime", 0)), int(asked.get("endTime", 1 << 62))
        limit = int(asked.get("limit", 500))
        kept = [bar for bar in bars if start <= bar[0] <= end]
        kept = kept[:limit] if "startTime" in asked else kept[-limit:]
        return [[*bar, bar[0] + 1, "0", 1, "0", "0", "0"] for bar in kept]

    def _ticker(self, asked: Mapping[str, str]) -> Any:
        last = self.exchange.last[self.exchange.listing(asked["symbol"]).symbol]
        return {
            "symbol": asked["symbol"],
            "lastPrice": text(last),
            "bidPrice": text(last),
            "askPrice": text(last * self.ask_over_bid),
            "closeTime": self.exchange.now_ms(),
        }

    def _book_ticker(self, asked: Mapping[str, str]) -> Any:
        last = text(self.exchange.last[self.exchange.listing(asked["symbol"]).symbol])
        return {"symbol": asked["symbol"], "bidPrice": last, "bidQty": "1", "askPrice": last, "askQty": "1"}

    def _account(self, asked: Mapping[str, str]) -> Any:
        venue = self.exchange
        return {
            "makerCommission": 0,
            "takerCommission": 0,
            "canTrade": True,
            "accountType": "SPOT",
            "uid": UID,
            "updateTime": venue.now_ms(),
            "balances": [
                {"asset": asset, "free": text(venue.free(asset)), "locked": text(venue.locked(asset))}
                for asset in venue.balances
            ],
            "permissions": ["SPOT"],
        }

    def _place(self, asked: Mapping[str, str]) -> Any:
        for name in ("symbol", "side", "type", "quantity"):
            if name not in asked:
                raise Refusal(-1102, f"Mandatory parameter '{name}' was not sent.")
        before = len(self.exchange.trades)
        one = self.exchange.place(
            asked["symbol"],
            asked["side"],
            asked["type"],
            D(asked["quantity"]),
            D(asked.get("price", "0")),
            D(asked.get("stopPrice", "0")),
            asked.get("timeInForce", "GTC"),
            asked.get("newClientOrderId", ""),
        )
        fills = [
            {
                "price": text(trade.price),
                "qty": text(trade.quantity),
                "commission": text(trade.fee),
                "commissionAsset": trade.fee_asset,
                "tradeId": trade.id,
            }
            for trade in self.exchange.trades[before:]
            if trade.order == one.id
        ]
        return {**shown(one), "transactTime": one.at_ms, "fills": fills}

    def _order(self, asked: Mapping[str, str]) -> Any:
        return shown(self._found(asked))

    def _cancel(self, asked: Mapping[str, str]) -> Any:
        try:
            one = self._found(asked)
        except Refusal:
            raise Refusal(-2011, "Unknown order sent.") from None
        self.exchange.cancel(one)
        # The cancel has an id of its own; the order's is told beside it.
        return {**shown(one), "clientOrderId": f"cancel{one.id}", "origClientOrderId": one.client_id}

    def _open_orders(self, asked: Mapping[str, str]) -> Any:
        return [shown(one) for one in self.exchange.open_orders(asked.get("symbol", ""))]

    def _all_orders(self, asked: Mapping[str, str]) -> Any:
        first = int(asked.get("orderId", 0))
        known = self.exchange.orders.values()
        return [shown(one) for one in known if one.symbol == asked["symbol"] and one.id >= first][-500:]

    def _my_trades(self, asked: Mapping[str, str]) -> Any:
        first, limit = int(asked.get("fromId", 0)), int(asked.get("limit", 500))
        kept = [
            told(trade)
            for trade in self.exchange.trades
            if trade.symbol == asked["symbol"]
            and trade.id >= first
            and ("orderId" not in asked or trade.order == int(asked["orderId"]))
        ]
        page = kept[:limit] if "fromId" in asked else kept[-limit:]
        return [one for one in reversed(page) for _ in range(2)] if self.shuffle else page

    def _found(self, asked: Mapping[str, str]) -> Placed:
        if "origClientOrderId" in asked:
            return self.exchange.of_client(asked["origClientOrderId"])
        found = self.exchange.orders.get(int(asked["orderId"]))
        if found is None:
            raise Refusal(-2013, "Order does not exist.")
        return found


def shown(one: Placed) -> dict[str, Any]:
    """An order as the venue tells of it."""
    return {
        "symbol": one.symbol,
        "orderId": one.id,
        "orderListId": -1,
        "clientOrderId": one.client_id,
        "price": text(one.price),
        "origQty": text(one.quantity),
        "executedQty": text(one.filled),
        "cummulativeQuoteQty": text(one.spent),
        "status": one.status,
        "timeInForce": one.time_in_force,
        "type": one.type,
        "side": one.side,
        "stopPrice": text(one.stop),
        "time": one.at_ms,
        "updateTime": one.updated_ms,
        "isWorking": not one.waits_for_stop,
    }


def told(trade: Trade) -> dict[str, Any]:
    """A trade as the venue tells of it."""
    return {
        "symbol": trade.symbol,
        "id": trade.id,
        "orderId": trade.order,
        "price": text(trade.price),
        "qty": text(trade.quantity),
        "quoteQty": text(trade.quantity * trade.price),
        "commission": text(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.at_ms,
        "isBuyer": trade.buyer,
        "isMaker": False,
        "isBestMatch": True,
    }


def described(one: Listing) -> dict[str, Any]:
    """A market as the venue lists it."""
    return {
        "symbol": one.symbol,
        "status": "TRADING",
        "baseAsset": one.base,
        "baseAssetPrecision": 8,
        "quoteAsset": one.quote,
        "quotePrecision": 8,
        "orderTypes": list(one.types),
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": text(one.tick),
                "maxPrice": "1000000.00000000",
                "tickSize": text(one.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": text(one.lot),
                "maxQty": text(one.max_quantity),
                "stepSize": text(one.lot),
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": text(one.min_notional),
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": ["SPOT"],
    }
