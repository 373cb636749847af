"""From opinions to one decision: pool, size, and decide whether to trade. Pure arithmetic on filled forms.

The pool is logarithmic: it adds log-odds, measured from the base rate, with weights that sum to one. So an
agent that says the base rate moves nothing, two agents that agree do not become surer than the surer of
them, and one that is silenced by its record (slope zero) is not turned round. Formulas, references and the
order of the steps are in `memory/pooling.py` and `tools/kelly.py`; here they are put in sequence, each with
its number for the trace.

What is held is given up below an edge of zero; an increase needs an edge above its own standard error,
agreement, a stop, and the executive. That gap between entering and leaving keeps the desk from churning on
noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from trader.domain.decisions import Contribution, Cut, Decision, Outcome, Payoff, Pool, SizingStep
from trader.domain.ids import BookId, RoundId, decision_id
from trader.domain.learned import Calibration, LearnedState, SymbolEvidence
from trader.domain.opinions import Opinion, Verdict
from trader.domain.portfolio import Account
from trader.domain.trades import MarketState
from trader.domain.value import digest
from trader.graph.thresholds import Thresholds
from trader.measures.forecasts import expit, logit
from trader.memory.experience import reward_to_risk
from trader.memory.pooling import SLOPE_PRIOR, pooled, shift
from trader.memory.rules import MEMORY
from trader.tools import kelly

WORTH_TAKING = 0.5
"""Of trades like this one, as many must pay: its barriers are as far above as below."""


@dataclass(frozen=True)
class Worth:
    """What the validator says of the signal."""

    p: float
    """Probability that a trade begun now ends above its costs."""
    limits: bool
    """Whether nothing may grow below WORTH_TAKING; else it is there to be read."""


@dataclass(frozen=True)
class Question:
    """What consensus is asked to decide, and everything it may use."""

    book: BookId
    round: RoundId
    as_of: datetime
    symbol: str
    horizon: int
    price: Decimal | None
    opinions: tuple[Opinion, ...]
    """Sorted by agent: the order of arrival is not known here."""
    silent: Mapping[str, str]
    """Agent -> why it has no opinion."""
    records: Mapping[str, str]
    """Agent -> the learned record that its forecasts belong to."""
    verdict: Verdict | None
    account: Account
    learned: LearnedState
    cost: float
    """Round trip, as a fraction of the price."""
    lot: float
    """The least that can be ordered, as a share of equity."""
    fallback_stop: Decimal | None
    """Where the stop goes when no opinion names one: below the price by a multiple of its average range."""
    conditions: MarketState = field(default_factory=MarketState)
    worth: Worth | None = None
    """None where no validator is in place, or it sees no signal."""


def conclude(asked: Question, rules: Thresholds) -> Decision:
    """The decision. Too few opinions and unknown prices end as `undecided`, never as a hold."""
    held = float(asked.account.weight(asked.symbol))
    evidence = asked.learned.of_symbol(asked.symbol)
    forecasts = [opinion for opinion in asked.opinions if opinion.p_up is not None]
    if asked.price is None or evidence is None:
        return undecided(asked, held, f"no price of {asked.symbol} is known")
    seniors = sum(opinion.agent != MEMORY for opinion in forecasts)  # memory is nobody's second opinion
    if seniors < rules.quorum:
        return undecided(asked, held, _no_quorum(seniors, rules.quorum, asked.silent))

    payoff = Payoff(mean_gain=evidence.mean_gain, mean_loss=evidence.mean_loss, cost=asked.cost)
    pool = pool_opinions(forecasts, asked, evidence, payoff)
    edge, error = kelly.edge(pool.p_up, payoff), kelly.edge_error(pool.p_up, payoff, evidence.n_eff)
    stop = protective_stop(asked)
    sized, sizing, cuts = _size(pool, payoff, evidence, asked, rules)
    if sized > held:
        rules = rules.learned(asked.learned.lessons.thresholds if asked.learned.lessons else None)
    ratio = reward_to_risk(payoff, asked.price, stop)
    lacking = _doubt(asked.worth) or rules.lacking(asked.conditions.adx, ratio)
    target, cause, restraint = _restrain(sized, held, edge, error, pool, stop, lacking, asked.verdict, rules)
    cuts += restraint
    sizing += (SizingStep(name="thresholds and executive", value=target - sized, weight=target, note=cause),)

    outcome = Outcome.TRADE if beyond_band(target, held, rules) else Outcome.HOLD
    inside = "inside the no-trade band"
    if outcome is Outcome.TRADE and 0.0 < abs(target - held) < asked.lot and target != 0.0:
        outcome, inside = Outcome.HOLD, f"less than one lot, which is {asked.lot:.2%}"
    if outcome is Outcome.HOLD and target != held:
        cause = f"{cause}; the change from {held:.2%} to {target:.2%} is {inside}"
        target = held
    return _decision(
        asked,
        outcome=outcome,
        cause=cause,
        held_weight=held,
        target_weight=target,
        stop=stop,
        pool=pool,
        payoff=payoff,
        edge=edge,
        edge_error=error,
        sizing=sizing,
        cuts=cuts,
    )


def undecided(asked: Question, held: float, cause: str) -> Decision:
    """The desk did not judge: what is held stays, and the cause is named."""
    return _decision(asked, outcome=Outcome.UNDECIDED, cause=cause, held_weight=held, target_weight=held)


def _decision(asked: Question, **judged: Any) -> Decision:
    return Decision(
        id=decision_id(asked.book, asked.as_of, asked.symbol, asked.horizon),
        book=asked.book,
        round=asked.round,
        as_of=asked.as_of,
        symbol=asked.symbol,
        horizon=asked.horizon,
        price=asked.price,
        learned=digest(asked.learned),
        **judged,
    )


def _no_quorum(count: int, quorum: int, silent: Mapping[str, str]) -> str:
    reasons = "; ".join(f"{agent}: {reason}" for agent, reason in sorted(silent.items()))
    return f"{count} of the {quorum} forecasts that a decision needs" + (f" ({reasons})" if reasons else "")


def pool_opinions(
    forecasts: list[Opinion], asked: Question, evidence: SymbolEvidence, payoff: Payoff
) -> Pool:
    """Calibrate each forecast, weigh it, and add up the log-odds."""
    base = evidence.base_rate
    known = [_calibration(asked, opinion.agent) for opinion in forecasts]
    total = sum(row.weight for row in known)
    share = [row.weight / total if total > 0 else 1.0 / len(known) for row in known]
    contributions = []
    for opinion, row, weight in zip(forecasts, known, share, strict=True):
        stated = opinion.p_up if opinion.p_up is not None else base
        moved = shift(stated, base, row.intercept, row.slope)
        contributions.append(
            Contribution(
                agent=opinion.agent,
                record=row.record,
                p_up=stated,
                p_calibrated=float(expit(logit(base) + moved)),
                shift=moved,
                weight=weight,
            )
        )
    p = pooled(base, [row.shift for row in contributions], share)
    agreeing = [row.weight for row in contributions if kelly.edge(row.p_calibrated, payoff) > 0]
    return Pool(
        base_rate=base,
        contributions=tuple(contributions),
        p_up=p,
        n_eff=evidence.n_eff,
        sigma_p=kelly.sigma(p, evidence.n_eff),
        agreement=sum(agreeing),
        self_agreement=_self_agreement(forecasts, share, base),
    )


def _self_agreement(forecasts: list[Opinion], share: list[float], base: float) -> float | None:
    """How far those who were asked several times agree with themselves, by their weight in the pool."""
    found = [(opinion.self_agreement(base), weight) for opinion, weight in zip(forecasts, share, strict=True)]
    sampled = [(own, weight) for own, weight in found if own is not None]
    total = sum(weight for _, weight in sampled)
    return sum(own * weight for own, weight in sampled) / total if total > 0 else None


def _calibration(asked: Question, agent: str) -> Calibration:
    """What was learned of the agent's record, in this regime where that is kept apart; else the prior."""
    record = asked.records.get(agent, agent)
    regime = asked.conditions.regime
    known = asked.learned.of_record(record, regime.value if regime else None)
    if known is not None:
        return known
    others = [row.prior_weight for row in asked.learned.records]
    newcomer = sum(others) / len(others) if others else 1.0
    return Calibration(
        record=record, slope=SLOPE_PRIOR, weight=newcomer, prior_weight=newcomer, n=0, n_eff=0.0
    )


