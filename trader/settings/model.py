"""Every setting with its type, its default and its sentence. The documentation is made from this file."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, Strict, model_serializer

from trader.domain.market import Timeframe
from trader.domain.value import Amount, Number, Value
from trader.settings.forecast import Forecast
from trader.settings.llm import Llm
from trader.settings.memory import Memory
from trader.settings.section import NUMERIC, Names, NotNegative, Positive, Section, Share, Text, Whole
from trader.settings.venue import Venue


class Desk(Section):
    """How the desk judges and sizes."""

    horizon: Annotated[Whole, Field(gt=0)] | None = None
    """Bars ahead that everybody forecasts. Unset: 5 daily bars, 32 of 15 minutes, 24 of any other length."""
    quorum: Annotated[Whole, Field(ge=1)] = 2
    """Forecasting seniors that must answer, else the decision is undecided."""
    minimum_agreement: Share = 0.5
    """Share of the forecasting weight that must find an increase worth its cost."""
    self_agreement: Share = 0.6
    """Share of an agent's `samples` that must be on its own side, else nothing grows."""
    signal_confidence: Share = 0.6
    """Outside signals that state less confidence than this are not looked at."""
    max_consulted: Annotated[Whole, Field(ge=1)] = 24
    """Agents consulted for one decision, at most."""
    kelly_fraction: Share = 0.25
    """Share of Kelly's fraction that is staked."""
    volatility_ceiling: Positive = 0.02
    """A weight is at most this over the annual volatility: what one position may move equity in a year."""
    band: Share = 0.005
    """No trade for a difference smaller than this share of equity."""
    band_share: Share = 0.1
    """No trade for a difference smaller than this share of the target."""
    stop_atr: Positive = 3.0
    """Average true ranges from the price to the protective stop, where no opinion names a farther one."""
    pooling: Annotated[Text, Field(pattern="^(map|fixed-share)$")] = "map"
    """How weights of the pool are learned: `map`, the posterior mode, or `fixed-share`, from case to case."""
    regimes: Annotated[Text, Field(pattern="^(tried|off)$")] = "tried"
    """`tried`: calibration and weights are kept apart by regime where that forecast better; `off`: never."""
    refit_bars: Annotated[Whole, Field(ge=1)] = 5
    """Bars between two fits of calibration, weights and payoffs."""
    refit_forecaster: Annotated[Whole, Field(ge=1)] = 21
    """Bars between two trainings of the forecaster."""


class Paper(Section):
    """The simulated account, and what trading costs there."""

    cash: Annotated[Amount, Field(gt=0), NUMERIC] = Decimal(100_000)
    """Opening balance, in the account's currency."""
    currency: Annotated[Text, Field(pattern="^[A-Z]{3,5}$")] = "USD"
    """The account's currency."""
    rates: Names = ()
    """Pairs of the feed, such as `EURUSD`, whose closes are the rates of other currencies."""
    participation: Annotated[Number, Field(gt=0, le=1), NUMERIC] = 0.1
    """Share of a bar's volume that one order may fill."""
    cost_bps: NotNegative | None = None
    """Costs of a side in all, in basis points; what is unset below has its part of it. Unset: 10."""
    fee_bps: NotNegative | None = None
    """Fee a side, in basis points of the notional. Unset: by asset class."""
    half_spread_bps: NotNegative | None = None
    """Half the spread, in basis points of the price. Unset: by asset class."""
    slippage_bps: NotNegative | None = None
    """Slippage a side, in basis points of the price. Unset: by asset class."""
    borrow_rate: NotNegative | None = None
    """What it costs a year to borrow for a short sale, as a fraction. Unset: nothing can be borrowed."""
    funding_rate: Annotated[Number, Field(ge=-1, le=1), NUMERIC] | None = None
    """What longs of a perpetual contract pay its shorts every eight hours, as a fraction. Unset: nothing."""


class Run(Section):
    """What `trader run` does when no flag says otherwise."""

    feed: Text = "sample"
    """Where bars come from: `sample`, `files:DIR` for your own, or `ccxt:EXCHANGE`, polled at each close."""
    broker: Text = "paper"
    """Where orders go: `paper`, or `ccxt:EXCHANGE` for the sandbox of an exchange."""
    symbols: Names = ()
    """What to trade. Empty: the feed's default."""
    timeframe: Timeframe | None = None
    """Length of a bar. Unset: the feed's own."""
    start: date | None = None
    """First day to decide on. Unset: the feed's default."""
    end: date | None = None
    """Last day to decide on. Unset: as far as the data goes."""
    cycles: Annotated[Whole, Field(ge=1)] | None = None
    """Stop after so many rounds. Unset: at the end of the data."""
    speed: NotNegative = 0.0
    """Rounds a second, at most. 0: as fast as they go."""
    approval: Annotated[Text, Field(pattern=r"^(never|always|over:[0-9]+(\.[0-9]+)?)$")] = "never"
    """Which increases a person must approve: `never`, `always`, or `over:5000` in the account's currency."""
    dry_run: Annotated[bool, Strict()] = False
    """Decide, rule and write down, and send no order. `DRY_RUN=1` in the environment sets it."""
    seed: Annotated[Whole, Field(ge=0)] = 0
    """Seeds whatever is drawn at random."""


class Settings(Value):
    """Everything that was set, and the defaults of what was not."""

    desk: Desk = Desk()
    paper: Paper = Paper()
    run: Run = Run()
    risk: dict[str, Any] = {}
    """`[risk]` as it was written; numbers are int or Decimal. The limits validate it."""
    agents: dict[str, dict[str, Any]] = {}
    """`[agents.NAME]` as they were written. The roster validates them."""
    venue: Venue = Venue()
    memory: Memory = Memory()
    forecast: Forecast = Forecast()
    llm: Llm = Llm()
    """`[llm…]`: which language models there are, and what they may cost."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Settings that were not touched read, and have the digest, that they had before there were any."""
        tables: dict[str, Any] = handler(self)
        if self.llm == Llm():
            del tables["llm"]
        if self.venue == Venue():
            del tables["venue"]
        if self.memory == Memory():
            del tables["memory"]
        for name in ("pooling", "regimes"):
            if getattr(self.desk, name) == getattr(Desk(), name):
                del tables["desk"][name]
        if self.forecast == Forecast():
            del tables["forecast"]
        if self.paper.cost_bps is None:
            del tables["paper"]["cost_bps"]
        if self.run.broker == "paper":
            del tables["run"]["broker"]
        if not self.run.dry_run:
            del tables["run"]["dry_run"]
        return tables


TYPED: Mapping[str, type[Section]] = {
    "desk": Desk,
    "paper": Paper,
    "run": Run,
    "venue": Venue,
    "memory": Memory,
    "forecast": Forecast,
}
"""The tables whose settings are known here."""
PLAIN = ("risk", "agents")
"""The tables that their owners validate."""
PLANNED = {
    "live": "trading live is planned, and not part of this version",
}
"""What a reader of the plans might try, and what to say to that."""
