"""One bar of a book after another: actions, costs of holding, fills, the mark, what is wanted next.

Compiled where numba is installed, the same Python where it is not. Importing this module imports numba:
`simulate.py` and its neighbours do so when something is to be simulated. What is compiled is kept on disk
until this file changes, so every number it needs is in it. Prices and money are float64; results are good to
the cent. `docs/kernel.md` says what is computed.
"""

from collections.abc import Callable, Iterator
from math import ceil, floor, nan
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from trader.domain.market import Floats

Function = TypeVar("Function", bound=Callable[..., Any])
Indices = NDArray[np.int64]

try:
    from numba import njit

    COMPILED = True
except ImportError:
    COMPILED = False

OPEN, CLOSE, VOLUME = 0, 1, 2
"""Of `prices` (bars, 3, symbols), as traded; NaN where a symbol has no bar or a feed no volume."""
RATE, SPLIT, DIVIDEND, FUNDING, BORROW = 0, 1, 2, 3, 4
"""Of `events` (bars, 5, symbols), or (0, 5, symbols) where every rate is 1 and nothing else ever happens."""
COMMISSION, PER_UNIT, HALF_SPREAD, SLIPPAGE, IMPACT, LOT, TICK, MULTIPLIER, GONE = 0, 1, 2, 3, 4, 5, 6, 7, 8
"""Of `terms` (9, symbols): fractions of the price, currency a unit, steps, and the bar of the delisting."""
KIND, MARGIN, PARTICIPATION, POWER, INTEREST, WRITE_OFF = 0, 1, 2, 3, 4, 5
"""Of `rules` (6,)."""
WEIGHTS, WEIGHTS_AT_OPEN, UNITS, ORDERS = 0, 1, 2, 3
"""What an instruction says, `rules[KIND]`."""
CASH, EQUITY, GROSS, TRADED, FILLS, WAITING, DIVIDENDS, EXPOSED, PAID = 0, 1, 2, 3, 4, 5, 6, 7, 8
"""Of `book` (14,). EXPOSED is the sum over bars of the share of equity exposed. From PAID on: commission,
spread, slippage, funding, borrow, interest, in this order."""
KINDS_OF_COST = 6
HELD, MARK, FX, WANTED, QUANTITY = 0, 1, 2, 3, 4
"""Of `hold` (5, symbols): units, last close, rate, what waits for a bar (NaN: nothing), the order at hand."""
COLUMNS = 9
"""Of `trades`: bar, symbol, units, price, market, commission, spread, slippage, reason."""
ORDERED, DELISTED, WRITTEN_OFF = 0.0, 1.0, 2.0
"""Reasons of a trade."""


def compiled(function: Function) -> Function:
    """The function as machine code, kept on disk; as it is where there is no numba."""
    if not COMPILED:
        return function
    return cast(Function, njit(cache=True, error_model="numpy", nogil=True)(function))


def inlined(function: Function) -> Function:
    """The function as part of each that calls it: to hand it arrays costs more than what it does."""
    if not COMPILED:
        return function
    return cast(Function, njit(forceinline=True, error_model="numpy", nogil=True)(function))


def new_book(symbols: int, cash: float) -> tuple[Floats, Floats]:
    """(`book`, `hold`) before the first bar."""
    book, hold = np.zeros(PAID + KINDS_OF_COST), np.zeros((5, symbols))
    book[CASH] = book[EQUITY] = cash
    hold[MARK], hold[FX], hold[WANTED] = nan, 1.0, nan
    return book, hold


@inlined
def _whole(quantity: float, lot: float) -> float:
    """Cut to whole lots, towards zero; a billionth of a lot is rounding."""
    if lot == 0.0:
        return quantity
    lots = floor(abs(quantity) / lot + 1e-9) * lot
    return lots if quantity > 0.0 else -lots


@inlined
def _price(quantity: float, market: float, volume: float, s: int, terms: Floats, rules: Floats) -> float:
    """What a fill pays or gets when the market is at `market`: on the tick, rounded against us."""
    against = terms[HALF_SPREAD, s] + terms[SLIPPAGE, s]
    if terms[IMPACT, s] > 0.0 and volume > 0.0:
        against += terms[IMPACT, s] * (abs(quantity) / volume) ** rules[POWER]
    tick = terms[TICK, s]
    if quantity > 0.0:
        price = market * (1.0 + against)
        return price if tick == 0.0 else ceil(price / tick - 1e-6) * tick
    price = max(0.0, market * (1.0 - against))
    return price if tick == 0.0 else max(tick, floor(price / tick + 1e-6) * tick)


