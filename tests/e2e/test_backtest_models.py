"""A backtest whose agents ask models: paid for once, resumed, and never decided on silence."""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.models import Answering, Asked, DeskServer, desk_server, form
from tests.e2e.replays import Town, told
from tests.e2e.test_command_line import document, trader
from tests.llm.server import Reply, in_thread
from trader.backtest.books.folder import named
from trader.backtest.books.pool import Stop, run_in_processes
from trader.backtest.books.work import Ended, Failed, Job, News, Said, work
from trader.domain.decisions import Outcome
from trader.journal.reader import JournalReader
from trader.runner import Control
from trader.settings import Settings, load, restored
from trader.workspace import Workspace

# litellm ignores what Pydantic says of its types from its import on, and pytest forgets that with each test.
pytestmark = pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning")

Elsewhere = Callable[[str], Workspace]

MODEL = "openai/gpt-4.1-mini"
USD_IN, USD_OUT = Decimal("0.0000004"), Decimal("0.0000016")
"""Its price a token: known, so that what a backtest costs can be seen."""
SYMBOLS, ROUNDS, ASKING = 3, 7, 6
"""Of the town's first seven closes; five seniors and the executive."""
CALLS = SYMBOLS * ROUNDS * ASKING
HAMLETS = 2
"""Symbols of the smaller town."""


def served(answering: Answering = form, port: int = 0) -> Any:
    return in_thread(desk_server(answering, port))


def toml(server: DeskServer, more: str = "") -> str:
    """Everybody on the server's model, the rest as the town has it."""
    roles = "".join(
        f'[llm.roles.{name}]\nmodels = ["{MODEL}"]\napi_base = "{server.api_base}"\n'
        for name in ("careful", "fast")
    )
    return f"{roles}{more}\n[desk]\nrefit_bars = 1\n[risk]\nprice_collar = 0.1\n"


def settings_of(town: Town, server: DeskServer, **changes: Any) -> Settings:
    """The first closes of the town; `changes` are settings with __ for dots."""
    flags = {
        **town.flags,
        "run.feed": f"files:{town.data}",
        "run.cycles": 2,
        **{f"llm.roles.{role}.models": ("openai/small",) for role in ("fast", "careful")},
        **{f"llm.roles.{role}.api_base": server.api_base for role in ("fast", "careful")},
        **{key.replace("__", "."): value for key, value in changes.items()},
    }
    return load(flags=flags)[0]


def worked(place: Workspace, settings: Settings) -> tuple[Ended | Failed, list[str]]:
    """One book from where it stands, and what was said meanwhile."""
    said: list[News] = []
    ended = work(Job(1, place, settings), Control(), said.append)
    return ended, [news.text for news in said if isinstance(news, Said)]


