"""What models answered is used again: on trial beside another model, from the cache, from a cassette."""

import asyncio
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.models import Asked, DeskServer, desk_server, form
from tests.e2e.replays import Town, drive, told
from tests.e2e.test_models import SENIORS, calls_of, desk
from tests.llm.server import Reply
from trader.cli import main
from trader.clock import SystemClock
from trader.commands import output
from trader.commands.trace_replay import trial_document, trial_told
from trader.domain.errors import UnknownName
from trader.domain.ids import DecisionId
from trader.graph.replay import replay
from trader.graph.trial import Trial
from trader.journal.reader import JournalReader
from trader.llm.cassette import Cassette
from trader.runner import Ran
from trader.runner.trial import try_model
from trader.settings.llm import Role
from trader.workspace import Workspace

Elsewhere = Callable[[str], Workspace]
SYMBOLS = 3
ASKED = SYMBOLS * (len(SENIORS) + 1)
"""Calls of one round."""


def first(ran: Ran) -> DecisionId:
    with JournalReader(ran.journal) as reader:
        return reader.decisions(ran.book.id)[-1].id


def rows(ran: Ran) -> list[Any]:
    """Everything in the journal about the run's decisions and calls."""
    with JournalReader(ran.journal) as reader:
        return [
            reader.decisions(),
            reader.model_calls(),
            reader.rulings(ran.book.id),
            reader.orders(ran.book.id),
        ]


async def tried(ran: Ran, model: str, **changes: Any) -> Trial:
    """The first decision of the run on trial."""
    with JournalReader(ran.journal) as reader:
        return await try_model(
            reader,
            first(ran),
            model,
            **{
                "roles": {},
                "folder": Workspace(ran.journal.parents[1]).cache,
                "note": lambda text: pytest.fail(text),
                "clock": SystemClock(),
                **changes,
            },
        )


def opposite(asked: Asked) -> Reply:
    """Another model on the same server is as sure of the contrary."""
    if asked.request["model"] == "other" and asked.part in SENIORS and asked.part != "risk":
        return form(asked, p_up=0.31)
    return form(asked)


async def test_another_model_is_asked_the_same_and_what_it_makes_of_it_stands_beside(
    town: Town, elsewhere: Elsewhere
):
    async with desk_server(opposite) as server:
        ran = await desk(town, elsewhere("trial"), server, run__cycles=1)
        before, asked = rows(ran), len(server.requests)
        trial = await tried(ran, "openai/other")
        assert rows(ran) == before
    sent = [request["messages"] for request in server.requests]
    seniors = [one for one in sent[asked:] if "What the seniors say" not in str(one)]
    assert len(sent) - asked == len(SENIORS) + 1
    assert all(one in sent[:asked] for one in seniors)
    assert {request["model"] for request in server.requests[asked:]} == {"other"}
    assert trial.agents == ("news", *SENIORS, "executive")
    then, now = trial.recorded, trial.tried
    assert then.decision.pool is not None
    assert now.decision.pool is not None
    assert now.decision.pool.p_up < then.decision.pool.p_up
    assert now.decision.target_weight <= then.decision.target_weight
    assert (len(now.calls), now.answered, now.found) == (6, 6, {})
    assert any("p_up: recorded 0.62, now 0.31" in line for line in trial.differences)
    shown = output.drawn(*trial_told(trial), width=200)
    assert "p 0.6200" in shown
    assert "p 0.3100" in shown
    document = json.loads(json.dumps(trial_document(trial)))
    assert {"id", "identical", "differences", "model", "agents", "recorded", "trial"} <= set(document)
    assert document["trial"]["calls"] == 6
    assert not document["identical"]


async def test_a_trial_asked_twice_is_free_the_second_time(town: Town, elsewhere: Elsewhere):
    async with desk_server(opposite) as server:
        ran = await desk(town, elsewhere("twice"), server, run__cycles=1)
        one = await tried(ran, "openai/other")
        asked = len(server.requests)
        other = await tried(ran, "openai/other")
    assert len(server.requests) == asked
    assert other.tried.found == {"cache": 6}
    assert other.tried.usd == 0
    assert other.tried.tokens_in == one.tried.tokens_in > 0
    assert other.differences == one.differences


