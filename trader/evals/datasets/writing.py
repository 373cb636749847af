"""A Market as a folder that `files:DIR` reads: bars in Parquet, the facts beside them as text."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trader.data.market import Market
from trader.domain.errors import MissingExtra
from trader.domain.market import Bars, Timeframe, to_datetime64
from trader.domain.value import jsonable, plain


def write_market(folder: Path, market: Market, symbols: Sequence[str], before: np.datetime64) -> None:
    """`symbols`' bars that had closed at `before`, and every fact that was public by then.

    Raises MissingExtra where pyarrow is not installed.
    """
    folder.mkdir(parents=True)
    for symbol in symbols:
        bars = market.bars[symbol]
        known = int(np.searchsorted(bars.available, before, side="right"))
        _bars(folder / f"{symbol}.{market.timeframe.value}.parquet", bars, known)
    _table(folder / "instruments.csv", [_instrument(market, symbol) for symbol in symbols])
    until = before.astype("datetime64[s]")
    actions = [one for symbol in symbols for one in market.actions.get(symbol, ())]
    _table(
        folder / "actions.csv",
        [
            {"symbol": a.symbol, "ex_date": a.ex_date, "kind": a.kind.value, "amount": plain(a.amount)}
            for a in actions
            if to_datetime64(a.effective) <= until
        ],
    )
    _table(folder / "macro.csv.gz", list(_macro(market, until)))
    filed = [
        {"symbol": f.symbol, "published_at": f.published_at.isoformat(), "period_end": f.period_end}
        | f.values
        for f in market.fundamentals
        if f.symbol in symbols and to_datetime64(f.published_at) <= until
    ]
    _table(folder / "fundamentals.csv", filed)
    news = [one for one in market.news if set(one.symbols) & set(symbols)]
    public = [json.dumps(jsonable(one)) for one in news if to_datetime64(one.published_at) <= until]
    if public:
        (folder / "news.jsonl").write_text("\n".join([*public, ""]), encoding="utf-8")


def _bars(path: Path, bars: Bars, count: int) -> None:
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError:
        raise MissingExtra("pyarrow", "feeds") from None
    daily = bars.timeframe is Timeframe.D1
    opened = [str(at)[:10] if daily else f"{at}Z" for at in bars.opened[:count]]
    columns: dict[str, Any] = {"time": opened}
    columns |= {name: getattr(bars, name)[:count] for name in ("open", "high", "low", "close", "volume")}
    pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="zstd")


def _instrument(market: Market, symbol: str) -> dict[str, Any]:
    told = market.instruments[symbol].model_dump(mode="json")
    words = {True: "yes", False: "no"}
    return {name: words[value] if isinstance(value, bool) else value for name, value in told.items()}


def _macro(market: Market, until: np.datetime64) -> Iterable[dict[str, Any]]:
    for name, series in sorted(market.series.items()):
        for period, published, value in zip(series.period, series.published, series.value, strict=True):
            if published <= until:
                yield {
                    "series": name,
                    "period": str(period.astype("datetime64[D]")),
                    "published_at": f"{published}Z",
                    "value": repr(float(value)),
                }


def _table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Nothing where there is no row."""
    if not rows:
        return
    names, text = list(dict.fromkeys(name for row in rows for name in row)), io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    raw = text.getvalue().encode()
    path.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)