def test_a_question_is_paid_for_once_whatever_book_asks_it(
    town: Town, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    place, page = elsewhere("paid"), tmp_path / "report.html"
    with served() as server:
        place.config.write_text(
            toml(server, "knowledge_cutoff = 2005-02-08\n[llm.budget]\nper_day_usd = 9.0\n"), "utf-8"
        )
        asked = ["backtest", "--feed", f"files:{town.data}", "--start", "2005-02-04", "--end", "2005-02-14"]
        found = document(trader(place, *asked, "--html", str(page), "--json"))
        assert len(server.requests) == CALLS
        paid = sum(
            (USD_IN * (len(Asked(one).text) // 4) + USD_OUT * 90 for one in server.requests), Decimal()
        )
        assert Decimal(found["costs"]["models_usd"]) == pytest.approx(paid, abs=Decimal("1e-9"))
        assert found["models"]["calls"] == CALLS
        assert found["models"]["found"] == found["models"]["failed"] == 0
        assert found["provenance"]["cut_offs"] == f"{MODEL} 2005-02-08: it may have seen 3 of {ROUNDS} rounds"
        text = page.read_text("utf-8")
        assert f"{CALLS:,}" in text
        assert "it may have seen 3 of 7 rounds" in text
        folder, _ = named(place, None)
        plan = folder.plan
        before = told(folder.of(plan.books[0]).journal)
        shutil.rmtree(folder.path)
        again = Workspace(tmp_path / "again", place.root)
        ended, _ = worked(again, restored(plan.books[0].settings))
        assert isinstance(ended, Ended)
        assert ended.finished
        assert len(server.requests) == CALLS  # nobody was asked
    assert told(again.journal) == before
    with JournalReader(again.journal) as reader:
        calls = reader.model_calls()
    assert {call.source for call in calls} == {"cache"}
    assert sum(call.usd for call in calls) == 0


def test_nothing_is_decided_on_silence_and_the_book_goes_on_where_models_answer_again(
    hamlet: Town, tmp_path: Path
) -> None:
    calls = 2 * HAMLETS * ASKING
    heard: list[bool] = []

    def until_enough(asked: Asked) -> Reply:
        heard.append(len(heard) < calls - 10)
        return form(asked) if heard[-1] else Reply("overloaded", status=503)

    place = Workspace(tmp_path / "silence")
    with served(until_enough) as server:
        settings = settings_of(hamlet, server, llm__budget__per_decision_tokens=400_000)
        ended, _ = worked(place, settings)
        assert isinstance(ended, Failed)
        assert "no model answers" in ended.message
        assert "overloaded" in ended.message
        assert "trader doctor" in ended.hint
    with JournalReader(place.journal) as reader:
        (book,) = reader.books()
        answered = len(reader.model_calls())
        assert answered == calls - 10
        assert Outcome.UNDECIDED not in {made.outcome for made in reader.decisions(book.id)}
        assert [one.closed for one in reader.rounds(book.id)] == [True, False]
        steps = [step for one in reader.rounds(book.id) for step in reader.round(one.round).steps]
        spoken = {step.source for step in steps if step.form in ("opinion", "abstention", "verdict")}
        assert spoken == {"model:openai/small"}
    with served(port=server.port) as again:
        ended, notes = worked(place, settings)
        assert isinstance(ended, Ended)
        assert (ended.finished, notes) == (True, [])
        assert len(again.requests) == 10
    with JournalReader(place.journal) as reader:
        assert {call.error_kind for call in reader.model_calls()} == {""}


def test_where_the_budget_does_not_hold_the_rules_do_not_speak_silently(hamlet: Town, tmp_path: Path) -> None:
    with served() as server:
        settings = settings_of(hamlet, server, llm__budget__per_decision_tokens=100)
        ended, notes = worked(Workspace(tmp_path), settings)
        assert server.requests == []
    assert isinstance(ended, Ended)
    (note,) = [text for text in notes if "budget" in text]
    assert note.startswith("the budget for language models does not hold ")
    assert note.endswith(": their rules speak")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_worker_asks_nothing_again_that_was_answered(hamlet: Town, tmp_path: Path) -> None:
    calls, enough = 2 * HAMLETS * ASKING, HAMLETS * ASKING + 7
    place = Workspace(tmp_path / "killed")

    def kill() -> None:
        os.kill(int(place.lock_file.read_text()), signal.SIGKILL)

    def until_enough(asked: Asked) -> Reply:
        if len(server.requests) == enough + 1:
            threading.Timer(0.5, kill).start()  # what has come back is written down by then
        return form(asked) if len(server.requests) <= enough else Reply(delay_s=30.0)

    with served(until_enough) as server:
        settings = settings_of(hamlet, server)
        (ended,) = run_in_processes([Job(1, place, settings)], 1, lambda news: None, Stop())
        assert isinstance(ended, Failed)
        assert ended.message == "its worker was killed by SIGKILL"
    with served(port=server.port) as again:
        resumed, _ = worked(place, settings)
        assert isinstance(resumed, Ended)
        assert resumed.finished
        assert len(again.requests) == calls - enough
