"""What the tests of limits and orders would notice: their code is changed in one place at a time.

mutmut makes the changes and runs the tests that reach each of them. It leaves tables, fields and decorated
functions as they are, so each step of the orders' table is allowed or forbidden here besides. What no test
notices must stand in `surviving_mutants.toml` with its reason.
"""

import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from pathlib import Path

from benchmarks.children import ROOT, ChildFailed, python
from benchmarks.figures import Bound, Figure, Say

LISTED = Path(__file__).with_name("surviving_mutants.toml")
SURVIVED, UNREACHED = {0}, {None, 5, 33}
"""Exit codes that mutmut keeps: tests passed; no test ran."""
TIMED_OUT = {-24, 24, 36, 152, 255}
"""It had run for many times what its tests take."""
SCORE = Bound("at least", 90)

NEEDED = ("trader", "tests", "docs", "benchmarks", "bootstrap.py", "pyproject.toml", "trader.example.toml")
PLUGIN = """
from hypothesis import Phase, settings

settings.register_profile(
    "mutation", max_examples=30, derandomize=True, deadline=None, database=None,
    phases=(Phase.explicit, Phase.generate),
)
"""
"""Few examples, always the same, none made smaller; a slow machine fails no test."""


@dataclass(frozen=True)
class Part:
    """Modules, and the tests that are to notice whatever changes in them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


PARTS = (
    Part(
        tuple(
            f"trader/risk/{name}.py"
            for name in (
                "asking",
                "breakers",
                "facts",
                "gate",
                "killswitch",
                "limits",
                "protections",
                "standing",
                "using",
            )
        ),
        ("tests/risk", "tests/properties/test_gate.py"),
    ),
    Part(
        (
            "trader/domain/orders.py",
            "trader/brokers/ledger.py",
            "trader/brokers/protection.py",
            "trader/brokers/reconcile.py",
            "trader/brokers/telling.py",
        ),
        (
            "tests/properties/test_order_lifecycle.py",
            "tests/brokers/test_actions.py",
            "tests/brokers/test_ccxt_broker.py",
            "tests/brokers/test_funding.py",
            "tests/brokers/test_guarding.py",
            "tests/brokers/test_keeping.py",
            "tests/brokers/test_ledger.py",
            "tests/brokers/test_rates.py",
            "tests/brokers/test_reconcile.py",
        ),
    ),
)
TABLE_TESTS = "tests/properties/test_order_lifecycle.py"


@dataclass(frozen=True)
class Change:
    """One place of one function, as it is and as it was changed."""

    function: str
    was: str
    became: str


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Each part in a copy of its own, then the table of steps."""
    if find_spec("mutmut") is None or sys.platform == "win32":
        raise ChildFailed("it needs mutmut, which is not for Windows: install the extra bench")
    total = killed = timed_out = 0
    survivors: list[Change] = []
    for number, part in enumerate(PARTS):
        codes = mutate(copied(folder / f"part-{number}"), part, say)
        for module, found in codes.items():
            left = [name for name, code in found.items() if code in SURVIVED | UNREACHED]
            survivors += [change(folder / f"part-{number}", name) for name in left]
            timed_out += sum(code in TIMED_OUT for code in found.values())
            total += len(found)
            killed += len(found) - len(left)
            yield Figure(f"  {module}", 100 * (1 - len(left) / len(found)), "%")
    reasons = listed(LISTED)
    for one in survivors:
        say(f"{one.function}: {one.was} -> {one.became}: {reasons.get(one, 'NOT LISTED')}")
    yield Figure("changes made", total)
    yield Figure("  noticed", killed)
    yield Figure("    by running on and on", timed_out)
    yield Figure("  not noticed", len(survivors))
    yield Figure("    without a reason", sum(one not in reasons for one in survivors), target=Bound("at most", 0))
    yield Figure("score", 100 * killed / total, "%", target=SCORE)


def copied(place: Path) -> Path:
    """A folder with what the tests need."""
    place.mkdir()
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place / name)
    (place / "mutation_profile.py").write_text(PLUGIN, encoding="utf-8")
    return place


def mutate(place: Path, part: Part, say: Say) -> Mapping[str, Mapping[str, int | None]]:
    """By module: each mutant's name, and the exit code of the tests that reach it."""
    settings = {
        "source_paths": ["trader"],
        "only_mutate": part.modules,
        "also_copy": [name for name in (*NEEDED, "mutation_profile.py") if name not in ("trader", "tests")],
        "pytest_add_cli_args": ["-q", "-p", "no:cacheprovider", "-p", "mutation_profile"]
        + ["--hypothesis-profile=mutation"],
        "pytest_add_cli_args_test_selection": part.tests,
        "use_git_change_detection": False,
        "track_dependencies": False,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    with (place / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["", "[tool.mutmut]", *lines, ""]))
    say(f"changing {', '.join(part.modules)}")
    python(["-m", "mutmut", "run", "--max-children", "1"], place)
    found = {}
    for module in part.modules:
        kept = json.loads((place / "mutants" / f"{module}.meta").read_text(encoding="utf-8"))
        found[module] = kept["exit_code_by_key"]
    return found


def change(place: Path, mutant: str) -> Change:
    """What a mutant is: the lines that differ, each side on one line."""
    shown = python(["-m", "mutmut", "show", mutant], place).said.splitlines()
    start = next(i for i, line in enumerate(shown) if line.startswith("@@"))
    sides = {sign: " ".join(line[1:].strip() for line in shown[start:] if line[0] == sign) for sign in "-+"}
    name = re.sub(r"__mutmut_\d+$", "", mutant).removeprefix("trader.")
    return Change(re.sub(r"x_|xǁ", "", name, count=1).replace("ǁ", "."), sides["-"], sides["+"])


def listed(path: Path) -> Mapping[Change, str]:
    """The changes that no test can or need notice, each with its reason."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
    return {Change(row["function"], row["was"], row["became"]): row["reason"] for row in rows}
