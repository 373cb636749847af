"""`trader doctor` against models that answer, refuse, talk, and are not there."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.llm.server import Reply, Server, serving
from trader.cli import main

FORM = json.dumps(
    {"kind": "verdict", "symbol": "TEST", "action": "approve", "factor": 1.0, "reason": "it is well"}
)
Run = Callable[..., tuple[int, list[dict[str, str]]]]


@contextmanager
def served(*replies: Reply) -> Iterator[Server]:
    """A server in a thread: the command has an event loop of its own."""
    loop, began, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[Server] = []

    async def serve() -> None:
        async with serving(*replies) as server:
            found.append(server)
            began.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    began.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


@pytest.fixture
def doctor(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with a role at an address; its exit code and what it said of the model."""

    def run(api_base: str = "", timeout_s: float = 10.0) -> tuple[int, list[dict[str, str]]]:
        if api_base:
            (workspace / "trader.toml").write_text(
                "[llm.roles.fast]\nmodels = ['openai/small']\n"
                f"api_base = '{api_base}'\ntimeout_s = {timeout_s}\n"
            )
        code = main(["doctor", "--json"])
        return code, json.loads(capsys.readouterr().out)["checks"]

    return run


def test_with_no_model_all_is_well_and_it_says_where_to_read_on(doctor: Run) -> None:
    code, checks = doctor()
    assert code == 0
    assert checks[-1]["detail"] == "none are configured: every agent follows its rule"
    assert "docs/language-models.md" in checks[-1]["mend"]


def test_a_model_that_fills_the_form_is_well(doctor: Run) -> None:
    with served(Reply(FORM)) as server:
        code, checks = doctor(server.api_base)
    assert (code, checks[-1]["name"], checks[-1]["ok"]) == (0, "openai/small", True)
    assert checks[-1]["detail"].startswith("a form; 100 tokens in, 20 out, 0 USD, ")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "detail", "mend"),
    [
        (Reply("I would love to!"), "no form: ", "a larger model"),
        (Reply("who are you", status=401), "who are you", "check the key of openai in .env"),
        (Reply("no such model", status=404), "no such model", "check the model's name and its api_base"),
        (Reply(FORM, delay_s=5.0), "no whole answer within 1 s", ""),
    ],
)
def test_what_is_not_well_is_said_with_how_to_mend_it(
    doctor: Run, reply: Reply, detail: str, mend: str
) -> None:
    with served(reply) as server:
        code, checks = doctor(server.api_base, timeout_s=1.0)
    assert (code, checks[-1]["ok"]) == (1, False)
    assert detail in checks[-1]["detail"]
    assert mend in checks[-1]["mend"]


def test_a_server_that_is_not_there_is_named(doctor: Run) -> None:
    with served(Reply(FORM)) as server:
        pass
    code, checks = doctor(server.api_base)
    assert code == 1
    assert checks[-1]["detail"] == f"openai/small: no connection to {server.api_base}"
    assert checks[-1]["mend"] == "is the server running?"


def test_a_key_of_the_dotenv_file_reaches_the_provider_and_no_screen(
    doctor: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")  # taken back, with what the command lends, after the test
    monkeypatch.delenv("OPENAI_API_KEY")
    (workspace / ".env").write_text("OPENAI_API_KEY=sk-planted-0123456789\n")
    with served(Reply("wrong key sk-planted-0123456789", status=401)) as server:
        _, checks = doctor(server.api_base)
    assert server.headers[0]["authorization"] == "Bearer sk-planted-0123456789"
    assert "planted" not in json.dumps(checks)
