"""A folder of files as a Market: the user's own data, or the bundled samples."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np

from trader.data.calendar import trading_calendar
from trader.data.folder.bars import RawBars, read_bars, split_name
from trader.data.folder.facts import read_actions, read_fundamentals, read_macro
from trader.data.folder.instruments import instrument_of, read_instruments
from trader.data.folder.news import read_news
from trader.data.market import Market
from trader.data.quality import checked, refuse_impossible_dividends
from trader.domain.errors import DataError, UnknownName, UsageError
from trader.domain.instruments import Instrument
from trader.domain.market import Bars, CorporateAction, Timeframe

NOT_BARS = ("actions", "macro", "instruments", "fundamentals", "sources")
"""Files with these names hold no bars; `sources` tells people where the data came from."""
NEWS = "news.jsonl"
_FORMAT = "the page docs/data.md describes the format"


@dataclass(frozen=True)
class _File:
    """A file of bars, read already if its name did not say its timeframe."""

    symbol: str
    timeframe: Timeframe
    path: Path
    read: RawBars | None = None

    def bars(self) -> RawBars:
        return self.read or read_bars(self.path, self.symbol, self.timeframe)


def open_folder(folder: Path, symbols: Sequence[str] = (), timeframe: Timeframe | None = None) -> Market:
    """The bars of `symbols` at one timeframe, with the facts beside them.

    Where no symbol is named it is all there are; where no timeframe is, the shortest that the symbols share.
    Raises UnknownName for a symbol without bars, UsageError where they share no timeframe, DataError for data
    that cannot be believed.
    """
    paths, others = _listed(folder)
    for symbol in symbols:
        if symbol not in paths:
            raise UnknownName("symbol", symbol, paths)
    wanted = tuple(dict.fromkeys(symbols)) or tuple(sorted(paths))
    files = {symbol: _by_timeframe(symbol, paths[symbol]) for symbol in wanted}
    if timeframe is not None and not symbols:
        files = {symbol: held for symbol, held in files.items() if timeframe in held} or files
    chosen = timeframe or _shortest_shared(files)
    _refuse_missing(files, chosen)
    raws = [held[chosen].bars() for held in files.values()]
    notes = [f"{folder.name}: not read: {', '.join(others)}"] if others else []
    notes += _other_timeframes(files, chosen)
    market = _market(folder, raws, notes)
    if not market.symbols:
        raise UsageError(f"{', '.join(files)}: not to be traded, by instruments.csv", hint="name others too")
    return market


def _listed(folder: Path) -> tuple[dict[str, list[Path]], list[str]]:
    """The files of bars for each symbol, and the names of files of no known kind."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder", hint="--feed files:DIR takes the folder of your data")
    bars: dict[str, list[Path]] = {}
    others = []
    for path in sorted(folder.iterdir()):
        parts = split_name(path)
        if path.name.startswith((".", "_")) or path.is_dir() or path.name == NEWS or path.suffix == ".py":
            continue
        if parts is None:
            others.append(path.name)
        elif parts[0].lower() not in NOT_BARS:
            bars.setdefault(parts[0], []).append(path)
    if not bars:
        there = f"; there are {', '.join(others[:8])}" if others else ""
        raise DataError(f"{folder}: no bars: no file SYMBOL.csv, .csv.gz or .parquet{there}", hint=_FORMAT)
    return bars, others


def _by_timeframe(symbol: str, paths: Sequence[Path]) -> dict[Timeframe, _File]:
    files: dict[Timeframe, _File] = {}
    for path in paths:
        parts = split_name(path)
        if parts and parts[1]:
            file = _File(symbol, parts[1], path)
        else:
            raw = read_bars(path, symbol, None)
            file = _File(symbol, raw.timeframe, path, raw)
        if file.timeframe in files:
            twin = files[file.timeframe].path.name
            raise DataError(
                f"{path}: {twin} has {file.timeframe} bars of {symbol} too", hint="keep one of them"
            )
        files[file.timeframe] = file
    return files


