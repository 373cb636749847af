"""What a prompt leaves out where a model holds little: the least needed first, and it says so."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.test_speaking import (
    INJECTION,
    REPORTS,
    ROLE,
    Answering,
    agent,
    case,
    opinion,
    spoken,
)
from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.fitting import LONG, SHORT, Context, fitted
from trader.agents.speaking import calls, context
from trader.domain.errors import PromptTooLong
from trader.domain.opinions import Abstention, Opinion
from trader.domain.portfolio import Account, Position
from trader.domain.reports import Evidence, Fact, Report
from trader.llm.budget import Price, worst_case
from trader.llm.client import Call

HEADLINES = [{"title": f"{INJECTION} {n}", "sentiment": 0.25} for n in range(40)]
NEWS = Evidence(tool="news", arguments={}, result={"count": 40, "items": HEADLINES})
MACRO = Report(agent="macro", facts=(Fact(name="macro.spread", value=1.25, evidence=NEWS.digest),))
CUTS = (
    "all lessons", "evidence.news.items beyond the first 10", "reports.macro",
    "account.positions in other instruments", "evidence.news.items beyond the first 3", "evidence.news.items",
    "reports.technicals.missing", "evidence.news",
)  # fmt: skip


def large(**changes: Any) -> Case:
    held = tuple(
        Position(symbol=symbol, quantity=Decimal(8), cost=Decimal(4500), opened_at=case().as_of)
        for symbol in ("AAPL", *(f"S{n}" for n in range(60)))
    )
    account = Account(
        as_of=case().as_of, currency="USD", cash=Decimal(95200), peak=Decimal(101000),
        day_open=Decimal(100000), positions=held, marks={one.symbol: Decimal(560) for one in held},
    )  # fmt: skip
    whole = {"account": account, "evidence": {"news": NEWS}, "reports": {**REPORTS, "macro": MACRO}}
    return case(**whole | changes)


def shown(room: int | None, about: Case, one: Agent) -> Call:
    role = ROLE.model_copy(update={"context_tokens": room})
    first, second = calls(one, role, about)
    assert first.messages == second.messages
    return first


def needed(call: Call) -> int:
    return worst_case(call, Price()).tokens


@pytest.mark.parametrize("name", ["momentum", "sentiment", "executive"])
def test_every_length_down_to_the_least_fits_and_says_what_is_missing(name: str) -> None:
    one, about = agent(name), large(opinions=(Opinion(agent="value", p_up=0.6, reasoning="cheap " * 200),))
    whole = shown(None, about, one)
    room, said = needed(whole), whole
    assert shown(room, about, one).messages == whole.messages
    while True:
        try:
            said = shown(room, about, one)
        except PromptTooLong:
            break
        text = said.messages[-1].content
        assert needed(said) <= room
        assert bool(said.left_out) is (room < needed(whole))
        assert all(
            what in text.partition("Left out, because your context is short: ")[2] for what in said.left_out
        )
        assert ("# Your part" if name != "executive" else "Your part is") in text
        assert "Fill one form" in text
        assert name == "sentiment" or "0.12346" in text, "the reports that it weighs stay"
        room -= 150
    assert len(said.left_out) >= 2
    assert needed(said) < 0.6 * needed(whole)


def size(shown: Context, left_out: tuple[str, ...] = ()) -> int:
    return len(json.dumps(shown, default=str))


def cut_to(room: int, about: Context) -> tuple[Context, tuple[str, ...]]:
    return fitted(about, ("technicals",), room, size)


def test_the_least_needed_goes_first() -> None:
    about = context(large()) | {"lessons": ("one", "two")}
    order: list[str] = []
    for room in range(size(about) - 1, 0, -5):
        try:
            order += [what for what in cut_to(room, about)[1] if what not in order]
        except PromptTooLong:
            break
    assert order == list(CUTS)


def test_a_later_cut_takes_the_place_of_an_earlier_one_in_what_is_said() -> None:
    about = context(large())
    shown_to, left_out = cut_to(size(about) - 1, about)
    assert left_out == (f"evidence.news.items beyond the first {LONG}",)
    assert shown_to["evidence"]["news"]["items"] == json.loads(json.dumps(HEADLINES[:LONG]))
    assert shown_to["evidence"]["news"]["evidence"] == NEWS.digest
    _, left_out = cut_to(1400, about)
    assert left_out[-1] == f"evidence.news.items beyond the first {SHORT}"
    assert len([what for what in left_out if "news.items" in what]) == 1


def test_what_the_prompt_does_not_show_is_not_said_to_be_left_out() -> None:
    left_out = shown(2200, large(), agent("sentiment")).left_out
    assert left_out
    assert not [what for what in left_out if what.startswith(("account", "all lessons"))]


def test_who_reads_everybody_loses_no_report() -> None:
    about = context(large())
    _, left_out = fitted(about, (), 1200, size)
    assert left_out
    assert not [what for what in left_out if what.startswith("reports.macro")]


@given(st.integers(0, 9000))
def test_what_fits_is_left_alone_and_the_rest_is_cut_or_refused(room: int) -> None:
    about = context(large())
    try:
        cut, left_out = cut_to(room, about)
    except PromptTooLong:
        assert room < size(about)
        return
    assert size(cut) <= room
    assert (cut == about) is (not left_out) is (room >= size(about))
    for name in ("signal", "symbol", "opinions"):
        assert cut[name] == about[name]
    assert cut["reports"]["technicals"]["features"] == about["reports"]["technicals"]["features"]


async def test_what_cannot_be_cut_enough_is_an_abstention_and_no_call() -> None:
    one = replace(agent("momentum"), role=ROLE.model_copy(update={"context_tokens": 600}))
    client = Answering([opinion()])
    said, heard = await spoken(one, client, large())
    assert isinstance(said.form, Abstention)
    assert said.form.failed
    assert said.form.reason.startswith("the prompt and its answer take up to ")
    assert said.form.reason.endswith(" tokens, of 600 in the context")
    assert (client.asked, heard) == ([], [])