async def test_only_those_who_are_named_ask_the_other_model(town: Town, elsewhere: Elsewhere):
    async with desk_server(opposite) as server:
        ran = await desk(town, elsewhere("named"), server, run__cycles=1)
        asked = len(server.requests)
        trial = await tried(ran, "openai/other", names=("value",))
    models = [request["model"] for request in server.requests[asked:]]
    assert models == ["other", "small"]  # the executive reads another opinion, and is asked anew
    said = {step.agent: step.body.get("p_up") for step in trial.tried.steps if step.form == "opinion"}
    assert said == {**dict.fromkeys(SENIORS, 0.62), "value": 0.31, "risk": None}


async def test_a_role_of_the_settings_can_be_tried_and_what_is_neither_is_refused(
    town: Town, elsewhere: Elsewhere
):
    async with desk_server(opposite) as server:
        ran = await desk(town, elsewhere("role"), server, run__cycles=1)
        role = Role(models=("openai/other",), api_base=server.api_base)
        trial = await tried(ran, "second", roles={"second": role})
        assert {call.model for call in trial.tried.calls} == {"openai/other"}
        with pytest.raises(UnknownName, match="unknown role: secnd"):
            await tried(ran, "secnd", roles={"second": role})
        with pytest.raises(UnknownName, match="unknown agent with a model: nobody"):
            await tried(ran, "openai/other", names=("nobody",))


async def test_the_budget_and_the_deadline_of_the_run_hold_for_the_trial(town: Town, elsewhere: Elsewhere):
    def slow(asked: Asked) -> Reply:
        late = asked.request["model"] == "other" and asked.part == "value"
        return Reply(delay_s=30.0) if late else form(asked)

    async with desk_server(slow) as server:
        budget = {"llm__budget__deadline_s": 2.0, "llm__budget__per_decision_tokens": 40_000}
        ran = await desk(town, elsewhere("bounds"), server, run__cycles=1, **budget)
        trial = await tried(ran, "openai/other")
        poor = await desk(town, elsewhere("poor"), server, run__cycles=1, llm__budget__per_decision_tokens=0)
        asked = len(server.requests)
        nothing = await tried(poor, "openai/other")
    late = next(step for step in trial.tried.steps if step.agent == "value")
    assert late.form == "abstention"
    assert len(server.requests) == asked
    assert {call.error_kind for call in nothing.tried.calls} == {"BudgetSpent"}
    assert nothing.tried.answered == 0


async def test_the_same_question_of_another_book_is_free_and_the_server_sees_none(
    town: Town, elsewhere: Elsewhere
):
    workspace = elsewhere("twins")
    async with desk_server() as server:
        one = await desk(town, workspace, server)
        asked = len(server.requests)
        other = await desk(town, workspace, server)
        assert len(server.requests) == asked == 2 * ASKED
        assert other.book.id != one.book.id
        assert told(other.journal, other.book) == told(one.journal, one.book)
        again = calls_of(other)
        assert {(call.source, call.usd) for call in again} == {("cache", 0)}
        assert sorted(call.tokens_in for call in again) == sorted(call.tokens_in for call in calls_of(one))
        assert {call.source for call in calls_of(one)} == {""}
        poor = await desk(town, workspace, server, run__cycles=1, llm__budget__per_decision_tokens=1)
        assert {call.source for call in calls_of(poor)} == {"cache"}
        await desk(town, workspace, server, run__cycles=1, llm__cache__answers=0)
    assert len(server.requests) == asked + ASKED
    with JournalReader(other.journal) as reader:
        ids = [made.id for made in reader.decisions(other.book.id)]
        assert all([(await asyncio.to_thread(replay, reader, id)).identical for id in ids])


async def test_what_was_no_answer_or_no_form_is_asked_anew(town: Town, elsewhere: Elsewhere):
    def failing(asked: Asked) -> Reply:
        if asked.part == "value":
            return Reply("Buy, buy, buy")
        return Reply("broken", status=500) if asked.part == "quant" else form(asked)

    workspace = elsewhere("failing")
    async with desk_server(failing) as server:
        await desk(town, workspace, server, run__cycles=1)
        server.answering = form
        asked = len(server.requests)
        ran = await desk(town, workspace, server, run__cycles=1)
    parts = sorted(Asked(request).part for request in server.requests[asked:])
    assert parts == sorted(["value", "quant", "executive"] * SYMBOLS)
    assert all(not call.error_kind for call in calls_of(ran))


