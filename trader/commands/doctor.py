"""`trader doctor`: asks each configured model once; what works, what it took, and how to mend the rest."""

import asyncio
from collections.abc import Mapping, Sequence

from trader.agents.agent import Agent
from trader.clock import SystemClock
from trader.commands import output, words
from trader.commands.config import loaded
from trader.commands.environment import lend
from trader.commands.probing import Check, probe, probes, unpriced
from trader.commands.providers import is_own
from trader.commands.session import Session
from trader.domain.errors import MissingExtra
from trader.llm.budget import Budget, Cost, Price, Spend, shortfall
from trader.llm.client import Call
from trader.llm.litellm_client import LitellmClient
from trader.settings import Settings, keys
from trader.settings.llm import Role

PROMPT_TOKENS = 4_000
"""Tokens that the desk reserves for one prompt of the packaged agents, at most: 3,553 on the bundled bars.

What is reserved is 1.6 to 1.9 times what a tokenizer counts (`llm/budget.py`).
"""


def doctor(session: Session) -> int:
    """The whole command: 0 where all is well, 1 where something is not."""
    settings, _ = loaded(session)
    checks = [Check(name="settings", ok=True, detail="read from " + str(session.workspace.root))]
    if settings.llm.roles:
        from trader.agents.roster import roster

        lend(keys(session.workspace.env))
        agents = roster(session.workspace.prompts, settings.agents, roles=settings.llm.roles)
        checks += asyncio.run(_models(settings, agents))
    else:
        checks.append(
            Check(
                name="language models",
                ok=True,
                detail="none are configured: every agent follows its rule",
                mend="`trader init` gives the desk one; docs/language-models.md has more",
            )
        )
    if session.json:
        output.document({"checks": checks})
    else:
        table = output.columns("", "", "", "what to do", wraps=("", "what to do"))
        for check in checks:
            table.add_row(check.name, "ok" if check.ok else "not well", check.detail, check.mend)
        output.screen(table)
    return 0 if all(check.ok for check in checks) else 1


async def _models(settings: Settings, agents: Sequence[Agent]) -> Sequence[Check]:
    client = LitellmClient(SystemClock())
    budget = Budget.model_validate(settings.llm.budget.model_dump(exclude={"deadline_s"}))
    calls = probes(settings)
    try:
        await client.prepare()
        prices = {call.model: await client.price(call.model) for call in calls}
        checks = await asyncio.gather(*(probe(client, call, budget) for call in calls))
        return [*checks, a_decision(agents, calls, prices, budget)]
    except MissingExtra as error:
        return [Check(name="litellm", ok=False, detail=error.message, mend=error.hint)]
    finally:
        await client.close()


def a_decision(
    agents: Sequence[Agent], calls: Sequence[Call], prices: Mapping[str, Price], budget: Budget
) -> Check:
    """What one decision costs at worst, and whether its budget holds that."""
    asking = {agent.name: agent.role for agent in agents if agent.role is not None}
    if not asking:
        mend = 'name the role in its place: [agents.momentum] model = "…"'
        return Check(name="a decision", ok=False, detail="no agent asks any of these models", mend=mend)
    cost = sum((_dearest(role, prices) for role in asking.values()), Cost())
    unknown = sorted(
        {call.model for call in calls if not max(prices[call.model].usd_in, prices[call.model].usd_out)}
        - {call.model for call in calls if is_own(call)}
    )
    detail = f"{words.count(len(asking), 'call')} ({', '.join(asking)}), at worst {cost.tokens:,} tokens"
    usd = f"{words.amount(cost.usd)} USD"
    detail += (
        f" and {usd}" + (f" without {', '.join(unknown)}" if unknown else "") + "; a repair is one call more"
    )
    if short := shortfall(Spend(), budget, cost):
        mend = f"{short}: who comes last follows its rule; raise it in [llm.budget]"
        return Check(name="a decision", ok=False, detail=detail, mend=mend)
    return Check(name="a decision", ok=True, detail=detail, mend=unpriced(unknown, budget) if unknown else "")


def _dearest(role: Role, prices: Mapping[str, Price]) -> Cost:
    """The worst case of one call, by the dearest model of its role."""
    usd = max(
        PROMPT_TOKENS * prices[model].usd_in + role.max_output_tokens * prices[model].usd_out
        for model in role.models
    )
    return Cost(usd=usd, tokens=PROMPT_TOKENS + role.max_output_tokens)
