"""`python -m benchmarks [NAME ...]`: measure, and print one table of what was found beside its targets."""

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from benchmarks.children import ChildFailed
from benchmarks.figures import Disagreement, Figure, Say, shown, table

Measure = Callable[[Path, Say], Iterator[Figure]]
"""What a benchmark is: given an empty folder and somebody to tell how far it is, it yields its figures."""

BENCHMARKS: Mapping[str, str] = {
    "decision": "benchmarks.decision",
    "journal": "benchmarks.journal",
    "tools": "benchmarks.tools",
    "backtest": "benchmarks.backtest",
    "models": "benchmarks.models",
    "memory": "benchmarks.memory",
    "training": "benchmarks.training",
    "sentiment": "benchmarks.sentiment",
    "startup": "benchmarks.startup",
    "run": "benchmarks.whole_run",
    "orders": "benchmarks.orders",
    "replay": "benchmarks.replay",
    "faults": "benchmarks.faults",
    "mutation": "benchmarks.mutation",
    "lessons": "benchmarks.lessons",
    "cheats": "benchmarks.cheats",
}
"""Name -> the module whose `measure` it is."""

LONG = {"cheats", "faults", "lessons", "mutation", "training"}
"""Only by name."""


def main(names: Sequence[str]) -> int:
    """Run the benchmarks of these names, or all but long ones.

    Returns 1 where two sides do not agree or a program fails, 2 for a name that is none.
    """
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        near = get_close_matches(unknown[0], BENCHMARKS) or list(BENCHMARKS)
        print(f"benchmarks: there is no {unknown[0]!r}; try: {', '.join(near)}", file=sys.stderr)
        return 2
    found: list[tuple[str, Figure]] = []
    before = load()
    try:
        for name in names or [name for name in BENCHMARKS if name not in LONG]:
            measure: Measure = import_module(BENCHMARKS[name]).measure
            with tempfile.TemporaryDirectory(prefix="trader-benchmark-") as folder:
                for figure in measure(Path(folder), say := progress(name)):
                    say(f"{figure.what.strip()}: {shown(figure.here, figure.unit)}")
                    found.append((name, figure))
    except Disagreement as error:
        print(f"benchmarks: the two sides do not agree on {error}", file=sys.stderr)
        return 1
    except ChildFailed as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    print(machine(before, load()))
    print(table(found))
    return 0


def progress(name: str) -> Say:
    """Says what a benchmark is at, beside the table."""

    def say(text: str) -> None:
        print(f"{name}: {text}", file=sys.stderr, flush=True)

    return say


def machine(before: str, after: str) -> str:
    """What it ran on, and how busy that was: times of a busy machine are too long."""
    python = f"Python {platform.python_version()}"
    return f"{python}, {platform.system()}, {os.cpu_count()} cores; load {before} before, {after} after"


def load() -> str:
    """Processes that wanted to run in the last minute, this one included; Windows does not say."""
    return f"{os.getloadavg()[0]:.1f}" if sys.platform != "win32" else "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
