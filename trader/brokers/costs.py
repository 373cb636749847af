"""What trading costs: the venue's fee, half the spread, and slippage, in basis points of the price, a side.

The default is 10 basis points a side in all for every asset class. It is what results are stated at, and
no venue's quotation.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from trader.domain.instruments import AssetClass, Instrument
from trader.domain.orders import Side
from trader.domain.value import Amount, Value

BASIS_POINT = Decimal("0.0001")
SMALLEST_AMOUNT = Decimal("0.00000001")
"""Fees and costs are kept to the eighth decimal, so that sums stay exact."""


class Cost(Value):
    """Costs of one side, in basis points of the price."""

    fee_bps: Amount
    half_spread_bps: Amount
    slippage_bps: Amount

    @property
    def total_bps(self) -> Decimal:
        """All of it."""
        return self.fee_bps + self.half_spread_bps + self.slippage_bps

    def scaled(self, total_bps: Decimal | None) -> "Cost":
        """The same parts of another total; as it is where there is none."""
        if total_bps is None:
            return self
        share = total_bps / self.total_bps
        return Cost(
            fee_bps=self.fee_bps * share,
            half_spread_bps=self.half_spread_bps * share,
            slippage_bps=self.slippage_bps * share,
        )


def _cost(fee: str, half_spread: str, slippage: str) -> Cost:
    return Cost(fee_bps=Decimal(fee), half_spread_bps=Decimal(half_spread), slippage_bps=Decimal(slippage))


DEFAULT_COSTS: Mapping[AssetClass, Cost] = {
    AssetClass.EQUITY: _cost("1", "2", "7"),
    AssetClass.CRYPTO: _cost("6", "1", "3"),
    AssetClass.FX: _cost("0.5", "1", "8.5"),
    AssetClass.FUTURE: _cost("1", "2", "7"),
    AssetClass.INDEX: _cost("1", "2", "7"),
}
"""Fee, half spread, slippage: ten in all. Crypto venues charge most of it, currencies almost nothing."""


class CostModel(Value):
    """Costs by asset class; what is set here stands in for the default of every class."""

    total_bps: Amount | None = None
    """What a side costs in all, split as the asset class has it by default. Unset: ten."""
    fee_bps: Amount | None = None
    half_spread_bps: Amount | None = None
    slippage_bps: Amount | None = None

    def of(self, instrument: Instrument) -> Cost:
        """One side's costs."""
        default = DEFAULT_COSTS[instrument.asset_class].scaled(self.total_bps)
        return Cost(
            fee_bps=default.fee_bps if self.fee_bps is None else self.fee_bps,
            half_spread_bps=default.half_spread_bps if self.half_spread_bps is None else self.half_spread_bps,
            slippage_bps=default.slippage_bps if self.slippage_bps is None else self.slippage_bps,
        )

    def round_trip(self, instrument: Instrument) -> float:
        """A purchase and a sale, as a fraction of the price."""
        return float(2 * self.of(instrument).total_bps * BASIS_POINT)

    def price(self, instrument: Instrument, side: Side, price: Decimal) -> Decimal:
        """What a market order pays or gets when the market is at `price`: on the tick, rounded against us.

        A sale gets at least one tick.
        """
        cost = self.of(instrument)
        against = (cost.half_spread_bps + cost.slippage_bps) * BASIS_POINT
        if side is Side.BUY:
            return instrument.price_at_least(price * (1 + against))
        return max(instrument.tick_size, instrument.price_at_most(price * (1 - against)))

    def fee(self, instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
        """The venue's fee for a fill, in the instrument's currency, to the eighth decimal."""
        exact = abs(instrument.notional(quantity, price)) * self.of(instrument).fee_bps * BASIS_POINT
        return exact.quantize(SMALLEST_AMOUNT, ROUND_HALF_EVEN)
