"""`trader check lookahead`: the desk as it is configured, in other futures."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.text import Text

from trader.agents.roster import roster
from trader.commands import output, words
from trader.commands.session import Session
from trader.evals.lookahead import Lookahead, check_lookahead, moments
from trader.runner.opening import load_market
from trader.settings import load

SHOWN = 20
"""Leaks that the screen lists."""


def lookahead(
    session: Session, feed: str | None, symbols: tuple[str, ...], count: int, at: tuple[datetime, ...]
) -> int:
    """0 where nothing differed, else 1."""
    place = session.workspace
    flags = {"run.feed": feed, "run.symbols": symbols or None}
    settings, sources = load(place.config, place.env, flags=flags)
    agents = roster(place.prompts, settings.agents, sources, roles=settings.llm.roles)
    market = load_market(settings)
    chosen = at or moments(market, count)

    def tell(done: int, total: int) -> None:
        output.say(f"decided {done} of {total} times")

    found = check_lookahead(market, settings, agents, chosen, progress=tell)
    if session.json:
        output.document(asdict(found))
    else:
        output.screen(*_report(found))
    return 0 if found.clean and found.compared else 1


def _report(found: Lookahead) -> Iterator[Any]:
    yield Text(found.finding, "bold")
    if found.leaks:
        yield Text("")
        table = output.columns("as of", "future", "symbol", "first differs", "then", wraps=("then",))
        for leak in found.leaks[:SHOWN]:
            table.add_row(
                f"{leak.as_of:%Y-%m-%d %H:%M}",
                {"nothing": "cut away", "noise": "scrambled"}.get(leak.future, leak.future),
                leak.symbol or words.NOTHING,
                leak.what,
                ", ".join(leak.then) or words.NOTHING,
            )
        yield table
