"""Recorded decisions asked anew: one agent in another way, everybody else left as recorded."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.models import Asked, desk_server, form
from tests.e2e.replays import Town
from tests.e2e.test_models import desk
from tests.llm.server import Reply
from trader.cli import main
from trader.clock import SystemClock
from trader.data.feeds import open_feed
from trader.domain.errors import UnknownName, UsageError
from trader.evals.cases import gather
from trader.evals.variants import Trials, compare
from trader.evals.ways import Ways, ways_of
from trader.graph.again import Scene
from trader.journal.reader import JournalReader
from trader.prompts.loader import PACKAGED
from trader.runner import Ran
from trader.runner.variants import Anew, ask_anew, member
from trader.workspace import Workspace

Elsewhere = Callable[[str], Workspace]
EDIT = "Think of the drawdown first."


def edited(folder: Path, text: str = EDIT) -> Path:
    file = folder / "bolder.md"
    file.write_text((PACKAGED / "momentum.md").read_text(encoding="utf-8") + f"\n{text}\n", encoding="utf-8")
    return file


async def tried(ran: Ran, ways: Ways, agent: str = "momentum") -> tuple[tuple[Anew, ...], Trials]:
    with JournalReader(ran.journal) as reader:
        decisions = reader.decisions(ran.book.id)
        scene = Scene.of(reader, decisions[0].id)
        wanted = ways_of(ways, scene, member(scene, agent), scene.settings.llm.roles)
        anew = await ask_anew(
            reader,
            decisions,
            agent,
            [way.variant for way in wanted],
            folder=Workspace(ran.journal.parents[1]).cache,
            note=lambda text: pytest.fail(text),
            clock=SystemClock(),
        )
        recorded = gather(reader, ran.book, open_feed(ran.book.feed, ran.book.symbols))
        return anew, compare(recorded, agent, anew, {way.variant.name: way.against for way in wanted})


def swayed(asked: Asked) -> Reply:
    return form(asked, p_up=0.35) if EDIT in asked.text else form(asked)


async def test_one_agent_is_asked_anew_and_compared_with_what_it_said(
    town: Town, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with desk_server(swayed) as server:
        ran = await desk(town, elsewhere("edit"), server, run__cycles=2)
        before = len(server.requests)
        (anew,), found = await tried(ran, Ways(prompt=edited(tmp_path)))
        sent = server.requests[before:]
    assert len(sent) == len(anew.calls) == 6  # two rounds of three symbols
    assert all(EDIT in str(request["messages"]) for request in sent)
    assert set(anew.said.values()) == {0.35}
    (row,) = found.variants
    assert (found.decisions, row.answered, row.changed, row.silent) == (6, 6, 6, 0)
    assert row.difference is not None
    assert row.difference.cases == 6
    with JournalReader(ran.journal) as reader:
        happened = gather(reader, ran.book, open_feed(ran.book.feed, ran.book.symbols)).cases.happened
    wanted = ((0.35 - happened) ** 2).mean() - ((0.62 - happened) ** 2).mean()
    assert row.difference.brier == pytest.approx(wanted, abs=1e-12)
    assert row.moved == pytest.approx(0.27)
    assert row.flipped == 1.0
    assert found.finding.startswith("INSUFFICIENT EVIDENCE: momentum, edited has 6 cases")


async def test_the_desk_decides_on_the_new_answer_with_the_agents_old_trust_and_the_others_as_recorded(
    town: Town, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with desk_server(swayed) as server:
        ran = await desk(town, elsewhere("others"), server, run__cycles=2)
        (anew,), _ = await tried(ran, Ways(prompt=edited(tmp_path)))
    with JournalReader(ran.journal) as reader:
        for made in reader.decisions(ran.book.id):
            assert made.pool is not None
            again = anew.decisions[made.id]
            assert again.pool is not None
            now = {row.agent: row for row in again.pool.contributions}
            for row in made.pool.contributions:
                mine = row.agent == "momentum"
                assert now[row.agent].weight == row.weight
                assert now[row.agent].p_up == (0.35 if mine else row.p_up)
                assert (now[row.agent].record == row.record) is not mine
            assert again.pool.p_up < made.pool.p_up


async def test_models_stand_side_by_side_and_asking_again_shows_who_flips(
    town: Town, elsewhere: Elsewhere
) -> None:
    """The one called fickle says the opposite each second time."""
    asked_before = Counter[str]()

    def moody(asked: Asked) -> Reply:
        if asked.request["model"] != "fickle" or asked.part != "momentum":
            return form(asked)
        asked_before[asked.symbol + asked.text] += 1
        return form(asked, p_up=0.35 if asked_before[asked.symbol + asked.text] % 2 else 0.66)

    async with desk_server(moody) as server:
        ran = await desk(town, elsewhere("models"), server, run__cycles=1)
        anew, found = await tried(ran, Ways(models=("openai/steady", "openai/fickle"), repeat=3))
    rows = {row.variant: row for row in found.variants}
    assert list(rows) == [
        f"openai/{name}{time}" for name in ("steady", "fickle") for time in ("", ", time 2", ", time 3")
    ]
    assert rows["openai/steady, time 2"].flipped == rows["openai/steady, time 3"].flipped == 0.0
    assert rows["openai/fickle, time 2"].flipped == 1.0
    assert rows["openai/fickle, time 3"].flipped == 0.0
    assert rows["openai/fickle"].against == "as recorded"
    assert rows["openai/fickle, time 2"].against == "openai/fickle"
    assert all(row.valid_forms == 1.0 and row.tokens_in > 0 for row in found.variants)
    assert {call.model for one in anew[3:] for call in one.calls} == {"openai/fickle"}
    assert "asked again, momentum is on the other side of the base rate in 25.0% of cases" in found.findings


async def test_answers_are_kept_for_each_asking_so_that_a_second_evaluation_costs_nothing(
    town: Town, elsewhere: Elsewhere
) -> None:
    async with desk_server() as server:
        ran = await desk(town, elsewhere("kept"), server, run__cycles=1)
        before = len(server.requests)
        await tried(ran, Ways(repeat=2))
        asked = len(server.requests) - before
        await tried(ran, Ways(repeat=2))
        again = len(server.requests) - before - asked
    assert (asked, again) == (3, 0)  # the first time is the recorded one, which the cache has


async def test_other_words_are_asked_and_whoever_hangs_on_words_is_found_out(
    town: Town, elsewhere: Elsewhere
) -> None:
    def literal(asked: Asked) -> Reply:
        return form(asked, p_up=0.3) if "Please read all of this" in asked.text else form(asked)

    async with desk_server(literal) as server:
        ran = await desk(town, elsewhere("words"), server, run__cycles=1)
        _, found = await tried(ran, Ways(paraphrase=True))
    flips = {row.variant: row.flipped for row in found.variants}
    assert flips.pop("asked again, politely") == 1.0
    assert set(flips.values()) == {0.0}
    assert len(flips) == 5
    said = "asked in other words, momentum is on the other side of the base rate in 20.0% of cases"
    assert said in found.findings


async def test_a_rule_that_reads_no_news_says_the_same_when_news_are_permuted_and_not_when_prices_are(
    unbroken: Ran,
) -> None:
    anew, found = await tried(unbroken, Ways(permute=("news", "prices")))
    news, prices = found.variants
    assert (news.changed, news.decisions) == (0, 0)
    assert news.scores == news.scores_against
    assert "news permuted: every answer is the same, so momentum makes no use of it" in found.findings
    assert prices.changed > 0
    assert prices.scores != prices.scores_against
    with JournalReader(unbroken.journal) as reader:
        for made in reader.decisions(unbroken.book.id):
            assert anew[0].decisions[made.id].canonical() == made.canonical()


@pytest.mark.parametrize(
    ("ways", "error", "said"),
    [
        (Ways(repeat=5), UsageError, "momentum follows a rule"),
        (Ways(paraphrase=True), UsageError, "momentum follows a rule"),
        (Ways(repeat=0), UsageError, "from 2 to 20 times"),
        (Ways(permute=("moon",)), UnknownName, "unknown evidence to permute: moon"),
        (Ways(models=("clever",)), UnknownName, "unknown role: clever"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    unbroken: Ran, ways: Ways, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await tried(unbroken, ways)


async def test_an_edit_that_needs_other_evidence_is_refused(
    town: Town, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with desk_server() as server:
        ran = await desk(town, elsewhere("refused"), server, run__cycles=1)
    file = edited(tmp_path)
    file.write_text(
        file.read_text(encoding="utf-8").replace("reads: [", "reads: [macro, ", 1), encoding="utf-8"
    )
    with pytest.raises(UsageError, match="reads differ from what was recorded"):
        await tried(ran, Ways(prompt=file))


async def test_a_rule_is_not_changed_by_words(unbroken: Ran, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="momentum follows a rule"):
        await tried(unbroken, Ways(prompt=edited(tmp_path)))


async def test_the_command_answers_in_one_line_and_keeps_what_it_found(
    town: Town, elsewhere: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(given: Sequence[Any]) -> tuple[int, str, str]:
        code = main([*map(str, given)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    async with desk_server(swayed) as server:
        workspace = elsewhere("command")
        await desk(town, workspace, server, run__cycles=2)
        before = len(server.requests)
        here = ["--workspace", workspace.root, "eval"]
        file = edited(tmp_path)
        given = [*here, "momentum", "--prompt", file, "--on", "journal:2"]
        code, out, err = await asyncio.to_thread(said, given)
        asked = len(server.requests) - before
    assert (code, asked) == (0, 2)
    assert out.startswith("INSUFFICIENT EVIDENCE: momentum, edited")
    assert out.count("\n") == 1
    assert "2 of 2 decisions answered anew" in err
    with JournalReader(workspace.journal) as reader:
        (kept,) = reader.evaluations()
    assert (kept.kind, kept.agents, kept.source) == ("prompt", ("momentum",), "journal:2")
    assert kept.finding in out
    assert kept.document["variants"][0]["answered"] == 2