@inlined
def _commission(quantity: float, price: float, s: int, terms: Floats, hold: Floats) -> float:
    """In the book's currency."""
    worth = abs(quantity) * price * terms[MULTIPLIER, s]
    return (worth * terms[COMMISSION, s] + abs(quantity) * terms[PER_UNIT, s]) * hold[FX, s]


@inlined
def _fill(
    t: int,
    s: int,
    quantity: float,
    market: float,
    volume: float,
    reason: float,
    terms: Floats,
    rules: Floats,
    book: Floats,
    hold: Floats,
    trades: Floats,
) -> None:
    """Units change hands."""
    price = 0.0 if reason == WRITTEN_OFF else _price(quantity, market, volume, s, terms, rules)
    point = terms[MULTIPLIER, s] * hold[FX, s]
    commission = spread = slippage = 0.0
    if reason != WRITTEN_OFF:
        commission = _commission(quantity, price, s, terms, hold)
        spread = abs(quantity) * market * terms[HALF_SPREAD, s] * point
        slippage = quantity * (price - market) * point - spread
    book[CASH] -= quantity * price * point + commission
    book[TRADED] += abs(quantity) * price * point
    book[PAID] += commission
    book[PAID + 1] += spread
    book[PAID + 2] += slippage
    held = hold[HELD, s] + quantity
    # What is left of a sum and its parts is rounding, not a position.
    hold[HELD, s] = 0.0 if abs(held) <= 1e-12 * abs(quantity) else held
    row = int(book[FILLS])
    book[FILLS] = row + 1
    if row < len(trades):
        trades[row, 0], trades[row, 1], trades[row, 2], trades[row, 3] = t, s, quantity, price
        trades[row, 4], trades[row, 5], trades[row, 6], trades[row, 7] = market, commission, spread, slippage
        trades[row, 8] = reason


@compiled
def _happen(
    t: int, prices: Floats, events: Floats, terms: Floats, rules: Floats, book: Floats, hold: Floats
) -> None:
    """Rates, splits, dividends on what is held in new units, the cost of holding; before anything fills."""
    for s in range(hold.shape[1]):
        rate, split, market = events[t, RATE, s], events[t, SPLIT, s], prices[t, OPEN, s]
        hold[FX, s] = rate
        point = terms[MULTIPLIER, s] * rate
        if split != 1.0:
            hold[MARK, s] /= split
            if rules[KIND] != WEIGHTS_AT_OPEN:
                hold[WANTED, s] *= split
            after = hold[HELD, s] * split
            hold[HELD, s] = _whole(after, terms[LOT, s])
            # A fraction of a lot is paid out.
            book[CASH] += (after - hold[HELD, s]) * (market if market == market else hold[MARK, s]) * point
        held = hold[HELD, s]
        if held == 0.0:
            continue
        dividend = held * events[t, DIVIDEND, s] * point
        book[DIVIDENDS] += dividend
        book[CASH] += dividend
        if market == market:
            worth = held * market * point
            funding, borrow = worth * events[t, FUNDING, s], max(0.0, -worth) * events[t, BORROW, s]
            book[CASH] -= funding + borrow
            book[PAID + 3] += funding
            book[PAID + 4] += borrow


@compiled
def _delist(t: int, terms: Floats, rules: Floats, book: Floats, hold: Floats, trades: Floats) -> None:
    """What is held of a symbol that has gone is sold at its last close, or worth nothing."""
    for s in range(hold.shape[1]):
        if terms[GONE, s] == t:
            hold[WANTED, s] = nan
            if hold[HELD, s] != 0.0:
                reason = WRITTEN_OFF if rules[WRITE_OFF] != 0.0 else DELISTED
                _fill(t, s, -hold[HELD, s], hold[MARK, s], nan, reason, terms, rules, book, hold, trades)


@inlined
def _equity_at_open(t: int, prices: Floats, terms: Floats, book: Floats, hold: Floats) -> float:
    """Without a bar at the last close; not below zero."""
    equity = book[CASH]
    for s in range(hold.shape[1]):
        if hold[HELD, s] != 0.0:
            market = prices[t, OPEN, s]
            worth = market if market == market else hold[MARK, s]
            equity += hold[HELD, s] * worth * terms[MULTIPLIER, s] * hold[FX, s]
    return max(0.0, equity)


