"""How changes of code are known, and that those which may go unnoticed are of code that is there."""

import sys

import pytest

from benchmarks import __main__ as command
from benchmarks.children import ROOT
from benchmarks.mutation import LISTED, PARTS, RISK, Change, change, listed

SHOWN = """# trader.risk.gate.x__largest__mutmut_9: survived
--- trader/risk/gate.py
+++ trader/risk/gate.py
@@ -3,5 +3,4 @@
     lot = 1
-    while breaks - fits > 1:
-        pass
+    while breaks + fits > 1:
     return lot
"""


def test_a_change_is_known_by_its_function_and_by_both_its_sides() -> None:
    assert change("trader.risk.gate.x__largest__mutmut_9", SHOWN) == Change(
        "trader.risk.gate._largest", "while breaks - fits > 1: pass", "while breaks + fits > 1:"
    )
    assert (
        change("trader.risk.facts.xǁFactsǁfree__mutmut_12", SHOWN).function == "trader.risk.facts.Facts.free"
    )


def test_the_modules_and_tests_of_each_part_are_there() -> None:
    for part in PARTS:
        assert all((ROOT / name).exists() for name in (*part.modules, *part.tests))
    decides = {path.stem for path in (ROOT / "trader" / "risk").glob("*.py")}
    assert set(RISK) == decides - {"__init__", "__main__", "document"}, "but the page, and what prints it"


def test_every_change_that_may_go_unnoticed_is_of_code_that_is_there_and_has_a_reason() -> None:
    modules = {name.removesuffix(".py").replace("/", "."): name for part in PARTS for name in part.modules}
    rows = listed(LISTED)
    assert rows
    for one, reason in rows.items():
        (path,) = (path for name, path in modules.items() if one.function.startswith(f"{name}."))
        source = (ROOT / path).read_text(encoding="utf-8")
        assert one.was in " ".join(source.split())
        assert one.became != one.was
        assert len(reason) > len("equivalent")


@pytest.mark.skipif(sys.platform == "win32", reason="it says that there is no fork")
def test_where_the_library_is_absent_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.mutation.find_spec", lambda name: None)
    assert command.main(["mutation"]) == 1
    assert capsys.readouterr().err == "benchmarks: mutmut is not installed: pip install 'trader[bench]'\n"
