import pytest

from trader.domain.market import Timeframe
from trader.features.annual import bars_a_year


@pytest.mark.parametrize(
    ("timeframe", "calendar", "bars"),
    [
        (Timeframe.D1, "XNYS", 252),
        (Timeframe.D1, "24/7", 365),
        (Timeframe.H1, "24/5", 260 * 24),
        (Timeframe.M15, "24/7", 365 * 96),
        (Timeframe.H1, "XNYS", 252 * 6.5),
    ],
)
def test_a_year_has_so_many_bars(timeframe: Timeframe, calendar: str, bars: float) -> None:
    assert bars_a_year(timeframe, calendar) == pytest.approx(bars)
