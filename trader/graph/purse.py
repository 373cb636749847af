"""What a day and each of its decisions may spend on language models, kept as calls are made.

A stage is reserved at its worst: what answers really took counts from the next stage on. So who goes without
in a stage does not depend on which answer came first. What is left of the day is shared equally by the
decisions of a round, for the same reason.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from trader.clock import Clock
from trader.domain.errors import BudgetSpent, ModelTimeout
from trader.domain.ids import DecisionId
from trader.llm.budget import Budget, Cost, Price, Spend, actual_cost, shortfall, worst_case
from trader.llm.client import Answer, Call, ModelClient


class Day:
    """What has been spent today, by the clock on the wall."""

    def __init__(self, budget: Budget, prices: Mapping[str, Price], clock: Clock, spent: Decimal) -> None:
        self._budget, self._prices, self._clock = budget, prices, clock
        self._day, self._spent = self._today(), spent
        self._purses: dict[DecisionId, Purse] = {}
        self._share: Decimal | None = None

    def share(self, decisions: int) -> None:
        """A round of so many decisions begins."""
        if self._today() != self._day:
            self._day, self._spent = self._today(), Decimal(0)
        self._purses.clear()
        if self._budget.per_day_usd is not None and decisions:
            self._share = max(Decimal(0), self._budget.per_day_usd - self._spent) / decisions

    def client(self, inner: ModelClient, decision: DecisionId, stage: int) -> ModelClient:
        """`inner` as one agent of a stage may use it."""
        if self._budget == Budget():
            return inner
        purse = self._purses.setdefault(decision, Purse(self._budget, self._share))
        return _Paying(inner, purse, stage, self)

    def worst(self, call: Call) -> Cost:
        """The most that a call can take."""
        return worst_case(call, self._prices.get(call.model, Price()))

    def settle(self, cost: Cost) -> None:
        """So much has really been taken."""
        self._spent += cost.usd

    def _today(self) -> date:
        return self._clock.now().date()


class Purse:
    """What one decision may spend."""

    def __init__(self, budget: Budget, share: Decimal | None) -> None:
        self._budget = budget.model_copy(update={"per_day_usd": share})
        self._stage = -1
        self._reserved = self._spent = Cost()

    def reserve(self, stage: int, cost: Cost) -> None:
        """Set the worst case aside. Raises BudgetSpent where it does not fit."""
        if stage != self._stage:
            self._stage, self._reserved = stage, self._spent
        spend = Spend(decision=self._reserved, day_usd=self._reserved.usd)
        if why := shortfall(spend, self._budget, cost):
            raise BudgetSpent(why)
        self._reserved += cost

    def settle(self, cost: Cost) -> None:
        """So much has really been taken."""
        self._spent += cost


class _Paying:
    """A ModelClient that asks only what the purse holds."""

    def __init__(self, inner: ModelClient, purse: Purse, stage: int, day: Day) -> None:
        self._inner, self._purse, self._stage, self._day = inner, purse, stage, day

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """The answer, paid for. Raises ModelError."""
        worst = self._day.worst(call)
        self._purse.reserve(self._stage, worst)
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
