"""From a question to a form: models in their order, one repair, and an end at the deadline."""

from collections.abc import Callable, Sequence

from trader.clock import Clock
from trader.domain.value import Number, Value
from trader.llm.client import Answer, Call, ModelClient
from trader.llm.forms import Form, Question


class Exchange(Value):
    """One call that was made and what came of it.

    Either `answer` or `error` is there, and both where the answer is no form.
    """

    call: Call
    attempt: int
    """0, 1, 2 … in the order of asking."""
    repair: bool = False
    """Whether it shows the model its own answer and what was wrong with it."""
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


async def ask_for_form(
    client: ModelClient,
    calls: Sequence[Call],
    question: Question,
    *,
    deadline: float,
    clock: Clock,
    on_exchange: Callable[[Exchange], None] = lambda exchange: None,
) -> Asked:
    """Asks each of `calls` (one question, several models) until one gives a form.

    `deadline` is counted by `clock.monotonic()`. `on_exchange` hears of every exchange as it ends. An answer
    that is no form is repaired once, by the model that gave it; a call that fails moves on to the next model.
    Never raises ModelError, and ends by the deadline: what is lacking then is said in `cause`.
    """
    raise NotImplementedError
