"""Does anything after `as_of` change what the desk says? Proof by trying: other futures, byte for byte.

The desk decides at a moment of the market as it was. Then everything that was not available at that moment
is cut away, and in another copy scrambled, and a desk that has seen no other market decides again. Evidence,
what a model would be asked, forms, decisions and orders have to be the same. What first differs is named:
a tool, an agent, or what is learned. Models are not asked; where an agent has one, its question is compared.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from trader.agents.agent import Agent
from trader.agents.case import Case
from trader.agents.speaking import Spoken, by_rule, calls
from trader.agents.tool_rounds import UseTool
from trader.data.market import Market
from trader.data.perturbation import Future, perturbed
from trader.domain.errors import TraderError, UsageError
from trader.domain.market import to_datetime64
from trader.domain.reports import Evidence
from trader.domain.value import canonical_json, jsonable
from trader.graph.turn import Turn
from trader.journal.records import DecisionMade, OrderIntended, Step
from trader.journal.writer import Memorandum, Recorder
from trader.runner.sitting import Sitting
from trader.settings import Settings
from trader.tools.registry import TOOLS
from trader.tools.tool import Tool

FUTURES = (Future.NOTHING, Future.NOISE)
WARM_UP = 300
"""Closes before the first moment: indicators want a year."""

Place = tuple[str, str]
"""(symbol, what it is): ("AAPL", "tool features"), ("AAPL", "agent momentum"), ("", "what is learned")."""
Told = Mapping[Place, str]


@dataclass(frozen=True)
class Leak:
    """Something that was different in another future."""

    as_of: datetime
    future: str
    symbol: str
    what: str
    """Where it began: `tool features`, `agent momentum`, `what is learned`."""
    then: tuple[str, ...]
    """What differed because of it, or besides."""


@dataclass(frozen=True)
class Lookahead:
    """What the check found."""

    finding: str
    moments: tuple[datetime, ...]
    futures: tuple[str, ...]
    compared: int
    """Pieces of evidence, questions, forms, decisions and orders, each in each future."""
    leaks: tuple[Leak, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing differed."""
        return not self.leaks


@dataclass(frozen=True)
class Questions:
    """In the place of models: writes down what each would be asked, and answers by the rule."""

    asked: dict[tuple[str, str], str] = field(default_factory=dict)
    """(symbol, agent) -> digest of the call, or why there was none."""

    def begin(self, decisions: int) -> None:
        """Nothing is paid for."""

    def due(self) -> float:
        """Nobody is waited for."""
        return 0.0

    async def ask(
        self, agent: Agent, case: Case, turn: Turn, until: float, recorder: Recorder, use_tool: UseTool
    ) -> Spoken:
        """The rule's form."""
        if agent.role is not None:
            try:
                (first, *_) = calls(agent, agent.role, case)
                self.asked[case.symbol, agent.name] = first.digest
            except TraderError as error:
                self.asked[case.symbol, agent.name] = error.message
        return by_rule(agent, case)


