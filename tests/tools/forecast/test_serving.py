"""A promoted model answers for closes after its training, and for nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.tools.markets import close_of, context, market
from trader.data.market import Market
from trader.data.perturbation import Future, perturbed
from trader.domain.errors import ToolError
from trader.domain.market import Timeframe
from trader.forecasters import training
from trader.forecasters.card import Card
from trader.forecasters.recipe import recipe
from trader.measures.forecasts import expit
from trader.tools.forecast import dataset
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.forecast.serving import Served
from trader.tools.forecast.tool import Arguments, run
from trader.tools.validator import NoArguments
from trader.tools.validator import run as validate

SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
SOURCE = market(1300, SYMBOLS)
END = 1200
"""The last bar that models are trained on."""
NAMES = ("return_5", "return_21", "rsi_14", "volatility_21")


def served(folder: Path, name: str = "logistic", source: Market = SOURCE) -> Served:
    view = source.view(close_of(END))
    wanted = recipe(name, 5, folds=2, best=4)
    leans = Forecaster(refit_bars=200).leans(view, 5).__getitem__ if name == "validator" else None
    names = (*NAMES, dataset.LEAN) if name == "validator" else NAMES
    rows = dataset.samples(view, wanted, names, leans=leans)
    about = training.About("made", source.symbols, Timeframe.D1, view.as_of, (), 0.0, "abc")
    card = training.train(
        folder, rows, wanted, about, now=lambda: datetime(2020, 1, 1, tzinfo=UTC), progress=lambda *_: None
    )
    assert isinstance(card, Card)
    return Served.read(folder, card.id)


def fresh(judge: Served) -> Forecaster:
    """One that has seen no other market."""
    return Forecaster(refit_bars=200, validator=judge)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return served(tmp_path_factory.mktemp("models"))


def test_what_it_was_trained_on_it_is_never_asked_of(place: Served) -> None:
    """A replay of that span hears what it would have heard before there was a promoted model."""
    with_it, without = Forecaster(promoted=place), Forecaster()
    for moment in (close_of(1100), close_of(END), close_of(END + 1) - timedelta(seconds=1)):
        view = SOURCE.view(moment)
        assert repr(with_it.predict(view, "AAA", 5)) == repr(without.predict(view, "AAA", 5))
    after = with_it.predict(SOURCE.view(close_of(END + 1)), "AAA", 5)
    assert after.promoted == place.card.id
    assert after.trained_until == close_of(END)


def test_nothing_after_its_training_reached_it(tmp_path: Path, place: Served) -> None:
    cut = {symbol: bars[: END + 1] for symbol, bars in SOURCE.bars.items()}
    assert served(tmp_path, source=market(1300, SYMBOLS, bars=cut)).card.id == place.card.id


def test_history_of_the_run_is_not_the_promoted_models(place: Served) -> None:
    view = SOURCE.view(close_of(1299))
    here = Forecaster(refit_bars=200, promoted=place).history(view, 5)
    there = Forecaster(refit_bars=200).history(view, 5)
    for symbol in there:
        np.testing.assert_array_equal(here[symbol][1], there[symbol][1])


@pytest.mark.parametrize(
    ("changes", "symbol", "horizon", "said"),
    [
        ({}, "AAA", 10, "forecasts 5 bars ahead, not 10"),
        ({"timeframe": Timeframe.H1}, "AAA", 5, "was trained on 1h bars, not 1d"),
        ({"symbols": ("BBB",)}, "AAA", 5, "was not trained on AAA"),
        ({"trained_until": close_of(1299)}, "AAA", 5, "was trained until"),
    ],
)
def test_a_model_for_something_else_is_not_asked(
    place: Served, changes: dict[str, object], symbol: str, horizon: int, said: str
) -> None:
    other = Served(place.card.model_copy(update=changes), place.model)
    view = SOURCE.view(close_of(1299))
    assert said in (other.unfit(view, symbol, horizon) or "")
    assert Forecaster(promoted=other).predict(view, symbol, horizon).promoted == ""


def test_its_answer_has_its_name_its_interval_and_contributions_that_add_up(place: Served) -> None:
    here = context(SOURCE, close_of(1290), forecaster=Forecaster(promoted=place))
    result = run(here, Arguments(top=10))
    assert result.model == place.card.id
    assert result.interval is not None
    assert result.interval.low < 0.0 < result.interval.high
    row = place.row(here.view, "AAA")
    odds = place.model.log_odds(row)[0]
    start = place.model.shifts(row)[0, -1]
    assert result.p_up == pytest.approx(float(expit(odds)))
    assert sum(item.shift for item in result.top) + start == pytest.approx(odds)


@pytest.mark.parametrize("future", Future)
def test_a_promoted_model_tells_no_future_from_another(place: Served, future: Future) -> None:
    as_of = close_of(1250)
    here, there = (
        Forecaster(promoted=place).predict(source.view(as_of), "AAA", 5)
        for source in (SOURCE, perturbed(SOURCE, as_of, future))
    )
    assert here.promoted == place.card.id
    assert repr(here) == repr(there)


def test_the_runs_own_model_says_what_it_always_said() -> None:
    result = run(context(SOURCE, close_of(1290), forecaster=Forecaster()), Arguments())
    assert set(result.model_dump(mode="json")) == {
        "p_up", "base_rate", "trained_until", "rows", "n_eff", "top",
    }  # fmt: skip


def test_the_validator_judges_signals_after_its_training_and_no_others(tmp_path: Path) -> None:
    judge = served(tmp_path, "validator")
    forecaster = fresh(judge)
    leans = {day: forecaster.lean(SOURCE.view(close_of(day)), "AAA", 5) for day in range(1205, 1299, 9)}
    up = [day for day, lean in leans.items() if lean > 0.0]
    down = [day for day, lean in leans.items() if lean <= 0.0]
    for day in up[:2]:
        found = validate(context(SOURCE, close_of(day), forecaster=forecaster), NoArguments())
        assert (found.lean, found.model) == (leans[day], judge.card.id)
        assert 0.0 < found.p_worth < 1.0
        for future in list(Future)[:2]:
            other = context(perturbed(SOURCE, close_of(day), future), close_of(day), forecaster=fresh(judge))
            assert validate(other, NoArguments()) == found
    assert up
    for day in down[:1]:
        with pytest.raises(ToolError, match="does not lean up"):
            validate(context(SOURCE, close_of(day), forecaster=forecaster), NoArguments())
    with pytest.raises(ToolError, match="was trained until"):
        validate(context(SOURCE, close_of(END), forecaster=forecaster), NoArguments())
    with pytest.raises(ToolError, match="no validator is in place"):
        validate(context(SOURCE, close_of(1290), forecaster=Forecaster()), NoArguments())
