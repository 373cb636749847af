"""The kill switch, pulled while a dealer deals and something hangs: when the last order left."""

import os
import random
import signal
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from tests.venues.dealer import Street
from trader.cli import main
from trader.workspace import Workspace

WITHIN_S = 1.0
"""No order may leave later than so long after the switch was pulled."""
LONGER_S = 0.2
"""Watched so much longer than that."""
HANGING = ("nothing", "the venue", "the program")
"""Whose answers are slow, or who does not give way to others."""
CHANNELS = ("file", "command", *(("signal",) if hasattr(signal, "SIGUSR1") else ()))


@dataclass
class Pulled:
    """What came of pulling it."""

    cases: int = 0
    orders: int = 0
    """Sent before it was pulled: without any a case would prove nothing."""
    late: int = 0
    """Cases in which an order left later."""
    latest_s: float = 0.0
    """After the pull, the last order of all cases."""
    named: list[str] = field(default_factory=list)


def pull(channel: str, workspace: Workspace, pid: int) -> None:
    """Halt what works in a workspace."""
    if channel == "file":
        workspace.halt.touch()
    elif channel == "command":
        with redirect_stdout(StringIO()):
            assert main(["--workspace", str(workspace.root), "halt", "enough"]) == 0
    else:
        os.kill(pid, signal.SIGUSR1)


def halts(street: Street, folder: Path, channel: str, cases: int, chance: random.Random) -> Pulled:
    """So many dealers, each halted at a random moment. Times are the venue's: when a request arrived."""
    found, turn = Pulled(), CHANNELS.index(channel)
    for number in range(cases):
        workspace, hangs = Workspace(folder / f"{channel}-{number}"), HANGING[(number + turn) % len(HANGING)]
        workspace.halt.parent.mkdir(parents=True)
        child = street.begin(
            workspace.journal, chance.randrange(1 << 30), str(workspace.halt), hangs == "the program"
        )
        street.wait_for_dealing()
        if hangs == "the venue":
            street.fault("POST /order", hold_s=0.3, times=3)
        time.sleep(chance.uniform(0.2, 0.6))
        pulled = time.time()
        pull(channel, workspace, child)
        time.sleep(WITHIN_S + LONGER_S)
        street.end(child)
        arrived = street.asked_at("POST /order")
        after = max(arrived, default=pulled) - pulled
        found.cases += 1
        found.orders += sum(at <= pulled for at in arrived)
        found.latest_s = max(found.latest_s, after)
        if after > WITHIN_S:
            found.late += 1
            found.named.append(f"{channel} {number}, {hangs} hangs: an order {after:.2f} s later")
        street.forget()
    return found
