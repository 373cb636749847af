"""A training is kept fold by fold, a model is whole or refused, and scores are what they say."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.forecasters.rows import asked, rows
from trader.domain.errors import UnknownName
from trader.domain.market import Timeframe
from trader.forecasters import store, training
from trader.forecasters.card import Card
from trader.forecasters.recipe import Recipe
from trader.forecasters.samples import Samples
from trader.forecasters.scores import area
from trader.forecasters.training import About, identity
from trader.forecasters.walking import inputs_of

NOW = datetime(2020, 1, 1, tzinfo=UTC)
ABOUT = About("files:bars", ("AAA", "BBB"), Timeframe.D1, NOW, (), 0.002, "abc")
SAMPLES = rows(1600)


def trained(
    models: Path,
    samples: Samples = SAMPLES,
    recipe: Recipe | None = None,
    stopped: Callable[[], bool] = lambda: False,
    workers: int = 1,
) -> tuple[Card | None, list[tuple[int, int]]]:
    said: list[tuple[int, int]] = []
    card = training.train(
        models,
        samples,
        recipe or asked(),
        ABOUT,
        now=lambda: NOW,
        progress=lambda done, total: said.append((done, total)),
        stopped=stopped,
        workers=workers,
    )
    return card, said


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    trained(folder)
    return folder


def test_a_trained_model_is_found_with_its_card_and_forecasts_as_it_did(models: Path) -> None:
    (id,) = store.ids(models)
    card = store.card(models, store.find(models, id[:12]))
    model, found = store.load(models, card), store.forecasts(models, card)
    assert card.id == id == identity(SAMPLES, asked())
    assert card.data == SAMPLES.digest
    assert card.scores.cases == len(found) == sum(fold.cases for fold in card.folds)
    assert card.scores.against_base_rate.high < 0.0
    assert card.scores.auc == pytest.approx(area(found.p, found.happened))
    assert (model.probabilities(inputs_of(model, SAMPLES)) > 0.0).all()
    assert all(one.usual >= 0.0 for one in card.spreads)


def test_no_file_of_a_model_is_a_pickle(models: Path) -> None:
    (id,) = store.ids(models)
    for path in (models / id).rglob("*"):
        if path.is_file():
            assert path.suffix in {".json", ".digest", ".npz"}
            assert not path.read_bytes().startswith(b"\x80")
    with np.load(models / id / store.FORECASTS, allow_pickle=False) as arrays:
        assert len(arrays["p"]) > 0


@pytest.mark.parametrize("name", [store.CARD, store.CARD_DIGEST, store.FORECASTS, "logistic.json"])
def test_a_file_that_is_not_what_was_written_is_refused(tmp_path: Path, models: Path, name: str) -> None:
    (id,) = store.ids(models)
    copy = tmp_path / id
    copy.mkdir()
    for path in (models / id).glob("*.*"):
        (copy / path.name).write_bytes(path.read_bytes())
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])

    def read() -> None:
        card = store.card(tmp_path, id)
        store.load(tmp_path, card)
        store.forecasts(tmp_path, card)

    with pytest.raises(store.DamagedModel, match=f"the model {id} is damaged") as refused:
        read()
    assert refused.value.exit_code == 3
    (copy / name).unlink()
    with pytest.raises(store.DamagedModel, match="cannot be read"):
        read()


def test_a_name_that_is_none_is_said(models: Path) -> None:
    with pytest.raises(UnknownName, match="unknown model: forest"):
        store.find(models, "forest")
    with pytest.raises(UnknownName):
        store.find(models, "")


def test_other_rows_or_another_recipe_are_another_model() -> None:
    usual = identity(SAMPLES, asked())
    assert identity(rows(1600, seed=1), asked()) != usual
    assert identity(SAMPLES, asked(seed=1)) != usual
    assert identity(SAMPLES, asked(best=3)) != usual


def test_folds_beside_each_other_come_to_the_same(tmp_path: Path, models: Path) -> None:
    card, said = trained(tmp_path, workers=3)
    assert card is not None
    assert card == store.card(models, card.id)
    assert said == [(1, 3), (2, 3), (3, 3)]


def test_a_training_that_was_stopped_goes_on_where_it_was(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, said = trained(tmp_path, stopped=lambda: True)
    assert card is None
    assert said == [(1, 3)]
    assert store.ids(tmp_path) == ()
    fitted: list[int] = []
    from trader.forecasters import walking

    whole = walking.try_fold

    def counting(samples: Samples, split: object, recipe: Recipe) -> object:
        fitted.append(1)
        return whole(samples, split, recipe)  # type: ignore[arg-type]

    monkeypatch.setattr(walking, "try_fold", counting)
    kept = store.FoldFolder(tmp_path / identity(SAMPLES, asked())).count
    again, _ = trained(tmp_path)
    assert again == store.card(models, again.id) if again else False
    assert len(fitted) == 3 - kept


def test_a_fold_that_is_damaged_is_fitted_again(tmp_path: Path, models: Path) -> None:
    trained(tmp_path, stopped=lambda: True)
    for path in (tmp_path / identity(SAMPLES, asked()) / "folds").iterdir():
        path.write_bytes(b"torn")
    card, _ = trained(tmp_path)
    assert card is not None
    assert card == store.card(models, card.id)


SCRIPT = """
import sys
from pathlib import Path
from tests.forecasters.test_training import SAMPLES, asked, trained
trained(Path(sys.argv[1]), SAMPLES, asked(folds=60))
"""


def test_killed_in_the_middle_it_goes_on_with_what_was_kept(tmp_path: Path) -> None:
    recipe = asked(folds=60)
    folder = tmp_path / identity(SAMPLES, recipe)
    root = Path(__file__).parents[2]
    child = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=root)
    kept = store.FoldFolder(folder)
    until = time.monotonic() + 120.0
    while kept.count < 3 and child.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert child.returncode == -signal.SIGKILL
    assert store.ids(tmp_path) == ()
    before = {path: path.stat().st_mtime_ns for path in (folder / "folds").glob("*.npz")}
    assert len(before) >= 3
    card, _ = trained(tmp_path, recipe=recipe)
    assert card is not None
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(card.folds) == 60
    assert json.loads((folder / store.CARD).read_bytes())["id"] == card.id


def test_the_interval_holds_what_it_says_out_of_sample(models: Path) -> None:
    card = store.card(models, store.ids(models)[0])
    assert card.scores.coverage.low < card.interval.level < card.scores.coverage.high


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    rng = np.random.default_rng(3)
    p, happened = np.round(rng.random(60), 1), (rng.random(60) < 0.4).astype(float)
    pairs = [(a > b) + 0.5 * (a == b) for a in p[happened == 1] for b in p[happened == 0]]
    assert area(p, happened) == pytest.approx(np.mean(pairs))
    assert area(p, np.ones(60)) == 0.5
