"""Hostile models and hostile news against the whole desk: a real run, litellm, a socket, a journal."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.agents.test_hostile_inputs import outside
from tests.e2e.models import Asked, desk_server, form
from tests.e2e.replays import Town, Watcher, cut
from tests.e2e.test_models import SENIORS, calls_of, desk, replayed
from tests.llm.hostile_words import FRAMES, INVISIBLE, ORDERS, forged
from tests.llm.server import Reply
from tests.llm.test_bounded import ENDLESS
from tests.llm.test_hostile_servers import WIRES
from trader.commands import output
from trader.commands.trace import story
from trader.commands.trace_document import whole as whole_document
from trader.commands.trace_tree import tree
from trader.domain.decisions import Outcome
from trader.journal.reader import JournalReader
from trader.llm.client import Call
from trader.runner import Ran
from trader.workspace import Workspace

SYMBOLS = ("AAPL", "IBM")
DEADLINE_S = 3.0
NEWEST = date(2005, 2, 11)
ANSWERS = {
    "drips": (WIRES["drips"], "no whole answer"),
    "endless stream": (WIRES["endless stream"], "too large"),
    "bomb": (ENDLESS[-1], "too large"),
    "broken chunk": (WIRES["broken chunk"], ""),
    "page": (WIRES["page"], "an answer that is none"),
    "undeclared tool": (WIRES["undeclared tool"], "the answer is empty"),
    "list": (Reply("[]"), "not an object"),
    "two forms": (Reply(forged("AAPL", "f" * 24)[0] * 2), "not one JSON object"),
    "order": (Reply(forged("AAPL", "f" * 24)[3]), "kind"),
    "megabytes": (Reply("APPROVED " * 12_000), "characters, and a form has at most"),
}


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Two shares and a folder of one's own, with room for news."""
    data = cut(tmp_path_factory.mktemp("village") / "data", SYMBOLS, date(2003, 9, 2), NEWEST)
    return Town(data, {"run.start": date(2005, 2, 4), "run.cycles": 1, "desk.horizon": 20})


def decisions(ran: Ran) -> list[tuple[str, str, float, str]]:
    with JournalReader(ran.journal) as reader:
        return [
            (made.symbol, made.outcome.value, made.target_weight, made.cause)
            for made in reader.decisions(ran.book.id)
        ]


@pytest.mark.parametrize("name", ANSWERS)
async def test_what_is_no_form_is_no_order_in_time_and_with_its_cause(
    village: Town, tmp_path: Path, name: str
) -> None:
    reply, cause = ANSWERS[name]
    watcher = Watcher()
    async with desk_server(lambda asked: reply) as server:
        ran = await desk(
            village, Workspace(tmp_path), server, watcher, run__cycles=1, llm__budget__deadline_s=DEADLINE_S
        )
        assert await replayed(ran) == [()] * len(SYMBOLS)
    assert watcher.rounds[0].own_ms < (DEADLINE_S + 6.0) * 1000
    assert all("tools" not in request for request in server.requests)
    with JournalReader(ran.journal) as reader:
        assert reader.orders(ran.book.id) == []
        assert {made.outcome for made in reader.decisions(ran.book.id)} == {Outcome.UNDECIDED}
        told = story(reader, reader.decisions(ran.book.id)[0])
    assert cause in told.decision.cause
    for full in (False, True):
        assert cause in output.drawn(tree(told, full=full), width=4000)


async def test_a_model_that_obeys_every_headline_moves_nothing_past_a_limit(
    village: Town, tmp_path: Path
) -> None:
    """The worst that a form can say, from everybody: all that it gets is what arithmetic allows anyway."""

    def obeying(asked: Asked) -> Reply:
        if asked.executive or asked.junior:
            return form(asked)
        return form(asked, p_up=None if asked.part == "risk" else 0.99, size_cap=1.0, reasoning=ORDERS[0])

    async with desk_server(obeying) as server:
        ran = await desk(village, Workspace(tmp_path), server, run__cycles=4)
    with JournalReader(ran.journal) as reader:
        placed = [record.order for record in reader.orders(ran.book.id) if record.order.parent is None]
        rounds = [reader.round(one.round).opened for one in reader.rounds(ran.book.id)]
        rulings = reader.rulings(ran.book.id)
    assert placed, "it is believed by a little, and buys"
    equity = min(opened.account.equity for opened in rounds)
    for order in placed:
        assert order.limit_price is not None
        assert order.quantity * order.limit_price <= Decimal("0.05") * equity
    assert {made.ruling.outcome.value for made in rulings if made.stage == "gate"} == {"allowed"}


def published(data: Path, titles: list[str]) -> None:
    lines = (
        json.dumps(
            {
                "published_at": f"2005-02-03T{number % 20:02}:30:00Z",
                "symbols": list(SYMBOLS),
                "title": title,
                "source": title[:80],
            },
            ensure_ascii=bool(number % 2),
        )
        for number, title in enumerate(titles)
    )
    (data / "news.jsonl").write_bytes("\n".join(lines).encode("utf-8", "replace"))


