"""`trader doctor`: asks each configured model once; what works, what it took, and how to mend the rest."""

import asyncio
from collections.abc import Sequence

from trader.clock import SystemClock
from trader.commands import output, words
from trader.commands.config import loaded
from trader.commands.environment import lend
from trader.commands.session import Session
from trader.domain.errors import MissingExtra, ModelError
from trader.domain.value import Value
from trader.llm.client import Answer, Call, Message, ModelClient
from trader.llm.forms import ParseError, Question, parse
from trader.llm.litellm_client import LitellmClient
from trader.llm.local_demo import serving
from trader.llm.schemas import EXECUTIVE, schema_for
from trader.settings import Settings, keys

SYMBOL = "TEST"
QUESTION = Question(agent="doctor", tier=EXECUTIVE, symbol=SYMBOL)
ASKED = (
    f"This is a test of the form, and no trade hangs on it. Fill it for the symbol {SYMBOL}: approve it with "
    "the factor 1, and give the reason in three words. Answer with the JSON object alone."
)


class Check(Value):
    """One thing that was tried."""

    name: str
    ok: bool
    detail: str
    mend: str = ""
    """What to do where it is not well."""


def doctor(session: Session) -> int:
    """The whole command: 0 where all is well, 1 where something is not."""
    settings, _ = loaded(session)
    checks = [Check(name="settings", ok=True, detail="read from " + str(session.workspace.root))]
    if settings.llm.roles:
        lend(keys(session.workspace.env))
        checks += asyncio.run(_models(settings))
    else:
        checks.append(
            Check(
                name="language models",
                ok=True,
                detail="none are configured: every agent follows its rule",
                mend="docs/language-models.md says how to give the desk one",
            )
        )
    if session.json:
        output.document({"checks": checks})
    else:
        table = output.columns("", "", "", "what to do")
        for check in checks:
            table.add_row(check.name, "ok" if check.ok else "not well", check.detail, check.mend)
        output.screen(table)
    return 0 if all(check.ok for check in checks) else 1


def probes(settings: Settings) -> tuple[Call, ...]:
    """One call for each model at each address."""
    asked = {
        (model, role.api_base): Call(
            model=model,
            messages=(Message(role="user", content=ASKED),),
            temperature=role.temperature,
            max_output_tokens=role.max_output_tokens,
            form_schema=schema_for(EXECUTIVE),
            schema_name=EXECUTIVE,
            api_base=role.api_base,
            timeout_s=role.timeout_s,
        )
        for role in settings.llm.roles.values()
        for model in role.models
    }
    return tuple(asked.values())


async def _models(settings: Settings) -> Sequence[Check]:
    clock, calls = SystemClock(), probes(settings)
    client = LitellmClient(clock)
    try:
        await client.prepare()
        async with serving(client, {call.model for call in calls}, clock, output.say) as answering:
            return await asyncio.gather(*(_probe(answering, call) for call in calls))
    except MissingExtra as error:
        return [Check(name="litellm", ok=False, detail=error.message, mend=error.hint)]
    finally:
        await client.close()


async def _probe(client: ModelClient, call: Call) -> Check:
    try:
        answer = await client.ask(call, call.timeout_s)
    except ModelError as error:
        return Check(name=call.model, ok=False, detail=error.message, mend=error.hint)
    try:
        parse(answer.text, QUESTION)
    except ParseError as wrong:
        mend = "its agents will often abstain: a larger model, or max_output_tokens, may help"
        return Check(name=call.model, ok=False, detail=f"no form: {wrong}; {_took(answer)}", mend=mend)
    return Check(name=call.model, ok=True, detail=f"a form; {_took(answer)}")


def _took(answer: Answer) -> str:
    tokens = f"{answer.tokens_in:,} tokens in, {answer.tokens_out:,} out"
    return f"{tokens}, {words.amount(answer.usd)} USD, {answer.ms:.0f} ms, by {answer.means}"
