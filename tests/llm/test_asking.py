import asyncio
import json
import time
from typing import Any

from tests.llm.conftest import DIGEST, QUESTION, call_of
from tests.llm.server import Reply, serving
from trader.clock import SystemClock
from trader.domain.errors import ModelError, ModelUnavailable, RateLimited
from trader.domain.opinions import Abstention, Opinion
from trader.llm.asking import SHOWN, Asked, Exchange, ask_for_form, repair_of
from trader.llm.client import Answer, Call
from trader.llm.forms import ParseError
from trader.llm.litellm_client import LitellmClient

CLOCK = SystemClock()
OPINION: dict[str, Any] = {
    "kind": "opinion",
    "symbol": "MSFT",
    "p_up": 0.58,
    "size_cap": None,
    "stop": 27.5,
    "reasoning": "It has risen by twice its volatility.",
    "factors_for": ["ret_252 0.31"],
    "factors_against": [],
    "evidence": [DIGEST],
}
GOOD = json.dumps(OPINION)


async def asked(client: LitellmClient, *calls: Call, within: float = 10.0) -> Asked:
    return await ask_for_form(client, calls, QUESTION, deadline=CLOCK.monotonic() + within, clock=CLOCK)


class Scripted:
    """Answers in turn; an error is raised."""

    def __init__(self, *said: str | ModelError) -> None:
        self.said = list(said)
        self.calls: list[Call] = []

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        self.calls.append(call)
        said = self.said[min(len(self.calls), len(self.said)) - 1]
        if isinstance(said, ModelError):
            raise said
        return Answer(text=said, usd=0, ms=1.0)


class Deaf:
    """Never answers, and knows of no deadline."""

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        await asyncio.sleep(3600.0)
        raise AssertionError


async def scripted(client: Scripted | Deaf, *models: str, within: float = 10.0) -> Asked:
    calls = [call_of(model=model) for model in models]
    return await ask_for_form(client, calls, QUESTION, deadline=CLOCK.monotonic() + within, clock=CLOCK)


async def test_a_good_answer_is_the_form_after_one_call(client: LitellmClient) -> None:
    async with serving(Reply(GOOD)) as server:
        result = await asked(client, call_of(server.api_base))
    assert isinstance(result.form, Opinion)
    assert (result.form.agent, result.form.p_up, str(result.form.stop)) == ("momentum", 0.58, "27.5")
    assert (result.form.size_cap, result.form.evidence) == (1.0, (DIGEST,))
    assert result.cause == ""
    (exchange,) = result.exchanges
    assert exchange.answer is not None
    assert (exchange.answer.text, exchange.error, exchange.attempt) == (GOOD, "", 0)


async def test_an_abstention_is_a_form_and_not_a_failure(client: LitellmClient) -> None:
    said = {**OPINION, "kind": "abstention", "p_up": None, "stop": None, "reasoning": "stale prices"}
    async with serving(Reply(json.dumps(said))) as server:
        result = await asked(client, call_of(server.api_base))
    assert result.form == Abstention(agent="momentum", reason="stale prices")


async def test_a_repair_shows_the_model_its_answer_and_the_error(client: LitellmClient) -> None:
    wrong = json.dumps({**OPINION, "p_up": 58})
    async with serving(Reply(wrong), Reply(GOOD)) as server:
        result = await asked(client, call_of(server.api_base))
    assert isinstance(result.form, Opinion)
    first, second = server.requests
    assert second["messages"][0] == {"role": "user", "content": "Will it rise?"}, "the prefix stays the same"
    assert first["messages"][0]["content"].startswith("Will it rise?")
    assert second["messages"][1] == {"role": "assistant", "content": wrong}
    assert "p_up: Input should be less than or equal to 0.99" in second["messages"][2]["content"]
    assert [exchange.repair for exchange in result.exchanges] == [False, True]
    assert result.exchanges[0].error_kind == "ParseError"
    assert result.exchanges[0].call.digest != result.exchanges[1].call.digest


async def test_after_one_repair_there_is_no_form_and_the_cause_says_why() -> None:
    model = Scripted("Buy it!")
    result = await scripted(model, "a/one", "a/two")
    assert result.form is None
    assert len(model.calls) == 2
    assert result.cause.count("a/one gave no form: the answer is not one JSON object") == 2


