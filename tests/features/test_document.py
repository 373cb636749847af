"""docs/features.md is the catalogue."""

from pathlib import Path

from trader.features.catalogue import FEATURES
from trader.features.document import page

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_the_page_shows_the_catalogue_as_it_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m trader.features > docs/features.md"


def test_each_indicator_has_one_line() -> None:
    lines = page().splitlines()
    for row in FEATURES:
        assert sum(line.startswith(f"| `{row.name}` |") for line in lines) == 1, row.name


def test_a_bar_in_a_formula_does_not_break_its_table() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {7}
