"""Where language models come from, as far as `trader init` and `trader doctor` must know: names and keys."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from trader.domain.errors import UnknownName
from trader.domain.value import Value
from trader.llm import local_demo
from trader.llm.client import Call


class Provider(Value):
    """One answer to "what do you have?"."""

    name: str
    title: str
    prefix: str = ""
    """What litellm puts before the name of its models; none where there is no model."""
    model: str = ""
    """A model to begin with: small, and one that fills forms. Empty where only the user can know."""
    model_is: str = "the model's name"
    api_base: str = ""
    """The address that its server has by default, where litellm does not know it."""
    needs_address: bool = False
    """Whether there is no model without an address."""
    key: str = ""
    """The variable that litellm reads its key from."""
    key_optional: bool = False
    """Whether many of its servers want no key, or take another way in."""
    region: str = ""
    """The variable of the region, where there is one to choose."""
    local: bool = False
    """Whether it runs on a machine of the user's own: slower, at no price."""


PROVIDERS: Mapping[str, Provider] = {
    one.name: one
    for one in (
        Provider(name="none", title="no model: every agent follows its rule"),
        Provider(
            name="ollama", title="Ollama on this machine", prefix="ollama", model="llama3.2", local=True
        ),
        Provider(
            name="lmstudio",
            title="LM Studio on this machine",
            prefix="openai",
            model_is="the model's name as LM Studio lists it",
            api_base="http://127.0.0.1:1234/v1",
            local=True,
        ),
        Provider(
            name="llamacpp",
            title="llama.cpp's llama-server",
            prefix="openai",
            model="default",
            api_base="http://127.0.0.1:8080/v1",
            local=True,
        ),
        Provider(
            name="vllm",
            title="vLLM",
            prefix="openai",
            model_is="the model's name as vLLM serves it",
            api_base="http://127.0.0.1:8000/v1",
            local=True,
        ),
        Provider(
            name="compatible",
            title="any other OpenAI-compatible address",
            prefix="openai",
            needs_address=True,
            key="OPENAI_API_KEY",
            key_optional=True,
        ),
        Provider(name="openai", title="OpenAI", prefix="openai", model="gpt-4.1-mini", key="OPENAI_API_KEY"),
        Provider(
            name="anthropic",
            title="Anthropic",
            prefix="anthropic",
            model="claude-haiku-4-5",
            key="ANTHROPIC_API_KEY",
        ),
        Provider(
            name="gemini",
            title="Google Gemini",
            prefix="gemini",
            model="gemini-2.5-flash-lite",
            key="GEMINI_API_KEY",
        ),
        Provider(
            name="openrouter",
            title="OpenRouter",
            prefix="openrouter",
            model="openai/gpt-4.1-mini",
            key="OPENROUTER_API_KEY",
        ),
        Provider(
            name="azure",
            title="Azure OpenAI",
            prefix="azure",
            model_is="the deployment's name",
            needs_address=True,
            key="AZURE_API_KEY",
        ),
        Provider(
            name="bedrock",
            title="Amazon Bedrock",
            prefix="bedrock",
            model="us.amazon.nova-lite-v1:0",
            key="AWS_BEARER_TOKEN_BEDROCK",
            key_optional=True,
            region="AWS_REGION_NAME",
        ),
    )
}
"""In the order in which they are offered: what costs nothing comes first."""


def provider_of(name: str) -> Provider:
    """The provider of that name. Raises UnknownName."""
    if name not in PROVIDERS:
        raise UnknownName("provider", name, PROVIDERS)
    return PROVIDERS[name]


def is_own(call: Call) -> bool:
    """Whether a call goes to a machine of the user's own, where an answer has no price."""
    if call.model == local_demo.MODEL:
        return True
    if call.api_base is None:
        return any(
            one.local and one.prefix == call.provider for one in PROVIDERS.values() if not one.api_base
        )
    host = urlsplit(call.api_base).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".internal", ".lan"))
