"""The walk through two prompt edits in docs/evaluation.md: python -m tests.evals.walkthrough [FOLDER]

The agent momentum asks a scripted model on loopback: a stand-in that leans by chance, and that obeys the two
sentences of the edits. It shows what the command says of an edit that helps and of one that does not; it
says nothing of any real model.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from tests.e2e.models import Asked, desk_server, form
from tests.e2e.replays import Watcher
from tests.llm.server import Reply
from trader.cli import main
from trader.clock import SystemClock
from trader.prompts.loader import PACKAGED
from trader.runner import Control, run
from trader.settings import load
from trader.workspace import Workspace

ROUNDS = 110
TIMID = "Never move more than two hundredths from the base rate."
BOLD = "Be bold: say what you think, far from the base rate."
BASE, SPAN = 0.53, 0.36
"""Where the stand-in's answers lie: this far about the base rate of the sample."""


def scripted(asked: Asked) -> Reply:
    """By chance, drawn from symbol and moment: near the base rate or far from it where it is told so."""
    head = asked.text.split("\n# ", 1)[1].split("\n", 1)[0]
    chance = sha256(head.encode()).digest()[0] / 255.0 - 0.5
    span = 0.04 if TIMID in asked.text else 0.7 if BOLD in asked.text else SPAN
    return form(asked, p_up=round(BASE + chance * span, 4))


async def walk(folder: Path) -> None:
    """Run, then try both edits."""
    async with desk_server(scripted) as server:
        flags = {
            "run.cycles": ROUNDS,
            "llm.roles.scripted.models": ("openai/scripted",),
            "llm.roles.scripted.api_base": server.api_base,
            "agents.momentum.model": "scripted",
        }
        workspace = Workspace(folder)
        await run(
            workspace,
            load(flags=flags)[0],
            new=True,
            observer=Watcher(),
            control=Control(),
            clock=SystemClock(),
        )
        packaged = (PACKAGED / "momentum.md").read_text(encoding="utf-8")
        for name, sentence in (("timid.md", TIMID), ("bold.md", BOLD)):
            (folder / name).write_text(f"{packaged}\n{sentence}\n", encoding="utf-8")
            await said(folder, ["eval", "momentum", "--prompt", str(folder / name)])
        await said(folder, ["eval", "momentum", "--repeat", "2", "--permute", "news", "--on", "journal:80"])
        await said(folder, ["eval", "all", "--one-agent", "openai/scripted"])


async def said(folder: Path, given: Sequence[str]) -> None:
    """One command, shown as it is typed."""
    shown = " ".join(given).replace(f"{folder}/", "")
    print(f"$ trader {shown}", flush=True)
    await asyncio.to_thread(main, ["--workspace", str(folder), *given])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(walk(Path(sys.argv[1] if len(sys.argv) > 1 else made)))
