"""How much to stake: the edge, its error, and Kelly's fraction shrunk by how little is known.

The event pays G with probability p and costs L otherwise; a round trip costs c. With g = G - c and l = L + c
the odds are b = g / l. Everything is a fraction of the price, over the horizon. Sources: Kelly 1956; Thorp
2006, "The Kelly criterion in blackjack, sports betting and the stock market"; Baker and McHale 2013, "Optimal
betting under parameter uncertainty: improving the Kelly criterion".
"""

from math import sqrt
from typing import NamedTuple

from trader.domain.decisions import Payoff

PRIOR_CASES = 100.0
"""Cases that the prior is worth: the error of a forecast never exceeds that of a base rate on so many."""


class Kelly(NamedTuple):
    """Kelly's fraction of the bankroll at risk, and how far it can be believed."""

    f: float
    """p - (1 - p) / b: the share of equity to put at risk; negative for a bad bet, zero where g <= 0."""
    var_f: float
    """((b + 1) / b)^2 sigma_p^2."""
    k: float
    """f^2 / (f^2 + var f): what is left of f after Baker and McHale's shrinkage; zero where both are zero."""


def edge(p: float, payoff: Payoff) -> float:
    """The expected return after costs: p G - (1 - p) L - c."""
    return p * payoff.mean_gain - (1.0 - p) * payoff.mean_loss - payoff.cost


def sigma(p: float, n_eff: float) -> float:
    """Standard error of a probability that `n_eff` effective cases and the prior speak for."""
    return sqrt(p * (1.0 - p) / (n_eff + PRIOR_CASES))


def edge_error(p: float, payoff: Payoff, n_eff: float) -> float:
    """The edge's own standard error: sigma_p (G + L)."""
    return sigma(p, n_eff) * (payoff.mean_gain + payoff.mean_loss)


def kelly(p: float, payoff: Payoff, n_eff: float) -> Kelly:
    """Kelly's fraction, its variance and its shrinkage. All zero where costs eat the whole gain."""
    g, loss = payoff.mean_gain - payoff.cost, payoff.mean_loss + payoff.cost
    if g <= 0.0:
        return Kelly(0.0, 0.0, 0.0)
    b = g / loss
    f = p - (1.0 - p) / b
    var_f = ((b + 1.0) / b) ** 2 * p * (1.0 - p) / (n_eff + PRIOR_CASES)
    total = f * f + var_f
    return Kelly(f, var_f, f * f / total if total > 0.0 else 0.0)


def sharing(positions: int, correlation: float) -> float:
    """What bets held together divide the bankroll by: 1 + (N - 1) rho. A negative rho counts as none."""
    return 1.0 + (positions - 1) * max(correlation, 0.0)


def full_weight(stake: Kelly, payoff: Payoff) -> float:
    """Full Kelly as a weight of equity, f / l: so much invested loses f of equity in the mean loss."""
    return stake.f / (payoff.mean_loss + payoff.cost)


def target_weight(stake: Kelly, payoff: Payoff, *, fraction: float, shared: float) -> float:
    """The weight to hold: fraction k f / l / (1 + (N - 1) rho), and zero for a bad bet (long only)."""
    return max(0.0, fraction * stake.k * full_weight(stake, payoff) / shared)
