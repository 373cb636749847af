"""docs/features.md, from the catalogue itself."""

from trader.features.catalogue import COMMON, FEATURES
from trader.features.feature import Feature, Group

_TITLES = {
    Group.MOMENTUM: "Momentum: what the price has returned",
    Group.OSCILLATOR: "Oscillators: how stretched the last move is",
    Group.TREND: "Trend: where the price stands to its averages, and how directed it moves",
    Group.VOLATILITY: "Volatility: how much the price moves, and where it is between its highs and lows",
    Group.VOLUME: "Volume: whether trade goes with the price",
    Group.STATISTICAL: "Statistics: the shape of the last returns",
    Group.LEVEL: "Levels: how far it is to where the price turned",
    Group.MICROSTRUCTURE: "Microstructure: what trading costs and who trades",
    Group.MARKET: "Market: how the price moves with an index",
    Group.CALENDAR: "Calendar: where the bar stands in the day, week, month and year",
    Group.CANDLE: "Candles: TA-Lib's patterns",
}

_COLUMNS = ("name", "unit", "warm-up", "by the bar", "formula", "source")

_INTRODUCTION = """\
# Features

{count} indicators, in one catalogue: `trader/features/catalogue.py`. `trader tools features` lists them.
`trader tools run features --symbol AAPL --arg names=rsi_14,microstructure` computes some at a bar, by their
names or their group's; without names, the 32 that agents are shown. [Writing a
feature](writing-a-feature.md) adds one.

What is true of all, and tested for each:

- **It looks back only.** Other bars after a bar change nothing at it, byte for byte.
- **What is not known is NaN, never zero**: in the first bars (the warm-up), over a gap, and where a formula
  would divide by nothing. Of a share that is halted TA-Lib says that its RSI is 0; here it has none.
- **Bars are adjusted** for the splits and dividends that had come into effect: a split is not a return.
- **It agrees**, on the bundled bars, to 1e-9 with TA-Lib where TA-Lib has it, else with sums that are exact
  (`math.fsum`).
- **Units do not matter**: with prices times four and volumes over four the values are the same, and so are
  those of a coin at a trillionth of a dollar. Only `atr_14` is a price; `amihud_21` and `price_impact_63` are
  for an amount of the quote currency.

`[-k]` is k bars before; `SMA`, `EMA` and other names in capitals are TA-Lib's, with its seeds. What is
annual uses the bars a year of the instrument's calendar. What is stated in months has no value on bars
shorter than a day; the hour has none on daily bars.

## One bar more

{common} of them, marked *by the bar*, can be carried on one bar at a time, at the cost of one bar. The values
are those over the whole history to 1e-12.

```python
from trader.features.catalogue import COMMON
from trader.features.stream import Stream

stream = Stream(COMMON)
values = stream.follow(view.bars("AAPL"))  # the history; next time, what is new in it
values = stream.add(open, high, low, close, volume)  # or one bar by hand
```

`follow` begins anew where the history is not the one it knows: a split or dividend rescales all bars before
it. With numba (the extra `compiled`) a bar costs some microseconds, and the first one some seconds of
compiling, which is kept on disk. Without, a bar costs about as much as the whole history does.

The desk does not use it. It computes what is asked for over the whole history at each close, which takes a
millisecond for ten years of days; numba alone would take a third of a second and a hundred megabytes.

## What your feed must bring

`quoted_spread`, `depth_imbalance`, `trade_flow` and `funding_rate` have a value only where your data has an
order book, its trades or a perpetual's funding: as series of [`macro.csv`](data.md) named after the symbol,
`BTCUSD.bid`, `.ask`, `.bid_size`, `.ask_size`, `.bought`, `.sold`, `.funding_rate`. What was last published
while a bar was in progress is the bar's. No bundled feed has any; what bars alone tell stands under
microstructure too. The index of `market` is the S&P 500 of the samples; where it is not there, or has ended,
these have no value.

In a process each indicator is computed once for a symbol and moment; two moments share no history once a
dividend has come between them. What is dear and not *by the bar* is kept on disk for
[trainings](models.md#what-can-be-trained), by the digest of the bars and of the catalogue's own source.

"""


def page() -> str:
    """The whole page."""
    sections = (_section(title, group) for group, title in _TITLES.items())
    return "\n".join((_INTRODUCTION.format(count=len(FEATURES), common=len(COMMON)), *sections))


def _section(title: str, group: Group) -> str:
    rows = [row for row in FEATURES if row.group is group]
    lines = [f"## {title}", "", f"`{group}`, {len(rows)}.", ""]
    lines += [
        "| name | unit | warm-up | by the bar | formula | source |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_line(row) for row in rows]
    return "\n".join([*lines, ""])


def _line(row: Feature) -> str:
    step = "" if row.step is None else "yes"
    cells = (f"`{row.name}`", row.unit, f"{row.warmup:,}", step, f"`{row.formula}`", row.source)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
