"""Which model forecasts at which moment: the one trained at the latest refit moment not after it."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trader.data.view import MarketView
from trader.domain.errors import ToolError
from trader.domain.market import Floats, Times, to_datetime64
from trader.domain.opinions import P_MAX, P_MIN
from trader.measures.forecasts import expit, logit
from trader.tools.forecast import cache
from trader.tools.forecast.model import Model, check_enough, dump, load, probability, train, training_digest
from trader.tools.forecast.rows import (
    INPUTS,
    Matrix,
    TrainingRows,
    closes,
    input_table,
    last_row,
    training_rows,
)
from trader.tools.indicators import KEPT
from trader.tools.moments import as_datetime

if TYPE_CHECKING:
    from trader.tools.forecast.serving import Served

REFIT_BARS = 21
"""A month of daily bars."""


@dataclass(frozen=True)
class Forecast:
    """One prediction and what moved it."""

    p_up: float
    base_rate: float
    trained_until: datetime
    rows: int
    n_eff: float
    shifts: tuple[tuple[str, float, float], ...]
    """(input, its value, its shift of the log-odds), the largest shift first; NaN where it had no value."""
    promoted: str = ""
    """Id of the promoted model; empty where the run's own answered."""
    interval: tuple[float, float] | None = None
    """Of the return, where the model has one."""
    level: float = 0.0
    """Of the interval."""


