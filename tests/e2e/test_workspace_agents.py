"""A file in the workspace's `prompts/` is an agent, or another text for one: no line of Python."""

from pathlib import Path

import pytest

from tests.e2e.replays import Town, Watcher, drive
from trader.domain.decisions import Decision
from trader.domain.value import digest
from trader.graph.replay import replay
from trader.journal.reader import JournalReader
from trader.journal.records import Step
from trader.prompts.loader import PACKAGED
from trader.runner import Control
from trader.workspace import Workspace

CARRY = """\
---
name: carry
tier: senior
mandate: What holding pays
asset_classes: [equity]
reads: [technicals]
tools: [features]
policy: momentum
family: carry
---
{{ signal }} {{ reports }}
You forecast whether {{ symbol }} rises over {{ horizon }} bars.
"""


def steps_of(reader: JournalReader, made: Decision, agent: str) -> Step:
    (step,) = (
        step for step in reader.round(made.round).steps if (step.decision, step.agent) == (made.id, agent)
    )
    return step


def test_a_new_file_is_a_new_senior(hamlet: Town, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.prompts.mkdir()
    (workspace.prompts / "carry.md").write_text(CARRY, encoding="utf-8")
    watcher = Watcher()
    ran = drive(workspace, Town(hamlet.data, {**hamlet.flags, "run.cycles": 2}), watcher=watcher)
    assert watcher.opening is not None
    assert "carry" in [agent.name for agent in watcher.opening.agents]
    assert all("carry" in forms for closed in watcher.rounds for forms in closed.forms.values())
    with JournalReader(ran.journal) as reader:
        for made in reader.decisions(ran.book.id):
            step = steps_of(reader, made, "carry")
            assert (step.form, step.tier, step.source) == ("opinion", "senior", "rule:momentum")
            assert (step.record, step.prompt) == ("carry/rule:momentum", digest(CARRY))
            assert reader.blob(step.prompt) == CARRY
            assert made.pool is not None
            (share,) = (row for row in made.pool.contributions if row.agent == "carry")
            assert share.weight > 0
            learned = reader.learned(ran.book.id, made.learned).of_record("carry/rule:momentum")
            assert learned is not None
            assert learned.n > 0
            assert replay(reader, made.id).identical


def test_an_agent_may_call_tools_that_no_packaged_one_calls(hamlet: Town, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.prompts.mkdir()
    own = CARRY.replace("tools: [features]", "tools: [features, regime, risk_numbers]")
    (workspace.prompts / "carry.md").write_text(own, encoding="utf-8")
    ran = drive(workspace, Town(hamlet.data, {**hamlet.flags, "run.cycles": 1}))
    with JournalReader(ran.journal) as reader:
        for made in reader.decisions(ran.book.id):
            evidence = {item.tool: item for item in reader.find_evidence(made.id, "carry")}
            assert [evidence[name].error for name in ("regime", "risk_numbers")] == ["", ""]
            regime = evidence["regime"].result
            assert regime is not None
            assert sum(state["probability"] for state in regime["states"]) == pytest.approx(1.0)
            assert replay(reader, made.id).identical


def test_an_edited_prompt_has_another_digest_in_the_next_trace(hamlet: Town, tmp_path: Path) -> None:
    """In the middle of a book: what was decided before keeps the text that it was decided with."""
    workspace = Workspace(tmp_path)
    packaged = (PACKAGED / "momentum.md").read_text(encoding="utf-8")
    drive(workspace, hamlet, control=Control(stop=True))
    workspace.prompts.mkdir()
    edited = packaged + "\nBe brief.\n"
    (workspace.prompts / "momentum.md").write_text(edited, encoding="utf-8")
    ran = drive(workspace, hamlet)
    with JournalReader(ran.journal) as reader:
        assert len(reader.runs(ran.book.id)) == 2
        decisions = reader.decisions(ran.book.id, newest_first=False)
        for made, text in ((decisions[0], packaged), (decisions[-1], edited)):
            step = steps_of(reader, made, "momentum")
            assert step.prompt == digest(text)
            assert reader.blob(step.prompt) == text
            assert replay(reader, made.id).identical
        quant = {steps_of(reader, made, "quant").prompt for made in decisions}
        assert len(quant) == 1
