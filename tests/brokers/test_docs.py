"""What the pages on brokers show is what there is."""

from pathlib import Path

from trader.brokers.costs import DEFAULT_COSTS
from trader.domain.value import plain


def test_the_documentation_shows_the_default_costs():
    text = (Path(__file__).parents[2] / "docs" / "paper-broker.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    shown = {name: row[1:] for row in rows if len(row) == 4 for name in row[0].split(", ")}
    for asset_class, cost in DEFAULT_COSTS.items():
        costs = (cost.fee_bps, cost.half_spread_bps, cost.slippage_bps)
        assert shown[asset_class.value] == [plain(one) for one in costs]


def test_the_page_on_adding_a_broker_shows_the_suite_as_it_is_run():
    root = Path(__file__).parents[2]
    page = (root / "docs" / "adding-a-broker.md").read_text(encoding="utf-8")
    shown = page.split("```python\n")[1].split("```")[0]
    assert shown == (root / "tests" / "contracts" / "test_ccxt.py").read_text(encoding="utf-8")