def moments(market: Market, count: int) -> tuple[datetime, ...]:
    """So many moments, spread over what follows the warm-up; every second is between two closes.

    Raises UsageError where the data is shorter than the warm-up, or `count` is below one.
    """
    closes = market.closes(market.symbols)
    if count < 1:
        raise UsageError(f"{count} moments", hint="--moments 4")
    if len(closes) < WARM_UP + count + 1:
        raise UsageError(
            f"{len(closes)} closes are too few: {WARM_UP} are the warm-up, and some have to come after",
            hint="give it a longer history",
        )
    span = len(closes) - 2 - WARM_UP
    rows = [WARM_UP + span * (number + 1) // (count + 1) for number in range(count)]
    return tuple(
        closes[row] if number % 2 == 0 else closes[row] + (closes[row + 1] - closes[row]) / 2
        for number, row in enumerate(rows)
    )


def check_lookahead(
    market: Market,
    settings: Settings,
    agents: Sequence[Agent],
    at: Sequence[datetime],
    *,
    tools: Callable[[], Iterable[Tool[Any, Any]]] = lambda: TOOLS,
    futures: Sequence[Future] = FUTURES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Lookahead:
    """Decide at each moment of `at`, in the market as it was and in each of `futures`.

    `tools` are made anew for every market, because a tool may remember.
    """
    leaks, compared, done = list[Leak](), 0, 0
    total = len(at) * (1 + len(futures))
    for as_of in at:
        here = _begun(market, as_of)
        real = said(here, settings, agents, as_of, tools())
        done += 1
        progress(done, total)
        for future in futures:
            other = said(perturbed(here, as_of, future), settings, agents, as_of, tools())
            compared += len(real)
            leaks += _leaks(as_of, future, real, other, agents)
            done += 1
            progress(done, total)
    return Lookahead(_finding(leaks, at, compared), tuple(at), tuple(futures), compared, tuple(leaks))


def _begun(market: Market, as_of: datetime) -> Market:
    """The market without symbols whose first bar is yet to come: which ones are watched is no secret then."""
    begun = {name: bars for name, bars in market.bars.items() if bars.available[0] <= to_datetime64(as_of)}
    return replace(market, bars=begun)


def said(
    market: Market,
    settings: Settings,
    agents: Sequence[Agent],
    as_of: datetime,
    tools: Iterable[Tool[Any, Any]] = TOOLS,
) -> Told:
    """Everything that a desk which has seen no other market says at a moment, by place, as canonical JSON."""
    questions = Questions()
    sitting = Sitting.of(market, settings, agents, tools=tools, models=questions)
    learned = sitting.learned(as_of)
    memorandum = asyncio.run(sitting.decide(as_of, learned=learned))
    told = {("", "what is learned"): canonical_json(learned)}
    told |= dict(_of_records(memorandum))
    return told | {
        (symbol, f"question to {agent}"): asked for (symbol, agent), asked in questions.asked.items()
    }


def _of_records(memorandum: Memorandum) -> Iterator[tuple[Place, str]]:
    for record in memorandum.records:
        match record:
            case Step():
                yield (record.symbol, f"agent {record.agent}"), canonical_json([record.form, record.body])
                for name in record.evidence:
                    one = Evidence.model_validate_json(memorandum.blobs[name])
                    yield (record.symbol, f"tool {one.tool} of {record.agent}"), memorandum.blobs[name]
            case DecisionMade(decision=made):
                yield (made.symbol, "decision"), canonical_json(made.canonical())
            case OrderIntended(order=order):
                yield (order.symbol, f"order {order.client_id[-2:]}"), canonical_json(jsonable(order))
            case _:
                pass


def _leaks(
    as_of: datetime, future: Future, real: Told, other: Told, agents: Sequence[Agent]
) -> Iterator[Leak]:
    """A leak for each thing that differs and reads nothing that does."""
    differs = {place for place in real.keys() | other.keys() if real.get(place) != other.get(place)}
    reads = {agent.name: set(agent.prompt.reads) for agent in agents}

    def caused(place: Place) -> bool:
        """Whether something that differs too may be why."""
        symbol, what = place
        kind, _, rest = what.partition(" ")
        if kind == "tool" or place == ("", "what is learned"):
            return False
        if ("", "what is learned") in differs:
            return True
        here = {name for at, name in differs if at == symbol}
        if kind not in ("agent", "question"):
            return bool(here - {what}) or any(name == "decision" for _, name in differs - {place})
        agent = rest.removeprefix("to ")
        others = reads.get(agent, set()) | ({"*"} if agent == "executive" else set())
        if "*" in others and any(name.startswith("agent ") for name in here - {what}):
            return True
        mine = {f"agent {name}" for name in others}
        return any(name.endswith(f" of {agent}") or name in mine for name in here)

    for place in sorted(differs):
        if not caused(place):
            symbol, what = place
            then = sorted({name for at, name in differs if at in (symbol, "") and (at, name) != place})
            yield Leak(as_of, future.value, symbol, what, tuple(then))


def _finding(leaks: Sequence[Leak], at: Sequence[datetime], compared: int) -> str:
    if not compared:
        return "NOTHING WAS SAID: nothing was compared, so nothing is proved."
    if not leaks:
        return (
            f"CLEAN: nothing after as_of changed a decision: {compared:,} comparisons at "
            f"{len(at)} moment{'' if len(at) == 1 else 's'}, byte for byte."
        )
    names = ", ".join(dict.fromkeys(leak.what for leak in leaks))
    return f"IT LOOKS AHEAD: {names} changed with a future that nobody could know."
