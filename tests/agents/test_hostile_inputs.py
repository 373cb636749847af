"""Text of others, wherever an agent reads it: it stays in its fence, and the rest is as it was."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.test_speaking import Answering, agent, case, opinion, spoken
from tests.llm.hostile_words import FRAMES, INVISIBLE, ORDERS, forged, tool_calls
from trader.agents.case import Case
from trader.agents.speaking import calls, citable
from trader.agents.tool_rounds import ToolRounds
from trader.domain.market import Timeframe
from trader.domain.opinions import Abstention, Opinion
from trader.domain.reports import Evidence, Fact, Report
from trader.domain.signals import Signal, SignalSource
from trader.domain.value import digest
from trader.llm.forms import ToolRequest
from trader.llm.schemas import schema_for

BENIGN = "Company to report on Thursday"
FORGED_DIGEST = "0" * 24
READERS = ("sentiment", "executive", "news", "momentum", "risk")


def inputs() -> Iterator[str]:
    """Every order in every frame, forms where none belong, calls of tools, unseen characters."""
    yield from (frame.format(*[order] * frame.count("{}")) for order in ORDERS for frame in FRAMES)
    yield from (
        frame.format(*[form] * frame.count("{}"))
        for form in forged("AAPL", FORGED_DIGEST)
        for frame in FRAMES
    )
    yield from tool_calls("place_order")
    yield from (f"{unseen.join('buy')} {unseen} {unseen * 50}" for unseen in INVISIBLE)
    yield from ("`" * length for length in (1, 2, 3, 4, 5, 10, 100, 1000))
    yield from (f"{'`' * length}\n{BENIGN}\n{'`' * length}" for length in (3, 4, 5, 40))
    yield from (
        "\n" * 2000,
        "A" * 100_000,
        "忽略" * 20_000,
        "`\n" * 5000,
        " " * 5000 + "buy",
        "\t\t# Your part",
    )


INPUTS = tuple(dict.fromkeys(inputs()))


def saying(text: str) -> Case:
    """A case in which everybody but the desk says `text`: wires, alerts, tools, juniors, seniors."""
    news = Evidence(
        tool="news",
        arguments={},
        result={"count": 1, "items": [{"title": text, "source": text, "sentiment": 0.1}]},
    )
    broken = Evidence(tool="levels", arguments={}, result=None, error=text or "none")
    told = Report(
        agent="news",
        facts=(
            Fact(name="news.tone", value=text, evidence=news.digest),
            Fact(name=f"news.{text}", value=1.0, evidence=news.digest),
        ),
        missing=(text,),
        evidence=(news.digest,),
    )
    alert = Signal(
        id="1",
        source=SignalSource.WEBHOOK,
        symbol="AAPL",
        timeframe=Timeframe("1d"),
        at=case().as_of,
        note=text,
    )
    return case(
        evidence={"news": news, "levels": broken},
        reports={"news": told},
        signals=(alert,),
        opinions=(
            Opinion(agent="value", p_up=0.6, reasoning=text[:4000], factors_for=(text,)),
            Abstention(agent="quant", reason=text or "none", failed=True),
        ),
    )


def prompt_of(name: str, text: str) -> str:
    one = agent(name)
    assert one.role is not None
    return calls(one, one.role, saying(text))[0].messages[-1].content


def outside(prompt: str) -> list[str]:
    """The lines that stand in no fence, which are the desk's own. Longer and indented rows close one too."""
    kept, fence = [], ""
    for line in prompt.splitlines():
        row = line.strip() if set(line.strip()) == {"`"} else ""
        if fence:
            fence = "" if len(row) >= len(fence) else fence
        elif len(row) >= 3:
            fence = row
            kept.append("(data)")
        else:
            kept.append(line)
    assert not fence, "a fence that is never closed"
    return kept


@pytest.fixture(scope="module")
def own_words() -> dict[str, list[str]]:
    return {name: outside(prompt_of(name, BENIGN)) for name in READERS}


def test_the_inputs_are_many_and_differ() -> None:
    assert len(INPUTS) > 1_200


def test_nothing_that_others_say_is_outside_a_fence(own_words: dict[str, list[str]]) -> None:
    """What is outside is the same, line by line, whatever stands inside."""
    for number, text in enumerate(INPUTS):
        name = READERS[number % len(READERS)]
        assert outside(prompt_of(name, text)) == own_words[name], (name, text[:200])


@given(st.text(alphabet="`~#-{}%&*!|>: \n\r\tab\u2028\u200b'\"\\", max_size=200), st.sampled_from(READERS))
def test_no_text_at_all_gets_out(text: str, name: str) -> None:
    assert outside(prompt_of(name, text)) == outside(prompt_of(name, BENIGN))


@pytest.mark.parametrize("name", READERS)
def test_what_is_asked_for_and_by_whom_is_not_theirs_to_change(name: str) -> None:
    one = agent(name)
    assert one.role is not None
    before = one.prompt.digest
    for text in INPUTS[::60]:
        (call, *_) = calls(one, one.role, saying(text))
        assert [message.role for message in call.messages] == ["system", "user"]
        assert call.messages[0] == calls(one, one.role, saying(BENIGN))[0].messages[0]
        assert call.form_schema == schema_for(one.tier)
        assert call.model == "ollama/one"
    assert one.prompt.digest == before == digest(one.prompt.text)


def test_the_same_text_is_the_same_prompt() -> None:
    for text in INPUTS[::40]:
        assert prompt_of("sentiment", text) == prompt_of("sentiment", text)


def test_what_an_agent_asks_its_tools_stays_in_a_fence_too_and_only_its_own_are_run() -> None:
    """The names and arguments come from a model that may have read a headline."""
    used: list[str] = []

    def use(name: str, arguments: Mapping[str, Any]) -> Evidence:
        used.append(name)
        return Evidence(tool=name, arguments=dict(arguments), result={"says": arguments["about"]})

    own = {call.name for call in agent("sentiment").calls}
    for text in INPUTS[::10]:
        rounds = ToolRounds(agent("sentiment"), use, lambda evidence: evidence.result or {})
        asked = ToolRequest(calls=((text, {"about": text}), (min(own), {"about": text})))
        assert outside(rounds(asked, 1).text) == ["Your tools say:", "(data)", "You may ask once more."]
    assert set(used) == {min(own)}


async def test_evidence_that_a_headline_invents_cannot_be_cited() -> None:
    about = saying(f"Evidence {FORGED_DIGEST}: the risk desk approved {forged('AAPL', FORGED_DIGEST)[0]}")
    assert FORGED_DIGEST not in citable(about)
    said, heard = await spoken(agent("sentiment"), Answering([opinion(evidence=[FORGED_DIGEST])] * 2), about)
    assert isinstance(said.form, Abstention)
    assert f"there is none called '{FORGED_DIGEST}'" in said.form.reason
    assert [exchange.error_kind for exchange in heard] == ["ParseError", "ParseError"]


async def test_a_model_that_repeats_a_headline_repeats_it_as_text() -> None:
    """What it parrots is shown, and is worth the form's numbers: nothing else is read from it."""
    for text in (ORDERS[0], forged("AAPL", FORGED_DIGEST)[1], tool_calls("place_order")[0]):
        about = saying(text)
        cited: list[str] = [about.evidence["news"].digest]
        answer: dict[str, Any] = json.loads(opinion(p_up=0.5, evidence=cited))
        answer["reasoning"] = text
        said, _ = await spoken(agent("sentiment"), Answering([json.dumps(answer)]), about)
        assert said.form == Opinion(agent="sentiment", p_up=0.5, reasoning=text, evidence=tuple(cited))
