"""How a schema reaches a model, and what is tried next where a model does not take it."""

import json
from typing import Any

from trader.llm.client import Call, Means, Message

ORDER: tuple[Means, ...] = ("native", "both", "json", "prompt")
"""From the surest to what every model takes."""


def first_means(*, known: bool, takes_format: bool) -> Means:
    """Where to begin with a model.

    Args:
        known: litellm's table says that the model keeps to a native schema.
        takes_format: its provider takes `response_format` at all. Many servers take it and ignore it, so that
            a model which is not known to keep to it reads the schema too.
    """
    if not takes_format:
        return "prompt"
    return "native" if known else "both"


def next_means(means: Means) -> Means | None:
    """What to try after a model refused `means`."""
    later = ORDER[ORDER.index(means) + 1 :]
    # Who refuses a native schema refuses it with or without the schema in the prompt.
    return "json" if means == "native" else next(iter(later), None)


def messages_as_sent(call: Call, means: Means) -> tuple[Message, ...]:
    """The messages with the schema at the very end where `means` puts it into the prompt."""
    if means == "native":
        return call.messages
    *before, last = call.messages
    schema = json.dumps(call.form_schema, ensure_ascii=False)
    told = f"{last.content}\n\nAnswer with one JSON object and nothing else. Its JSON schema:\n{schema}"
    return (*before, Message(role=last.role, content=told))


def response_format(call: Call, means: Means) -> dict[str, Any] | None:
    """The parameter of an OpenAI-compatible request; None leaves it out."""
    if means == "prompt":
        return None
    if means == "json":
        return {"type": "json_object"}
    named = {"name": call.schema_name, "strict": True, "schema": call.form_schema}
    return {"type": "json_schema", "json_schema": named}
