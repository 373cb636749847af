"""The promoted model, asked about a view: only of closes after everything that it was trained on."""

from dataclasses import dataclass
from pathlib import Path

from trader.data.view import MarketView
from trader.domain.errors import ToolError
from trader.domain.market import to_datetime64
from trader.forecasters import store
from trader.forecasters.card import Card
from trader.forecasters.pipeline import Pipeline
from trader.forecasters.samples import Matrix
from trader.tools.forecast.dataset import last_row_of, usual_size


@dataclass(frozen=True, eq=False)
class Served:
    """A model of the workspace, with its card."""

    card: Card
    model: Pipeline

    @classmethod
    def read(cls, models: Path, id: str) -> "Served":
        """From its folder. Raises DamagedModel, MissingExtra."""
        card = store.card(models, id)
        return cls(card, store.load(models, card))

    def unfit(self, view: MarketView, symbol: str, horizon: int) -> str | None:
        """Why it may not be asked of this moment's last close, or None.

        It may not be asked of what it was trained on: a replay of that span would be told its own future.
        """
        card = self.card
        if horizon != card.recipe.horizon:
            return f"{card.id} forecasts {card.recipe.horizon} bars ahead, not {horizon}"
        if view.timeframe is not card.timeframe:
            return f"{card.id} was trained on {card.timeframe} bars, not {view.timeframe}"
        if symbol not in card.symbols:
            return f"{card.id} was not trained on {symbol}"
        closes = view.bars(symbol).available
        if not len(closes) or closes[-1] <= to_datetime64(card.trained_until):
            return f"{card.id} was trained until {card.trained_until:%Y-%m-%d %H:%M}"
        return None

    def row(self, view: MarketView, symbol: str, lean: float = float("nan")) -> Matrix:
        """Its inputs at the last bar, (1, k). Raises ToolError where there is no bar."""
        if not len(view.bars(symbol)):
            raise ToolError(f"needs a bar of {symbol}, has none")
        return last_row_of(view, symbol, self.model.inputs, lean)

    def interval(self, view: MarketView, symbol: str, row: Matrix) -> tuple[float, float]:
        """The return's interval at the last bar, at the card's level."""
        size = usual_size(view, symbol, self.card.recipe.horizon)[-1:]
        low, high = self.model.interval.around(self.model.log_odds(row), size)
        return float(low[0]), float(high[0])