@inlined
def _size(t: int, prices: Floats, terms: Floats, rules: Floats, book: Floats, hold: Floats) -> None:
    """What waits, as orders at this open. What has no bar goes on waiting."""
    at_open = rules[KIND] == WEIGHTS_AT_OPEN
    equity = _equity_at_open(t, prices, terms, book, hold) if at_open else 0.0
    waiting = 0.0
    for s in range(hold.shape[1]):
        wanted, market, volume = hold[WANTED, s], prices[t, OPEN, s], prices[t, VOLUME, s]
        hold[QUANTITY, s] = 0.0
        if wanted != wanted:
            continue
        if market != market:
            waiting += 1.0
            continue
        hold[WANTED, s] = nan
        if at_open:
            wanted *= equity / (market * terms[MULTIPLIER, s] * hold[FX, s])
        quantity = wanted if rules[KIND] == ORDERS else wanted - hold[HELD, s]
        if rules[MARGIN] == 0.0:
            quantity = max(quantity, -hold[HELD, s])
        if volume == volume:
            most = rules[PARTICIPATION] * volume if volume > 0.0 else 0.0
            quantity = min(max(quantity, -most), most)
        hold[QUANTITY, s] = _whole(quantity, terms[LOT, s])
    book[WAITING] = waiting


@inlined
def _trade(
    t: int, prices: Floats, terms: Floats, rules: Floats, book: Floats, hold: Floats, trades: Floats
) -> None:
    """Sales first. Purchases that cash does not hold are all cut by the same share, unless on margin."""
    buying = 0.0
    for s in range(hold.shape[1]):
        quantity, market, volume = hold[QUANTITY, s], prices[t, OPEN, s], prices[t, VOLUME, s]
        if quantity < 0.0:
            _fill(t, s, quantity, market, volume, ORDERED, terms, rules, book, hold, trades)
        elif quantity > 0.0:
            price = _price(quantity, market, volume, s, terms, rules)
            buying += quantity * price * terms[MULTIPLIER, s] * hold[FX, s]
            buying += _commission(quantity, price, s, terms, hold)
    if buying == 0.0:
        return
    share = 1.0
    if rules[MARGIN] == 0.0 and buying > book[CASH]:
        share = max(0.0, book[CASH]) / buying
    for s in range(hold.shape[1]):
        quantity = hold[QUANTITY, s]
        if quantity > 0.0:
            if share < 1.0:
                quantity = _whole(quantity * share, terms[LOT, s])
            if quantity > 0.0:
                market, volume = prices[t, OPEN, s], prices[t, VOLUME, s]
                _fill(t, s, quantity, market, volume, ORDERED, terms, rules, book, hold, trades)


@inlined
def _open(
    t: int,
    prices: Floats,
    events: Floats,
    terms: Floats,
    rules: Floats,
    book: Floats,
    hold: Floats,
    trades: Floats,
    happening: bool,
) -> None:
    """All that happens to a book at the open of bar t."""
    if rules[INTEREST] != 0.0 and book[CASH] < 0.0:
        owed = -book[CASH] * rules[INTEREST]
        book[CASH] -= owed
        book[PAID + 5] += owed
    if happening:
        if len(events) > 0:
            _happen(t, prices, events, terms, rules, book, hold)
        _delist(t, terms, rules, book, hold, trades)
    if book[WAITING] > 0.0:
        _size(t, prices, terms, rules, book, hold)
        _trade(t, prices, terms, rules, book, hold, trades)


@compiled
def _mark_one(
    first: int, t: int, end: int, prices: Floats, point: float, book: Floats, mark: float, path: Floats
) -> float:
    """`_mark` where one symbol is all there is: what a sweep spends its time with. Gives its last close."""
    cash, equity, worth, exposed = book[CASH], 0.0, 0.0, 0.0
    for bar in range(t, end):
        close = prices[bar, CLOSE, 0]
        mark = close if close == close else mark
        worth = point * mark
        equity = cash + worth
        path[0, bar - first] = equity
        if equity > 0.0:
            exposed += abs(worth) / equity
    book[EQUITY], book[GROSS] = equity, abs(worth)
    book[EXPOSED] += exposed
    return mark


@compiled
def _mark_none(
    first: int, t: int, end: int, prices: Floats, book: Floats, hold: Floats, path: Floats
) -> None:
    """`_mark` where nothing is held."""
    cash = book[CASH]
    for bar in range(t - first, end - first):
        path[0, bar] = cash
    book[EQUITY], book[GROSS] = cash, 0.0
    for s in range(hold.shape[1]):
        for bar in range(end - 1, t - 1, -1):
            close = prices[bar, CLOSE, s]
            if close == close:
                hold[MARK, s] = close
                break


