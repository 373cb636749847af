"""From a question to a form: models in their order, one repair, and an end at the deadline."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from trader.clock import Clock
from trader.domain.errors import ModelError, ModelTimeout, RateLimited
from trader.domain.value import Number, Value
from trader.llm.client import Answer, Call, Message, ModelClient
from trader.llm.forms import Form, ParseError, Question, ToolRequest, parse

SHOWN = 4000
"""Characters of its own answer that a model is shown when it is asked to mend it."""
WAITS = 3
"""How often a question waits for the last of its models when that one has had too many requests."""
OUT_OF_TIME = "out of time"
Read = TypeVar("Read")
"""What an answer is read as."""


class Exchange(Value):
    """One call that was made and what came of it.

    Either `answer` or `error` is there, and both where the answer is no form.
    """

    call: Call
    attempt: int
    """0, 1, 2 … in the order of asking."""
    repair: bool = False
    """Whether it shows the model its own answer and what was wrong with it."""
    tool_round: int = 0
    """How often tools were asked for before."""
    answer: Answer | None = None
    error: str = ""
    """Why there is no answer, or why the answer is no form."""
    error_kind: str = ""
    """The error's class, as `ModelTimeout`; `ParseError` where the answer is no form."""
    ms: Number = 0.0
    """From asking to the end of it, waiting for its turn included."""


class Asked(Value):
    """What asking led to."""

    form: Form | None
    cause: str = ""
    """Why there is no form; empty where there is one."""
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class Results:
    """What the tools that were asked for say."""

    text: str
    """As the model reads it."""
    evidence: frozenset[str]
    """Digests that may be cited from now on."""


UseTools = Callable[[ToolRequest, int], Results]
"""Runs the tools of a request; `int` is how many further requests are allowed."""


@dataclass(frozen=True)
class _Next:
    """A call that is about to be made, and what its answer may be."""

    call: Call
    question: Question
    repair: bool = False
    tool_round: int = 0


async def ask_for_form(
    client: ModelClient,
    calls: Sequence[Call],
    question: Question,
    *,
    deadline: float,
    clock: Clock,
    on_exchange: Callable[[Exchange], None] = lambda exchange: None,
    use_tools: UseTools | None = None,
) -> Asked:
    """Asks each of `calls` (one question, several models) until one gives a form.

    `deadline` is counted by `clock.monotonic()`. `on_exchange` hears of every exchange as it ends. An answer
    that is no form is repaired once, by the model that gave it; a call that fails moves on to the next model.
    The last one is waited for where it says 429 and the wait ends in time. One that asks for tools is shown
    what they say, as often as the question allows.
    Never raises ModelError, and ends by the deadline: what is lacking then is said in `cause`.
    """
    exchanges: list[Exchange] = []
    waiting = [_Next(call, question) for call in calls]
    repaired, waits = False, WAITS
    while waiting:
        if clock.monotonic() >= deadline:
            return _nothing(exchanges, OUT_OF_TIME)
        asked = waiting.pop(0)
        exchange, outcome = await _exchange(client, asked, len(exchanges), deadline, clock)
        exchanges.append(exchange)
        on_exchange(exchange)
        match outcome:
            case RateLimited():
                if not waiting and waits and await _waited(outcome, deadline, clock):
                    waiting.append(asked)
                    waits -= 1
            case ParseError():
                if repaired:
                    break
                repaired = True
                mended = repair_of(asked.call, exchange.answer, outcome)
                waiting.insert(0, _Next(mended, asked.question, True, asked.tool_round))
            case ToolRequest() if use_tools is not None:
                waiting.insert(0, _after_tools(asked, exchange.answer, outcome, use_tools))
            case ModelError() | ToolRequest():
                pass
            case _:
                return Asked(form=outcome, exchanges=tuple(exchanges))
    return _nothing(exchanges, "" if exchanges else "no model to ask")


def _after_tools(asked: _Next, answer: Answer | None, request: ToolRequest, use_tools: UseTools) -> _Next:
    """The same conversation, two turns later: what was asked for, and what came of it."""
    left = (asked.question.tool_rounds or 0) - 1
    results = use_tools(request, left)
    turns = _turns(answer, results.text)
    call = asked.call.changed(messages=(*asked.call.messages, *turns))
    known = asked.question.evidence | results.evidence
    question = asked.question.model_copy(update={"tool_rounds": left, "evidence": known})
    return _Next(call, question, tool_round=asked.tool_round + 1)


def _turns(answer: Answer | None, told: str) -> tuple[Message, Message]:
    """What the model said, and what it is told about that."""
    shown = (answer.text[:SHOWN].strip() if answer else "") or "(nothing)"
    return Message(role="assistant", content=shown), Message(role="user", content=told)


def repair_of(call: Call, answer: Answer | None, error: ParseError) -> Call:
    """The same call with the answer and what was wrong with it: one more turn, so that the prefix is kept."""
    told = (
        f"That is not a form: {error}.\nAnswer again with one JSON object of the schema and nothing else: "
        "no prose, no Markdown, every key, no other key."
    )
    return call.changed(messages=(*call.messages, *_turns(answer, told)))


async def _exchange(
    client: ModelClient, asked: _Next, attempt: int, deadline: float, clock: Clock
) -> tuple[Exchange, Form | ToolRequest | ParseError | ModelError]:
    """One call of an agent's, whatever comes of it."""
    first = Exchange(call=asked.call, attempt=attempt, repair=asked.repair, tool_round=asked.tool_round)
    return await exchanged(client, first, lambda text: parse(text, asked.question), deadline, clock)


async def exchanged(
    client: ModelClient, begun: Exchange, read: Callable[[str], Read], deadline: float, clock: Clock
) -> tuple[Exchange, Read | ParseError | ModelError]:
    """The call of `begun` made, whatever comes of it: its end, and what `read` made of the answer."""
    call = begun.call
    began = clock.monotonic()
    answer: Answer | None = None
    outcome: Read | ParseError | ModelError
    try:
        async with asyncio.timeout(deadline - began):  # whatever the client does
            answer = await client.ask(call, deadline - began)
        outcome = read(answer.text)
    except ParseError as wrong:
        cut = f"it was cut off after {call.max_output_tokens} tokens: " if answer and answer.cut else ""
        outcome = ParseError(f"{cut}{wrong}")
    except ModelError as failed:
        outcome = failed
    except TimeoutError:
        outcome = ModelTimeout(f"{call.model}: no whole answer before the deadline")
    failed_as = outcome if isinstance(outcome, ParseError | ModelError) else None
    ended = begun.model_copy(
        update={
            "answer": answer,
            "error": str(failed_as or ""),
            "error_kind": type(failed_as).__name__ if failed_as else "",
            "ms": (clock.monotonic() - began) * 1000.0,
        }
    )
    return ended, outcome


async def _waited(limited: RateLimited, deadline: float, clock: Clock) -> bool:
    """Waits as long as the provider asks; False, at once, where that would not be in time."""
    wait = limited.retry_after
    if wait is None or clock.monotonic() + wait >= deadline:
        return False
    await asyncio.sleep(wait)
    return True


def _nothing(exchanges: Sequence[Exchange], last: str = "") -> Asked:
    """No form, with the cause of each call that was made."""
    said = [
        f"{exchange.call.model} gave no form: {exchange.error}" if exchange.answer else exchange.error
        for exchange in exchanges
    ]
    return Asked(form=None, cause="; ".join([*said, *([last] if last else [])]), exchanges=tuple(exchanges))
