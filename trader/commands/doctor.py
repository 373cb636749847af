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
from trader.llm.local_demo import serving
from trader.settings import Settings, keys
from trader.settings.llm import Role

PROMPT_TOKENS = 5_000
"""Tokens that the desk reserves for one prompt of the packaged agents, at most: 4,709 in the test of it.

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
    clock = SystemClock()
    client = LitellmClient(clock)
    budget = Budget.model_validate(settings.llm.budget.model_dump(exclude={"deadline_s"}))
    asked = (agent.role for agent in agents if agent.role is not None)
    calls = probes((*settings.llm.roles.values(), *asked))
    try:
        await client.prepare()
        prices = {call.model: await client.price(call.model) for call in calls}
        async with serving(client, {call.model for call in calls}, clock, output.say) as answering:
            checks = await asyncio.gather(
                *(probe(answering, call, prices[call.model], budget) for call in calls)
            )
        return [*checks, a_decision(agents, calls, prices, budget)]
    except MissingExtra as error:
        return [Check(name="litellm", ok=False, detail=error.message, mend=error.hint)]
    finally:
        await client.close()


def a_decision(
    agents: Sequence[Agent], calls: Sequence[Call], prices: Mapping[str, Price], budget: Budget
) -> Check:
    """What one decision costs at worst, and whether its budget holds that."""
    costs = {agent.name: _worst(agent, agent.role, prices) for agent in agents if agent.role is not None}
    if not costs:
        mend = 'name the role in the place of another: model = "…" under [agents.momentum]'
        return Check(name="a decision", ok=False, detail="no agent asks any of these models", mend=mend)
    cost = sum(costs.values(), Cost())
    unknown = sorted({call.model for call in calls if not _known(prices[call.model]) and not is_own(call)})
    usd = f"{words.amount(cost.usd)} USD" + (f" without {', '.join(unknown)}" if unknown else "")
    asking = f"{words.count(len(costs), 'agent')} with a model ({', '.join(costs)})"
    detail = f"{asking}: at worst {cost.tokens:,} tokens and {usd}, and a repair is one call more"
    shorts = [shortfall(Spend(), budget.left(Cost()), cost)]
    shorts += [shortfall(Spend(), budget, one) for one in costs.values()]
    if short := next(filter(None, shorts), ""):
        mend = f"{short}: whoever does not fit follows its rule; raise it in [llm.budget]"
        return Check(name="a decision", ok=False, detail=detail, mend=mend)
    return Check(name="a decision", ok=True, detail=detail, mend=unpriced(unknown, budget) if unknown else "")


def _worst(agent: Agent, role: Role, prices: Mapping[str, Price]) -> Cost:
    """What all its calls may take, by the dearest model of its role."""
    calls = agent.prompt.samples * (1 + agent.prompt.tool_rounds)
    usd = max(
        PROMPT_TOKENS * prices[model].usd_in + role.max_output_tokens * prices[model].usd_out
        for model in role.models
    )
    return Cost(usd=calls * usd, tokens=calls * (PROMPT_TOKENS + role.max_output_tokens))


def _known(price: Price) -> bool:
    return max(price.usd_in, price.usd_out) > 0
