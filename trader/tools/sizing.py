"""Kelly's stake for the symbol, step by step, from what the event has paid so far."""

import numpy as np
from pydantic import Field

from trader.domain.decisions import Payoff, SizingStep
from trader.domain.errors import ToolError
from trader.domain.opinions import P_MAX, P_MIN
from trader.domain.value import Number
from trader.tools import kelly
from trader.tools.tool import Schema, Tool, ToolContext

_FEWEST_EVENTS = 30
"""Resolved events that a base rate or a payoff is taken from."""
_SMALLEST = 1e-4
"""A mean gain or loss below one basis point is rounding of the price."""


class Arguments(Schema):
    """The bet. What is not given is what the event has done before."""

    p_up: float | None = Field(default=None, ge=P_MIN, le=P_MAX)
    """Probability of the event; else how often it happened."""
    mean_gain: float | None = Field(default=None, gt=0.0)
    """Mean return where it happened, a fraction."""
    mean_loss: float | None = Field(default=None, gt=0.0)
    """Mean size of the loss where it did not, a fraction."""
    n_eff: float | None = Field(default=None, ge=0.0)
    """Effective cases behind `p_up`; else resolved events over the horizon."""
    fraction: float = Field(default=0.25, gt=0.0, le=1.0)
    """Part of Kelly's stake."""
    positions: int = Field(default=1, ge=1)
    """Positions that share the bankroll."""
    correlation: float = Field(default=0.0, ge=-1.0, le=1.0)
    """Mean correlation between them."""


class Result(Schema):
    """The stake and the numbers behind it."""

    p_up: Number
    """Probability used."""
    payoff: Payoff
    """Mean gain, mean loss and cost used."""
    n_eff: Number
    """Effective cases used."""
    edge: Number
    """Expected return after costs."""
    edge_error: Number
    """Its standard error."""
    f: Number
    """Kelly's fraction of equity at risk."""
    k: Number
    """What uncertainty leaves of it."""
    steps: tuple[SizingStep, ...]
    """From full Kelly to the weight."""
    weight: Number
    """Share of equity to hold."""


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Fill in what was not given and size the bet."""
    p, payoff, n_eff = _bet(context, arguments)
    stake = kelly.kelly(p, payoff, n_eff)
    shared = kelly.sharing(arguments.positions, arguments.correlation)
    full = max(0.0, kelly.full_weight(stake, payoff))
    believed = full * stake.k
    sized = believed * arguments.fraction
    steps = (
        SizingStep(name="full Kelly", value=stake.f, weight=full, note="f / l"),
        SizingStep(name="uncertainty", value=stake.k, weight=believed, note="k, Baker and McHale"),
        SizingStep(name="fraction", value=arguments.fraction, weight=sized, note="of Kelly"),
        SizingStep(name="sharing", value=shared, weight=sized / shared, note="1 + (N - 1) rho"),
    )
    return Result(
        p_up=p,
        payoff=payoff,
        n_eff=n_eff,
        edge=kelly.edge(p, payoff),
        edge_error=kelly.edge_error(p, payoff, n_eff),
        f=stake.f,
        k=stake.k,
        steps=steps,
        weight=kelly.target_weight(stake, payoff, fraction=arguments.fraction, shared=shared),
    )


def _bet(context: ToolContext, asked: Arguments) -> tuple[float, Payoff, float]:
    """Probability, payoff and effective cases. Raises ToolError where history has to say and is too short."""
    if asked.p_up is not None and asked.mean_gain and asked.mean_loss and asked.n_eff is not None:
        payoff = Payoff(mean_gain=asked.mean_gain, mean_loss=asked.mean_loss, cost=context.costs)
        return asked.p_up, payoff, asked.n_eff
    returns = context.view.event_returns(context.symbol, context.horizon).r
    if len(returns) < _FEWEST_EVENTS:
        raise ToolError(f"needs {_FEWEST_EVENTS} resolved events of {context.symbol}, has {len(returns)}")
    up = returns > 0.0
    if up.all() or not up.any():
        raise ToolError(
            f"needs gains and losses of {context.symbol}, and all {len(returns)} events were alike"
        )
    payoff = Payoff(
        mean_gain=asked.mean_gain or max(float(returns[up].mean()), _SMALLEST),
        mean_loss=asked.mean_loss or max(float(-returns[~up].mean()), _SMALLEST),
        cost=context.costs,
    )
    p = asked.p_up if asked.p_up is not None else float(np.clip(up.mean(), P_MIN, P_MAX))
    return p, payoff, asked.n_eff if asked.n_eff is not None else len(returns) / context.horizon


KELLY = Tool("kelly", "Kelly's stake, shrunk by how little is known", Arguments, Result, run)
