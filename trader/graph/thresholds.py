"""What consensus needs of the settings and limits, and of an entry's thresholds where they are learned."""

from dataclasses import dataclass, replace

from trader.domain.lessons import LearnedThresholds


@dataclass(frozen=True)
class Thresholds:
    """What consensus needs of the settings and limits. They never see an order."""

    quorum: int
    minimum_agreement: float
    self_agreement: float
    """Least share of an agent's samples on its own side, over the agents that have several."""
    kelly_fraction: float
    volatility_ceiling: float
    """Largest weight times annual volatility."""
    band: float
    band_share: float
    position_limit: float
    """Largest weight of one instrument that the gate would pass."""
    drawdown_limit: float
    """Drawdown at which the breaker trips, and at which the throttle reaches zero."""
    positions: int
    """How many positions the book may hold at once, by its limit: they share one bankroll."""
    edge_errors: float = 1.0
    """An entry's edge must be above so many of its own errors."""
    adx: float | None = None
    """Least ADX of an entry; None: not looked at."""
    reward_to_risk: float | None = None
    """Least mean gain of an entry over the distance to its stop; None: not looked at."""

    def learned(self, at: LearnedThresholds | None) -> "Thresholds":
        """With those of an entry where learning has put them."""
        if at is None:
            return self
        return replace(
            self,
            minimum_agreement=at.agreement,
            edge_errors=at.edge_errors,
            adx=at.adx,
            reward_to_risk=at.reward_to_risk,
        )

    def lacking(self, adx: float | None, reward_to_risk: float | None) -> tuple[str, str] | None:
        """Which of the thresholds that learning may turn on an increase does not reach, and why; None: all.

        What is not known holds nothing back.
        """
        if self.adx is not None and adx is not None and adx < self.adx:
            return "adx", f"ADX {adx:.0f}, {self.adx:.0f} needed"
        least = self.reward_to_risk
        if least is not None and reward_to_risk is not None and reward_to_risk < least:
            return "reward to risk", f"reward to risk {reward_to_risk:.2f}, {least:.2f} needed"
        return None
