"""A data set from a span of data, or from the decisions of a journal, purged of what overlaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from trader import __version__
from trader.data.feeds.files import open_folder
from trader.data.market import Market
from trader.domain.errors import UsageError
from trader.domain.market import to_datetime64
from trader.evals.datasets.card import BARS, Card, CaseRow, Part, digest_of, write_card, write_cases
from trader.evals.datasets.writing import write_market
from trader.memory.cases import outcomes

WARM_UP = 252
"""Closes before the first case: what most indicators want."""


@dataclass(frozen=True)
class Wanted:
    """Which cases, and what the card is to say."""

    horizon: int
    name: str
    source: str
    licence: str
    start: date | None = None
    end: date | None = None
    split: date | None = None
    """The first day of the test part; None: there is one part."""
    decided: frozenset[tuple[str, datetime]] | None = None
    """(symbol, close): these and no others; None: every close of the span."""
    overlapping: bool = False
    """Keep cases whose horizons overlap, as decisions of every close do."""


def make_dataset(folder: Path, market: Market, symbols: Sequence[str], wanted: Wanted) -> Card:
    """Write the set into `folder`, which must not exist or be empty.

    Raises UsageError for a folder in use, a span without a case, a start before the warm-up, or a split that
    leaves a part empty; UnknownName for a symbol without bars; MissingExtra without pyarrow.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty", hint="name a folder that does not exist yet")
    closes = market.closes(symbols)
    _check_span(closes, wanted)
    found = [row for symbol in symbols for row in _of_symbol(market, symbol, wanted)]
    kept = sorted(_purged(found, wanted), key=lambda row: (row.as_of, row.symbol))
    if not kept:
        raise UsageError(
            f"no case resolves from {wanted.start or closes[0].date()} to {wanted.end or closes[-1].date()}",
            hint=f"the data goes from {closes[0]:%Y-%m-%d} to {closes[-1]:%Y-%m-%d}",
        )
    if wanted.split and {row.part for row in kept} != {"train", "test"}:
        raise UsageError(f"--split {wanted.split} leaves a part without a case", hint="split inside the span")
    write_market(folder / BARS, market, symbols, to_datetime64(max(row.resolved for row in kept)))
    written = open_folder(folder / BARS, symbols, market.timeframe)
    card = Card(
        name=wanted.name,
        source=wanted.source,
        licence=wanted.licence,
        made_with=__version__,
        timeframe=market.timeframe,
        horizon=wanted.horizon,
        symbols=tuple(symbols),
        first=kept[0].as_of.date(),
        last=kept[-1].as_of.date(),
        cases=len(kept),
        split=wanted.split,
        purged=len(found) - len(kept),
        digest=digest_of(write_cases(folder, kept), written.digest),
    )
    write_card(folder, card)
    return card


def _check_span(closes: Sequence[datetime], wanted: Wanted) -> None:
    if wanted.start and wanted.end and wanted.start > wanted.end:
        raise UsageError(f"--start {wanted.start} is after --end {wanted.end}")
    if len(closes) <= WARM_UP:
        raise UsageError(f"{len(closes)} closes are too few: {WARM_UP} are the warm-up")
    if wanted.start and wanted.start < closes[WARM_UP].date():
        raise UsageError(
            f"--start {wanted.start} is before the warm-up of {WARM_UP} closes is over",
            hint=f"the first possible start is {closes[WARM_UP].date()}",
        )


def _of_symbol(market: Market, symbol: str, wanted: Wanted) -> Iterable[CaseRow]:
    """Every case of the span, whether it overlaps or not."""
    view = market.view(market.closes([symbol])[-1])
    known = outcomes(view, symbol, wanted.horizon)
    resolved = view.event_returns(symbol, wanted.horizon).resolved
    warm = market.closes([symbol])[WARM_UP] if len(market.closes([symbol])) > WARM_UP else None
    for at, end, r in zip(known.decided.tolist(), resolved.tolist(), known.returns.tolist(), strict=True):
        as_of = at.replace(tzinfo=UTC)
        if warm is None or as_of < warm or (wanted.start and as_of < _moment(wanted.start)):
            continue
        if wanted.end and as_of.date() > wanted.end:
            continue
        if wanted.decided is not None and (symbol, as_of) not in wanted.decided:
            continue
        part: Part = "" if wanted.split is None else "test" if as_of >= _moment(wanted.split) else "train"
        yield CaseRow(symbol=symbol, as_of=as_of, resolved=end.replace(tzinfo=UTC), part=part, returned=r)


def _purged(rows: Sequence[CaseRow], wanted: Wanted) -> Iterable[CaseRow]:
    """Without what reaches beyond the end, into the test part, or into the case of the symbol before.

    Lopez de Prado 2018, chapter 7: a training case whose outcome is known only in the test part tells of it.
    """
    last: dict[tuple[str, str], datetime] = {}
    for row in sorted(rows, key=lambda row: (row.symbol, row.as_of)):
        beyond = wanted.end is not None and row.resolved.date() > wanted.end
        into_test = wanted.split is not None and row.part == "train" and row.resolved >= _moment(wanted.split)
        key = (row.symbol, row.part)
        overlaps = not wanted.overlapping and key in last and row.as_of < last[key]
        if not (beyond or into_test or overlaps):
            last[key] = row.resolved
            yield row


def _moment(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def spans_overlap(cases: Sequence[CaseRow]) -> str:
    """In words: how train and test overlap; empty where they do not."""
    train = [case for case in cases if case.part == "train"]
    test = [case for case in cases if case.part == "test"]
    if not train or not test:
        return ""
    begins = min(case.as_of for case in test)
    into = [case for case in train if case.resolved > begins]
    if not into:
        return ""
    return (
        f"{len(into):,} training cases resolve after the test part begins ({begins:%Y-%m-%d}), "
        f"the first of them {into[0].symbol} at {into[0].as_of:%Y-%m-%d}"
    )
