"""What agents are shown of earlier trades: a count with its interval, within a budget, and nothing later."""

from datetime import timedelta

import pytest

from tests.memory.past import remembered
from tests.tools.markets import close_of, context, market
from trader.domain.errors import ToolError
from trader.domain.signals import Direction
from trader.domain.value import canonical_json
from trader.journal.memories import Remembered
from trader.llm.budget import LETTERS_A_TOKEN
from trader.memory.recall import Memory
from trader.tools.market_state import market_state
from trader.tools.similar_trades import Arguments, Result, run

SOURCE = market(400)
NOW = close_of(380)
STATE = market_state(SOURCE.view(NOW), "AAA")


def alike(count: int, *, symbol: str = "AAA", returns: float = 0.01, **changes: object) -> list[Remembered]:
    """Trades that were decided in just these conditions, a day apart, one in three of which lost."""
    first = NOW - timedelta(days=count + 10)
    return [
        one._replace(
            id=f"t{symbol}{number:03}", symbol=symbol, side=Direction.LONG, state=STATE,
            opened_at=first + timedelta(days=number), closed_at=first + timedelta(days=number + 1),
            known_at=first + timedelta(days=number + 2), net_return=-returns if number % 3 == 0 else returns,
        )._replace(**changes)
        for number, one in enumerate(remembered(count))
    ]  # fmt: skip


def asked(trades: list[Remembered], **arguments: object) -> Result:
    return run(context(SOURCE, NOW, memory=Memory.of(trades)), Arguments.model_validate(arguments))


def test_it_counts_the_similar_trades_and_says_so_in_a_sentence() -> None:
    result = asked(alike(12))
    (record,) = result.records
    assert (result.remembered, record.similar, record.won, record.side) == (12, 12, 8, Direction.LONG)
    assert record.mean_return == pytest.approx(0.04 / 12)
    assert record.mean_low is not None
    assert record.mean_high is not None
    assert record.mean_low < 0.0 < record.mean_high
    assert record.summary.startswith("12 similar, 8 won, mean +0.3% (90% interval -")
    assert (record.win_low, record.win_high) == pytest.approx((0.4317, 0.8401), abs=1e-3)


def test_trades_in_other_conditions_are_not_counted() -> None:
    far = STATE.model_copy(
        update={"rsi": 5.0, "adx": 70.0, "macd": 3.0, "bollinger": -2.0, "volatility": 2.0}
    )
    assert asked(alike(6, state=far)).records == ()


def test_longs_and_shorts_are_counted_apart() -> None:
    shorts = [one._replace(id=f"{one.id}s", side=Direction.SHORT) for one in alike(5)]
    records = asked(alike(4) + shorts).records
    assert [(record.side, record.similar) for record in records] == [("long", 4), ("short", 5)]


def test_nothing_has_closed_yet_is_an_error_that_says_so() -> None:
    with pytest.raises(ToolError, match="no trade of this book has closed yet"):
        asked([one._replace(known_at=NOW + timedelta(seconds=1)) for one in alike(3)])


def test_examples_stop_at_the_budget_and_the_rest_is_said_to_be_left_out() -> None:
    whole = asked(alike(20), limit=20, tokens=4000).records[0]
    short = asked(alike(20), limit=20, tokens=200)
    assert len(whole.examples) == 20
    spent = sum(len(canonical_json(one)) for one in short.records[0].examples)
    assert 0 < spent <= 200 * LETTERS_A_TOKEN
    assert short.left_out == 20 - len(short.records[0].examples) > 0
    assert asked(alike(20), limit=0).records[0].examples == ()


def test_it_can_be_narrowed_to_the_symbol_and_to_the_regime() -> None:
    others = alike(7, symbol="BBB")
    assert asked(alike(3) + others, same_symbol=True).records[0].similar == 3
    calm = STATE.model_copy(update={"regime": "bull" if STATE.regime != "bull" else "bear"})
    mixed = alike(3) + [one._replace(state=calm) for one in others]
    assert asked(mixed, same_regime=True).records[0].similar == 3


def test_one_day_of_trades_has_no_interval() -> None:
    at = NOW - timedelta(days=3)
    (record,) = asked(alike(4, opened_at=at, closed_at=at, known_at=at)).records
    assert (record.mean_low, record.mean_high) == (None, None)
    assert "too few days" in record.summary
