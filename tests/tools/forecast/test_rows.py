"""What a model is trained on: resolved events, inputs as they were drawn at the refit."""

import numpy as np
import pytest

from tests.tools.markets import close_of, market
from trader.domain.errors import ToolError
from trader.features.catalogue import compute, feature
from trader.tools.forecast.rows import INPUTS, WARM_UP, input_table, training_rows

SOURCE = market(600)


def test_every_input_is_free_of_the_price_level() -> None:
    assert all(feature(name).scale_free for name in INPUTS)


def test_all_symbols_are_pooled_from_a_year_in_until_the_last_resolved_event() -> None:
    view = SOURCE.view(close_of(599))
    rows = training_rows(view, horizon=5)
    each = 600 - 5 - WARM_UP
    assert rows.inputs.shape == (2 * each, len(INPUTS))
    for first, symbol in ((0, "AAA"), (each, "BBB")):
        events = view.event_returns(symbol, 5)
        happened = (events.r[WARM_UP:] > 0).astype(np.float32)
        np.testing.assert_array_equal(rows.happened[first : first + each], happened)
        inputs = input_table(view, symbol)[WARM_UP : WARM_UP + each]
        np.testing.assert_array_equal(rows.inputs[first : first + each], inputs)


def test_rows_weigh_what_overlap_and_correlation_leave_of_them() -> None:
    rows = training_rows(SOURCE.view(close_of(599)), horizon=5)
    assert rows.n_eff <= len(rows.inputs) / 5
    assert rows.n_eff == pytest.approx(float(rows.weight.sum()), rel=1e-5)


def test_inputs_are_the_catalogues_at_each_bar() -> None:
    view = SOURCE.view(close_of(599))
    columns = compute(view.bars("AAA"), bars_a_year=365.0)
    table = input_table(view, "AAA")
    for column, name in enumerate(INPUTS):
        np.testing.assert_allclose(table[:, column], columns[name], rtol=1e-6, atol=1e-7)


def test_a_row_does_not_change_with_dividends_and_splits_after_it() -> None:
    """What was drawn then and what is drawn now are the same numbers, to the bit."""
    later = input_table(SOURCE.view(close_of(599)), "AAA")
    for day in range(260, 599, 20):
        then = input_table(SOURCE.view(close_of(day)), "AAA")
        np.testing.assert_array_equal(then[-1], later[day])


def test_too_few_bars_are_said() -> None:
    with pytest.raises(ToolError, match="needs 258 bars of at least one symbol"):
        training_rows(SOURCE.view(close_of(200)), horizon=5)
