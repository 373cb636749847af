"""The book's closed trades that most resemble the present conditions of the symbol, and what came of them.

Only trades that had closed, and that a round knew of, are looked at, and scored by likeness and age
(`trader/memory/recall.py` has the formula). Of the 30 with the highest score those with a similarity of at
least one half are counted, longs and shorts apart. The examples are chosen so that they do not repeat each
other, and are as few as the budget of tokens allows. It is a count of what happened: an interval that holds
zero says that nothing is known.
"""

from collections.abc import Iterator
from datetime import date

from pydantic import Field

from trader.domain.errors import ToolError
from trader.domain.market import Regime
from trader.domain.signals import Direction
from trader.domain.value import Number, canonical_json
from trader.llm.budget import LETTERS_A_TOKEN
from trader.memory.recall import Recalled, Wanted, diverse, precedents, recall
from trader.memory.record import record_of
from trader.tools.market_state import market_state
from trader.tools.tool import Schema, Tool, ToolContext

NEAREST = 30
"""Trades that are counted, at most: of the order of what a rule needs to be believed."""


class Arguments(Schema):
    """Which trades, and how many of them in words."""

    limit: int = Field(default=5, ge=0, le=20)
    """Examples, at most, on each side."""
    same_symbol: bool = False
    """Whether only trades in the symbol itself count."""
    same_regime: bool = False
    """Whether only trades that were decided in the present regime count."""
    tokens: int = Field(default=400, ge=0, le=4000)
    """What all examples together may take of a prompt, at three letters a token."""


class Example(Schema):
    """One trade."""

    id: str
    """As `trader memory show` has it."""
    symbol: str
    """What was traded."""
    closed: date
    """The day on which it was closed, in UTC."""
    similarity: Number
    """Of the conditions, from 0 to 1."""
    net_return: Number
    """After costs, a fraction of what was entered."""
    bars: int | None
    """Bars that it was held."""
    regime: Regime | None
    """When it was decided."""
    ended_by: str
    """Decision, stop, target, person, turned or action."""


class Record(Schema):
    """What came of the similar trades of one side."""

    side: Direction
    """Long or short."""
    similar: int
    """How many there are."""
    won: int
    """How many of them made money."""
    win_low: Number
    """The lower end of the 90 % interval of the share that won."""
    win_high: Number
    """Its upper end."""
    mean_return: Number
    """After costs, a fraction."""
    mean_low: Number | None
    """The lower end of the 90 % interval of the mean; null where all were opened on one day."""
    mean_high: Number | None
    """Its upper end."""
    summary: str
    """The same as a sentence."""
    examples: tuple[Example, ...]
    """Some of them, unlike each other, best first."""


class Result(Schema):
    """The book's experience with conditions like these."""

    remembered: int
    """Closed trades that the book knows of."""
    records: tuple[Record, ...]
    """Of each side that has similar trades."""
    left_out: int
    """Examples that the budget of tokens had no room for."""


def run(context: ToolContext, arguments: Arguments) -> Result:
    """Recall, count, and choose what to show."""
    memory, view = context.memory, context.view
    known = 0 if memory is None else memory.known(view.as_of)
    if memory is None or known == 0:
        raise ToolError("no trade of this book has closed yet")
    state = market_state(view, context.symbol)
    records: list[Record] = []
    room, left_out = arguments.tokens * LETTERS_A_TOKEN, 0
    for side in Direction:
        wanted = Wanted(
            as_of=view.as_of,
            state=state,
            symbol=context.symbol if arguments.same_symbol else None,
            side=side,
            regime=state.regime if arguments.same_regime else None,
        )
        found = precedents(recall(memory, wanted, NEAREST))
        if not found.trades:
            continue
        shown: list[Example] = []
        for example in _examples(found, arguments.limit):
            needed = len(canonical_json(example))
            if needed > room:
                left_out += 1
                continue
            room -= needed
            shown.append(example)
        records.append(_record(side, found, tuple(shown)))
    return Result(remembered=known, records=tuple(records), left_out=left_out)


def _examples(found: Recalled, limit: int) -> Iterator[Example]:
    for row in diverse(found, limit):
        trade = found.trades[row]
        yield Example(
            id=trade.id,
            symbol=trade.symbol,
            closed=trade.closed_at.date(),
            similarity=round(float(found.similarity[row]), 3),
            net_return=round(trade.net_return, 5),
            bars=trade.bars,
            regime=trade.state.regime,
            ended_by=str(trade.exit_reason),
        )


def _record(side: Direction, found: Recalled, examples: tuple[Example, ...]) -> Record:
    came = record_of([one.net_return for one in found.trades], [one.opened_at for one in found.trades])
    return Record(
        side=side,
        similar=came.trades,
        won=came.won,
        win_low=came.win_low,
        win_high=came.win_high,
        mean_return=came.mean,
        mean_low=came.mean_low,
        mean_high=came.mean_high,
        summary=came.sentence,
        examples=examples,
    )


SIMILAR_TRADES = Tool(
    "similar_trades", "The book's closed trades in conditions like these, and what came of them",
    Arguments, Result, run,
)  # fmt: skip
