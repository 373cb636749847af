"""Language models in trader.toml: the roles that agents ask, what asking may cost, and how fast it may go.

Keys are no settings: they stay in `.env` or in the environment.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field

from trader.domain.value import Amount, Number, Value
from trader.settings.section import NUMERIC, Names, Positive, Section, Text, Whole

Usd = Annotated[Amount, Field(ge=0), NUMERIC]


EVERYONE = "everyone"
"""The role that stands for every other: what `--model` fills."""


class Role(Section):
    """A name for a model, so that agents need not know which one it is. `everyone` stands for all of them."""

    models: Annotated[Names, Field(min_length=1)]
    """Models as litellm writes them, `provider/name`: the first is asked, the next where it fails."""
    timeout_s: Positive = 20.0
    """Seconds that one whole answer may take."""
    temperature: Annotated[Number, Field(ge=0, le=2), NUMERIC] = 0.0
    """How much chance there is in an answer."""
    max_output_tokens: Annotated[Whole, Field(ge=1)] = 800
    """Tokens that one answer may have."""
    context_tokens: Annotated[Whole, Field(ge=512)] | None = None
    """Tokens that its models hold: a longer prompt is cut. Unset: what is known of a hosted model."""
    api_base: Text | None = None
    """The address of a server of your own. Unset: the provider's."""
    knowledge_cutoff: date | None = None
    """The last day that its models have read about: they may remember what came of earlier ones."""


class Budget(Section):
    """What asking may cost. Agents follow their rules once it is spent."""

    per_decision_usd: Usd | None = None
    """US dollars that one decision may cost. Unset: no end."""
    per_day_usd: Usd | None = None
    """US dollars that a day (in UTC) may cost. Unset: no end."""
    per_decision_tokens: Annotated[Whole, Field(ge=0)] | None = None
    """Tokens, read and written, that one decision may take. Unset: no end."""
    per_agent_usd: Usd | None = None
    """US dollars that one agent may cost in a decision. Unset: no end."""
    per_agent_tokens: Annotated[Whole, Field(ge=0)] | None = None
    """Tokens, read and written, that one agent may take in a decision. Unset: no end."""
    deadline_s: Positive = 60.0
    """Seconds for all the answers of one decision: who has not answered by then abstains."""


class Cache(Section):
    """Answers kept in the workspace, so that the same question is free in another run."""

    answers: Annotated[Whole, Field(ge=0)] = 100_000
    """How many are kept, at most: the oldest leave first. 0: none, and everything is asked."""


class ProviderLimit(Section):
    """How fast a provider is asked. Its name is the part of a model's name before the first slash."""

    concurrency: Annotated[Whole, Field(ge=1)] | None = None
    """Calls at once, at most. Unset: no end."""
    requests_per_minute: Annotated[Whole, Field(ge=1)] | None = None
    """Calls a minute, at most. Unset: no end."""


class Llm(Value):
    """Everything under `[llm]`. Without a role nothing is asked."""

    roles: dict[str, Role] = {}
    budget: Budget = Budget()
    cache: Cache = Cache()
    limits: dict[str, ProviderLimit] = {}


NAMED: Mapping[str, type[Section]] = {"roles": Role, "limits": ProviderLimit}
"""Tables of tables: [llm.roles.fast]."""
TABLES: Mapping[str, type[Section]] = {
    "roles": Role,
    "budget": Budget,
    "cache": Cache,
    "limits": ProviderLimit,
}


def section_of(key: str) -> tuple[type[Section], str] | None:
    """The section and the field of `llm.roles.fast.models` or `llm.budget.deadline_s`; None of no setting."""
    _, table, *rest = key.split(".")
    if table not in TABLES or len(rest) != (2 if table in NAMED else 1):
        return None
    section, name = TABLES[table], rest[-1]
    return (section, name) if name in section.model_fields else None
