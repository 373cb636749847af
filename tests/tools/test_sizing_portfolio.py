"""The kelly_portfolio tool: stakes of symbols that move together, from what has resolved."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tools.markets import bars, close_of, context, market, walk
from trader.domain.errors import ToolError
from trader.memory.cases import outcomes
from trader.tools.kelly_portfolio import kelly_portfolio
from trader.tools.sizing_portfolio import Arguments, run

SOURCE = market(700, symbols=("AAA", "BBB", "CCC"))


def test_means_and_covariance_are_of_the_resolved_events_less_costs() -> None:
    known = context(SOURCE, close_of(650))
    result = run(known, Arguments(dates=300, fraction=0.5))
    assert [stake.symbol for stake in result.stakes] == ["AAA", "BBB", "CCC"]
    assert (result.dates, result.n_eff) == (300, 60.0)
    returns = np.column_stack([outcomes(known.view, one, 5).returns[-300:] for one in ("AAA", "BBB", "CCC")])
    assert [stake.mean for stake in result.stakes] == pytest.approx(returns.mean(axis=0) - known.costs)
    covariance = np.cov(returns, rowvar=False)
    expected = kelly_portfolio(returns.mean(axis=0) - known.costs, covariance, 60.0, fraction=0.5)
    assert [stake.weight for stake in result.stakes] == pytest.approx(expected.weights)
    assert result.k == pytest.approx(expected.k)
    assert result.gross == pytest.approx(sum(stake.weight for stake in result.stakes))
    assert result.gross > 0.0


def test_symbols_that_move_together_get_less_than_each_alone() -> None:
    rng = np.random.default_rng(3)
    shared = rng.normal(0.004, 0.02, 700)
    paths = {name: shared + rng.normal(0.0, 0.01, 700) for name in ("AAA", "BBB")}
    moving = {name: bars(name, list(100.0 * np.exp(np.cumsum(path)))) for name, path in paths.items()}
    source = market(700, bars=moving, actions={})
    both = run(context(source, close_of(650)), Arguments())
    alone = run(context(source, close_of(650)), Arguments(symbols=("AAA",)))
    assert [stake.symbol for stake in alone.stakes] == ["AAA"]
    assert 0.0 < both.stakes[0].full < 0.8 * alone.stakes[0].full
    assert all(stake.weight <= stake.full for stake in both.stakes)


def test_a_symbol_with_too_few_common_dates_is_named_and_left_out() -> None:
    young = walk("BBB", 700, 2)[600:]
    source = market(700, bars={"AAA": walk("AAA", 700, 1), "BBB": young}, actions={})
    result = run(context(source, close_of(650)), Arguments())
    assert result.missing == ("BBB",)
    assert [stake.symbol for stake in result.stakes] == ["AAA"]


def test_a_halted_symbol_is_left_out_and_has_no_stake_of_its_own() -> None:
    still = bars("BBB", [80.0] * 700)
    still = replace(still, open=still.close)
    source = market(700, bars={"AAA": walk("AAA", 700, 1), "BBB": still}, actions={})
    assert run(context(source, close_of(650)), Arguments()).missing == ("BBB",)
    with pytest.raises(ToolError, match="BBB never moves"):
        run(replace(context(source, close_of(650)), symbol="BBB"), Arguments())


def test_a_copy_of_a_symbol_and_too_short_a_history_are_said() -> None:
    source = market(700, bars={name: walk(name, 700, 1) for name in ("AAA", "BBB")}, actions={})
    with pytest.raises(ToolError, match=r"no stakes for AAA, BBB: .* some asset repeats others"):
        run(context(source, close_of(650)), Arguments())
    with pytest.raises(ToolError, match="needs 250 resolved events of AAA, has 96"):
        run(context(source, close_of(100)), Arguments())
