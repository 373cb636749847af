"""From what was typed to the books of a backtest, every combination of what is varied."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from trader.backtest.books.plan import Plan, Variant, folds, make_plan
from trader.backtest.books.variants import combinations, parsed
from trader.clock import SystemClock
from trader.commands.arguments import day, names
from trader.commands.config import loaded
from trader.commands.run import chosen_symbols, model_flags
from trader.commands.session import Session
from trader.data.market import Market
from trader.domain.errors import UsageError
from trader.runner import opening
from trader.settings import Settings, Typed

SMALLEST_USD = Decimal("0.000001")
STATED_AT = "10"
"""Basis points a side at which results are stated."""


@dataclass(frozen=True)
class Flags:
    """The command line's own options, as they were typed."""

    symbols: list[str] | None = None
    start: str | None = None
    end: str | None = None
    feed: str | None = None
    timeframe: str | None = None
    seed: int | None = None
    model: str | None = None
    vary: tuple[str, ...] = ()
    seeds: int = 1
    cost: str | None = None
    each_symbol: bool = False
    folds: int = 1

    def settings(self) -> dict[str, Any]:
        """Dotted setting -> value, the same for all books; None where the flag was not given."""
        return {
            "run.symbols": chosen_symbols(self.symbols),
            "run.start": day(self.start, "--start") if self.start is not None else None,
            "run.end": day(self.end, "--end") if self.end is not None else None,
            "run.feed": self.feed,
            "run.timeframe": self.timeframe,
            "run.seed": self.seed,
            **model_flags(self.model),
        }

    @property
    def command(self) -> str:
        """What to type to have the same again."""
        options = {
            "--symbols": ",".join(names(self.symbols or ())) or None,
            "--start": self.start,
            "--end": self.end,
            "--feed": self.feed,
            "--timeframe": self.timeframe,
            "--seed": self.seed,
            "--model": self.model,
            "--seeds": self.seeds if self.seeds > 1 else None,
            "--cost": self.cost,
            "--folds": self.folds if self.folds > 1 else None,
        }
        words = ["trader", "backtest"]
        for name, value in options.items():
            words += [name, str(value)] if value is not None else []
        for text in self.vary:
            words += ["--vary", text]
        return shlex.join([*words, *(["--each-symbol"] if self.each_symbol else [])])


def planned(session: Session, flags: Flags) -> tuple[Plan, tuple[Settings, ...]]:
    """The plan, and the settings of each of its books, in the plan's order.

    Raises UsageError, SettingsError and DataError for whatever keeps a book from being one.
    """
    common = flags.settings()
    base, _ = loaded(session, common)
    if base.run.broker != "paper":
        raise UsageError(
            f"a backtest trades on paper, not at {base.run.broker}", hint='run.broker = "paper", or unset'
        )
    if base.run.feed.startswith("ccxt:"):
        raise UsageError(
            f"a backtest needs bars that are there, and {base.run.feed} gives them as they close",
            hint="--feed files:DIR, or --feed sample",
        )
    markets = _Markets()
    chosen = combinations(_axes(flags, markets.of(base), base))
    variants = [_variant(session, common, one, flags, markets, base, len(chosen)) for one in chosen]
    plan = make_plan(session.workspace, variants, command=flags.command, now=SystemClock().now())
    return plan, tuple(one.settings for one in variants)


def _axes(flags: Flags, market: Market, base: Settings) -> dict[str, tuple[str, ...]]:
    """What is varied: name -> values as text; the first of each makes the first book."""
    axes = parsed(flags.vary)
    if flags.seeds > 1:
        axes["seed"] = tuple(str(base.run.seed + number) for number in range(flags.seeds))
    if flags.cost is not None:
        costs = names([flags.cost])
        axes["cost"] = tuple(sorted(costs, key=lambda one: one != STATED_AT))
        if not costs:
            raise UsageError("--cost: no cost is named", hint="--cost 0,5,10,25 basis points a side")
    if flags.each_symbol:
        axes["symbol"] = market.symbols
    if flags.folds > 1:
        axes["fold"] = tuple(str(number) for number in range(1, flags.folds + 1))
    return axes


def _variant(
    session: Session,
    common: Mapping[str, Any],
    chosen: Mapping[str, str],
    flags: Flags,
    markets: "_Markets",
    base: Settings,
    books: int,
) -> Variant:
    own: dict[str, Any] = {key: Typed("--vary", text) for key, text in chosen.items() if "." in key}
    if "seed" in chosen:
        own["run.seed"] = int(chosen["seed"])
    if "cost" in chosen:
        own["paper.cost_bps"] = Typed("--cost", chosen["cost"])
    if "symbol" in chosen:
        own["run.symbols"] = (chosen["symbol"],)
    if "fold" in chosen:
        spans = folds(markets.of(base), base, flags.folds)
        own["run.start"], own["run.end"] = spans[int(chosen["fold"]) - 1]
    settings, _ = loaded(session, {**common, **own})
    alone = {"speed": 0.0, "approval": "never", "dry_run": False}  # nobody is there to wait, look or be asked
    settings = settings.model_copy(update={"run": settings.run.model_copy(update=alone)})
    return Variant(chosen, _with_its_share(settings, books), markets.of(settings))


def _with_its_share(settings: Settings, books: int) -> Settings:
    """Each book counts what it spends by itself, so each has its share of what a day may cost."""
    day = settings.llm.budget.per_day_usd
    if day is None or books == 1:
        return settings
    share = (day / books).quantize(SMALLEST_USD, ROUND_DOWN)
    budget = settings.llm.budget.model_copy(update={"per_day_usd": share})
    return settings.model_copy(update={"llm": settings.llm.model_copy(update={"budget": budget})})


class _Markets:
    """Each market is read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Market] = {}

    def of(self, settings: Settings) -> Market:
        """What the settings' feed has of their symbols."""
        symbols = settings.run.symbols
        if symbols not in self._known:
            self._known[symbols] = opening.load_market(settings)
        return self._known[symbols]


def workers_of(asked: int | None, books: int) -> int:
    """As many as were asked for, else one for each core; never more than there are books."""
    return max(1, min(asked or os.cpu_count() or 1, books))
