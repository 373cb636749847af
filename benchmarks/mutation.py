"""What the tests of limits and orders would notice: their code is changed in one place at a time.

mutmut makes the changes and runs the tests that reach each of them. It leaves tables, fields and decorated
functions as they are. What no test notices must stand in `surviving_mutants.toml` with its reason.
"""

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.children import ROOT, ChildFailed, python
from benchmarks.figures import Bound, Figure, Say

LISTED = Path(__file__).with_name("surviving_mutants.toml")
SURVIVED = {0, None, 5, 33}
"""Exit codes as mutmut keeps them: the tests passed, or there were none that reach it."""
TIMED_OUT = {-24, 24, 36, 152, 255}
"""It had run for many times what its tests take."""
SCORE, NONE = Bound("at least", 90), Bound("at most", 0)

NEEDED = ("trader", "tests", "docs", "benchmarks", "bootstrap.py", "pyproject.toml", "trader.example.toml")
PLUGIN = """
import pytest
from hypothesis import Phase, is_hypothesis_test, settings

settings.register_profile(
    "mutation", max_examples=30, derandomize=True, deadline=None, database=None,
    phases=(Phase.explicit, Phase.generate),
)

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: is_hypothesis_test(getattr(item, "obj", None)))
"""
"""Few examples, always the same, none made smaller, after all other tests; a slow machine fails no test."""
ARGUMENTS = (
    "-q",
    "--hypothesis-profile=mutation",
    *("-p", "mutation_profile"),
    *("-p", "no:cacheprovider"),
    "--deselect=tests/properties/test_order_lifecycle.py::TestLife",  # takes longer than all the rest
)


@dataclass(frozen=True)
class Part:
    """Modules, and the tests that are to notice whatever changes in them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


RISK = ("asking", "breakers", "facts", "gate", "killswitch", "limits", "protections", "standing", "using")
ORDERS = ("domain/orders", *(f"brokers/{name}" for name in ("ledger", "protection", "reconcile", "telling")))
OF_ORDERS = ("actions", "funding", "kinds", "ledger", "paper", "protection", "rates", "reconcile", "telling")
"""Tests of brokers that need no socket."""
PARTS = (
    Part(tuple(f"trader/risk/{name}.py" for name in RISK), ("tests/risk",)),
    Part(
        tuple(f"trader/{name}.py" for name in ORDERS),
        (
            "tests/properties/test_order_lifecycle.py",
            *(f"tests/brokers/test_{name}.py" for name in OF_ORDERS),
        ),
    ),
)


@dataclass(frozen=True)
class Change:
    """One place of one function, as it is and as it was changed."""

    function: str
    was: str
    became: str


def measure(folder: Path, say: Say) -> Iterator[Figure]:
    """Each part in a copy of its own. Raises ChildFailed where mutmut is not installed, and on Windows."""
    if sys.platform == "win32":
        raise ChildFailed("mutmut needs fork, which Windows does not have")
    if find_spec("mutmut") is None:
        raise ChildFailed("mutmut is not installed: pip install 'trader[bench]'")
    made = timed_out = 0
    survivors: list[Change] = []
    for number, part in enumerate(PARTS):
        place = copied(folder / f"part-{number}")
        for module, codes in mutate(place, part, say).items():
            left = [name for name, code in codes.items() if code in SURVIVED]
            survivors += (change(name, python(["-m", "mutmut", "show", name], place).said) for name in left)
            made += len(codes)
            timed_out += sum(code in TIMED_OUT for code in codes.values())
            yield Figure(f"noticed in {module}", 100 * (1 - len(left) / len(codes)), "%")
    reasons = listed(LISTED)
    for one in survivors:
        say(f"{one.function}: {one.was} -> {one.became}: {reasons.get(one, 'NOT LISTED')}")
    for one in sorted(reasons.keys() - survivors, key=str):
        say(f"{one.function}: {one.was} -> {one.became}: listed, and not among those that survived")
    yield Figure("changes", made)
    yield Figure("  noticed", made - len(survivors))
    yield Figure("    because the tests ran on and on", timed_out)
    yield Figure("  not noticed", len(survivors))
    yield Figure("    and not listed", sum(one not in reasons for one in survivors), target=NONE)
    yield Figure("noticed of all", 100 * (1 - len(survivors) / made), "%", target=SCORE)


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
        "pytest_add_cli_args": ARGUMENTS,
        "pytest_add_cli_args_test_selection": part.tests,
        "timeout_multiplier": 4,  # of the time by the clock that the tests took before, and three seconds
        "timeout_constant": 3,
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


def change(mutant: str, shown: str) -> Change:
    """What a mutant is, from its name and its diff: the lines that differ, each side on one line."""
    lines = shown[shown.index("\n@@") :].splitlines()
    was, became = (" ".join(line[1:].strip() for line in lines if line[:1] == sign) for sign in "-+")
    module, _, name = re.sub(r"__mutmut_\d+$", "", mutant).rpartition(".")
    return Change(f"{module}.{name.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}", was, became)


def listed(path: Path) -> Mapping[Change, str]:
    """The changes that no test can or need notice, each with its reason."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
    return {Change(row["function"], row["was"], row["became"]): row["reason"] for row in rows}
