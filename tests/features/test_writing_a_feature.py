"""The example of docs/writing-a-feature.md works as it stands there."""

import re
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.features.histories import as_bars, cut, spliced, walk
from trader.features.feature import Feature
from trader.features.stream import Stream

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-feature.md"


@pytest.fixture(scope="module")
def row() -> Feature:
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    names: dict[str, Any] = {"__name__": "usual_gap"}
    exec(compile(example, str(PAGE), "exec"), names)
    example_row: Feature = names["USUAL_GAP"]
    return example_row


@pytest.mark.docs
def test_the_example_is_the_mean_gap(row: Feature) -> None:
    inputs = walk(1, 60)
    values = row.compute(inputs)
    assert np.isnan(values[: row.warmup]).all()
    for bar in range(row.warmup, 60):
        gaps = [abs(inputs.open[i] / inputs.close[i - 1] - 1) for i in range(bar - 20, bar + 1)]
        assert values[bar] == pytest.approx(fsum(gaps) / 21, rel=1e-12)


@pytest.mark.docs
def test_the_example_does_not_see_the_future(row: Feature) -> None:
    inputs = walk(2, 200)
    for at in (22, 63, 199):
        known = row.compute(cut(inputs, at))
        assert row.compute(spliced(inputs, walk(3, 200), at))[:at].tobytes() == known.tobytes()


@pytest.mark.docs
def test_the_example_goes_on_bar_by_bar(row: Feature) -> None:
    inputs = walk(4, 300)
    values = Stream([row]).start(as_bars(inputs))[:, 0]
    np.testing.assert_allclose(values, row.compute(inputs), rtol=1e-12)
