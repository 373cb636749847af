"""Walk-forward, point in time, the same bytes again."""

import hashlib
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.tools.markets import bars, close_of, context, market
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.errors import ToolError
from trader.domain.market import to_datetime64
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.forecast.model import FEWEST_ROWS, Model, dump
from trader.tools.forecast.rows import INPUTS, input_table
from trader.tools.forecast.tool import Arguments, run

SOURCE = market(800)
LAST = SOURCE.view(close_of(799))


def bytes_of(model: Model) -> bytes:
    return dump(model.booster)


@pytest.fixture(scope="module")
def walked() -> Forecaster:
    """A forecaster that has been through the whole history."""
    forecaster = Forecaster()
    forecaster.history(LAST, 5)
    return forecaster


def test_models_are_trained_at_every_21st_close_from_the_first_bar_on() -> None:
    refits = Forecaster().refits(LAST)
    assert len(refits) == 800 // 21
    assert refits[0] == to_datetime64(close_of(20))
    assert refits[1] == to_datetime64(close_of(41))


def test_between_refits_the_model_is_the_last_one() -> None:
    forecaster = Forecaster()
    day = 21 * 30 - 1
    trained = forecaster.at(SOURCE.view(close_of(day)), 5)
    assert trained.trained_until == close_of(day)
    assert forecaster.at(SOURCE.view(close_of(day + 20)), 5) is trained
    assert forecaster.at(SOURCE.view(close_of(day + 21)), 5) is not trained


def test_a_moment_before_the_refits_close_has_the_model_before() -> None:
    moment = close_of(21 * 30 - 1) - timedelta(seconds=1)
    assert Forecaster().at(SOURCE.view(moment), 5).trained_until == close_of(21 * 29 - 1)


@pytest.mark.parametrize("day", [630, 700, 799])
def test_a_model_is_the_same_however_it_was_reached(walked: Forecaster, day: int) -> None:
    view = SOURCE.view(close_of(day))
    alone = Forecaster()
    assert bytes_of(alone.at(view, 5)) == bytes_of(walked.at(view, 5))
    assert alone.predict(view, "AAA", 5).p_up == walked.predict(view, "AAA", 5).p_up


def test_what_happens_after_the_refit_does_not_reach_the_model() -> None:
    day = 21 * 30 - 1
    shorter = market(800, bars={symbol: SOURCE.bars[symbol][: day + 1] for symbol in SOURCE.symbols})
    here, there = SOURCE.view(close_of(day + 15)), shorter.view(close_of(day + 15))
    assert bytes_of(Forecaster().at(here, 5)) == bytes_of(Forecaster().at(there, 5))


def test_history_is_what_would_have_been_forecast_at_each_moment(walked: Forecaster) -> None:
    history = walked.history(LAST, 5)
    for symbol, (moments, p_up) in history.items():
        assert len(moments) == len(p_up) > 100
        for row in range(0, len(moments), 37):
            view = LAST.earlier(
                close_of(
                    int((moments[row] - moments[0]) / np.timedelta64(86400, "s"))
                    + int(np.searchsorted(LAST.bars(symbol).available, moments[0]))
                )
            )
            assert to_datetime64(view.as_of) == moments[row]
            assert p_up[row] == pytest.approx(walked.predict(view, symbol, 5).p_up, abs=1e-6)


def test_history_starts_with_the_first_model_and_ends_with_the_last_bar(walked: Forecaster) -> None:
    moments, _ = walked.history(LAST, 5)["AAA"]
    assert moments[-1] == to_datetime64(close_of(799))
    first = Forecaster().at(LAST.earlier(_datetime(moments[0])), 5)
    assert first.trained_until == _datetime(moments[0])
    with pytest.raises(ToolError):
        Forecaster().at(LAST.earlier(_datetime(moments[0]) - timedelta(days=1)), 5)


def test_the_shifts_add_up_to_the_forecast(walked: Forecaster) -> None:
    forecast = walked.predict(LAST, "AAA", 5)
    model = walked.at(LAST, 5)
    assert {name for name, _, _ in forecast.shifts} == set(INPUTS)
    sizes = [abs(shift) for _, _, shift in forecast.shifts]
    assert sizes == sorted(sizes, reverse=True)
    row = input_table(LAST, "AAA")[-1:]
    assert forecast.p_up == pytest.approx(model.probabilities(row)[0], abs=1e-6)
    odds = np.log(forecast.p_up / (1 - forecast.p_up))
    assert sum(shift for _, _, shift in forecast.shifts) + model.shifts(row)[0, -1] == pytest.approx(
        odds, abs=1e-5
    )


