"""Rows for training say what was known at the time, and label what came of it."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tools.markets import close_of, market
from trader.domain.errors import UnknownName, UsageError
from trader.forecasters.recipe import recipe
from trader.tools.forecast import dataset
from trader.tools.forecast.rows import INPUTS, WARM_UP

SOURCE = market(700)
VIEW = SOURCE.view(close_of(699))
NAMES = ("return_5", "rsi_14", "volatility_21")


def test_the_label_is_the_desks_event_and_weights_are_worth_what_overlap_leaves() -> None:
    found = dataset.samples(VIEW, recipe("logistic", 5), NAMES)
    each = 700 - 5 - WARM_UP
    assert found.inputs.shape == (2 * each, 3)
    for symbol in ("AAA", "BBB"):
        own = found.symbol == symbol
        events = VIEW.event_returns(symbol, 5)
        np.testing.assert_array_equal(found.returns[own], events.r[WARM_UP:])
        np.testing.assert_array_equal(found.happened[own], events.r[WARM_UP:] > 0.0)
        inputs = dataset.rows_at(VIEW, symbol, NAMES)[WARM_UP : WARM_UP + each]
        np.testing.assert_array_equal(found.inputs[own], inputs)
    assert (found.ends - found.begins == 5).all()
    assert (np.diff(found.begins) >= 0).all()
    assert each / 5 < found.n_eff < 2 * each / 5 + 4


def test_nothing_after_the_view_changes_a_row() -> None:
    cut = {symbol: bars[:650] for symbol, bars in SOURCE.bars.items()}
    now = dataset.samples(SOURCE.view(close_of(649)), recipe("logistic", 5), NAMES)
    alone = dataset.samples(market(700, bars=cut).view(close_of(649)), recipe("logistic", 5), NAMES)
    assert now.digest == alone.digest


def test_the_usual_size_of_a_halted_share_is_what_it_was_and_not_what_comes() -> None:
    whole = SOURCE.bars["BBB"]
    still = {name: getattr(whole, name).copy() for name in ("open", "high", "low", "close")}
    for column in still.values():
        column[300:450] = 80.0
    halted = replace(whole, **still)
    size = dataset.usual_size(
        market(700, bars={"BBB": halted}, symbols=("BBB",)).view(close_of(699)), "BBB", 5
    )
    short = market(700, bars={"BBB": halted[:450]}, symbols=("BBB",)).view(close_of(449))
    np.testing.assert_allclose(size[:450], dataset.usual_size(short, "BBB", 5), rtol=1e-12)
    assert size[449] == size[400] > 0.0
    assert (size > 0.0).all()


def test_a_barriers_trade_must_earn_its_costs() -> None:
    barrier = recipe("logistic", 5, label="barrier")
    free, dear = (dataset.samples(VIEW, barrier, NAMES, cost=cost) for cost in (0.0, 0.01))
    np.testing.assert_array_equal(dear.happened, free.returns > 0.01)
    assert dear.happened.sum() < free.happened.sum()
    assert (free.ends - free.begins).min() >= 1
    assert (free.ends - free.begins).max() == 5


def test_a_validators_rows_are_the_moments_at_which_the_forecaster_leaned_up() -> None:
    lean = np.where(np.arange(700) % 3 == 0, 0.2, -0.1)
    lean[:400] = np.nan
    found = dataset.samples(VIEW, recipe("validator", 5), (*NAMES, dataset.LEAN), leans=lambda _: lean)
    assert set(found.inputs[:, -1].tolist()) == {np.float32(0.2)}
    assert found.begins.min() >= 400
    assert (found.begins % 3 == 0).all()


def test_inputs_that_a_model_may_choose_from_are_free_of_the_price() -> None:
    names = dataset.candidates()
    assert len(names) >= 90
    assert set(INPUTS) <= set(names)
    assert dataset.checked(["rsi_14", "rsi_14"]) == ("rsi_14",)
    with pytest.raises(UnknownName, match="unknown feature: rsi14"):
        dataset.checked(["rsi14"])
    with pytest.raises(UsageError, match="is in units of the price"):
        dataset.checked(["atr_14"])


def test_an_input_without_any_value_is_left_out_unless_it_was_named() -> None:
    whole = dataset.samples(VIEW, recipe("logistic", 5), (*NAMES, dataset.LEAN))
    found, lacking = dataset.without_empty(whole, named=False)
    assert (found.names, lacking) == (NAMES, (dataset.LEAN,))
    with pytest.raises(UsageError, match=f"{dataset.LEAN}: no value at any of the"):
        dataset.without_empty(whole, named=True)


def test_too_few_bars_are_said() -> None:
    with pytest.raises(UsageError, match="a model needs 258 bars of at least one symbol"):
        dataset.samples(SOURCE.view(close_of(200)), recipe("logistic", 5), NAMES)