async def taped(
    town: Town,
    workspace: Workspace,
    server: DeskServer,
    cassette: Path,
    *,
    replay_only: bool = False,
    **changes: Any,
) -> Ran:
    with closing(Cassette.open(cassette, replay_only=replay_only)) as tape:
        return await desk(town, workspace, server, cassette=tape, **changes)


def moody(asked: Asked) -> Reply:
    """Answers, a broken one that is mended, and a refusal."""
    if asked.part == "value" and len(asked.messages) == 2:
        return Reply("not a form")
    return Reply("no", status=401) if asked.part == "quant" else form(asked)


async def test_a_cassette_makes_the_run_again_with_no_server(
    town: Town, elsewhere: Elsewhere, tmp_path: Path
):
    cassette = tmp_path / "demo.cassette"
    budget = {"llm__budget__per_decision_tokens": 18_000}  # which not everybody fits into
    async with desk_server(moody) as server:
        one = await taped(town, elsewhere("recorded"), server, cassette, **budget)
    sources = {step.source for step in steps_of(one)}
    assert {"model:openai/small"} < sources
    before = cassette.read_bytes()
    other = await taped(town, elsewhere("played"), server, cassette, replay_only=True, **budget)
    assert told(other.journal, other.book) == told(one.journal, one.book)
    assert {call.source for call in calls_of(other) if call.answer} == {"cassette"}
    assert {call.usd for call in calls_of(other)} == {0}
    assert cassette.read_bytes() == before
    assert b"openai/small" in before
    assert b"key" not in before.lower()


def steps_of(ran: Ran) -> list[Any]:
    with JournalReader(ran.journal) as reader:
        return [step for one in reader.rounds(ran.book.id) for step in reader.round(one.round).steps]


async def test_what_a_cassette_lacks_is_asked_and_with_replay_only_it_is_not(
    town: Town, elsewhere: Elsewhere, tmp_path: Path
):
    cassette = tmp_path / "short.cassette"
    async with desk_server() as server:
        await taped(town, elsewhere("short"), server, cassette, run__cycles=1)
        lines = cassette.read_bytes().splitlines(keepends=True)
        assert len(lines) == ASKED == len(server.requests)
        half = next(at for at, line in enumerate(lines) if b"What the seniors say" in line)
        cassette.write_bytes(b"".join(lines[:half]) + lines[half][:40])
        lacking = await taped(town, elsewhere("lacking"), server, cassette, replay_only=True, run__cycles=1)
        assert len(server.requests) == ASKED
        silent = [call for call in calls_of(lacking) if call.error_kind]
        assert {call.error_kind for call in silent} == {"ModelUnavailable"}
        assert "the cassette short.cassette has no answer" in silent[0].error
        await taped(town, elsewhere("whole"), server, cassette, run__cycles=1)
        assert len(server.requests) == ASKED + (ASKED - half)
    assert sorted(cassette.read_bytes().splitlines(keepends=True)[:half]) == sorted(lines[:half])