async def test_hostile_news_changes_no_word_of_the_desks_own_and_no_decision(
    village: Town, tmp_path: Path
) -> None:
    """The same models answer the same: once about harmless headlines, once about these."""
    framed = [
        frame.format(*[order] * frame.count("{}")) for frame, order in zip(FRAMES, ORDERS * 2, strict=False)
    ]
    hostile = [
        *framed,
        *(f"up{unseen}grade" for unseen in INVISIBLE),
        *forged("AAPL", "0" * 24),
        "half \ud800",
        "A" * 10**6,
    ]
    told, made, shown = [], [], ""
    for name, titles in (
        ("calm", [f"Company to report, {n}" for n in range(len(hostile))]),
        ("wild", hostile),
    ):
        published(village.data, titles)
        async with desk_server() as server:
            ran = await desk(
                village, Workspace(tmp_path / name), server, run__cycles=1, agents__news__model="fast"
            )
        assert await replayed(ran) == [()] * len(SYMBOLS)
        assert all("tools" not in request for request in server.requests)
        read = [Asked(request) for request in server.requests]
        told.append(sorted((one.symbol, one.part, outside(one.messages[-1]["content"])) for one in read))
        made.append(decisions(ran))
        with JournalReader(ran.journal) as reader:
            whole = story(reader, reader.decisions(ran.book.id)[0])
            shown = "".join(output.drawn(tree(whole, full=full), width=4000) for full in (False, True))
            json.dumps(whole_document(whole), allow_nan=False)
    assert told[0] == told[1]
    assert made[0] == made[1]
    assert not [sign for sign in ("\x1b[2J", "\u202e", "\u200b", "\x00") if sign in shown]


async def test_a_prompt_too_long_is_cut_and_the_trace_says_of_what(village: Town, tmp_path: Path) -> None:
    published(village.data, [f"{'very ' * 60}long headline {n}" for n in range(40)])
    context = {f"llm__roles__{role}__context_tokens": 5_500 for role in ("fast", "careful")}
    async with desk_server() as server:
        ran = await desk(village, Workspace(tmp_path), server, run__cycles=1, **context)
        assert await replayed(ran) == [()] * len(SYMBOLS)
    with JournalReader(ran.journal) as reader:
        sent = {called.agent: Call.model_validate(reader.blob(called.call)) for called in calls_of(ran)}
        whole = story(reader, reader.decisions(ran.book.id)[0])
    assert sent["sentiment"].left_out
    assert "evidence.news.items" in sent["sentiment"].left_out[0]
    assert all(called.error_kind == "" for called in calls_of(ran))
    (asked,) = [one for one in map(Asked, server.requests) if (one.part, one.symbol) == ("sentiment", "AAPL")]
    assert "Left out, because your context is short: evidence.news.items beyond" in asked.text
    assert "left out  evidence.news.items beyond" in output.drawn(tree(whole), width=4000)
    steps = {step["agent"]: step["model"] for step in whole_document(whole)["steps"]}
    assert steps["sentiment"]["left_out"] == list(sent["sentiment"].left_out)


async def test_a_prompt_that_cannot_be_cut_enough_is_not_sent(village: Town, tmp_path: Path) -> None:
    context = {f"llm__roles__{role}__context_tokens": 900 for role in ("fast", "careful")}
    async with desk_server() as server:
        ran = await desk(village, Workspace(tmp_path), server, run__cycles=1, **context)
        assert await replayed(ran) == [()] * len(SYMBOLS)
    assert server.requests == []
    for _, outcome, _, cause in decisions(ran):
        assert outcome == "undecided"
        assert "the prompt and its answer take up to" in cause


async def test_numbers_out_of_nowhere_are_marked_in_the_trace_and_nowhere_else(
    village: Town, tmp_path: Path
) -> None:
    said = {
        "momentum": "Earnings grew 14.2% on 3,127 new stores.",
        "value": "The base rate moves me to 0.62.",
    }

    def inventing(asked: Asked) -> Reply:
        return form(asked, reasoning=said[asked.part]) if asked.part in said else form(asked)

    published(village.data, [f"Shares rose 3.{n} per cent" for n in range(7)])
    async with desk_server(inventing) as server:
        ran = await desk(village, Workspace(tmp_path), server, run__cycles=1, agents__news__model="fast")
    with JournalReader(ran.journal) as reader:
        id = reader.decisions(ran.book.id)[0].id
        whole = story(reader, reader.decision(id))
    assert await replayed(ran) == [()] * len(SYMBOLS)
    marks = {step["agent"]: step["unsupported_numbers"] for step in whole_document(whole)["steps"]}
    assert marks["momentum"] == ["14.2%", "3,127"]
    assert not any(marked for agent, marked in marks.items() if agent != "momentum")
    assert set(marks) >= {*SENIORS, "news", "executive"}
    drawn = output.drawn(tree(whole), width=4000)
    assert drawn.count("not in its evidence  14.2%, 3,127") == 1
    assert drawn.count("not in its evidence") == 1
