"""The kelly tool: history fills in what is not given."""

import numpy as np
import pytest

from tests.tools.markets import bars, close_of, context, market
from trader.domain.errors import ToolError
from trader.tools.sizing import Arguments, run

SOURCE = market(400)


def test_history_gives_base_rate_payoff_and_evidence() -> None:
    known = context(SOURCE, close_of(399))
    result = run(known, Arguments())
    r = known.view.event_returns("AAA", 5).r
    assert result.p_up == pytest.approx(np.mean(r > 0))
    assert result.payoff.mean_gain == pytest.approx(r[r > 0].mean())
    assert result.payoff.mean_loss == pytest.approx(-r[r <= 0].mean())
    assert result.payoff.cost == known.costs
    assert result.n_eff == pytest.approx(len(r) / 5)


def test_what_is_given_is_used() -> None:
    given = Arguments(p_up=0.7, mean_gain=0.05, mean_loss=0.02, n_eff=300.0, fraction=0.5)
    result = run(context(SOURCE, close_of(3)), given)
    assert (result.p_up, result.payoff.mean_gain, result.payoff.mean_loss, result.n_eff) == (
        0.7,
        0.05,
        0.02,
        300.0,
    )


def test_the_steps_end_in_the_weight() -> None:
    given = Arguments(p_up=0.7, mean_gain=0.05, mean_loss=0.02, n_eff=300.0, positions=4, correlation=0.4)
    result = run(context(SOURCE, close_of(3)), given)
    assert [step.name for step in result.steps] == ["full Kelly", "uncertainty", "fraction", "sharing"]
    assert result.steps[-1].weight == pytest.approx(result.weight)
    assert result.steps[0].weight >= result.steps[1].weight >= result.steps[2].weight >= result.weight > 0


def test_too_few_events_are_said_with_both_numbers() -> None:
    with pytest.raises(ToolError, match="needs 30 resolved events of AAA, has 16"):
        run(context(SOURCE, close_of(20)), Arguments())


def test_a_market_that_only_rose_says_nothing_of_losses() -> None:
    rising = market(
        100, bars={"AAA": bars("AAA", list(np.linspace(50.0, 500.0, 100)))}, symbols=("AAA",), actions={}
    )
    with pytest.raises(ToolError, match="needs gains and losses of AAA, and all 95 events were alike"):
        run(context(rising, close_of(99)), Arguments())
