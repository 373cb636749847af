"""What a callback is shown, and that a later bar is nowhere in it."""

import numpy as np
import pytest

from tests.backtest.made import walk
from trader.backtest.callback import simulate_with
from trader.backtest.plan import Wanted
from trader.backtest.terms import Terms


def test_a_callback_is_asked_at_every_close_from_the_start_on():
    asked = []
    simulate_with(
        walk(8), lambda now: asked.append((now.t, len(now.close), now.symbols)), terms=Terms(start=3)
    )
    assert asked == [(t, t + 1, ("A",)) for t in range(3, 8)]


def test_the_arrays_it_is_given_end_at_the_bar():
    """Not even the memory behind a view has a later bar."""
    panel = walk(30, 2, volume=np.full((30, 2), 7.0))

    def decide(now):
        for name in ("open", "high", "low", "close", "volume"):
            array = getattr(now, name)
            assert array.tolist() == getattr(panel, name)[: now.t + 1].tolist()
            with pytest.raises(ValueError, match="read-only"):
                array[-1] = 1.0
            while array.base is not None:
                array = array.base
            field = ("open", "high", "low", "close", "volume").index(name)
            assert np.isnan(array[field, now.t + 1 :]).all()

    simulate_with(panel, decide)


def test_it_knows_its_account_at_the_close():
    panel, seen = walk(6), []

    def decide(now):
        seen.append((now.equity, now.cash, now.units.tolist()))
        return (10.0,) if now.t == 1 else None

    found = simulate_with(panel, decide, wanted=Wanted.UNITS)
    assert [one[0] for one in seen] == found.equity.tolist()
    assert [one[1] for one in seen] == found.cash.tolist()
    assert [one[2] for one in seen] == found.units.tolist()
    assert found.units[2:].tolist() == [[10.0]] * 4


def test_what_a_callback_raises_comes_through():
    def decide(now):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        simulate_with(walk(5), decide)
