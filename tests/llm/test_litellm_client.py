"""The real litellm over a real socket, to a server that misbehaves."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.llm.conftest import call_of
from tests.llm.server import MODEL, Reply, serving
from trader.clock import SystemClock
from trader.domain.errors import (
    ModelError,
    ModelRefused,
    ModelTimeout,
    ModelUnavailable,
    PromptTooLong,
    RateLimited,
)
from trader.llm.client import Call, Message
from trader.llm.litellm_client import LitellmClient

KEY = "sk-planted-in-a-test"


async def test_an_answer_comes_back_word_for_word_with_what_it_took(client: LitellmClient) -> None:
    async with serving(Reply("said\n", tokens=(120, 7, 64))) as server:
        answer = await client.ask(call_of(server.api_base), 10.0)
    assert answer.text == "said\n"
    assert (answer.tokens_in, answer.tokens_out, answer.tokens_cached) == (120, 7, 64)
    assert answer.model_version == MODEL
    assert answer.usd == 0
    assert 0.0 < answer.ms < 10_000.0


async def test_the_request_holds_the_call_and_nothing_else(client: LitellmClient) -> None:
    asked = (Message(role="system", content="s"), Message(role="user", content="u"))
    async with serving(Reply("{}")) as server:
        call = call_of(server.api_base, messages=asked, temperature=0.3, max_output_tokens=77)
        await client.ask(call, 10.0)
    (request,) = server.requests
    assert request.pop("response_format")["json_schema"]["schema"] == call.form_schema
    said = request.pop("messages")
    assert said[0] == {"role": "system", "content": "s"}
    assert said[1]["content"].startswith("u\n\nAnswer with one JSON object")
    assert request == {"model": "served", "temperature": 0.3, "max_tokens": 77}


async def test_a_known_model_costs_what_its_provider_charges(client: LitellmClient) -> None:
    async with serving(Reply("{}", tokens=(1000, 100, 0))) as server:
        answer = await client.ask(call_of(server.api_base, model="openai/gpt-4o-mini"), 10.0)
    price = await client.price("openai/gpt-4o-mini")
    assert answer.usd == 1000 * price.usd_in + 100 * price.usd_out
    assert answer.usd == Decimal("0.00021")


async def test_a_model_that_nobody_knows_has_no_price(client: LitellmClient) -> None:
    price = await client.price("openai/served")
    assert (price.usd_in, price.usd_out) == (0, 0)


@pytest.mark.parametrize(
    "reply", [Reply("late", delay_s=30.0), Reply("in drips", drip_s=0.05)], ids=["silence", "drips"]
)
async def test_a_deadline_is_on_the_whole_answer(client: LitellmClient, reply: Reply) -> None:
    async with serving(reply) as server:
        began = time.monotonic()
        with pytest.raises(ModelTimeout, match=r"no whole answer within 0\.3 s"):
            await client.ask(call_of(server.api_base), 0.3)
    assert time.monotonic() - began < 5.0


async def test_a_model_has_its_own_time_though_the_decision_has_more(client: LitellmClient) -> None:
    async with serving(Reply("late", delay_s=30.0)) as server:
        began = time.monotonic()
        with pytest.raises(ModelTimeout):
            await client.ask(call_of(server.api_base, timeout_s=0.2), 20.0)
    assert time.monotonic() - began < 5.0


REFUSALS = [
    (Reply("bad key", status=401), ModelRefused, "key"),
    (Reply("forbidden", status=403), ModelRefused, "key"),
    (Reply("no such model", status=404), ModelRefused, "name"),
    (Reply("a strange request", status=400), ModelRefused, "refuses"),
    (Reply("This model's maximum context length is 4096 tokens.", status=400), PromptTooLong, "context"),
    (Reply("quota", status=429), RateLimited, "limits"),
    (Reply("oops", status=500), ModelUnavailable, ""),
    (Reply("bad gateway", status=502), ModelUnavailable, ""),
    (Reply("busy", status=503), ModelUnavailable, ""),
    (Reply("gateway timed out", status=504), ModelTimeout, ""),
    (
        Reply("elsewhere", status=302, headers={"location": "http://127.0.0.1:9/"}),
        ModelUnavailable,
        "running",
    ),
    (Reply(hang_up=True), ModelUnavailable, ""),
    (Reply(body="not JSON"), ModelUnavailable, ""),
    (Reply(body=""), ModelUnavailable, ""),
    (Reply(body="[]"), ModelUnavailable, ""),
    (Reply(body='{"choices": []}'), ModelUnavailable, ""),
    (Reply(body="<html>" + "x" * 900_000), ModelUnavailable, ""),
]


TOO_LONG = [
    Reply("the request exceeds the available context size, try increasing it", status=400),
    Reply("request (9000 tokens) exceeds the available context size (4096 tokens)", status=400),
    Reply("Trying to keep the first 5000 tokens when context the overflows.", status=400),
    Reply("prompt is too long: 210000 tokens > 200000 maximum", status=400),
    Reply("The input token count (1200000) exceeds the maximum number of tokens allowed", status=400),
    Reply("This endpoint's maximum context length is 131072 tokens", status=413),
    Reply("context length exceeded", status=500),
]


@pytest.mark.parametrize("reply", TOO_LONG, ids=[reply.text[:20] for reply in TOO_LONG])
async def test_a_prompt_that_the_model_cannot_hold_is_a_cause_of_its_own(
    client: LitellmClient, reply: Reply
) -> None:
    async with serving(reply) as server:
        with pytest.raises(PromptTooLong) as raised:
            await client.ask(call_of(server.api_base), 10.0)
    assert "context_tokens" in raised.value.hint
    assert reply.text[:30] in raised.value.message
    assert len(server.requests) == 1


async def test_what_a_hosted_model_holds_is_known_and_what_a_server_of_ones_own_holds_is_not(
    client: LitellmClient,
) -> None:
    assert await client.context_tokens("openai/gpt-4o-mini") == 128_000
    assert await client.context_tokens("openai/served") is None
    assert await client.context_tokens("ollama/llama2") is None


async def test_ollama_is_told_how_much_it_has_to_hold(client: LitellmClient) -> None:
    said = '{"model":"m","message":{"role":"assistant","content":"{}"},"response":"{}","done":true}'
    for model in ("ollama/m", "ollama_chat/m"):
        async with serving(Reply(body=said)) as server:
            api_base = server.api_base.removesuffix("/v1")
            await client.ask(call_of(api_base, model=model, context_tokens=8192), 10.0)
        assert server.requests[0]["options"]["num_ctx"] == 8192


@pytest.mark.parametrize(
    ("reply", "error", "hint"), REFUSALS, ids=[f"{n}-{case[0].status}" for n, case in enumerate(REFUSALS)]
)
async def test_what_goes_wrong_has_its_own_error_after_one_request(
    client: LitellmClient, reply: Reply, error: type[ModelError], hint: str
) -> None:
    async with serving(reply) as server:
        with pytest.raises(error) as raised:
            await client.ask(call_of(server.api_base), 10.0)
    assert type(raised.value) is error
    assert raised.value.message.startswith("openai/served: ")
    assert "\n" not in raised.value.message
    assert len(raised.value.message) < 400
    assert hint in raised.value.hint
    assert len(server.requests) == 1


async def test_no_server_at_the_address_is_said_with_the_address(client: LitellmClient) -> None:
    with pytest.raises(ModelUnavailable, match=r"no connection to http://127\.0\.0\.1:9/v1"):
        await client.ask(call_of("http://127.0.0.1:9/v1"), 10.0)


PROVIDERS = [
    "openai/m",
    "gemini/gemini-2.5-flash",
    "anthropic/claude-sonnet-4-5",
    "ollama/m",
    "openrouter/a/b",
    "hosted_vllm/m",
]
SAID = [
    (Reply(hang_up=True), ModelUnavailable, "broke off"),
    (Reply(body="<html>"), ModelUnavailable, "an answer that is none"),
    (Reply("slow", status=429, headers={"retry-after": "3"}), RateLimited, ": slow"),
    (Reply("bad key", status=401), ModelRefused, ": bad key"),
    (Reply("no such model", status=404), ModelRefused, ": no such model"),
]


@pytest.mark.parametrize("model", PROVIDERS)
async def test_errors_are_the_same_at_every_provider(
    client: LitellmClient, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.setenv(name, KEY)
    for reply, error, told in SAID:
        async with serving(reply) as server:
            with pytest.raises(error) as raised:
                await client.ask(call_of(server.api_base, model=model), 10.0)
        assert told in raised.value.message
        assert len(server.requests) == 1
        if isinstance(raised.value, RateLimited):
            assert raised.value.retry_after == 3.0
    with pytest.raises(ModelUnavailable, match="no connection to"):
        await client.ask(call_of("http://127.0.0.1:9", model=model), 10.0)


async def test_a_provider_that_is_none_is_refused(client: LitellmClient) -> None:
    with pytest.raises(ModelRefused, match="nosuch/model"):
        await client.ask(call_of(model="nosuch/model"), 10.0)


@pytest.mark.parametrize("model", ["gpt-4o-mini", "anthropic/claude-3-5-haiku-latest", "openrouter/a/b"])
async def test_a_key_that_is_not_there_is_asked_for(client: LitellmClient, model: str) -> None:
    with pytest.raises(ModelRefused) as raised:
        await client.ask(call_of(model=model), 10.0)
    assert "there is no key" in raised.value.message
    assert "_API_KEY into .env" in raised.value.hint


@pytest.mark.parametrize("provider", ["openai", "hosted_vllm", "lm_studio", "openrouter"])
async def test_a_server_at_an_address_of_its_own_needs_no_key(client: LitellmClient, provider: str) -> None:
    async with serving(Reply("{}")) as server:
        answer = await client.ask(call_of(server.api_base, model=f"{provider}/own"), 10.0)
    assert answer.text == "{}"


async def test_ollama_is_asked_for_the_form_in_its_own_way(client: LitellmClient) -> None:
    said = '{"model":"m","response":"{}","done":true,"prompt_eval_count":5,"eval_count":6}'
    async with serving(Reply(body=said)) as server:
        call = call_of(server.api_base.removesuffix("/v1"), model="ollama/m")
        answer = await client.ask(call, 10.0)
        await asyncio.sleep(0.3)  # litellm does its accounts after the answer
    assert (answer.text, answer.tokens_in, answer.tokens_out) == ("{}", 5, 6)
    assert server.requests[0]["format"] == call.form_schema
    assert server.paths == ["POST /api/generate HTTP/1.1"], "it is not asked for its price"


IN_AN_HOUR = "in an hour, as a date"


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7.0, 7.0),
        ("0.5", 0.5, 0.5),
        (IN_AN_HOUR, 3500.0, 3601.0),
        ("soon", 1.0, 1.0),
        ("-3", 1.0, 1.0),
        ("", 1.0, 1.0),
    ],
)
async def test_how_long_to_wait_is_what_the_provider_says(
    client: LitellmClient, header: str, least: float, most: float
) -> None:
    if header == IN_AN_HOUR:
        header = (datetime.now(UTC) + timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    async with serving(Reply("slow down", status=429, headers={"retry-after": header})) as server:
        with pytest.raises(RateLimited) as raised:
            await client.ask(call_of(server.api_base), 10.0)
    assert raised.value.retry_after is not None
    assert least <= raised.value.retry_after <= most


async def test_no_key_is_in_an_error(client: LitellmClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("SOME_SECRET", "hunter2-hunter2")
    echo = Reply(f"Incorrect API key provided: {KEY} hunter2-hunter2 ?key=abcdef Bearer xyz", status=401)
    async with serving(echo) as server:
        with pytest.raises(ModelRefused) as raised:
            await client.ask(call_of(server.api_base), 10.0)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    for secret in (KEY, "hunter2", "abcdef", "xyz"):
        assert secret not in raised.value.message
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


async def test_nothing_is_printed(client: LitellmClient, capfd: pytest.CaptureFixture[str]) -> None:
    async with serving(Reply("oops", status=500)) as server:
        with pytest.raises(ModelUnavailable):
            await client.ask(call_of(server.api_base), 10.0)
    with pytest.raises(ModelRefused):
        await client.ask(call_of(model="nosuch/model"), 10.0)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


async def test_calls_go_out_at_once(client: LitellmClient) -> None:
    async with serving(Reply("{}", delay_s=1.0)) as server:
        calls = [call_of(server.api_base, sample=sample) for sample in range(6)]
        await asyncio.gather(*(client.ask(call, 10.0) for call in calls))
    assert server.most_at_once == 6


def test_a_client_works_in_one_run_after_the_other() -> None:
    async def run() -> str:
        own = LitellmClient(SystemClock())
        async with serving(Reply("here")) as server:
            answer = await own.ask(call_of(server.api_base), 10.0)
        await own.close()
        return answer.text

    assert [asyncio.run(run()), asyncio.run(run())] == ["here", "here"]


FORMATLESS = Reply("'response_format' of type json_schema is not supported", status=400)
JSONLESS = Reply("response_format is not supported", status=400)


async def test_a_means_that_is_refused_gives_way_to_a_plainer_one_that_is_remembered(
    client: LitellmClient,
) -> None:
    async with serving(FORMATLESS, JSONLESS, Reply("{}")) as server:
        first = await client.ask(call_of(server.api_base), 10.0)
        second = await client.ask(call_of(server.api_base), 10.0)
    kinds = [(request.get("response_format") or {}).get("type") for request in server.requests]
    assert kinds == ["json_schema", "json_object", None, None]
    assert (first.means, second.means) == ("prompt", "prompt")
    assert '"additionalProperties": false' in server.requests[-1]["messages"][-1]["content"]


async def test_a_request_that_is_refused_by_every_means_is_refused(client: LitellmClient) -> None:
    async with serving(JSONLESS) as server:
        with pytest.raises(ModelRefused):
            await client.ask(call_of(server.api_base), 10.0)
    assert len(server.requests) == 3


async def test_a_model_that_is_known_to_keep_to_a_schema_is_not_told_it_again(client: LitellmClient) -> None:
    async with serving(Reply("{}")) as server:
        answer = await client.ask(call_of(server.api_base, model="openai/gpt-4o-mini"), 10.0)
    assert answer.means == "native"
    assert server.requests[0]["messages"] == [{"role": "user", "content": "Will it rise?"}]


async def test_an_answer_that_was_cut_off_says_so(client: LitellmClient) -> None:
    body = (
        '{"id":"c","object":"chat.completion","created":1,"model":"m","choices":'
        '[{"index":0,"finish_reason":"length","message":{"role":"assistant","content":"{\\"ki"}}]}'
    )
    async with serving(Reply(body=body)) as server:
        answer = await client.ask(call_of(server.api_base), 10.0)
    assert answer.cut
    assert answer.text == '{"ki'
    assert answer.tokens_in == 0


async def test_an_undeclared_tool_call_is_an_empty_answer_and_no_loop(client: LitellmClient) -> None:
    body = (
        '{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":'
        '"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function",'
        '"function":{"name":"place_order","arguments":"{}"}}]}}]}'
    )
    async with serving(Reply(body=body)) as server:
        assert (await client.ask(call_of(server.api_base), 10.0)).text == ""
    assert len(server.requests) == 1


def test_how_long_one_waits_is_no_part_of_what_is_asked() -> None:
    quick, patient = call_of(timeout_s=1.0), call_of(timeout_s=60.0)
    assert quick.digest == patient.digest
    assert Call.model_validate(quick.model_dump()).digest == quick.digest
    assert call_of(sample=1).digest != quick.digest
