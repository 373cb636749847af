"""Models on disk: found again, never trusted when damaged, never needed."""

from pathlib import Path

import pytest

from tests.tools.markets import close_of, market
from trader.tools.forecast import forecaster as forecaster_module
from trader.tools.forecast.forecaster import Forecaster
from trader.tools.forecast.model import dump

SOURCE = market(700)
NOW = SOURCE.view(close_of(699))


def forbid_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(forecaster_module, "train", train)


def test_a_model_is_trained_once_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = Forecaster(tmp_path / "models").at(NOW, 5)
    assert len(list((tmp_path / "models").iterdir())) == 1
    forbid_training(monkeypatch)
    again = Forecaster(tmp_path / "models")
    assert dump(again.at(NOW, 5).booster) == dump(trained.booster)
    assert again.notes == ()


def test_kept_or_not_the_model_is_the_same(tmp_path: Path) -> None:
    alone = Forecaster().at(NOW, 5)
    assert dump(Forecaster(tmp_path).at(NOW, 5).booster) == dump(alone.booster)
    assert dump(Forecaster(tmp_path).at(NOW, 5).booster) == dump(alone.booster)


@pytest.mark.parametrize("damage", [b"", b"not a model", None], ids=["empty", "text", "one byte changed"])
def test_a_damaged_file_is_noted_and_the_model_trained_again(tmp_path: Path, damage: bytes | None) -> None:
    whole = dump(Forecaster(tmp_path).at(NOW, 5).booster)
    [file] = tmp_path.iterdir()
    file.write_bytes(whole[:500] + bytes([whole[500] ^ 1]) + whole[501:] if damage is None else damage)
    forecaster = Forecaster(tmp_path)
    assert dump(forecaster.at(NOW, 5).booster) == whole
    assert forecaster.notes == (f"model cache: {file.name} is damaged; trained again",)
    assert file.read_bytes() == whole


def test_a_file_of_another_name_is_replaced(tmp_path: Path) -> None:
    Forecaster(tmp_path).at(NOW, 5)
    [file] = tmp_path.iterdir()
    stale = file.with_name(file.name.replace(file.stem[-4:], "0000"))
    file.rename(stale)
    Forecaster(tmp_path).at(NOW, 5)
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_cannot_be_written_is_noted_once_and_the_model_is_used(tmp_path: Path) -> None:
    blocked = tmp_path / "models"
    blocked.write_text("a file where the folder should be")
    forecaster = Forecaster(blocked)
    forecaster.at(NOW, 5)
    forecaster.at(SOURCE.view(close_of(678)), 5)
    [note] = forecaster.notes
    assert note.startswith(f"model cache: {blocked} cannot be written")


def test_other_data_is_another_file(tmp_path: Path) -> None:
    Forecaster(tmp_path).at(NOW, 5)
    Forecaster(tmp_path).at(market(700, seed=5).view(close_of(699)), 5)
    Forecaster(tmp_path, seed=1).at(NOW, 5)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_that_cannot_be_read_is_noted(tmp_path: Path) -> None:
    Forecaster(tmp_path).at(NOW, 5)
    [file] = tmp_path.iterdir()
    unreadable = file.with_name(file.name.replace(file.stem[-4:], "0000"))
    file.rename(tmp_path / "elsewhere")
    unreadable.mkdir()
    forecaster = Forecaster(tmp_path)
    forecaster.at(NOW, 5)
    [note] = forecaster.notes
    assert note.startswith(f"model cache: {unreadable.name} cannot be read")
