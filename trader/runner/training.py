"""A model from the bars that settings name: its rows, its training, its place in the journal.

Training needs no lock of the workspace: a run goes on beside it, in its own process.
"""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from trader import __version__
from trader.clock import Clock
from trader.data.market import Market
from trader.data.view import MarketView
from trader.domain.errors import UsageError
from trader.forecasters import store, training
from trader.forecasters.card import Card
from trader.forecasters.recipe import Purpose, Recipe, recipe
from trader.forecasters.samples import Samples, check_trainable
from trader.forecasters.training import About, Progress
from trader.graph.assembly import cost_model
from trader.journal.model_records import ModelTrained
from trader.journal.writer import Journal
from trader.runner.opening import load_market
from trader.settings import Settings
from trader.tools.forecast import dataset
from trader.tools.forecast.feature_cache import FeatureCache
from trader.tools.forecast.forecaster import Forecaster
from trader.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """What a person wants to be trained."""

    name: str
    changes: Mapping[str, object]
    """Of the recipe of this name."""
    features: tuple[str, ...] = ()
    """Inputs to choose from; none: all common ones."""
    until: date | None = None
    """Last day of the history; None: all of it."""


@dataclass(frozen=True)
class Prepared:
    """Everything that a training needs, and its id."""

    recipe: Recipe
    samples: Samples
    about: About
    id: str


def prepare(workspace: Workspace, settings: Settings, asked: Asked) -> Prepared:
    """Load the bars and make the rows. Raises UsageError for what cannot be trained."""
    changes = {"seed": settings.run.seed, **asked.changes}
    wanted = recipe(asked.name, settings.desk.horizon or 1, **changes)
    names = dataset.checked(asked.features) if asked.features else dataset.candidates()
    market = load_market(settings)
    view = market.view(last_close(market, asked.until))
    if settings.desk.horizon is None:
        wanted = wanted.model_copy(update={"horizon": market.timeframe.default_horizon})
    cost = max(cost_model(settings).round_trip(market.instruments[one]) for one in market.symbols)
    whole = rows(workspace, view, wanted, names, cost, walked(workspace, settings))
    samples, left_out = dataset.without_empty(whole, bool(asked.features))
    check_trainable(samples)
    about = About(
        feed=settings.run.feed,
        symbols=market.symbols,
        timeframe=market.timeframe,
        trained_until=view.as_of,
        left_out=left_out,
        cost=cost,
        program=program(),
    )
    return Prepared(wanted, samples, about, training.identity(samples, wanted))


def rows(
    workspace: Workspace,
    view: MarketView,
    recipe: Recipe,
    names: tuple[str, ...],
    cost: float,
    forecaster: Forecaster,
) -> Samples:
    """The rows of a recipe; a validator's have the forecaster's lean besides, where it leaned up."""
    cache = FeatureCache(workspace.cache / "features")
    if recipe.purpose is not Purpose.VALIDATOR:
        return dataset.samples(view, recipe, names, cost=cost, cache=cache)
    leans = forecaster.leans(view, recipe.horizon)
    names = tuple(name for name in names if name != dataset.LEAN)
    names = (*names, dataset.LEAN)
    return dataset.samples(view, recipe, names, cost=cost, leans=leans.__getitem__, cache=cache)


def train(
    workspace: Workspace,
    prepared: Prepared,
    clock: Clock,
    progress: Progress,
    *,
    stopped: Callable[[], bool] = lambda: False,
    workers: int = 1,
) -> Card | None:
    """The model's card, written down in the journal; None where it was stopped between two folds."""
    card = training.train(
        workspace.models,
        prepared.samples,
        prepared.recipe,
        prepared.about,
        now=clock.now,
        progress=progress,
        stopped=stopped,
        workers=workers,
    )
    if card is not None:
        with Journal.open(workspace.journal) as journal:
            journal.append(trained(card))
    return card


def trained(card: Card) -> ModelTrained:
    """The card as a row that SQL reads."""
    scores = card.scores
    return ModelTrained(
        id=card.id,
        at=card.trained_at,
        name=card.recipe.name,
        purpose=card.recipe.purpose,
        label=card.recipe.label,
        horizon=card.recipe.horizon,
        timeframe=card.timeframe,
        feed=card.feed,
        symbols=card.symbols,
        data=card.data,
        trained_from=card.trained_from,
        trained_until=card.trained_until,
        rows=card.rows,
        n_eff=card.n_eff,
        folds=len(card.folds),
        log_loss=scores.log_loss.value,
        brier=scores.brier.value,
        auc=scores.auc,
        against_base_rate=scores.against_base_rate.value,
        against_base_rate_high=scores.against_base_rate.high,
        against_baseline=scores.against_baseline.value,
        against_baseline_high=scores.against_baseline.high,
        program=card.program,
    )


def kept_folds(workspace: Workspace, id: str) -> int:
    """Folds of a training that was stopped."""
    return store.FoldFolder(workspace.models / id).count


def walked(workspace: Workspace, settings: Settings) -> Forecaster:
    """The forecaster that a run trains itself, with no promoted model."""
    return Forecaster(
        workspace.cache / "forecast", seed=settings.run.seed, refit_bars=settings.desk.refit_forecaster
    )


def last_close(market: Market, until: date | None) -> datetime:
    """The last close of the data, or of a day and before. Raises UsageError where there is none."""
    closes = market.closes(market.symbols)
    if until is None:
        return closes[-1]
    known = [close for close in closes if close <= datetime.combine(until, time.max, UTC)]
    if not known:
        raise UsageError(
            f"--until: no bar closes until {until}", hint=f"the first closes on {closes[0]:%Y-%m-%d}"
        )
    return known[-1]


def program() -> str:
    """The commit of this checkout, marked where files differ from it; else the version."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return __version__
    try:
        said = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return __version__
    return said.stdout.strip() or __version__