@compiled
def _mark_all(
    first: int, t: int, end: int, prices: Floats, terms: Floats, book: Floats, hold: Floats, path: Floats
) -> None:
    """`_mark` of many symbols, or with all of the path."""
    cash, symbols, whole = book[CASH], hold.shape[1], len(path) > 1
    equity = gross = exposed = 0.0
    for bar in range(t, end):
        equity, gross = cash, 0.0
        for s in range(symbols):
            close = prices[bar, CLOSE, s]
            if close == close:
                hold[MARK, s] = close
            if hold[HELD, s] != 0.0:
                worth = hold[HELD, s] * hold[MARK, s] * (terms[MULTIPLIER, s] * hold[FX, s])
                equity += worth
                gross += abs(worth)
        if gross > 0.0 and equity > 0.0:
            exposed += gross / equity
        path[0, bar - first] = equity
        if whole:
            path[1, bar - first], path[2, bar - first] = cash, gross
    book[EQUITY], book[GROSS] = equity, gross
    book[EXPOSED] += exposed


@compiled
def _mark(
    first: int,
    t: int,
    end: int,
    prices: Floats,
    terms: Floats,
    book: Floats,
    hold: Floats,
    path: Floats,
    units: Floats,
) -> None:
    """The closes of bars t to `end` - 1, between which nothing else happens; without a bar the last close."""
    symbols, held = hold.shape[1], False
    for s in range(symbols):
        held |= hold[HELD, s] != 0.0
    if len(path) > 1 or (held and symbols > 1):
        _mark_all(first, t, end, prices, terms, book, hold, path)
    elif held:
        point = hold[HELD, 0] * (terms[MULTIPLIER, 0] * hold[FX, 0])
        hold[MARK, 0] = _mark_one(first, t, end, prices, point, book, hold[MARK, 0], path)
    else:
        _mark_none(first, t, end, prices, book, hold, path)
    if len(units) > 0:
        for bar in range(t - first, end - first):
            for s in range(symbols):
                units[bar, s] = hold[HELD, s]


@inlined
def _take(t: int, wanted: Floats, terms: Floats, rules: Floats, book: Floats, hold: Floats) -> None:
    """What was decided at the close of bar t, `wanted` (symbols,), waits for the next open."""
    for s in range(hold.shape[1]):
        if t + 1 >= terms[GONE, s]:
            continue
        if rules[KIND] == ORDERS:
            if wanted[s] != 0.0:
                waits = hold[WANTED, s]
                hold[WANTED, s] = wanted[s] + (waits if waits == waits else 0.0)
        elif rules[KIND] == WEIGHTS:
            if hold[MARK, s] == hold[MARK, s]:
                point = hold[MARK, s] * terms[MULTIPLIER, s] * hold[FX, s]
                hold[WANTED, s] = wanted[s] * max(0.0, book[EQUITY]) / point
        else:
            hold[WANTED, s] = wanted[s]
    book[WAITING] = 1.0


@compiled
def run(
    first: int,
    last: int,
    at: Indices,
    rows: Floats,
    prices: Floats,
    events: Floats,
    moments: Indices,
    terms: Floats,
    rules: Floats,
    book: Floats,
    hold: Floats,
    trades: Floats,
    path: Floats,
    units: Floats,
) -> None:
    """Bars `first` to `last` - 1 with instructions `rows` (n, symbols) at the closes of the bars `at` (n,).

    Fills in `path` (3, bars): equity, cash, gross exposure; or (1, bars): equity. And `units` (bars, symbols)
    unless it is (0, symbols). `trades` takes as many as it has rows.
    """
    t, turn = first, 0
    moment = np.searchsorted(moments, first)
    while t < last:
        happening = bool(moment < len(moments) and moments[moment] == t)
        if happening:
            moment += 1
        owing = rules[INTEREST] != 0.0 and book[CASH] < 0.0
        if happening or owing or book[WAITING] > 0.0:
            _open(t, prices, events, terms, rules, book, hold, trades, happening)
            owing = rules[INTEREST] != 0.0 and book[CASH] < 0.0
        end = t + 1
        if not owing and book[WAITING] == 0.0:
            end = last if moment == len(moments) else min(last, moments[moment])
            if turn < len(at):
                end = min(end, at[turn] + 1)
        _mark(first, t, end, prices, terms, book, hold, path, units)
        t = end
        if turn < len(at) and at[turn] == t - 1:
            _take(t - 1, rows[turn], terms, rules, book, hold)
            turn += 1


