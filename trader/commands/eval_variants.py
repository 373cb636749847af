"""`trader eval AGENT` in other ways: another prompt, model, time or wording, or evidence of other dates."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.text import Text

from trader.clock import SystemClock
from trader.commands import output, words
from trader.commands.environment import lend
from trader.commands.eval_account import chosen
from trader.commands.eval_kept import keep
from trader.commands.output import columns
from trader.commands.session import Session
from trader.domain.portfolio import sum_exact
from trader.domain.value import plain
from trader.evals.cases import Recorded
from trader.evals.knowledge import stated
from trader.evals.paired import Difference
from trader.evals.variants import Trials, Tried, compare, forecasting
from trader.evals.ways import Ways, ways_of
from trader.graph.again import Scene
from trader.journal.reader import JournalReader
from trader.runner.variants import Anew, ask_anew, member
from trader.settings import keys, load

SMALL = 1e4


@dataclass(frozen=True)
class Asked:
    """In which ways, and about which cases: what `--on` said."""

    ways: Ways
    source: str


def tried(session: Session, reader: JournalReader, recorded: Recorded, name: str, asked: Asked) -> int:
    """The whole of it: 0 where the agent answered at all in each way."""
    agent = forecasting(recorded, name)
    place = session.workspace
    lend(keys(place.env))
    settings, _ = load(place.config, place.env)
    scene = Scene.of(reader, recorded.decisions[0].id)
    ways = ways_of(asked.ways, scene, member(scene, agent), settings.llm.roles)
    variants = [way.variant for way in ways]
    anew = asyncio.run(
        ask_anew(
            reader,
            recorded.decisions,
            agent,
            variants,
            folder=place.cache,
            note=output.say,
            clock=SystemClock(),
        )
    )
    cut_offs = {**stated(scene.settings), **stated(settings)}
    found = compare(recorded, agent, anew, {way.variant.name: way.against for way in ways}, cut_offs)
    told = {**asdict(found), "prompts": {one.name: one.prompt.digest for one in variants if one.prompt}}
    if session.json:
        output.document(told)
    else:
        output.screen(*_report(found, only_line=asked.ways.one_edit))
        _say_costs(anew)
    keep(
        session,
        "prompt" if asked.ways.one_edit else "variants",
        told,
        agents=(agent,),
        source=asked.source,
        book=recorded.decisions[0].book,
    )
    return 0 if all(one.said for one in anew) else 1


def _say_costs(anew: Sequence[Anew]) -> None:
    for one in anew:
        usd = plain(sum_exact(call.usd for call in one.calls))
        asked = len(one.said) + len(one.silent)
        output.say(f"{one.variant.name}: {len(one.said):,} of {asked:,} decisions answered anew, {usd} USD")


def _report(found: Trials, *, only_line: bool) -> Iterator[Any]:
    yield Text(found.finding, "bold")
    if only_line:
        return
    yield Text("")
    yield _table(found.variants)
    yield Text(
        "Log loss: in ten-thousandths of a nat, less is better. Flips: the other side of the base rate. "
        "Profit: millionths of equity a case, before the gate, as recorded and now.",
        "dim",
    )
    yield chosen(found.choice, "ways")
    yield from (Text(f"note: {sentence}") for sentence in found.findings)


def _table(rows: Sequence[Tried]) -> Any:
    numbers = (
        "answered", "silent", "log loss", "interval", "changed", "flips", "moved", "decisions", "trades",
        "profit", "valid forms", "tokens", "USD", "median time", "95 %",
    )  # fmt: skip
    table = columns("asked", "against", *numbers, right=numbers)
    for row in rows:
        gap, profits = row.difference, (row.profit_recorded, row.profit)
        earned = (words.NOTHING if p is None else f"{p * 1e6:+.1f}" for p in profits)
        table.add_row(
            row.variant,
            row.against,
            f"{row.answered:,}",
            f"{row.silent:,}",
            words.NOTHING if gap is None else f"{gap.log_loss * SMALL:+.1f}",
            _interval(gap),
            f"{row.changed:,}",
            words.share(row.flipped, 1),
            words.NOTHING if row.moved is None else f"{row.moved:.4f}",
            f"{row.decisions:,}",
            f"{row.trades_recorded:,} to {row.trades:,}",
            " to ".join(earned),
            words.share(row.valid_forms, 1),
            f"{row.tokens_in + row.tokens_out:,}",
            plain(row.usd),
            *(words.NOTHING if ms is None else f"{ms:.1f} ms" for ms in (row.p50_ms, row.p95_ms)),
        )
    return table


def _interval(gap: Difference | None) -> str:
    if gap is None or gap.low is None or gap.high is None:
        return "too little"
    return f"{gap.low * SMALL:+.1f} to {gap.high * SMALL:+.1f}"