class Forecaster:
    """Trains, keeps and asks the models of one market. All symbols share a model.

    Refit moments are counted from the first bar of the data, so they do not depend on when a run starts: the
    model for a moment is the same whether a long run reached it or it is asked for alone.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        seed: int = 0,
        refit_bars: int = REFIT_BARS,
        promoted: "Served | None" = None,
        validator: "Served | None" = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        """`folder` keeps trained models between runs; without one they live as long as this object.

        `promoted` and `validator` are the models in place, asked of closes after their training.
        """
        self._folder = folder
        self.promoted = promoted
        self.validator = validator
        self.seed = seed
        self.refit_bars = refit_bars
        self._models: dict[tuple[np.datetime64, int], Model | ToolError] = {}
        """By refit moment and horizon: the model, or why there was none to be had."""
        self._refits: tuple[MarketView, Times] | None = None
        self._answers: tuple[MarketView, Model, dict[str, tuple[Matrix, Floats]]] | None = None
        """Of the last view and model asked about, by symbol: what `_explained` says."""
        self._notes: list[str] = list(notes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was survived: damaged or unwritable cache files."""
        return tuple(self._notes)

    def at(self, view: MarketView, horizon: int) -> Model:
        """The model for the view's moment. Raises ToolError while there is too little to train on."""
        refits = self.refits(view)
        if not len(refits):
            raise ToolError(f"needs {self.refit_bars} bars before it is first trained")
        moment = refits[-1]
        if (moment, horizon) not in self._models:
            try:
                self._models[moment, horizon] = self._fit(view.earlier(as_datetime(moment)), horizon)
            except ToolError as error:
                self._models[moment, horizon] = error
        found = self._models[moment, horizon]
        if isinstance(found, ToolError):
            raise found
        return found

    def predict(self, view: MarketView, symbol: str, horizon: int) -> Forecast:
        """Forecast the event of `symbol` at the view's moment, by the promoted model where it may be asked.

        Raises ToolError for too little history.
        """
        if self.promoted is not None and self.promoted.unfit(view, symbol, horizon) is None:
            return by_promoted(self.promoted, view, symbol)
        return self.walked(view, symbol, horizon)

    def walked(self, view: MarketView, symbol: str, horizon: int) -> Forecast:
        """Forecast by the model that the run trains itself. Raises ToolError for too little history."""
        model = self.at(view, horizon)
        row, shifts = self._explained(model, view, symbol)
        order = np.argsort(-np.abs(shifts[:-1]), kind="stable")
        return Forecast(
            p_up=float(probability(shifts.sum())),
            base_rate=model.base_rate,
            trained_until=model.trained_until,
            rows=model.rows,
            n_eff=model.n_eff,
            shifts=tuple((INPUTS[i], float(row[i]), float(shifts[i])) for i in order),
        )

    def _explained(self, model: Model, view: MarketView, symbol: str) -> tuple[Matrix, Floats]:
        """The inputs (k,) at the last bar, and their shifts (k + 1,).

        Asking for one row takes XGBoost about as long as for all, so symbols whose bar closed at the same
        moment are asked for together. A row's shifts do not depend on the others.
        """
        if self._answers is None or self._answers[:2] != (view, model):
            self._answers = view, model, {}
        known = self._answers[2]
        if symbol not in known:
            rows = {symbol: last_row(view, symbol)}
            for other in view.symbols:
                if len(rows) == KEPT:
                    break
                if other not in known and other != symbol and _closed_now(view, other):
                    with suppress(ToolError):  # it will hear of it when it is asked for
                        rows[other] = last_row(view, other)
            table = np.concatenate(list(rows.values()))
            known |= dict(zip(rows, zip(table, model.shifts(table), strict=True), strict=True))
        return known[symbol]

    def lean(self, view: MarketView, symbol: str, horizon: int) -> float:
        """How far the run's own model leans, in log-odds from its base rate. Raises ToolError."""
        forecast = self.walked(view, symbol, horizon)
        return float(logit(forecast.p_up) - logit(forecast.base_rate))

    def leans(self, view: MarketView, horizon: int) -> dict[str, Floats]:
        """`lean` at every bar of every symbol, walk-forward; NaN before the first model."""
        known, refits = self.history(view, horizon), self.refits(view)
        found = {}
        for symbol in view.symbols:
            moments = view.bars(symbol).available
            found[symbol] = np.full(len(moments), np.nan)
            decided, p_up = known.get(symbol, (moments[:0], np.zeros(0)))
            used = np.searchsorted(refits, decided, side="right") - 1
            rates = {
                one: self.at(view.earlier(as_datetime(refits[one])), horizon).base_rate for one in set(used)
            }
            base = logit(np.array([rates[one] for one in used]))
            found[symbol][np.searchsorted(moments, decided)] = logit(p_up) - base
        return found

    def history(self, view: MarketView, horizon: int) -> dict[str, tuple[Times, Floats]]:
        """Walk-forward forecasts of all that is past: symbol -> (close of bar t, p_up), shape (n,) each.

        Each is by the model of its own moment. Inputs are read from one table as of the view's moment, which
        differs from what was drawn at the time by the rounding of adjusted prices alone.
        """
        refits = self.refits(view)
        tables = {symbol: input_table(view, symbol) for symbol in view.symbols if len(view.bars(symbol))}
        parts: dict[str, list[tuple[Times, Floats]]] = {symbol: [] for symbol in tables}
        for moment, following in zip(refits, (*refits[1:], None), strict=True):
            try:
                model = self.at(view.earlier(as_datetime(moment)), horizon)
            except ToolError:  # the first years: nothing was trained, so nothing was forecast
                continue
            for symbol, table in tables.items():
                moments = view.bars(symbol).available
                first = np.searchsorted(moments, moment)
                last = len(moments) if following is None else np.searchsorted(moments, following)
                if first < last:
                    parts[symbol].append((moments[first:last], model.probabilities(table[first:last])))
        return {
            symbol: (np.concatenate([part[0] for part in found]), np.concatenate([part[1] for part in found]))
            for symbol, found in parts.items()
            if found
        }

    def refits(self, view: MarketView) -> Times:
        """Every refit moment up to the view's, oldest first."""
        if self._refits is None or self._refits[0] is not view:
            symbols = [symbol for symbol in view.symbols if len(view.bars(symbol))]
            moments = closes(view, symbols) if symbols else np.array([], "datetime64[s]")
            self._refits = view, moments[self.refit_bars - 1 :: self.refit_bars]
        return self._refits[1]

    def _fit(self, view: MarketView, horizon: int) -> Model:
        rows = training_rows(view, horizon)
        check_enough(rows)
        booster = load(self._trained(rows))
        return Model(view.as_of, len(rows.inputs), rows.n_eff, rows.base_rate, booster)

    def _trained(self, rows: TrainingRows) -> bytes:
        """The model's bytes: from disk where they are whole, else trained and kept."""
        if self._folder is None:
            return dump(train(rows, self.seed))
        training = training_digest(rows, self.seed)
        data, notes = cache.find(self._folder, training)
        if data is None:
            data = dump(train(rows, self.seed))
            notes += cache.keep(self._folder, training, data)
        self._notes += [note for note in notes if note not in self._notes]
        return data


def _closed_now(view: MarketView, symbol: str) -> bool:
    """Whether the last bar of `symbol` became available at the view's very moment."""
    moments = view.bars(symbol).available
    return bool(len(moments)) and bool(moments[-1] == to_datetime64(view.as_of))


def by_promoted(served: "Served", view: MarketView, symbol: str) -> Forecast:
    """What the model in place says. Raises ToolError where the symbol has no bar."""
    row, card = served.row(view, symbol), served.card
    shifts = served.model.shifts(row)[0]
    odds = served.model.log_odds(row)
    order = np.argsort(-np.abs(shifts[:-1]), kind="stable")
    return Forecast(
        p_up=float(np.clip(expit(odds)[0], P_MIN, P_MAX)),
        base_rate=card.base_rate,
        trained_until=card.trained_until,
        rows=card.rows,
        n_eff=card.n_eff,
        shifts=tuple((served.model.inputs[i], float(row[0, i]), float(shifts[i])) for i in order),
        promoted=card.id,
        interval=served.interval(view, symbol, row),
        level=card.interval.level,
    )
