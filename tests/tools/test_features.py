import numpy as np
import pytest

from tests.tools.markets import close_of, context, market, walk
from trader.domain.errors import ToolError, UnknownName
from trader.features.catalogue import FEATURES, compute
from trader.features.feature import Group
from trader.tools.features import USUAL, Arguments, run

SOURCE = market(400)


def test_the_usual_indicators_are_given_at_the_last_bar() -> None:
    here = context(SOURCE, close_of(399))
    result = run(here, Arguments())
    assert result.bars == 400
    assert result.closed_at == close_of(399)
    assert list(result.values) == list(USUAL)
    columns = compute(here.view.bars("AAA"), bars_a_year=365.0)
    assert result.values["rsi_14"] == columns["rsi_14"][-1]
    assert result.values["volatility_63"] == columns["volatility_63"][-1]


def test_what_the_history_is_too_short_for_has_no_value() -> None:
    values = run(context(SOURCE, close_of(99)), Arguments()).values
    assert values["reversal_60m"] is None
    assert values["return_63"] is not None


def test_only_what_is_asked_for_is_given() -> None:
    result = run(context(SOURCE, close_of(99)), Arguments(names=("rsi_14", "atr_14")))
    assert list(result.values) == ["rsi_14", "atr_14"]


def test_a_group_is_asked_for_by_its_name() -> None:
    values = run(context(SOURCE, close_of(399)), Arguments(names=("candle", "rsi_14", "candle"))).values
    assert list(values) == [*(row.name for row in FEATURES if row.group is Group.CANDLE), "rsi_14"]


def test_every_indicator_of_the_catalogue_can_be_asked_for() -> None:
    values = run(context(SOURCE, close_of(399)), Arguments(names=tuple(Group))).values
    assert set(values) == {row.name for row in FEATURES}
    lacking = {name for name, value in values.items() if value is None}
    no_book = {row.name for row in FEATURES if row.reads}
    assert lacking <= no_book | {"reversal_60m", "hour_sin", "hour_cos", "support_gap", "resistance_gap"}


def test_without_an_index_what_is_set_beside_it_has_no_value() -> None:
    alone = context(market(400, series={}), close_of(399))
    values = run(alone, Arguments(names=("market", "rsi_14"))).values
    assert values.pop("rsi_14") is not None
    assert set(values.values()) == {None}


def test_a_split_is_not_a_return() -> None:
    day = 200  # the split's, in a market of 400 days
    values = run(context(SOURCE, close_of(day)), Arguments(names=("return_1",))).values
    before, after = walk("AAA", 400, 1).close[day - 1 : day + 1]
    assert values["return_1"] == pytest.approx(after / (before / 2) - 1)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("reversal_60m",), "reversal_60m needs 1,387 bars, has 50"),
        (("return_252", "return_63"), "return_63 needs 64 bars, has 50"),
    ],
)
def test_what_is_lacking_is_said_with_both_numbers(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(ToolError, match=message):
        run(context(SOURCE, close_of(49)), Arguments(names=names))


def test_an_unknown_indicator_is_refused() -> None:
    with pytest.raises(UnknownName):
        run(context(SOURCE, close_of(99)), Arguments(names=("rsi",)))


def test_a_symbol_without_bars_is_refused() -> None:
    assert not len(SOURCE.view(close_of(-2)).bars("AAA"))
    with pytest.raises(ToolError, match="return_1 needs 2 bars, has 0"):
        run(context(SOURCE, close_of(-2)), Arguments())


def test_volatility_counts_the_days_of_the_calendar() -> None:
    here = context(SOURCE, close_of(399))
    value = run(here, Arguments(names=("volatility_21",))).values["volatility_21"]
    returns = np.diff(np.log(here.view.bars("AAA", 22).close))
    assert value == pytest.approx(returns.std(ddof=1) * np.sqrt(365.0))
