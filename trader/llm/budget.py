"""What calls may cost: reserved at their worst before they are made, settled at what they took.

Pure arithmetic on values. Who keeps the purse of a decision, and reserves from it in what order, is
`graph/purse.py`.
"""

import re
from decimal import Decimal
from math import ceil
from typing import TypeVar

from pydantic import Field

from trader.domain.value import Amount, Value
from trader.llm.client import Answer, Call
from trader.llm.means import messages_as_sent

PER_MESSAGE = 8
"""Tokens that mark a turn, generously: OpenAI's format takes 3 to 4, Llama 3's 5."""
LETTERS_A_TOKEN = 3
"""English has four to a token and more; names and symbols have fewer."""

_PIECES = re.compile(r"(?P<word>[A-Za-z]+)|(?P<blank>[ \t]+)|(?P<one>[\x00-\x7f])|(?P<other>[^\x00-\x7f]+)")


class Price(Value):
    """US dollars a token; nought for local models and for those whose price nobody knows."""

    usd_in: Amount = Decimal(0)
    usd_out: Amount = Decimal(0)


class Cost(Value):
    """Dollars and tokens, in and out together."""

    usd: Amount = Field(default=Decimal(0), ge=0)
    tokens: int = Field(default=0, ge=0)

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(usd=self.usd + other.usd, tokens=self.tokens + other.tokens)


class Budget(Value):
    """The most that may be spent; None is no limit."""

    per_decision_usd: Amount | None = Field(default=None, ge=0)
    per_day_usd: Amount | None = Field(default=None, ge=0)
    per_decision_tokens: int | None = Field(default=None, ge=0)
    per_agent_usd: Amount | None = Field(default=None, ge=0)
    per_agent_tokens: int | None = Field(default=None, ge=0)
    """Of one agent in one decision."""

    def left(self, spent: Cost) -> "Budget":
        """What a decision that has spent so much may spend still; what each agent may is not in it."""
        return Budget(
            per_decision_usd=_less(self.per_decision_usd, spent.usd),
            per_day_usd=_less(self.per_day_usd, spent.usd),
            per_decision_tokens=_less(self.per_decision_tokens, spent.tokens),
        )

    def shared(self, by: int) -> "Budget":
        """The equal part of each of so many."""
        tokens = self.per_decision_tokens
        return Budget(
            per_decision_usd=None if self.per_decision_usd is None else self.per_decision_usd / by,
            per_day_usd=None if self.per_day_usd is None else self.per_day_usd / by,
            per_decision_tokens=None if tokens is None else tokens // by,
        )


class Spend(Value):
    """What is spent or reserved: of the decision, by all decisions of the day, by the agent."""

    decision: Cost = Cost()
    day_usd: Amount = Decimal(0)
    agent: Cost = Cost()

    def plus(self, cost: Cost) -> "Spend":
        """With `cost` reserved."""
        return Spend(decision=self.decision + cost, day_usd=self.day_usd + cost.usd, agent=self.agent + cost)


Bound = TypeVar("Bound", Decimal, int)


def _less(allowed: Bound | None, spent: Bound) -> Bound | None:
    return None if allowed is None else max(type(allowed)(0), allowed - spent)


def tokens_at_most(text: str) -> int:
    """More tokens than a tokenizer makes of ordinary text, without having the tokenizer.

    Words by three letters, digits and signs one each, other scripts by their bytes; a blank belongs to the
    word that follows it. Against litellm's own counter: 1.6 to 1.9 times as many for prompts, code and
    JSON, 2.7 for Chinese; but 0.6 for letters at random, of which settling takes account afterwards.
    """
    total = 0
    for piece in _PIECES.finditer(text):
        if piece.lastgroup == "word":
            total += ceil(len(piece[0]) / LETTERS_A_TOKEN)
        elif piece.lastgroup == "other":
            total += len(piece[0].encode("utf-8", "replace"))
        elif piece.lastgroup == "one" or len(piece[0]) > 1:
            total += 1
    return total


def worst_case(call: Call, price: Price) -> Cost:
    """The most that one call can take: its prompt with the schema, and an answer of full length."""
    prompt = sum(tokens_at_most(message.content) + PER_MESSAGE for message in messages_as_sent(call, "both"))
    usd = prompt * price.usd_in + call.max_output_tokens * price.usd_out
    return Cost(usd=usd, tokens=prompt + call.max_output_tokens)


def actual_cost(answer: Answer) -> Cost:
    """What an answer took."""
    return Cost(usd=answer.usd, tokens=answer.tokens_in + answer.tokens_out)


def shortfall(spend: Spend, budget: Budget, cost: Cost) -> str:
    """Why `cost` does not fit beside `spend`, in words; empty where it does."""
    after = spend.plus(cost)
    checks: tuple[tuple[str, Decimal | int, Decimal | int | None, str], ...] = (
        ("a decision", after.decision.tokens, budget.per_decision_tokens, "tokens"),
        ("a decision", after.decision.usd, budget.per_decision_usd, "USD"),
        ("a day", after.day_usd, budget.per_day_usd, "USD"),
        ("an agent", after.agent.tokens, budget.per_agent_tokens, "tokens"),
        ("an agent", after.agent.usd, budget.per_agent_usd, "USD"),
    )
    for span, needed, allowed, unit in checks:
        if allowed is not None and needed > allowed:
            return f"the budget of {span} is {allowed} {unit}, and {needed} might be needed"
    return ""
