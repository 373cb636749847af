"""What providers want to be told, through the real litellm: configuration alone is enough."""

import json
from collections.abc import Mapping

import pytest

from tests.llm.conftest import call_of
from tests.llm.server import Reply, serving
from trader.commands.providers import PROVIDERS, is_own
from trader.domain.errors import ModelRefused
from trader.llm.litellm_client import LitellmClient

pytestmark = pytest.mark.filterwarnings("ignore:Item .* on TypedDict class")
"""Of litellm's own types, made at its first call: it silences them as it is imported, which a test undoes."""

CONVERSE = json.dumps(
    {
        "output": {"message": {"role": "assistant", "content": [{"text": "{}"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 10, "outputTokens": 3, "totalTokens": 13},
        "metrics": {"latencyMs": 5},
    }
)
"""An answer of Bedrock's Converse API."""


async def test_the_models_to_begin_with_are_known_with_their_prices(client: LitellmClient) -> None:
    for provider in PROVIDERS.values():
        if provider.model and not provider.local:
            price = await client.price(f"{provider.prefix}/{provider.model}")
            assert price.usd_out > 0, provider.name


@pytest.mark.parametrize("in_the_role", [True, False])
async def test_azure_is_asked_for_a_deployment_at_its_address(
    client: LitellmClient, monkeypatch: pytest.MonkeyPatch, in_the_role: bool
) -> None:
    monkeypatch.setenv("AZURE_API_KEY", "planted-0123456789")
    monkeypatch.setenv("AZURE_API_VERSION", "2024-10-21")
    async with serving(Reply("{}")) as server:
        address = server.api_base.removesuffix("/v1")
        if not in_the_role:
            monkeypatch.setenv("AZURE_API_BASE", address)
        call = call_of(address if in_the_role else None, model="azure/desk")
        answer = await client.ask(call, 10.0)
    assert answer.text == "{}"
    assert server.paths == ["POST /openai/deployments/desk/chat/completions?api-version=2024-10-21 HTTP/1.1"]
    assert server.headers[0]["api-key"] == "planted-0123456789"
    assert server.requests[0]["response_format"]["type"] == "json_schema"


async def test_azure_without_an_address_says_where_one_is_set(
    client: LitellmClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_API_KEY", "planted-0123456789")
    monkeypatch.delenv("AZURE_API_BASE", raising=False)
    with pytest.raises(ModelRefused, match="no address for azure") as raised:
        await client.ask(call_of(model="azure/desk"), 10.0)
    assert "AZURE_API_BASE in .env" in raised.value.hint


@pytest.mark.parametrize(
    ("keys", "authorization"),
    [
        ({"AWS_BEARER_TOKEN_BEDROCK": "planted-0123456789"}, "Bearer planted-0123456789"),
        (
            {"AWS_ACCESS_KEY_ID": "AKPLANTED", "AWS_SECRET_ACCESS_KEY": "planted"},
            "AWS4-HMAC-SHA256 Credential=AKPLANTED/",
        ),
    ],
    ids=["an API key", "a signature"],
)
async def test_bedrock_takes_both_kinds_of_keys_and_a_region(
    client: LitellmClient, monkeypatch: pytest.MonkeyPatch, keys: Mapping[str, str], authorization: str
) -> None:
    for name, value in {**keys, "AWS_REGION_NAME": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)
    async with serving(Reply(body=CONVERSE)) as server:
        monkeypatch.setenv("AWS_BEDROCK_RUNTIME_ENDPOINT", server.api_base.removesuffix("/v1"))
        answer = await client.ask(call_of(model="bedrock/us.amazon.nova-lite-v1:0"), 10.0)
    assert (answer.text, answer.tokens_in, answer.tokens_out) == ("{}", 10, 3)
    assert answer.usd > 0
    assert server.paths == ["POST /model/us.amazon.nova-lite-v1%3A0/converse HTTP/1.1"]
    sent = server.headers[0]["authorization"]
    assert sent.startswith(authorization)
    assert "Bearer" in sent or "/eu-west-1/bedrock/" in sent


@pytest.mark.parametrize(
    ("model", "api_base", "own"),
    [
        ("ollama/llama3.2", None, True),
        ("openai/m", "http://127.0.0.1:1234/v1", True),
        ("openai/m", "http://192.168.1.4:8000/v1", True),
        ("openai/m", "http://desk.local/v1", True),
        ("openai/m", None, False),
        ("openai/m", "https://api.example.com/v1", False),
        ("azure/desk", "https://desk.openai.azure.com", False),
    ],
)
def test_a_machine_of_ones_own_is_told_from_a_providers(model: str, api_base: str | None, own: bool) -> None:
    assert is_own(call_of(api_base, model=model)) is own