def test_another_horizon_or_seed_is_another_model() -> None:
    usual = bytes_of(Forecaster().at(LAST, 5))
    assert bytes_of(Forecaster().at(LAST, 10)) != usual
    assert bytes_of(Forecaster(seed=1).at(LAST, 5)) != usual


def test_a_model_learns_what_is_there_to_learn() -> None:
    """In a market that swings, where it stands in the swing tells the next days."""
    day = np.arange(900)
    swings = {
        symbol: bars(symbol, list(100 + 10 * np.sin(2 * np.pi * (day + phase) / 40)), seed)
        for seed, (symbol, phase) in enumerate((("AAA", 0), ("BBB", 13)))
    }
    swinging = market(900, bars=swings, actions={})
    view = swinging.view(close_of(899))
    events = view.event_returns("AAA", 5)
    moments, p_up = Forecaster().history(view, 5)["AAA"]
    rows = np.searchsorted(events.decided, moments)
    known = rows < len(events)
    happened = (events.r[rows[known]] > 0).astype(float)
    assert np.mean((p_up[known] - happened) ** 2) < 0.6 * happened.var()


def test_too_little_history_is_said_with_both_numbers() -> None:
    with pytest.raises(ToolError, match="needs 21 bars before it is first trained"):
        Forecaster().at(SOURCE.view(close_of(19)), 5)
    with pytest.raises(ToolError, match=f"needs {FEWEST_ROWS} resolved rows to train on, has 494"):
        Forecaster().at(SOURCE.view(close_of(503)), 5)


def test_a_symbol_that_was_not_there_yet_can_be_forecast_by_the_others_model() -> None:
    late = market(800, bars={"AAA": SOURCE.bars["AAA"], "BBB": SOURCE.bars["BBB"][-3:]})
    forecast = Forecaster().predict(late.view(close_of(799)), "BBB", 5)
    assert np.isnan(dict((name, value) for name, value, _ in forecast.shifts)["return_5"])
    with pytest.raises(ToolError, match="needs a bar of BBB, has none"):
        Forecaster().predict(late.view(close_of(795)), "BBB", 5)


def test_the_tool_gives_the_forecast_with_its_largest_shifts(walked: Forecaster) -> None:
    here = context(SOURCE, close_of(799), forecaster=walked)
    result = run(here, Arguments(top=3))
    forecast = walked.predict(LAST, "AAA", 5)
    assert result.p_up == forecast.p_up
    assert result.trained_until == forecast.trained_until <= here.view.as_of
    assert [(item.feature, item.shift) for item in result.top] == [
        (name, shift) for name, _, shift in forecast.shifts[:3]
    ]


SCRIPT = """
import hashlib
from tests.tools.markets import close_of, market
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.forecast.model import dump
print(hashlib.sha256(dump(Forecaster().at(market(800).view(close_of(799)), 5).booster)).hexdigest())
"""


def test_another_process_trains_the_same_bytes() -> None:
    root = Path(__file__).parents[3]
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == hashlib.sha256(bytes_of(Forecaster().at(LAST, 5))).hexdigest()


@pytest.fixture(scope="module")
def sample() -> Market:
    return open_feed("sample", ("AAPL", "GOOG", "IBM", "MSFT"))


@pytest.mark.slow
def test_over_the_sample_a_long_run_and_a_single_question_have_the_same_models(sample: Market) -> None:
    moments = sample.closes(sample.symbols)
    long_run = Forecaster()
    history = long_run.history(sample.view(moments[-1]), 5)
    for row in range(500, len(moments), 390):
        view = sample.view(moments[row])
        alone = Forecaster()
        assert bytes_of(alone.at(view, 5)) == bytes_of(long_run.at(view, 5))
        for symbol in sample.symbols:
            if symbol in history and to_datetime64(moments[row]) in history[symbol][0]:
                at = np.searchsorted(history[symbol][0], to_datetime64(moments[row]))
                assert history[symbol][1][at] == pytest.approx(alone.predict(view, symbol, 5).p_up, abs=1e-6)


def _datetime(moment: np.datetime64) -> datetime:
    return close_of(int((moment - to_datetime64(close_of(0))) / np.timedelta64(86400, "s")))
