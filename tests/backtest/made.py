"""Panels, plans and costs made from a seed, and the kernel without its compiler."""

import importlib.util
import sys
from types import ModuleType
from unittest.mock import patch

import numpy as np

import trader.backtest
from trader.backtest.panel import NEVER, Panel
from trader.backtest.plan import Plan, Wanted
from trader.backtest.terms import Terms, TradingCosts


def plain_kernel() -> ModuleType:
    """The kernel as it is where numba is not installed."""
    source = f"{trader.backtest.__path__[0]}/kernel.py"
    spec = importlib.util.spec_from_file_location("plain_kernel", source)
    module = importlib.util.module_from_spec(spec)
    with patch.dict(sys.modules, {"numba": None}):
        spec.loader.exec_module(module)
    assert not module.COMPILED
    return module


def walk(bars: int, symbols: int = 1, seed: int = 0, **more) -> Panel:
    """A random walk with gaps between closes and opens, and nothing else."""
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.01, (bars, symbols)), axis=0))
    before = np.vstack([close[:1], close[:-1]])
    open = before * np.exp(random.normal(0.0, 0.003, (bars, symbols)))
    return flat(close, open=open, **more)


def flat(close, open=None, **more) -> Panel:
    """A panel of these closes, (T, S); opens are the closes unless they are given."""
    close = np.array(close, dtype=np.float64).reshape(len(close), -1)
    open = close if open is None else np.array(open, dtype=np.float64).reshape(close.shape)
    bars, symbols = close.shape
    times = np.datetime64("2001-01-01T21:00:00", "s") + np.arange(bars) * np.timedelta64(86_400, "s")
    more = {"volume": np.full(close.shape, np.nan), **more}
    return Panel(
        symbols=tuple("ABCDEFGH"[:symbols]),
        times=times,
        open=open,
        high=np.fmax(open, close),
        low=np.fmin(open, close),
        close=close,
        **more,
    )


def market(seed: int, bars: int = 24) -> Panel:
    """One to three symbols to which everything happens: gaps in their bars, actions, rates, an early end."""
    random = np.random.default_rng(seed)
    symbols = int(random.integers(1, 4))
    panel = walk(bars, symbols, seed)
    there = random.random((bars, symbols)) > 0.15
    there[0] = True
    delisted = np.full(symbols, NEVER)
    if random.random() < 0.4:
        delisted[0] = random.integers(5, bars)
        there[delisted[0] :, 0] = False
    happens = there & (random.random((bars, symbols)) < 0.1)
    volume = random.integers(0, 20_000, (bars, symbols)).astype(np.float64)
    return Panel(
        panel.symbols,
        panel.times,
        *(np.where(there, one, np.nan) for one in (panel.open, panel.high, panel.low, panel.close)),
        volume=np.where(there & (random.random((bars, symbols)) < 0.8), volume, np.nan),
        split=np.where(happens, random.choice([0.5, 2.0, 1.5], (bars, symbols)), 1.0),
        dividend=np.where(there & (random.random((bars, symbols)) < 0.1), 0.7, 0.0),
        rate=np.exp(np.cumsum(random.normal(0.0, 0.01, (bars, symbols)), axis=0)),
        delisted=delisted,
        lot=random.choice([0.0, 1.0, 10.0], symbols),
        tick=random.choice([0.0, 0.01], symbols),
        multiplier=random.choice([1.0, 5.0], symbols),
    )


def plan_for(panel: Panel, seed: int, wanted: Wanted, margin: bool) -> Plan:
    """Instructions at about half of the bars."""
    random = np.random.default_rng(seed + 1)
    at = np.flatnonzero(random.random(len(panel)) < 0.5)
    shape = (len(at), len(panel.symbols))
    if wanted in (Wanted.WEIGHTS, Wanted.WEIGHTS_AT_OPEN):
        rows = random.dirichlet(np.ones(shape[1] + 1), len(at))[:, :-1]
        rows = rows * random.choice([-1.0, 1.0], shape) * 1.5 if margin else rows
    else:
        rows = random.integers(-300 if margin else 0, 300, shape).astype(np.float64)
    return Plan(at, rows, wanted)


def costs_for(panel: Panel, seed: int) -> TradingCosts:
    """All of them, each symbol its own."""
    random, symbols = np.random.default_rng(seed + 2), len(panel.symbols)
    return TradingCosts(
        commission=random.uniform(0.0, 2e-3, symbols),
        per_unit=0.005,
        half_spread=random.uniform(0.0, 1e-3, symbols),
        slippage=5e-4,
        impact=0.02,
        funding=random.normal(0.0, 1e-4, panel.close.shape),
        borrow=1e-4,
        interest=2e-4,
    )


def terms_for(seed: int, margin: bool) -> Terms:
    """Some of a bar's volume, and either end of what is delisted."""
    return Terms(cash=100_000.0, start=seed % 3, margin=margin, participation=0.1, write_off=seed % 2 == 1)
