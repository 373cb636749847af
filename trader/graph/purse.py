"""What a day and each of its decisions may spend on language models, kept as calls are made.

Who goes without never depends on which answer came first. A stage is reserved at its worst, in the order of
its agents, before any of them has an answer; what their first calls leave is shared equally by their further
ones (repairs, other models, tool rounds); what answers really took counts from the next stage on. What is
left of a day is shared equally by the decisions of a round.

A reservation is on the disk before the call is made, so that what was lost with a process still counts.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal

from trader.clock import Clock
from trader.domain.errors import BudgetSpent, ModelTimeout
from trader.domain.ids import DecisionId
from trader.journal.records import CallReserved, ModelCalled
from trader.llm.budget import Budget, Cost, Price, Spend, actual_cost, shortfall, worst_case
from trader.llm.client import Answer, Call, ModelClient

Reserve = Callable[[Call, Cost], Awaitable[None]]
"""Returns when the most that a call can cost is on the disk."""


def lost(reserved: Iterable[CallReserved], called: Iterable[ModelCalled]) -> dict[DecisionId, Cost]:
    """What calls may have cost that were about to be made and of which nothing was heard, by decision."""
    heard = Counter(
        (call.decision, call.agent, call.call)
        for call in called
        if call.error_kind != BudgetSpent.__name__  # it was never made
    )
    found: dict[DecisionId, Cost] = {}
    for one in reserved:
        key = (one.decision, one.agent, one.call)
        if heard[key]:
            heard[key] -= 1
        else:
            found[one.decision] = found.get(one.decision, Cost()) + Cost(usd=one.usd, tokens=one.tokens)
    return found


class Day:
    """What has been spent today, by the clock on the wall."""

    def __init__(
        self,
        budget: Budget,
        prices: Mapping[str, Price],
        clock: Clock,
        spent: Decimal,
        lost: Mapping[DecisionId, Cost] | None = None,
    ) -> None:
        self._budget, self._prices, self._clock = budget, prices, clock
        self._day, self._spent, self._lost = self._today(), spent, lost or {}
        self._purses: dict[DecisionId, Purse] = {}
        self._share: Decimal | None = None

    def share(self, decisions: int) -> None:
        """A round of so many decisions begins."""
        if self._today() != self._day:
            self._day, self._spent = self._today(), Decimal(0)
        self._purses.clear()
        if self._budget.per_day_usd is not None and decisions:
            self._share = max(Decimal(0), self._budget.per_day_usd - self._spent) / decisions

    def client(self, inner: ModelClient, decision: DecisionId, agent: str, stage: int) -> ModelClient:
        """`inner` as one agent of a stage may use it."""
        if self._budget == Budget():
            return inner
        if decision not in self._purses:
            self._purses[decision] = Purse(self._budget, self._share, self._lost.get(decision, Cost()))
        return _Paying(inner, self._purses[decision], agent, stage, self)

    def on_disk(self, inner: ModelClient, reserve: Reserve) -> ModelClient:
        """`inner` with every reservation on the disk before the call."""
        return inner if self._budget == Budget() else _Noting(inner, reserve, self)

    def worst(self, call: Call) -> Cost:
        """The most that a call can take."""
        return worst_case(call, self._prices.get(call.model, Price()))

    def settle(self, cost: Cost) -> None:
        """So much has really been taken."""
        self._spent += cost.usd

    def _today(self) -> date:
        return self._clock.now().date()


class Purse:
    """What one decision may spend, and of that each agent."""

    def __init__(self, budget: Budget, share: Decimal | None, lost: Cost = Cost()) -> None:  # noqa: B008 - a value
        self._budget = budget.model_copy(update={"per_day_usd": share})
        self._stage = -1
        self._spent = self._reserved = lost
        self._agents: dict[str, Cost] = {}
        """Reserved by each agent, in all stages."""
        self._further: Budget | None = None
        """What each agent of the stage may take beyond first calls, once one of them wants more."""
        self._taken: dict[str, Cost] = {}
        """What each agent of the stage has taken of that."""

    def reserve(self, agent: str, stage: int, cost: Cost, *, first: bool = True) -> None:
        """Set the worst case aside. Raises BudgetSpent where it does not fit."""
        if stage != self._stage:
            self._stage, self._reserved = stage, self._spent
            self._further, self._taken = None, {}
        own = self._agents.get(agent, Cost())
        spend = Spend(decision=self._reserved, day_usd=self._reserved.usd, agent=own)
        why = shortfall(spend, self._budget, cost)
        if not why and not first:
            why = self._no_more(agent, cost)
        if why:
            raise BudgetSpent(why)
        self._reserved += cost
        self._agents[agent] = own + cost
        self._taken.setdefault(agent, Cost())
        if not first:
            self._taken[agent] += cost

    def settle(self, cost: Cost) -> None:
        """So much has really been taken."""
        self._spent += cost

    def _no_more(self, agent: str, cost: Cost) -> str:
        """Why a further call does not fit into the agent's share of what the first calls have left."""
        if self._further is None:
            self._further = self._budget.left(self._reserved).shared(len(self._taken))
        taken = self._taken.get(agent, Cost())
        why = shortfall(Spend(decision=taken, day_usd=taken.usd), self._further, cost)
        return f"of what first calls left, {why}" if why else ""


class _Paying:
    """A ModelClient that asks only what the purse holds."""

    def __init__(self, inner: ModelClient, purse: Purse, agent: str, stage: int, day: Day) -> None:
        self._inner, self._purse, self._agent, self._stage, self._day = inner, purse, agent, stage, day
        self._samples: set[int] = set()
        """Those of which the first call was made."""

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """The answer, paid for. Raises ModelError."""
        worst = self._day.worst(call)
        first = call.sample not in self._samples
        self._samples.add(call.sample)
        self._purse.reserve(self._agent, self._stage, worst, first=first)
        await asyncio.sleep(0)  # the other agents of the stage reserve before any answer is there
        cost = worst  # whoever is not waited for may be charged for in full
        try:
            answer = await self._inner.ask(call, timeout_s)
            cost = actual_cost(answer)
        except ModelTimeout:
            raise
        except Exception:
            cost = Cost()
            raise
        finally:
            self._purse.settle(cost)
            self._day.settle(cost)
        return answer


class _Noting:
    """A ModelClient that has the worst case on the disk before it asks."""

    def __init__(self, inner: ModelClient, reserve: Reserve, day: Day) -> None:
        self._inner, self._reserve, self._day = inner, reserve, day

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """The answer. Raises ModelError."""
        await self._reserve(call, self._day.worst(call))
        return await self._inner.ask(call, timeout_s)