def protective_stop(asked: Question) -> Decimal | None:
    """The opinions' farthest stop below the price, else the fallback: it is for disasters, not for noise."""
    price = asked.price
    below = [
        opinion.stop
        for opinion in asked.opinions
        if opinion.stop and price is not None and opinion.stop < price
    ]
    return min(below) if below else asked.fallback_stop


def _size(
    pool: Pool, payoff: Payoff, evidence: SymbolEvidence, asked: Question, rules: Thresholds
) -> tuple[float, tuple[SizingStep, ...], tuple[Cut, ...]]:
    """The weight that the forecast justifies, step by step, in the fixed order of sizing."""
    steps: list[SizingStep] = []
    cuts: list[Cut] = []

    def step(name: str, value: float, weight: float, note: str = "") -> float:
        steps.append(SizingStep(name=name, value=value, weight=weight, note=note))
        return weight

    def cap(by: str, ceiling: float, weight: float, reason: str) -> float:
        if weight > ceiling:
            cuts.append(Cut(by=by, before=weight, after=ceiling, reason=reason))
        return step(by, ceiling, min(weight, ceiling), reason)

    stake = kelly.kelly(pool.p_up, payoff, pool.n_eff)
    shared = kelly.sharing(rules.positions, asked.learned.correlation)
    full = max(0.0, kelly.full_weight(stake, payoff))
    weight = step("kelly", stake.f, full, "f / l: full Kelly, zero where the bet is bad")
    weight = step("uncertainty", stake.k, weight * stake.k, "shrunk by f^2 / (f^2 + Var f)")
    weight = step("fraction", rules.kelly_fraction, weight * rules.kelly_fraction, "of Kelly")
    weight = step("sharing", shared, weight / shared, "1 + (N - 1) rho: bets held together")
    if evidence.volatility > 0:
        ceiling = rules.volatility_ceiling / evidence.volatility
        weight = cap("volatility ceiling", ceiling, weight, f"annual volatility {evidence.volatility:.1%}")
    seniors = ((o.agent, o.size_cap) for o in asked.opinions if o.agent != MEMORY)  # it has no word on size
    name, smallest = min(seniors, key=lambda pair: (pair[1], pair[0]))
    weight = cap(
        "senior caps", smallest * rules.position_limit, weight, f"{name} allows {smallest:.0%} of the limit"
    )
    drawdown = float(asked.account.drawdown)
    throttle = max(0.0, 1.0 - drawdown / rules.drawdown_limit)
    weight = step("drawdown throttle", throttle, weight * throttle, f"drawdown {drawdown:.1%}")
    return weight, tuple(steps), tuple(cuts)


