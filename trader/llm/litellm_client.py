"""Any provider through litellm, which is imported when the first call is made and never before.

Seen of litellm 1.101 with a server of our own: its `timeout` does not end an answer that comes in drips; it
prints to the screen unless told not to; a key that is not there is a failure of the server; `Retry-After` is
in `litellm_response_headers` alone.
"""

import asyncio
import importlib
import os
from decimal import Decimal
from typing import Any

from trader.clock import Clock
from trader.domain.errors import MissingExtra, ModelError, ModelRefused, ModelTimeout, ModelUnavailable
from trader.llm.background import Background
from trader.llm.budget import Price
from trader.llm.client import Answer, Call, Means
from trader.llm.failures import failure, refuses_the_format
from trader.llm.means import first_means, messages_as_sent, next_means, response_format
from trader.llm.quiet import import_litellm

IMPORT_S = 120.0
"""A cold disk and a busy machine; usually 2 to 3 s."""
PLACES = 12
"""Decimals of a dollar: a token costs 1e-8 at the least."""
OLLAMA = ("ollama", "ollama_chat")
LOCAL_KEY = "none"
"""What a server at an address of its own is sent where no key is set: most want none, but the client does."""


class LitellmClient:
    """A ModelClient. One per process: it remembers by which means each model takes a schema."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._background = Background()
        self._means: dict[tuple[str, str | None], Means] = {}
        self._litellm: Any = None

    async def prepare(self, timeout_s: float = IMPORT_S) -> None:
        """Imports litellm in a thread (seconds): called before the first round, it costs no call its time.

        Raises MissingExtra, or ModelTimeout while the import goes on for the next who asks.
        """
        try:
            if self._litellm is None:
                self._litellm = await self._background.run(_import(), timeout_s)
        except TimeoutError:
            raise ModelTimeout(f"litellm was not imported within {timeout_s:.3g} s") from None

    async def close(self) -> None:
        """Ends calls that are still running, closes connections, stops the thread."""
        litellm, self._litellm = self._litellm, None
        await self._background.close(litellm.close_litellm_async_clients() if litellm else asyncio.sleep(0))

    async def price(self, model: str) -> Price:
        """What litellm's table says of `model`; nought where it does not know it."""
        await self.prepare()
        known = self._known(model)
        return Price(
            usd_in=_decimal(known.get("input_cost_per_token")),
            usd_out=_decimal(known.get("output_cost_per_token")),
        )

    async def context_tokens(self, model: str) -> int | None:
        """What `model` holds, as litellm's table has it; None where it does not know.

        Ollama's models hold what their server was told: what the table says would fill a small machine.
        """
        await self.prepare()
        if model.partition("/")[0] in OLLAMA:
            return None
        return _count(self._known(model), "max_input_tokens") or None

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """See `ModelClient`. The whole answer has the shorter of `timeout_s` and the call's own time."""
        patience = min(timeout_s, call.timeout_s)
        try:
            await self.prepare(timeout_s)
            return await self._background.run(self._answer(call), patience)
        except (ModelError, MissingExtra):
            raise
        except TimeoutError:
            raise ModelTimeout(f"{call.model}: no whole answer within {patience:.3g} s") from None
        except Exception as error:  # litellm lets anything through that a provider's answer breaks
            raise failure(error, call, self._clock.now()) from None

    async def _answer(self, call: Call) -> Answer:
        """Asks, and asks again by plainer means where the provider refuses the format of the answer."""
        self._check_key(call)
        self._spare_local(call)
        key = (call.model, call.api_base)
        means: Means | None = self._means.get(key) or self._first_means(call.model)
        while means is not None:
            began = self._clock.monotonic()
            try:
                said = await self._litellm.acompletion(**self._request(call, means))
            except Exception as error:
                means = next_means(means) if refuses_the_format(error) else None
                if means is None:
                    raise
                continue
            self._means[key] = means
            return _read(call, said, means, (self._clock.monotonic() - began) * 1000.0)
        raise AssertionError("there is always a first means")

    def _check_key(self, call: Call) -> None:
        """Raises ModelRefused where the provider wants a key and has none: some are asked all the same."""
        if call.api_base is not None:
            return
        missing = self._litellm.validate_environment(call.model)["missing_keys"]
        if call.provider == "azure" and "AZURE_API_BASE" in missing:
            hint = "set api_base of its role, or AZURE_API_BASE in .env"
            raise ModelRefused(f"{call.model}: there is no address for azure", hint=hint)
        # Clouds and local servers list what may come from elsewhere: a profile, a default address.
        if missing and all(name.endswith("_API_KEY") for name in missing):
            hint = f"put {' or '.join(missing)} into .env"
            raise ModelRefused(f"{call.model}: there is no key for {call.provider}", hint=hint)

    def _spare_local(self, call: Call) -> None:
        """Gives a model of Ollama's its price, nought, in litellm's table.

        For one that is not in it litellm asks the server for its price after each answer, with a blocking
        request: a server that hangs would hold up every other call.
        """
        if call.provider in OLLAMA:
            free = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
            row = {**free, "litellm_provider": call.provider, "mode": "chat"}
            self._litellm.model_cost.setdefault(call.model, row)

    def _first_means(self, model: str) -> Means:
        name, provider, *_ = self._litellm.get_llm_provider(model)
        params = self._litellm.get_supported_openai_params(name, provider) or []
        known = self._known(model).get("supports_response_schema") is True
        return first_means(known=known, takes_format="response_format" in params)

    def _known(self, model: str) -> dict[str, Any]:
        """The row of litellm's table. Its own look-up asks the server of a local model, and blocks."""
        table = self._litellm.model_cost
        return dict(table.get(model) or table.get(model.partition("/")[2]) or {})

    def _request(self, call: Call, means: Means) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": call.model,
            "messages": [message.model_dump() for message in messages_as_sent(call, means)],
            "temperature": call.temperature,
            "max_tokens": call.max_output_tokens,
            # Not what is left of it: litellm opens new connections for each time-out that it has not had yet.
            "timeout": call.timeout_s,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,  # a reasoning model takes no temperature
        }
        if (asked := response_format(call, means)) is not None:
            request["response_format"] = asked
        if call.provider in OLLAMA and call.context_tokens is not None:
            # Its own default is a few thousand, and it drops the beginning of what is longer without a word.
            request["num_ctx"] = call.context_tokens
        if call.api_base is not None:
            request["api_base"] = call.api_base
            if call.provider == "openai" and not os.environ.get("OPENAI_API_KEY"):
                request["api_key"] = LOCAL_KEY
        return request


