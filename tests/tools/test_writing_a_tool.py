"""The example of docs/writing-a-tool.md works as it stands there."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tools.markets import close_of, context, market
from trader.data.perturbation import Future, perturbed
from trader.tools.tool import Tool
from trader.tools.toolbox import LiveToolbox

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-tool.md"
SOURCE = market(300)


@pytest.fixture(scope="module")
def gap() -> Tool[Any, Any]:
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    names: dict[str, Any] = {"__name__": "gap"}
    exec(compile(example, str(PAGE), "exec"), names)
    return names["GAP"]


@pytest.mark.docs
def test_the_example_answers(gap: Tool[Any, Any]) -> None:
    here = context(SOURCE, close_of(299))
    evidence = LiveToolbox([gap]).call("gap", {}, here)
    bars = here.view.bars("AAA")
    gaps = bars.open[1:] / bars.close[:-1] - 1.0
    assert evidence.result == {
        "gap": pytest.approx(gaps[-1]),
        "usual": pytest.approx(np.abs(gaps[-253:-1]).mean()),
    }


@pytest.mark.docs
def test_the_example_says_what_it_lacks(gap: Tool[Any, Any]) -> None:
    assert (
        LiveToolbox([gap]).call("gap", {}, context(SOURCE, close_of(6))).error == "gap needs 22 bars, has 7"
    )


@pytest.mark.docs
@pytest.mark.parametrize("future", Future)
def test_the_example_does_not_see_the_future(gap: Tool[Any, Any], future: Future) -> None:
    now = close_of(200)
    changed = perturbed(SOURCE, now, future)
    real = LiveToolbox([gap]).call("gap", {}, context(SOURCE, now))
    assert LiveToolbox([gap]).call("gap", {}, context(changed, now)) == real
