"""What docs/data.md shows is a folder that opens, and what it promises is what the program does."""

import re
from datetime import UTC, datetime
from pathlib import Path

from trader.data import quality
from trader.data.feeds import open_feed
from trader.data.folder.bars import ALIASES
from trader.domain.market import Timeframe

PAGE = Path(__file__).parents[2] / "docs" / "data.md"


def test_the_example_opens_and_its_agents_find_their_data(workspace: Path) -> None:
    for name, content in re.findall(r"```\w+ (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text(content, encoding="utf-8")
    market = open_feed("files:mydata")
    view = market.view(datetime(2012, 3, 19, 20, tzinfo=UTC))
    assert (market.symbols, len(market.bars["AAPL"])) == (("AAPL",), 10)
    assert len(view.bars("AAPL")) == 6
    assert [item.published_at.hour for item in view.news("AAPL")] == [12]
    assert view.fundamentals("AAPL")[0].values == {"eps_ttm": 27.68, "book_value_per_share": 82.45}
    assert len(market.notes) == 1


def test_the_page_has_the_programs_own_numbers_and_names() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"{quality.MISSING_SESSIONS:.0%} of the sessions".replace("%", " %") in page
    assert f"{quality.MISSING_TIME:.0%} of the time".replace("%", " %") in page
    assert ", ".join(list(Timeframe)[:-1]) + f" and {Timeframe.D1}" in page
    for field in ("open", "high", "low", "close"):
        assert f"`{field.title()}`" in page
        assert ALIASES[field][0] == field
