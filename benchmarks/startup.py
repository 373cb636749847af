"""How long a user waits for the command line and a program for the package, beside Python alone."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.children import python
from benchmarks.figures import Bound, Figure, Say

REPEATS = 15
NOTHING = ("-c", "pass")
HELP = Bound("at most", 300.0)
IMPORT = Bound("at most", 500.0)
STARTS: Mapping[str, tuple[Sequence[str], Bound | None]] = {
    "trader --help": (("-m", "trader", "--help"), HELP),
    "import trader": (("-c", "import trader"), IMPORT),
    "import trader.cli": (("-c", "import trader.cli"), IMPORT),
    "import trader.runner": (("-c", "import trader.runner"), None),
}


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Start each once, so that Python has compiled it, then all by turns."""
    every = [NOTHING, *(arguments for arguments, _ in STARTS.values())]
    for arguments in every:
        python(arguments, folder)
    say(f"{REPEATS} starts of {len(every)} programs, by turns")
    took: dict[Sequence[str], list[float]] = {arguments: [] for arguments in every}
    for _ in range(REPEATS):
        for arguments in every:
            took[arguments].append(python(arguments, folder).seconds * 1000.0)
    for what, (arguments, target) in STARTS.items():
        name, peer = "python -c pass", took[NOTHING]
        yield Figure(f"{what}, median", median(took[arguments]), "ms", median(peer), name, target)
        yield Figure(f"{what}, fastest", min(took[arguments]), "ms", min(peer), name)