async def test_a_run_that_was_killed_leaves_a_cassette_that_the_next_one_goes_on_with(
    town: Town, elsewhere: Elsewhere, tmp_path: Path
):
    cassette, enough = tmp_path / "killed.cassette", asyncio.Event()

    def until_enough(asked: Asked) -> Reply:
        if len(server.requests) > 10:
            enough.set()
            return Reply(delay_s=30.0)
        return form(asked)

    async with desk_server(until_enough) as server:
        running = asyncio.create_task(taped(town, elsewhere("dead"), server, cassette, run__cycles=1))
        await enough.wait()
        await asyncio.sleep(0.5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert len(cassette.read_bytes().splitlines()) == 10
    with cassette.open("ab") as file:
        file.write(b'{"answer":{"text":"half of a l')
    async with desk_server(port=server.port) as again:
        await taped(town, elsewhere("second"), again, cassette, run__cycles=1)
    assert len(again.requests) == ASKED - 10
    assert len(cassette.read_bytes().splitlines()) == ASKED


async def test_tools_that_run_again_say_the_same_until_the_data_is_another(
    town: Town, elsewhere: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data = tmp_path / "data"
    shutil.copytree(town.data, data)
    here = Town(data, {**town.flags, "run.cycles": 1})
    ran = await asyncio.to_thread(drive, elsewhere("data"), here)
    arguments = ["trace", "replay", first(ran), "--recompute", "--workspace", str(ran.journal.parents[1])]
    assert await asyncio.to_thread(main, arguments) == 0
    assert capsys.readouterr().out.endswith("with its tools run again: identical\n")
    change(data / "AAPL.1d.csv", "2005-02-11", 0.9999)  # after the decision: nothing that it may know of
    assert await asyncio.to_thread(main, arguments) == 0
    assert "every tool says the same" in capsys.readouterr().out
    change(data / "AAPL.1d.csv", "2005-02-03", 0.9999)
    assert await asyncio.to_thread(main, [*arguments, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert not document["identical"]
    assert document["data"]["recorded"] != document["data"]["now"]
    assert any(line.startswith("features(") and "rsi_14: recorded" in line for line in document["tools"])
    assert set(document["tools"]) < set(document["differences"])


def change(bars: Path, day: str, factor: float) -> None:
    """Another close on a day."""
    lines = [line.split(",") for line in bars.read_text().splitlines()]
    close = lines[0].index("close")
    (row,) = (line for line in lines if line[0] == day)
    row[close] = f"{float(row[close]) * factor:.4f}"
    bars.write_text("\n".join([*(",".join(line) for line in lines), ""]))


async def trader(*arguments: str) -> tuple[int, str, str]:
    """The program itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trader", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


TABLES = """\
[run]
feed = "files:{data}"
start = 2005-02-04
[llm.roles.fast]
models = ["openai/small"]
api_base = "{base}"
[llm.roles.careful]
models = ["openai/small"]
api_base = "{base}"
[llm.roles.second]
models = ["openai/other"]
api_base = "{base}"
"""


async def test_the_commands_record_replay_and_try(town: Town, elsewhere: Elsewhere, tmp_path: Path):
    tape = str(tmp_path / "demo.cassette")
    run = ("run", "--cycles", "1", "--json", "--cassette", tape)
    async with desk_server(opposite) as server:
        one, other = (elsewhere(name) for name in ("one", "other"))
        for workspace in (one, other):
            workspace.config.write_text(TABLES.format(data=town.data, base=server.api_base))
        code, out, err = await trader(*run, "--workspace", str(one.root))
        assert code == 0, err
        assert err.endswith(f"cassette {tape}: 0 calls answered from it, {ASKED} calls recorded\n")
        (id,) = (made["id"] for made in json.loads((await listed(one))[1])["decisions"][-1:])
        trial = ("trace", "replay", id, "--model", "second", "--workspace", str(one.root))
        code, shown, err = await trader(*trial)
        assert code == 0, err
        assert "with second" in shown
    again = json.loads((await trader(*trial, "--json"))[1])
    assert again["trial"]["found"] == {"cache": len(SENIORS) + 1}
    code, out_again, err = await trader(*run, "--replay-only", "--workspace", str(other.root))
    assert code == 0, err
    assert err.endswith(f"cassette {tape}: {ASKED} calls answered from it, 0 calls recorded\n")
    before, after = json.loads(out), json.loads(out_again)
    assert after["llm_found"] == ASKED
    assert [before[key] for key in ("orders", "outcomes", "agents")] == [
        after[key] for key in ("orders", "outcomes", "agents")
    ]
    gone = ("trace", "replay", id, "--model", "openai/gone", "--workspace", str(one.root))
    code, shown, err = await trader(*gone)
    assert code == 1
    assert "openai/gone answered nothing" in shown


async def listed(workspace: Workspace) -> tuple[int, str, str]:
    return await trader("trace", "list", "--json", "--workspace", str(workspace.root))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--replay-only"], "--replay-only needs a cassette"),
        (["run", "--cassette", "{tmp}/none", "--replay-only"], "there is no cassette"),
        (["run", "--cassette", "{tmp}/no/folder"], "there is no folder"),
        (["run", "--cassette", "{tmp}"], "cannot be used"),
    ],
)
def test_wrong_use_is_answered_in_one_line(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([one.format(tmp=tmp_path) for one in [*arguments, "--workspace", str(tmp_path)]]) == 2
    assert told in capsys.readouterr().err
