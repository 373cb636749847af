"""Combinatorial splits put together: every path has every row once, forecast by who was not trained on it."""

from math import comb
from pathlib import Path

import numpy as np
import pytest

from tests.forecasters.rows import asked, rows
from tests.forecasters.test_training import trained
from trader.domain.errors import UsageError
from trader.forecasters import store
from trader.forecasters.paths import paths
from trader.forecasters.recipe import Recipe
from trader.forecasters.walking import OutOfSample, splits_of, try_fold

SAMPLES = rows(1400)


def forecast(recipe: Recipe) -> list[OutOfSample]:
    return [try_fold(SAMPLES, split, recipe) for split in splits_of(SAMPLES, recipe)]


@pytest.mark.parametrize(("blocks", "held_out"), [(4, 2), (5, 1), (6, 2)])
def test_each_path_has_each_row_once_and_each_forecast_is_in_one_path(blocks: int, held_out: int) -> None:
    parts = forecast(asked(folds=blocks, held_out=held_out))
    found = list(paths(parts, blocks, held_out))
    assert len(parts) == comb(blocks, held_out)
    assert len(found) == comb(blocks - 1, held_out - 1)
    for path in found:
        assert (path.decided == SAMPLES.decided).all()
        assert (path.symbol == SAMPLES.symbol).all()
    together = np.sort(np.concatenate([path.p for path in found]))
    assert (together == np.sort(np.concatenate([part.p for part in parts]))).all()


def test_a_card_of_combinatorial_splits_says_how_far_its_paths_lie_apart(tmp_path: Path) -> None:
    card, said = trained(tmp_path, SAMPLES, asked(folds=4, held_out=2))
    assert card is not None
    assert said[-1] == (6, 6)
    assert [path.cases for path in card.paths] == [len(SAMPLES)] * 3
    assert card.scores.cases == 3 * len(SAMPLES)
    assert card.scores.n_eff == pytest.approx(SAMPLES.n_eff)
    mean = np.mean([path.log_loss for path in card.paths])
    assert card.scores.log_loss.value == pytest.approx(mean)
    assert store.card(tmp_path, card.id) == card


def test_a_walk_is_named_as_it_was_before_there_were_other_splits() -> None:
    assert "held_out" not in asked().model_dump(mode="json")
    assert asked(held_out=2).digest("rows") != asked().digest("rows")


def test_more_fits_than_anybody_waits_for_are_refused() -> None:
    with pytest.raises(UsageError, match="5 of 40 blocks can be held out in 658,008 ways"):
        asked(folds=40, held_out=5)
