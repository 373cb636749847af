"""What has to be said before a number is believed, as sentences."""

from collections.abc import Iterator, Sequence
from math import isclose

from trader.data.market import Market
from trader.domain.decisions import Pool
from trader.evals.cases import Recorded
from trader.evals.paired import Difference
from trader.journal.records import RunStarted

INSUFFICIENT = "INSUFFICIENT EVIDENCE"


def headline(name: str, found: Difference | None, baseline: str) -> str:
    """The first line of a report."""
    if found is None:
        return f"{INSUFFICIENT}: no case of {name} has resolved, so there is nothing to score."
    cases = f"{found.cases:,} case{'' if found.cases == 1 else 's'} worth {found.n_eff:,.1f} independent ones"
    if found.low is None or found.high is None:
        return f"{INSUFFICIENT}: {name} has {cases}; {found.lacking}."
    if found.low == found.high == found.brier == 0.0:
        return f"THE SAME: {name} says what the {baseline} do, on {cases}."
    measured = (
        f"log loss {found.log_loss:+.4f} against the {baseline}, "
        f"{found.level:.0%} interval {found.low:+.4f} to {found.high:+.4f}, on {cases}"
    )
    if not found.decided:
        more = (
            f" If the difference is what it seems, about {found.more_cases:,} more cases would decide it."
            if found.more_cases
            else ""
        )
        return f"{INSUFFICIENT}: {name}: {measured}.{more}"
    word = "BETTER" if found.log_loss < 0 else "WORSE"
    return f"{word} THAN THE {baseline.upper()}: {name}: {measured}."


def findings(
    recorded: Recorded, runs: Sequence[RunStarted], market: Market, chosen: Sequence[str]
) -> Iterator[str]:
    """Everything else, the book first, then each agent."""
    then = sorted({run.data_digest for run in runs})
    if then and then != [market.digest]:
        yield f"the data is not what it was: decided on {', '.join(then)}, scored on {market.digest}"
    unresolved = len(recorded.decisions) - len(recorded.cases)
    if unresolved:
        decisions = f"{len(recorded.decisions):,} decisions"
        yield f"{unresolved:,} of {decisions} have not resolved, or had no base rate"
    odd = sum(1 for made in recorded.decisions if made.pool and not _whole(made.pool))
    if odd:
        yield f"the weights of {odd:,} decisions do not add up to one: their pool is not what it says"
    for name in chosen:
        yield from _of_agent(recorded, name)


def _whole(pool: Pool) -> bool:
    return isclose(sum(one.weight for one in pool.contributions), 1.0, abs_tol=1e-6)


def _of_agent(recorded: Recorded, name: str) -> Iterator[str]:
    turns = [turn for turn in recorded.turns if turn.agent == name]
    opinions = [turn for turn in turns if turn.form == "opinion"]
    if not opinions:
        yield f"{name} never answered: it abstained in {len(turns):,} of {len(turns):,} turns"
    elif all(turn.p_up is None for turn in opinions):
        yield f"{name} states no probability: direction is not its mandate, and nothing of it is scored"
    for what, values in (
        ("records", {turn.record for turn in opinions}),
        ("prompts", {turn.prompt for turn in turns}),
    ):
        if len(values) > 1:
            yield f"{name} had {len(values)} {what} in this book, scored as one: {', '.join(sorted(values))}"