async def _import() -> Any:
    """The library, with its answers bounded, and ready for the first call."""
    litellm = import_litellm()
    from trader.llm import bounded

    bounded.bind()
    importlib.import_module("openai.resources")  # half a second that the first call would have to spend
    return litellm


def _read(call: Call, said: Any, means: Means, ms: float) -> Answer:
    """The answer out of litellm's object, any part of which a server may have left out or made up."""
    if not getattr(said, "choices", None):
        raise ModelUnavailable(f"{call.model}: an answer with nothing in it")
    choice = said.choices[0]
    content = getattr(choice.message, "content", None)
    usage = getattr(said, "usage", None)
    hidden = getattr(said, "_hidden_params", None) or {}
    return Answer(
        text=content if isinstance(content, str) else "",
        model_version=str(said.model or ""),
        tokens_in=_count(usage, "prompt_tokens"),
        tokens_out=_count(usage, "completion_tokens"),
        tokens_cached=_count(getattr(usage, "prompt_tokens_details", None), "cached_tokens"),
        usd=_decimal(hidden.get("response_cost")),
        ms=ms,
        cut=getattr(choice, "finish_reason", None) == "length",
        means=means,
    )


def _count(usage: Any, name: str) -> int:
    number = usage.get(name) if isinstance(usage, dict) else getattr(usage, name, None)
    return number if isinstance(number, int) and number > 0 else 0


def _decimal(usd: Any) -> Decimal:
    """Money out of a float, without the noise of its last bits; nought for what is no price."""
    amount = Decimal(repr(usd)) if isinstance(usd, int | float) else Decimal(0)
    return round(amount, PLACES) if amount.is_finite() and amount > 0 else Decimal(0)