def _restrain(
    sized: float,
    held: float,
    edge: float,
    error: float,
    pool: Pool,
    stop: Decimal | None,
    lacking: tuple[str, str] | None,
    verdict: Verdict | None,
    rules: Thresholds,
) -> tuple[float, str, tuple[Cut, ...]]:
    """Hold increases back where they lack edge, agreement, a stop or the executive. Reductions pass."""
    if edge <= 0.0:
        return 0.0, f"no edge: {edge:+.2%} after costs", ()
    if sized <= held:
        return sized, f"edge {edge:+.2%}; no more than is held is justified", ()

    def kept(by: str, reason: str) -> tuple[float, str, tuple[Cut, ...]]:
        return held, reason, (Cut(by=by, before=sized, after=held, reason=reason),)

    if edge <= rules.edge_errors * error:
        times = "" if rules.edge_errors == 1.0 else f"{rules.edge_errors:g} times "
        return kept("entry edge", f"edge {edge:+.2%} is not above {times}its own error {error:.2%}")
    if pool.agreement < rules.minimum_agreement:
        seen = f"{pool.agreement:.0%} of the weight sees an edge"
        return kept("agreement", f"{seen}, {rules.minimum_agreement:.0%} needed")
    own = pool.self_agreement
    if own is not None and own < rules.self_agreement:
        said = f"asked again, agents agree with themselves in {own:.0%} of the samples"
        return kept("self-agreement", f"{said}, {rules.self_agreement:.0%} needed")
    if stop is None:
        return kept("stop", "no stop below the price is known")
    if lacking is not None:
        return kept(*lacking)
    factor = 1.0 if verdict is None else verdict.factor
    if verdict is None or factor == 1.0:
        return sized, f"edge {edge:+.2%} above its error {error:.2%}", ()
    target = max(held, factor * sized)  # of the target, not of the way to it: rounds would add up to all
    reason = f"{verdict.agent}: {verdict.reason}"
    return target, reason, (Cut(by="executive", before=sized, after=target, reason=reason),)


def _doubt(worth: Worth | None) -> tuple[str, str] | None:
    """Why the validator lets nothing grow, or None."""
    if worth is None or not worth.limits or worth.p >= WORTH_TAKING:
        return None
    return "validator", f"the validator gives {worth.p:.0%} to a trade that pays, {WORTH_TAKING:.0%} needed"


def beyond_band(target: float, held: float, rules: Thresholds) -> bool:
    """Whether the change is worth an order. Leaving altogether always is: a remainder would stay for ever."""
    if target == held:
        return False
    if target == 0.0:
        return True
    return abs(target - held) > max(rules.band, rules.band_share * target)
