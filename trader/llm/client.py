"""One call of a language model, its answer, and the protocol that everything which answers calls follows."""

from functools import cached_property
from typing import Any, Literal, Protocol

from pydantic import Field

from trader.domain.value import Amount, Number, Value, digest

Means = Literal["native", "both", "json", "prompt"]
"""How the schema reaches the model: natively; natively and in the prompt; in the prompt, with JSON mode; in
the prompt alone. See `means.py`."""

Source = Literal["", "cache", "cassette"]
"""Where an answer was found; empty where the model was asked for it."""


class Message(Value):
    """One turn of the conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Call(Value):
    """Everything that decides the answer. Two calls with one digest ask the same thing of the same model."""

    model: str
    """As litellm names it: `provider/model`, as in `ollama/llama3.2`."""
    messages: tuple[Message, ...] = Field(min_length=1)
    temperature: Number = Field(default=0.0, ge=0.0, le=2.0)
    max_output_tokens: int = Field(default=800, gt=0)
    form_schema: dict[str, Any]
    """The JSON schema of the form that is to be filled."""
    schema_name: str = Field(default="form", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    context_tokens: int | None = None
    """What the model holds, prompt and answer, where somebody has said so."""
    left_out: tuple[str, ...] = ()
    """What the messages lack because it would not have fitted, in words."""
    api_base: str | None = None
    """The server's address where it is not the provider's own, as `http://127.0.0.1:1234/v1`."""
    sample: int = Field(default=0, ge=0)
    """Which of several askings of the same question: each is answered anew, and cached on its own."""
    timeout_s: Number = Field(default=20.0, gt=0.0, exclude=True)
    """Seconds for the whole answer once it is being asked for. How long one waits changes no answer, so that
    it is in neither the digest nor the record."""

    @cached_property
    def digest(self) -> str:
        """Names the call: in the journal, in caches, in replays."""
        return digest(self)

    def changed(self, **changes: Any) -> "Call":
        """The same call but for `changes`: another digest, which a copy of this one would not have."""
        same = {name: getattr(self, name) for name in Call.model_fields}
        return Call.model_validate(same | changes)

    @property
    def provider(self) -> str:
        """What stands before the first slash; a name without one is OpenAI's, as for litellm."""
        provider, slash, _ = self.model.partition("/")
        return provider if slash else "openai"


class Answer(Value):
    """What came back, word for word, and what it took."""

    text: str
    model_version: str = ""
    """The model as the server names it."""
    tokens_in: int = Field(default=0, ge=0)
    tokens_out: int = Field(default=0, ge=0)
    tokens_cached: int = Field(default=0, ge=0)
    """Those of `tokens_in` that the provider had kept from before."""
    usd: Amount = Field(ge=0)
    """What the provider charges, where litellm knows the price; 0 where it does not, and for local models."""
    ms: Number = Field(ge=0.0)
    """From asking to the last byte; waiting for one's turn is not in it."""
    cut: bool = False
    """Whether it ended at `max_output_tokens` and not because it was finished."""
    means: Means = "native"
    """How the schema reached the model: with the call, it gives the exact messages that were sent."""
    source: Source = Field(default="", exclude=True)
    """Where it was found. Its tokens and dollars are then those that it took when it was asked for."""


class ModelClient(Protocol):
    """Whoever answers calls: a provider, a recording, a wrapper that keeps limits."""

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """The whole answer within `timeout_s` seconds, and within the call's own time once it is sent.

        Raises ModelError (`ModelTimeout`, `ModelUnavailable`, `ModelRefused`, `RateLimited`, `BudgetSpent`).
        """
        ...
