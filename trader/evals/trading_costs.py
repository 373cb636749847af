"""What trading took, by kind, and what the same fills would have left at other costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trader.brokers.costs import BASIS_POINT, SMALLEST_AMOUNT, CostModel
from trader.data.market import Market
from trader.domain.orders import Fill
from trader.domain.portfolio import AccountEntry, EntryKind, sum_exact
from trader.evals.run_summary import worse_than_market

SIDES_BPS = (0, 5, 10, 25)
"""Costs a side, in basis points, at which the same fills are priced; results are stated at 10."""


@dataclass(frozen=True)
class TradingCosts:
    """In the account's currency; all but `dividends` were paid."""

    fees: Decimal
    half_spread: Decimal
    slippage: Decimal
    borrowing: Decimal
    """What shorts cost, and what perpetual contracts paid for being held."""
    models_usd: Decimal
    """What language models took, in US dollars: not in the account."""
    dividends: Decimal
    """Received, or paid on shorts."""
    notional: Decimal
    """Traded, at the market's price before costs: what basis points are counted on."""

    @property
    def trading(self) -> Decimal:
        """Fees, half the spread and slippage."""
        return self.fees + self.half_spread + self.slippage


def trading_costs(
    fills: Sequence[Fill],
    entries: Sequence[AccountEntry],
    market: Market,
    costs: CostModel,
    models_usd: Decimal,
) -> TradingCosts:
    """Of all fills and entries of a book; spread and slippage share what a fill was worse than the market."""
    worse = [(fill, worse_than_market(fill, market)) for fill in fills]
    spread = sum_exact(amount * _spread_share(fill, market, costs) for fill, amount in worse)
    spread = spread.quantize(SMALLEST_AMOUNT)
    return TradingCosts(
        fees=sum_exact(fill.fee for fill in fills) - _moved(entries, EntryKind.FEE),
        half_spread=spread,
        slippage=sum_exact(amount for _, amount in worse) - spread,
        borrowing=-_moved(entries, EntryKind.BORROW) - _moved(entries, EntryKind.FUNDING),
        models_usd=models_usd,
        dividends=_moved(entries, EntryKind.DIVIDEND),
        notional=sum_exact(
            market.instruments[fill.symbol].notional(fill.quantity, fill.market or fill.price) * fill.rate
            for fill in fills
        ),
    )


def repriced(found: TradingCosts, start: Decimal, end: Decimal) -> dict[int, float]:
    """Basis points a side -> net return of the same fills at that cost: a straight line, never rising."""
    before = end + found.trading
    return {bps: float((before - bps * BASIS_POINT * found.notional) / start - 1) for bps in SIDES_BPS}


def _moved(entries: Sequence[AccountEntry], kind: EntryKind) -> Decimal:
    return sum_exact(entry.cash for entry in entries if entry.kind is kind)


def _spread_share(fill: Fill, market: Market, costs: CostModel) -> Decimal:
    cost = costs.of(market.instruments[fill.symbol])
    both = cost.half_spread_bps + cost.slippage_bps
    return cost.half_spread_bps / both if both else Decimal(0)
