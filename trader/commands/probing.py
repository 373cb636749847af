"""One model asked once: the call, what came of it, and how to mend what is not well."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trader.commands import words
from trader.commands.providers import is_own
from trader.domain.errors import ModelError, ModelTimeout, ModelUnavailable, PromptTooLong, RateLimited
from trader.domain.value import Amount, Value
from trader.llm.budget import Budget, Price, Spend, shortfall, worst_case
from trader.llm.client import Answer, Call, Means, Message, ModelClient
from trader.llm.forms import ParseError, Question, parse
from trader.llm.schemas import EXECUTIVE, schema_for
from trader.settings.llm import Role

SYMBOL = "TEST"
QUESTION = Question(agent="doctor", tier=EXECUTIVE, symbol=SYMBOL)
ASKED = (
    f"This is a test of the form, and no trade hangs on it. Fill it for the symbol {SYMBOL}: approve it with "
    "the factor 1, and give the reason in three words. Answer with the JSON object alone."
)
MEANS: dict[Means, str] = {
    "native": "its own JSON schema",
    "both": "its own JSON schema, and the schema in the prompt",
    "json": "JSON mode, and the schema in the prompt",
    "prompt": "the schema in the prompt alone",
}


class Took(Value):
    """What one answer took."""

    ms: float
    usd: Amount
    priced: bool
    """Whether litellm knows what the model charges. Where not, and it is no machine of one's own, `usd` is
    no price."""
    tokens_in: int
    tokens_out: int
    means: Means


class Check(Value):
    """One thing that was tried."""

    name: str
    ok: bool
    detail: str
    mend: str = ""
    """What to do where it is not well, or might be better."""
    took: Took | None = None


def probes(roles: Iterable[Role]) -> tuple[Call, ...]:
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
        for role in roles
        for model in role.models
    }
    return tuple(asked.values())


async def probe(client: ModelClient, call: Call, price: Price, budget: Budget) -> Check:
    """Asks, unless the budget of a decision holds not even this."""
    if short := shortfall(Spend(), budget, worst_case(call, price)):
        mend = "the desk would not ask it either: raise [llm.budget], or every agent follows its rule"
        return Check(name=call.model, ok=False, detail=f"not asked: {short}", mend=mend)
    try:
        answer = await client.ask(call, call.timeout_s)
    except ModelError as error:
        return Check(name=call.model, ok=False, detail=_why(error, call), mend=mended(error, call))
    took = _took(answer, price)
    try:
        parse(answer.text, QUESTION)
    except ParseError as wrong:
        cut = "max_output_tokens of its role is too small for it" if answer.cut else "a larger model may help"
        mend = f"its agents will often abstain: {cut}"
        return Check(
            name=call.model, ok=False, detail=f"no form: {wrong}; {told(took)}", mend=mend, took=took
        )
    return Check(
        name=call.model,
        ok=True,
        detail=f"a form; {told(took)}",
        mend="" if took.priced or is_own(call) else unpriced([call.model], budget),
        took=took,
    )


def _why(error: ModelError, call: Call) -> str:
    """The error without the model's name, which stands beside it."""
    return error.message.removeprefix(f"{call.model}: ")


def unpriced(models: Sequence[str], budget: Budget) -> str:
    """What follows from a price that nobody knows."""
    said = f"nobody knows the price of {', '.join(models)}: a budget in USD counts it as 0"
    if budget.per_decision_tokens is None:
        return f"{said}, so set per_decision_tokens in [llm.budget]"
    return f"{said}, and per_decision_tokens bounds it"


def told(took: Took) -> str:
    """What an answer took, in one line."""
    usd = f"{words.amount(took.usd)} USD" if took.priced or took.usd else "no price known"
    tokens = f"{took.tokens_in:,} tokens in, {took.tokens_out:,} out"
    return f"{tokens}, {usd}, {took.ms:.0f} ms, by {MEANS[took.means]}"


def mended(error: ModelError, call: Call) -> str:
    """What to do about a model that did not answer."""
    match error:
        case PromptTooLong():
            return error.hint
        case ModelTimeout():
            loading = "a local model is loaded by its first call: try again" if is_own(call) else "try again"
            return f"{loading}, or raise timeout_s of its role above {call.timeout_s:g}"
        case RateLimited():
            return f"see whether the account has credit left, or lower [llm.limits.{call.provider}]"
        case ModelUnavailable() if call.provider.startswith("ollama"):
            return error.hint and "is it running? `ollama serve` starts it"
    if "model's name" in error.hint:
        return error.hint + _name_hint(call)
    return error.hint or "the server's own log may say more"


def _name_hint(call: Call) -> str:
    """Why a model may be unknown to a server that is there."""
    if call.provider.startswith("ollama"):
        return f"; `ollama pull {call.model.partition('/')[2]}` fetches it"
    if call.provider == "azure":
        return "; of Azure it is the deployment's name"
    if call.provider == "openai" and call.api_base and not call.api_base.rstrip("/").endswith("/v1"):
        return ", which ends in /v1 at most servers"
    return ""


def _took(answer: Answer, price: Price) -> Took:
    return Took(
        ms=answer.ms,
        usd=answer.usd,
        priced=max(price.usd_in, price.usd_out) > Decimal(0),
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        means=answer.means,
    )
