"""From what litellm raises to one of the desk's own errors, in one line and without keys."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from trader.domain import errors
from trader.domain.errors import (
    AnswerTooLarge,
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    PromptTooLong,
    RateLimited,
)
from trader.llm.client import Call

LONGEST = 300
"""Characters of a provider's own words: an error page can be a book."""

PAUSE_S = 1.0
"""How long a provider is left alone that says 429 without saying for how long."""

_SECRET_NAMES = re.compile(r".*(KEY|TOKEN|SECRET|PASSWORD)S?", re.IGNORECASE)
_SECRETS = re.compile(
    r"sk-[\w*.-]{4,}|AIza[\w-]{10,}|(?<=Bearer )\S+|(?<=[?&]key=)[^&\s'\"]+|(?<=://)[^/@\s]+(?=@)"
)
_CLASSES = re.compile(r"^((litellm\.)?\w+(Error|Exception|Timeout)( -|:)\s*)+")
_HANDLING = re.compile(r"\. Handle with `litellm\..*")
_MESSAGE = re.compile(r'\{"error": ?\{"message": ?"([^"]+)"')
_NO_ANSWER = re.compile(
    r"converting to valid response|get json response|no 'choices'|invalid response from LLM"
)
_CONTEXT = re.compile(
    r"context[ _-]?(length|window|size)|maximum context|context the overflows|too many (input )?tokens|"
    r"(prompt|input) is too long|exceeds? the (model's )?context",
    re.IGNORECASE,
)
"""A prompt longer than the context, in the words of llama.cpp, vLLM, LM Studio and the hosted providers."""
_CREDENTIALS = re.compile(r"credential|api[_ -]?key|api_key|unauthori[sz]ed|authentication", re.IGNORECASE)
_FORMAT = re.compile(
    r"response_format|json_schema|json_object|schema|structured|grammar|json mode", re.IGNORECASE
)


def failure(error: Exception, call: Call, now: datetime) -> ModelError:
    """What `error` means for the desk. `now` turns a `Retry-After` that is a date into seconds."""
    said = f"{call.model}: {scrubbed(words(error))}"
    status = _status(error)
    if _chain(error, "BodyTooLarge"):
        return AnswerTooLarge(f"{call.model}: an answer too large to be one: the rest of it was not read")
    if type(error).__name__ == "ContextWindowExceededError" or (
        status in (400, 413, 422, 500) and _CONTEXT.search(str(error))
    ):
        hint = "say in context_tokens of its role how much it holds, or give it a longer context"
        return PromptTooLong(said, hint=hint)
    if _unreadable(error):
        return ModelUnavailable(f"{call.model}: an answer that is none: {scrubbed(words(error))}")
    if status in (401, 403) or (status == 500 and _CREDENTIALS.search(str(error))):
        return ModelRefused(said, hint=f"check the key of {call.provider} in .env")
    if status == 404:
        return ModelRefused(said, hint="check the model's name and its api_base")
    if status == 429:
        return RateLimited(said, retry_after=_retry_after(error, now), hint="lower its [llm.limits]")
    if status in (408, 504):
        return ModelTimeout(said)
    if status is not None and 400 <= status < 500:
        return ModelRefused(said, hint="the provider refuses the request as it stands")
    return _connection(error, call) or ModelUnavailable(said)


def _connection(error: Exception, call: Call) -> ModelUnavailable | None:
    """That there was none, or that it broke; None where the server said something."""
    where = scrubbed(call.api_base or f"the address of {call.provider}")
    if _chain(error, "ConnectError", "ClientConnectorError"):
        return ModelUnavailable(f"{call.model}: no connection to {where}", hint="is the server running?")
    if _chain(error, "TransportError", "ServerDisconnectedError"):
        return ModelUnavailable(f"{call.model}: the connection to {where} broke off")
    return None


def _unreadable(error: Exception) -> bool:
    """Whether the server said something that litellm could not read, which it files under many names."""
    return _chain(error, "JSONDecodeError") or bool(_NO_ANSWER.search(str(error)))


def refuses_the_format(error: Exception) -> bool:
    """Whether the provider may take the same request with a plainer way to ask for JSON."""
    kind, status = type(error).__name__, _status(error)
    if kind == "UnsupportedParamsError":
        return True
    return status in (400, 404, 422, 501) and bool(_FORMAT.search(words(error)))


def words(error: Exception) -> str:
    """The provider's own words: the first line, without the names of litellm's classes."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    said = _HANDLING.sub("", _CLASSES.sub("", first)).strip()
    told = _MESSAGE.match(said)
    return (told[1] if told else said)[:LONGEST] or type(error).__name__


def scrubbed(text: str) -> str:
    """`text` without what looks like a key, and without any value that the environment keeps as one."""
    for name, value in os.environ.items():
        if _SECRET_NAMES.fullmatch(name) and len(value) >= 6:
            text = text.replace(value, "[key]")
    return _SECRETS.sub("[key]", text)


def _status(error: Exception) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None


def _retry_after(error: Exception, now: datetime) -> float:
    """Seconds, from either form of the header (RFC 9110, 10.2.3)."""
    headers = getattr(error, "litellm_response_headers", None)
    told = headers.get("retry-after") if isinstance(headers, Mapping) else None
    if not isinstance(told, str):
        return PAUSE_S
    if re.fullmatch(r"\d{1,9}(\.\d+)?", told.strip()):
        return float(told)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return PAUSE_S
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


def _chain(error: BaseException | None, *names: str) -> bool:
    """Whether one of the classes is among the error and what it came from."""
    while error is not None:
        if any(kind.__name__ in names for kind in type(error).__mro__):
            return True
        error = error.__cause__ or error.__context__
    return False


def recorded_failure(kind: str, text: str, retry_after: float | None = None) -> ModelError:
    """A failure that was written down, as the error that it was: `kind` is its class."""
    if kind == RateLimited.__name__:
        return RateLimited(text, retry_after=retry_after)
    known = getattr(errors, kind, ModelError)
    return known(text) if issubclass(known, ModelError) else ModelError(text)