def _shortest_shared(files: Mapping[str, Mapping[Timeframe, _File]]) -> Timeframe:
    shared = [frame for frame in Timeframe if all(frame in held for held in files.values())]
    if not shared:
        raise UsageError(
            f"one run has one timeframe, and the symbols share none: {_holdings(files)}",
            hint="choose with --symbols, or with --timeframe",
        )
    return shared[0]


def _refuse_missing(files: Mapping[str, Mapping[Timeframe, _File]], timeframe: Timeframe) -> None:
    lacking = [symbol for symbol, held in files.items() if timeframe not in held]
    if lacking:
        raise UsageError(
            f"no bars of {timeframe} for {', '.join(lacking)}: {_holdings(files)}",
            hint="choose another --timeframe, or other --symbols",
        )


def _holdings(files: Mapping[str, Mapping[Timeframe, _File]]) -> str:
    return "; ".join(f"{symbol} has {', '.join(sorted(held))}" for symbol, held in files.items())


def _other_timeframes(files: Mapping[str, Mapping[Timeframe, _File]], chosen: Timeframe) -> list[str]:
    return [
        f"{symbol}: bars of {chosen}; --timeframe can ask for {', '.join(sorted(set(held) - {chosen}))}"
        for symbol, held in files.items()
        if len(held) > 1
    ]


def _market(folder: Path, raws: Sequence[RawBars], notes: list[str]) -> Market:
    span = _day(min(raw.opened.min() for raw in raws)), _day(max(raw.opened.max() for raw in raws))
    described = _optional(folder, "instruments")
    said = read_instruments(described) if described else {}
    instruments: dict[str, Instrument] = {}
    for raw in raws:
        instruments[raw.symbol], found = instrument_of(raw, said.get(raw.symbol, {}), span)
        notes += found
    source = _optional(folder, "actions")
    rows = read_actions(source, _opener(instruments, raws, span)) if source else ()
    actions = _grouped([action for _, action in rows])
    bars: dict[str, Bars] = {}
    for raw in raws:
        calendar = trading_calendar(instruments[raw.symbol].calendar, *span)
        bars[raw.symbol], found = checked(raw, instruments[raw.symbol], calendar, raw.symbol in actions)
        notes += found
    if source:
        refuse_impossible_dividends(source, rows, bars)
    macro, macro_notes = read_macro(path) if (path := _optional(folder, "macro")) else ({}, ())
    filings, filings_notes = (
        read_fundamentals(path, instruments) if (path := _optional(folder, "fundamentals")) else ((), ())
    )
    news, news_notes = read_news(folder / NEWS, instruments) if (folder / NEWS).is_file() else ((), ())
    return Market(
        timeframe=raws[0].timeframe,
        instruments=instruments,
        bars=bars,
        actions=actions,
        series=macro,
        news=news,
        fundamentals=filings,
        notes=(*notes, *macro_notes, *filings_notes, *news_notes),
    )


def _optional(folder: Path, name: str) -> Path | None:
    """The table of facts called `name`, if the folder has it. Raises DataError where it has two."""
    found = [
        path for path in sorted(folder.iterdir()) if (parts := split_name(path)) and parts[0].lower() == name
    ]
    if len(found) > 1:
        raise DataError(f"{found[1]}: {found[0].name} is there too", hint="keep one of them")
    return found[0] if found else None


def _opener(
    instruments: Mapping[str, Instrument], raws: Sequence[RawBars], span: tuple[date, date]
) -> Callable[[str, date], datetime | None]:
    """What gives the opening of an ex-date; None where it is before the bars, or years after them."""
    firsts = {raw.symbol: _day(raw.opened.min()) for raw in raws}

    def opens(symbol: str, day: date) -> datetime | None:
        if symbol not in firsts or not firsts[symbol] <= day or day.year > span[1].year + 1:
            return None
        return trading_calendar(instruments[symbol].calendar, *span).open_of(day)

    return opens


def _grouped(actions: Sequence[CorporateAction]) -> dict[str, tuple[CorporateAction, ...]]:
    symbols = dict.fromkeys(action.symbol for action in actions)
    return {symbol: tuple(action for action in actions if action.symbol == symbol) for symbol in symbols}


def _day(at: np.datetime64) -> date:
    day: date = at.astype("datetime64[D]").tolist()
    return day
