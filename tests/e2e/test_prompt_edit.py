"""An edited prompt on recorded decisions: one agent is asked anew, everybody else is left as recorded."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.models import Asked, desk_server, form
from tests.e2e.replays import Town
from tests.e2e.test_models import desk
from tests.llm.server import Reply
from trader.cli import main
from trader.clock import SystemClock
from trader.data.feeds import open_feed
from trader.domain.errors import UsageError
from trader.evals.cases import gather
from trader.evals.prompt_edit import compare
from trader.journal.reader import JournalReader
from trader.prompts.loader import PACKAGED
from trader.runner import Ran
from trader.runner.prompt_trial import Edited, try_prompt
from trader.workspace import Workspace

Elsewhere = Callable[[str], Workspace]
EDIT = "Think of the drawdown first."


def edited(folder: Path, text: str = EDIT) -> Path:
    file = folder / "bolder.md"
    file.write_text((PACKAGED / "momentum.md").read_text(encoding="utf-8") + f"\n{text}\n", encoding="utf-8")
    return file


async def tried(ran: Ran, file: Path, agent: str = "momentum") -> Edited:
    with JournalReader(ran.journal) as reader:
        return await try_prompt(
            reader,
            reader.decisions(ran.book.id),
            agent,
            file,
            folder=Workspace(ran.journal.parents[1]).cache,
            note=lambda text: pytest.fail(text),
            clock=SystemClock(),
        )


def swayed(asked: Asked) -> Reply:
    return form(asked, p_up=0.35) if EDIT in asked.text else form(asked)


async def test_one_agent_is_asked_anew_and_compared_with_what_it_said(
    town: Town, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with desk_server(swayed) as server:
        ran = await desk(town, elsewhere("edit"), server, run__cycles=2)
        before = len(server.requests)
        found = await tried(ran, edited(tmp_path))
        sent = server.requests[before:]
    assert len(sent) == len(found.calls) == 6  # two rounds of three symbols
    assert all(EDIT in str(request["messages"]) for request in sent)
    assert set(found.said.values()) == {0.35}
    market = open_feed(ran.book.feed, ran.book.symbols)
    with JournalReader(ran.journal) as reader:
        recorded = gather(reader, ran.book, market)
        assert reader.decisions(ran.book.id)[0].pool is not None
    result = compare(recorded, "momentum", found.said)
    assert (result.decisions, result.answered) == (6, 6)
    assert result.difference is not None
    assert result.difference.cases == 6
    happened = recorded.cases.happened
    wanted = ((0.35 - happened) ** 2).mean() - ((0.62 - happened) ** 2).mean()
    assert result.difference.brier == pytest.approx(wanted, abs=1e-12)
    assert result.finding.startswith("INSUFFICIENT EVIDENCE: momentum, edited has 6 cases")


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
        await tried(ran, file)


async def test_a_rule_is_not_changed_by_words(unbroken: Ran, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="momentum follows a rule"):
        await tried(unbroken, edited(tmp_path))


async def test_the_command_answers_in_one_line_and_asks_about_the_decisions_that_are_named(
    town: Town, elsewhere: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk_server(swayed) as server:
        workspace = elsewhere("command")
        await desk(town, workspace, server, run__cycles=2)
        before = len(server.requests)
        given = ["--workspace", str(workspace.root), "eval", "momentum", "--prompt", str(edited(tmp_path))]
        code = await asyncio.to_thread(main, [*given, "--on", "journal:2"])
        asked = len(server.requests) - before
    shown = capsys.readouterr()
    assert (code, asked) == (0, 2)
    assert shown.out.startswith("INSUFFICIENT EVIDENCE: momentum, edited")
    assert shown.out.count("\n") == 1
    assert "2 of 2 decisions answered anew" in shown.err
