"""Nothing after `as_of` reaches a tool's answer; and the check that says so finds what does."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.memory import past
from tests.tools.markets import account, close_of, context, market
from trader.data.market import Market
from trader.data.perturbation import Future, perturbed
from trader.domain.market import Bars, Floats, to_datetime64
from trader.domain.value import canonical_json
from trader.memory.recall import Memory
from trader.tools.features import FEATURES, Arguments, Result
from trader.tools.registry import TOOLS
from trader.tools.tool import Tool, ToolContext
from trader.tools.toolbox import run

SOURCE = market(700, symbols=("AAA", "BBB"))
REMEMBERED = Memory.of(past.remembered(3_000))
"""Trades from before and from after every moment that is asked about."""
HOUR = timedelta(hours=1)


def said(tool: Tool[Any, Any], source: Market, as_of: datetime) -> str:
    """The tool's evidence, byte for byte, from a forecaster that has seen no other market."""
    here = context(source, as_of, held=account(source, as_of, AAA=10, BBB=20), memory=REMEMBERED)
    return canonical_json(run(tool, {}, here))


def told_apart(tool: Tool[Any, Any], as_of: datetime, futures: Iterable[Future] = Future) -> list[Future]:
    """The futures that the tool's answer at `as_of` tells from what really came."""
    real = said(tool, SOURCE, as_of)
    return [future for future in futures if said(tool, perturbed(SOURCE, as_of, future), as_of) != real]


MOMENTS = (
    close_of(600),
    close_of(640) + 7 * HOUR,  # a bar is in progress
    close_of(21 * 31 - 1),  # the forecaster is refitted
    close_of(349) - timedelta(seconds=1),  # a split takes effect in a second
    close_of(698),
)


@pytest.mark.parametrize("as_of", MOMENTS, ids=str)
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_no_tool_tells_one_future_from_another(tool: Tool[Any, Any], as_of: datetime) -> None:
    assert told_apart(tool, as_of) == []


@pytest.mark.parametrize(
    "tool", [tool for tool in TOOLS if tool.name != "validator"], ids=lambda tool: tool.name
)
def test_every_tool_had_something_to_say(tool: Tool[Any, Any]) -> None:
    """Else the test above would hold for a tool that always fails.

    The validator says nothing before one is trained: tests/tools/forecast/test_serving.py has its futures.
    """
    held = account(SOURCE, MOMENTS[0], AAA=10, BBB=20)
    here = context(SOURCE, MOMENTS[0], held=held, memory=REMEMBERED)
    assert run(tool, {}, here).error == ""


@pytest.mark.parametrize(
    "tool", [tool for tool in TOOLS if tool.name != "forecast"], ids=lambda tool: tool.name
)
@settings(max_examples=15, deadline=None)
@given(
    hours=st.integers(24 * 30, 24 * 699),
    future=st.sampled_from(Future),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_tool_tells_futures_apart_at_any_moment(
    tool: Tool[Any, Any], hours: int, future: Future, seed: int
) -> None:
    as_of = close_of(-1) + hours * HOUR
    assert said(tool, perturbed(SOURCE, as_of, future, seed), as_of) == said(tool, SOURCE, as_of)


def everything(here: ToolContext) -> Bars:
    """All bars of the market, whatever the moment: what no tool may have."""
    return here.view._market.bars[here.symbol]


def last_row(here: ToolContext) -> int:
    return int(np.searchsorted(everything(here).available, to_datetime64(here.view.as_of), side="right")) - 1


def centred_window(here: ToolContext) -> Floats:
    """A mean of five closes around the last one."""
    close, row = everything(here).close, last_row(here)
    return close[row] / close[row - 2 : row + 3].mean()


def full_sample_mean(here: ToolContext) -> Floats:
    """The last close against the mean of all closes, later ones too."""
    close = everything(here).close
    return (close[last_row(here)] - close.mean()) / close.std()


def shift_by_one(here: ToolContext) -> Floats:
    """A return that is one row late: the next bar's."""
    close, row = everything(here).close, last_row(here)
    return close[row + 1] / close[row] - 1.0


def same_day_close(here: ToolContext) -> Floats:
    """Bars cut by when they opened: the close of the bar in progress."""
    bars = everything(here)
    row = int(np.searchsorted(bars.opened, to_datetime64(here.view.as_of), side="right")) - 1
    return bars.close[row]


def later_split(here: ToolContext) -> Floats:
    """Prices adjusted for splits that have not happened yet."""
    actions = here.view._market.actions[here.symbol]
    return float(actions[-1].amount) * everything(here).close[last_row(here)]


def value_before_publication(here: ToolContext) -> Floats:
    """A macro value of a month that is over, not yet published."""
    series = here.view._market.series["baa_yield"]
    return series.value[np.searchsorted(series.period, np.datetime64(here.view.as_of.date())) - 1]


def leaking(leak: Callable[[ToolContext], Any]) -> Tool[Arguments, Result]:
    """A copy of the features tool that slips in one number more."""

    def with_leak(here: ToolContext, arguments: Arguments) -> Result:
        honest = FEATURES.run(here, arguments)
        try:
            leaked = float(leak(here))
        except IndexError:
            leaked = float("nan")
        value = None if np.isnan(leaked) else leaked
        return honest.model_copy(update={"values": {**honest.values, "leak": value}})

    return replace(FEATURES, run=with_leak)


@pytest.mark.parametrize("future", Future)
@pytest.mark.parametrize(
    ("leak", "as_of"),
    [
        (centred_window, close_of(600)),
        (full_sample_mean, close_of(600)),
        (shift_by_one, close_of(600)),
        (same_day_close, close_of(600) + HOUR),
        (same_day_close, close_of(601) - timedelta(seconds=1)),
        (later_split, close_of(560)),
        (value_before_publication, close_of(620)),
    ],
)
def test_a_planted_look_ahead_is_found_by_every_future(
    leak: Callable[[ToolContext], Any], as_of: datetime, future: Future
) -> None:
    assert told_apart(leaking(leak), as_of, [future]) == [future]


def test_the_planted_copy_without_its_leak_is_not_accused() -> None:
    assert told_apart(leaking(lambda here: here.view.bars(here.symbol).close[-1]), close_of(600)) == []
