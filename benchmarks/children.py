"""Programs started as a user starts them, and what they cost."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from bootstrap import QUIET

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = ("TRADER_", "PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME", "COV_CORE", "COVERAGE_")
"""Variables that configure the desk, or make Python start slower than a user's."""

PEAK = """
import atexit, sys

def tell():
    if sys.platform == "linux":
        with open("/proc/self/status") as status:
            peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    else:
        import resource
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak {peak}", file=sys.stderr)

if sys.platform != "win32":
    atexit.register(tell)
"""
"""Put before a program: its last line on standard error is the most memory it had, in bytes.

Linux counts into `ru_maxrss` what the parent had when it started the program, and not into VmHWM; macOS
gives `ru_maxrss` in bytes.
"""


class Ended(NamedTuple):
    """A program that has ended well."""

    said: str
    """Its standard output."""
    seconds: float
    peak_bytes: int | None
    """None where it was not asked for, and on Windows."""


class ChildFailed(Exception):
    """A program that was to be measured did not work."""


def python(arguments: Sequence[str], folder: Path, environ: Mapping[str, str] = os.environ) -> Ended:
    """Run this Python with these arguments in a folder. Raises ChildFailed with the last thing it said."""
    env = {**QUIET, **environ, "PYTHONPATH": str(ROOT)}
    env = {name: value for name, value in env.items() if not name.startswith(LEFT_OUT)}
    began = perf_counter()
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, capture_output=True, encoding="utf-8"
    )
    seconds = perf_counter() - began
    said = ended.stderr.strip().splitlines() or [""]
    if ended.returncode:
        raise ChildFailed(f"python {' '.join(arguments)}: exit code {ended.returncode}: {said[-1]}")
    word, _, number = said[-1].partition(" ")
    return Ended(ended.stdout, seconds, int(number) if word == "peak" else None)


def measured(program: str, folder: Path, *arguments: str) -> Ended:
    """Run Python source, with arguments, and have its peak of memory too."""
    return python(["-c", PEAK + program, *arguments], folder)