@compiled
def _one(
    b: int,
    at: Indices,
    rows: Floats,
    first: int,
    last: int,
    prices: Floats,
    events: Floats,
    moments: Indices,
    terms: Floats,
    rules: Floats,
    cash: float,
    equity: Floats,
    sums: Floats,
) -> None:
    """Book b of many: its row of `equity` and of `sums`."""
    book, hold = np.zeros(PAID + KINDS_OF_COST), np.zeros((5, rows.shape[1]))
    book[CASH] = book[EQUITY] = cash
    hold[MARK], hold[FX], hold[WANTED] = nan, 1.0, nan
    trades, units = np.empty((0, COLUMNS)), np.empty((0, rows.shape[1]))
    path = equity[b : b + 1]
    run(first, last, at, rows, prices, events, moments, terms, rules, book, hold, trades, path, units)
    sums[b] = book


@compiled
def run_many(
    books: Indices,
    begins: Indices,
    at: Indices,
    rows: Floats,
    first: int,
    last: int,
    prices: Floats,
    events: Floats,
    moments: Indices,
    terms: Floats,
    rules: Floats,
    cash: float,
    equity: Floats,
    sums: Floats,
) -> None:
    """Each of `books` by itself: book b has the instructions from `begins[b]` until `begins[b + 1]`.

    Fills in `equity` (all books, bars), and `sums` (all books, 14): `book` after the last bar.
    """
    for b in books:
        here = slice(begins[b], begins[b + 1])
        _one(b, at[here], rows[here], first, last, prices, events, moments, terms, rules, cash, equity, sums)


@compiled
def cross_plan(
    index: Floats, fast: int, slow: int, first: int, last: int, weight: float, at: Indices, rows: Floats
) -> int:
    """Each symbol of `index` (bars, symbols) at `weight` while its fast average is above its slow one.

    Fills in `at` and `rows`, of at least last - first rows, where any symbol changes, and says how many. The
    slow average must be known at `first`. Where the two are equal, what was decided before stays.
    """
    symbols = index.shape[1]
    crossed, crosses = (
        np.empty((symbols, last - first + 1), dtype=np.int64),
        np.zeros(symbols, dtype=np.int64),
    )
    for s in range(symbols):
        short = long = 0.0
        for t in range(first - slow, first):
            long += index[t, s]
            if t >= first - fast:
                short += index[t, s]
        count, above = 0, False
        for t in range(first, last):
            new = index[t, s]
            short += new - index[t - fast, s]
            long += new - index[t - slow, s]
            gap = short * slow - long * fast
            if (gap > 0.0) != above and gap != 0.0:
                above = not above
                crossed[s, count] = t
                count += 1
        crossed[s, count] = last
    turns = 0
    while True:
        t = last
        for s in range(symbols):
            t = min(t, crossed[s, crosses[s]])
        if t == last:
            return turns
        at[turns] = t
        for s in range(symbols):
            crosses[s] += crossed[s, crosses[s]] == t
            rows[turns, s] = weight * (crosses[s] % 2)
        turns += 1


@compiled
def run_crosses(
    books: Indices,
    fast: Indices,
    slow: Indices,
    index: Floats,
    weight: float,
    first: int,
    last: int,
    prices: Floats,
    events: Floats,
    moments: Indices,
    terms: Floats,
    rules: Floats,
    cash: float,
    equity: Floats,
    sums: Floats,
) -> None:
    """Each of `books` with its own pair of averages; see `cross_plan` and `run_many`."""
    at, rows = np.empty(last - first, dtype=np.int64), np.empty((last - first, index.shape[1]))
    for b in books:
        count = cross_plan(index, fast[b], slow[b], first, last, weight, at, rows)
        _one(
            b,
            at[:count],
            rows[:count],
            first,
            last,
            prices,
            events,
            moments,
            terms,
            rules,
            cash,
            equity,
            sums,
        )


@compiled
def bar_by_bar(
    first: int,
    last: int,
    told: Floats,
    bars: Floats,
    seen: Floats,
    prices: Floats,
    events: Floats,
    moments: Indices,
    terms: Floats,
    rules: Floats,
    book: Floats,
    hold: Floats,
    trades: Floats,
    path: Floats,
    units: Floats,
) -> Iterator[int]:
    """Yields each bar when it has closed, and then takes what it is `told` (1 + symbols,): a flag, a row.

    Copies the bar of `bars` (5, bars, symbols) into `seen` of the same shape: what is not there yet cannot
    be looked at.
    """
    moment = np.searchsorted(moments, first)
    for t in range(first, last):
        happening = bool(moment < len(moments) and moments[moment] == t)
        if happening:
            moment += 1
        _open(t, prices, events, terms, rules, book, hold, trades, happening)
        _mark(first, t, t + 1, prices, terms, book, hold, path, units)
        for field in range(5):
            for s in range(hold.shape[1]):
                seen[field, t, s] = bars[field, t, s]
        told[0] = 0.0
        yield t
        if told[0] != 0.0:
            _take(t, told[1:], terms, rules, book, hold)