async def test_a_model_that_fails_gives_way_to_the_next(client: LitellmClient) -> None:
    async with serving(Reply("down", status=503)) as down, serving(Reply(GOOD)) as up:
        result = await asked(client, call_of(down.api_base), call_of(up.api_base))
    assert isinstance(result.form, Opinion)
    assert [exchange.error_kind for exchange in result.exchanges] == ["ModelUnavailable", ""]
    assert len(down.requests) == 1, "no hidden retries"


async def test_a_failed_repair_gives_way_to_the_next_model_without_another_repair() -> None:
    model = Scripted("prose", ModelUnavailable("a/one: gone"), "prose", GOOD)
    result = await scripted(model, "a/one", "a/two")
    assert [call.model for call in model.calls] == ["a/one", "a/one", "a/two"]
    assert result.form is None


async def test_every_model_that_failed_is_in_the_cause() -> None:
    model = Scripted(ModelUnavailable("a/one: gone"), ModelUnavailable("a/two: gone too"))
    result = await scripted(model, "a/one", "a/two")
    assert result == Asked(form=None, cause="a/one: gone; a/two: gone too", exchanges=result.exchanges)


async def test_no_model_is_no_form() -> None:
    assert (await scripted(Scripted(GOOD))).cause == "no model to ask"


async def test_silence_ends_at_the_deadline_whatever_the_client_does() -> None:
    began = time.monotonic()
    result = await scripted(Deaf(), "a/one", "a/two", within=0.2)
    assert time.monotonic() - began < 3.0
    assert result.form is None
    assert result.cause == "a/one: no whole answer before the deadline; out of time"
    assert len(result.exchanges) == 1


async def test_a_decision_out_of_time_asks_nobody() -> None:
    model = Scripted(GOOD)
    result = await scripted(model, "a/one", within=0.0)
    assert (result.form, result.cause, model.calls) == (None, "out of time", [])


async def test_a_429_of_the_only_model_is_waited_out_and_recorded(client: LitellmClient) -> None:
    limited = Reply("slow down", status=429, headers={"retry-after": "0.2"})
    async with serving(limited, limited, Reply(GOOD)) as server:
        began = time.monotonic()
        result = await asked(client, call_of(server.api_base))
    assert isinstance(result.form, Opinion)
    assert time.monotonic() - began >= 0.4
    assert [exchange.error_kind for exchange in result.exchanges] == ["RateLimited", "RateLimited", ""]


async def test_a_429_that_would_not_be_over_in_time_is_not_waited_for() -> None:
    model = Scripted(RateLimited("a/one: slow down", retry_after=60.0), GOOD)
    began = time.monotonic()
    result = await scripted(model, "a/one", within=5.0)
    assert time.monotonic() - began < 3.0
    assert (result.form, result.cause) == (None, "a/one: slow down")


async def test_a_429_gives_way_to_the_next_model_where_there_is_one() -> None:
    model = Scripted(RateLimited("a/one: slow down", retry_after=0.1), GOOD)
    await scripted(model, "a/one", "a/two")
    assert [call.model for call in model.calls] == ["a/one", "a/two"]


async def test_a_server_that_always_says_429_ends_the_question() -> None:
    model = Scripted(RateLimited("a/one: slow down", retry_after=0.0))
    assert (await scripted(model, "a/one")).form is None
    assert len(model.calls) == 4


async def test_every_exchange_is_told_as_it_ends() -> None:
    told: list[Exchange] = []
    result = await ask_for_form(
        Scripted("prose", GOOD),
        [call_of()],
        QUESTION,
        deadline=CLOCK.monotonic() + 5.0,
        clock=CLOCK,
        on_exchange=told.append,
    )
    assert tuple(told) == result.exchanges
    assert [exchange.attempt for exchange in told] == [0, 1]


def test_a_repair_is_another_call_and_shows_no_more_than_a_page() -> None:
    call = call_of()
    before = call.digest
    repair = repair_of(call, Answer(text="x" * 1_000_000, usd=0, ms=1.0), ParseError("too long"))
    assert repair.digest != before
    assert sum(len(message.content) for message in repair.messages) < SHOWN + 500
    assert (
        repair_of(call, Answer(text=" ", usd=0, ms=1.0), ParseError("?")).messages[1].content == "(nothing)"
    )
