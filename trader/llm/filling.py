"""A form that is no agent's: each model in its order, one repair, and an end at the deadline."""

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple

from trader.clock import Clock
from trader.domain.errors import ModelError
from trader.llm.asking import OUT_OF_TIME, Exchange, Read, exchanged, repair_of
from trader.llm.client import Call, ModelClient
from trader.llm.strict_json import ParseError


class Filled(NamedTuple, Generic[Read]):
    """The form and the call that it came of, or why there is none."""

    form: Read | None
    call: Call | None = None
    cause: str = ""


async def fill(
    client: ModelClient,
    calls: Sequence[Call],
    read: Callable[[str], Read],
    *,
    deadline: float,
    clock: Clock,
    on_exchange: Callable[[Exchange], None],
) -> Filled[Read]:
    """Asks each of `calls` (one question, several models) until `read` takes an answer.

    `read` raises ParseError; the first such answer is repaired once, by the model that gave it. Never raises
    ModelError, and ends by the deadline, which is counted by `clock.monotonic()`.
    """
    waiting, repaired = [(call, False) for call in calls], False
    causes: list[str] = []
    while waiting:
        if clock.monotonic() >= deadline:
            causes.append(OUT_OF_TIME)
            break
        call, repair = waiting.pop(0)
        begun = Exchange(call=call, attempt=len(causes), repair=repair)
        ended, outcome = await exchanged(client, begun, read, deadline, clock)
        on_exchange(ended)
        if not isinstance(outcome, ParseError | ModelError):
            return Filled(outcome, call)
        if isinstance(outcome, ParseError) and not repaired:
            repaired = True
            waiting.insert(0, (repair_of(call, ended.answer, outcome), True))
        causes.append(f"{call.model} gave no form: {outcome}" if ended.answer else str(outcome))
    return Filled(None, None, "; ".join(causes))
