"""Nothing after `as_of` reaches a decision, its steps or what is learned; and the check finds what does."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e.replays import cut
from tests.properties.desks import Moment, Said, rising
from tests.tools.markets import close_of
from trader.agents.roster import roster
from trader.data.feeds.files import open_folder
from trader.data.market import Market
from trader.data.perturbation import Future, perturbed
from trader.domain.market import Bars, to_datetime64
from trader.graph.desk import build_desk
from trader.tools.features import FEATURES, Arguments, Result
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.forecast.model import Model
from trader.tools.registry import TOOLS
from trader.tools.tool import Tool, ToolContext

AGENTS = roster()
GRAPH = build_desk(AGENTS)
SOURCE = rising(500)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def said(source: Market, as_of: datetime, **parts: Any) -> Said:
    return Moment.of(source, as_of, AGENTS, **parts).decide(GRAPH)


def told_apart(
    source: Market, as_of: datetime, futures: Iterable[Future] = Future, **parts: Any
) -> dict[Future, list[str]]:
    """The futures that a desk at `as_of` tells from what really came, each with what gives it away.

    `parts` are made anew for every market: a tool or a forecaster may remember.
    """

    def whole(market: Market) -> Said:
        return said(market, as_of, **{name: make() for name, make in parts.items()})

    real = whole(source)
    differing = {future: whole(perturbed(source, as_of, future)).differs(real) for future in futures}
    return {future: found for future, found in differing.items() if found}


@pytest.mark.parametrize(
    "as_of",
    [
        close_of(480),
        close_of(480) + 7 * HOUR,  # a bar is in progress
        close_of(415) - SECOND,  # a dividend takes effect in a second
        close_of(249) - SECOND,  # so does a split
    ],
    ids=str,
)
def test_no_future_changes_what_the_desk_says(as_of: datetime) -> None:
    assert told_apart(SOURCE, as_of) == {}


def test_the_desk_had_something_to_say() -> None:
    """Else the test above would hold for a desk that is asleep."""
    at_a_close = said(SOURCE, close_of(480))
    assert all('"outcome":"trade"' in decision for decision in at_a_close.decisions.values())
    silent = {who for who, form in at_a_close.forms.items() if form.startswith('["abstention"')}
    assert silent == {("BBB", "value"), ("CCC", "value")}  # no filings, and no five years of bars
    assert at_a_close.orders
    assert set(at_a_close.forecasts) == {"AAA", "BBB", "CCC"}
    assert sum(len(record) > 0 for record in at_a_close.track.values()) == 4


@settings(max_examples=4, deadline=None)
@given(
    hours=st.integers(24 * 260, 24 * 499),
    future=st.sampled_from(Future),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_future_changes_what_the_desk_says_at_any_moment(hours: int, future: Future, seed: int) -> None:
    as_of = close_of(-1) + hours * HOUR
    assert said(perturbed(SOURCE, as_of, future, seed), as_of).differs(said(SOURCE, as_of)) == []


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """Three shares in the exchange's hours; one of them is split at the opening of 28 February 2005."""
    folder = tmp_path_factory.mktemp("real") / "data"
    return open_folder(cut(folder, ("AAPL", "IBM", "MSFT"), date(2003, 6, 2), date(2005, 3, 31)))


@pytest.mark.parametrize(
    "as_of",
    [
        datetime(2005, 2, 28, 14, 29, 59, tzinfo=UTC),  # before the opening
        datetime(
            2005, 2, 28, 17, 30, tzinfo=UTC
        ),  # mid-session: the split is in effect, no bar has closed since
    ],
    ids=str,
)
def test_no_future_of_real_bars_changes_what_the_desk_says(real: Market, as_of: datetime) -> None:
    assert told_apart(real, as_of) == {}


# Planted look-aheads: a copy of the features tool that tells momentum of another year than the one that was.


def everything(here: ToolContext) -> Bars:
    """All bars of the market, whatever the moment: what no tool may have."""
    return here.view._market.bars[here.symbol]


def last_row(here: ToolContext) -> int:
    return int(np.searchsorted(everything(here).available, to_datetime64(here.view.as_of), side="right")) - 1


def centred_window(here: ToolContext) -> float:
    """The last close against a mean of five around it."""
    close, row = everything(here).close, last_row(here)
    return float(close[row] / close[row - 2 : row + 3].mean() - 1.0)


def full_sample_mean(here: ToolContext) -> float:
    """The last close against the mean of all."""
    close = everything(here).close
    return float(close[last_row(here)] / close.mean() - 1.0)


def shift_by_one(here: ToolContext) -> float:
    """A return that is one row late."""
    close, row = everything(here).close, last_row(here)
    return float(close[row + 1] / close[row] - 1.0)


def same_day_close(here: ToolContext) -> float:
    """Bars cut by when they opened: with the close of the one in progress."""
    bars = everything(here)
    row = int(np.searchsorted(bars.opened, to_datetime64(here.view.as_of), side="right")) - 1
    return float(bars.close[row] / bars.close[row - 1] - 1.0)


def honest(here: ToolContext) -> float:
    """The same slip without a look ahead."""
    close = here.view.bars(here.symbol, 2).close
    return float(close[1] / close[0] - 1.0)


Leak = Callable[[ToolContext], float]


def leaking(leak: Leak) -> tuple[Tool[Any, Any], ...]:
    """The tools, with features replaced by a copy whose return of a year is what `leak` says."""

    def run(here: ToolContext, arguments: Arguments) -> Result:
        values = dict(FEATURES.run(here, arguments).values)
        try:
            leaked = leak(here)
        except IndexError:
            leaked = float("nan")
        values["return_252"] = None if np.isnan(leaked) else leaked
        return FEATURES.run(here, arguments).model_copy(update={"values": values})

    return tuple(replace(FEATURES, run=run) if tool is FEATURES else tool for tool in TOOLS)


PLANTED = [
    (centred_window, close_of(480)),
    (full_sample_mean, close_of(480)),
    (shift_by_one, close_of(480)),
    (same_day_close, close_of(480) + HOUR),
    (same_day_close, close_of(481) - SECOND),
]


@pytest.mark.parametrize(("leak", "as_of"), PLANTED)
def test_a_planted_look_ahead_is_found_in_the_decision_by_every_future(leak: Leak, as_of: datetime) -> None:
    found = told_apart(SOURCE, as_of, tools=lambda: leaking(leak), scored=lambda: False)
    assert set(found) == set(Future)
    assert all({"decisions", "forms"} <= set(parts) for parts in found.values())


def test_the_planted_copy_without_its_leak_is_not_accused() -> None:
    assert told_apart(SOURCE, close_of(480), tools=lambda: leaking(honest), scored=lambda: False) == {}


def test_a_look_ahead_is_found_in_the_track_and_in_what_is_learned_from_it() -> None:
    """Full-sample statistics leak into every case of the past."""
    found = told_apart(SOURCE, close_of(480), [Future.NOISE], tools=lambda: leaking(full_sample_mean))
    assert {"track", "learned", "decisions"} <= set(found[Future.NOISE])


class Clairvoyant(Forecaster):
    """Trains on labels that have not resolved yet."""

    def _fit(self, view: Any, horizon: int) -> Model:
        return super()._fit(view._market.view(view.as_of + 60 * 24 * HOUR), horizon)


@pytest.mark.parametrize("future", [Future.NOISE, Future.NOTHING])
def test_a_forecaster_that_looks_ahead_is_found(future: Future) -> None:
    (found,) = told_apart(SOURCE, close_of(480), [future], forecaster=Clairvoyant).values()
    assert {"decisions", "forms", "forecasts"} <= set(found)
