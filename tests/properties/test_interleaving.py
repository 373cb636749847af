"""Whoever acts beside a round, and whenever it dies, no order is lost or doubled and nothing left bare."""

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.interleaving import interleaved


@pytest.mark.parametrize("smallest", ["5", "250"])
@settings(max_examples=6, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1 << 32), chapters=st.integers(1, 8))
def test_in_whatever_order_things_happen_the_account_is_the_venue_s_and_all_of_it_is_guarded(
    smallest: str, seed: int, chapters: int
) -> None:
    assert asyncio.run(interleaved(seed, chapters, Decimal(smallest))) == []
