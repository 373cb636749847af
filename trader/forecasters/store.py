"""Models on disk: a folder each, in the libraries' own formats, with a digest for every file.

    .trader/models/ID/card.json           written last: a folder without one is a training that was stopped
    .trader/models/ID/card.digest
    .trader/models/ID/xgboost.ubj …       a file for each member
    .trader/models/ID/forecasts.npz       what was forecast out of sample
    .trader/models/ID/folds/NN-DIGEST.npz     folds that are done

Nothing here is ever unpickled.
"""

import io
import os
import tempfile
import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from trader.domain.errors import Refused, UnknownName
from trader.domain.value import canonical_json, digest_bytes
from trader.forecasters.card import Card
from trader.forecasters.learners.registry import learner
from trader.forecasters.pipeline import Pipeline
from trader.forecasters.walking import OutOfSample

CARD, CARD_DIGEST, FORECASTS = "card.json", "card.digest", "forecasts.npz"


class DamagedModel(Refused):
    """A file of a model is not what was written."""


class FoldFolder:
    """Keeps the folds of one training."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "folds"

    def kept(self, fold: int) -> OutOfSample | None:
        """The fold, if a whole file of it is there."""
        for path in self._folder.glob(f"{fold:02}-*.npz"):
            data = path.read_bytes()
            if path.stem == f"{fold:02}-{digest_bytes(data)}":
                return unpacked(data)
        return None

    def keep(self, fold: int, tested: OutOfSample) -> None:
        """Written whole or not at all."""
        data = packed(tested)
        write(self._folder / f"{fold:02}-{digest_bytes(data)}.npz", data)

    @property
    def count(self) -> int:
        """Folds that are kept."""
        return len(list(self._folder.glob("*.npz")))


def packed(tested: OutOfSample) -> bytes:
    """NumPy's own format."""
    target = io.BytesIO()
    np.savez_compressed(target, **{field.name: getattr(tested, field.name) for field in fields(OutOfSample)})
    return target.getvalue()


def unpacked(data: bytes) -> OutOfSample:
    """The inverse of `packed`. Raises ValueError for what is no such file."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return OutOfSample(*(arrays[field.name] for field in fields(OutOfSample)))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"not a file of forecasts: {error!r}") from error


def write(path: Path, data: bytes) -> None:
    """Whole or not at all: a program that dies leaves the file that was there, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(data)
        part.flush()
        os.fsync(part.fileno())
    os.replace(part.name, path)


def save(folder: Path, card: Card, model: Pipeline, tested: OutOfSample) -> Card:
    """Write a model; the card with the digests of its files comes last, and makes it a model."""
    files = {member.file: fitted.dump() for member, fitted in zip(model.members, model.fitted, strict=True)}
    files[FORECASTS] = packed(tested)
    for name, data in files.items():
        write(folder / name, data)
    whole = card.model_copy(update={"files": {name: digest_bytes(data) for name, data in files.items()}})
    text = canonical_json(whole).encode()
    write(folder / CARD_DIGEST, digest_bytes(text).encode())
    write(folder / CARD, text)
    return whole


def ids(models: Path) -> tuple[str, ...]:
    """Models in the folder, those with a card."""
    return tuple(sorted(path.parent.name for path in models.glob(f"*/{CARD}")))


def find(models: Path, name: str) -> str:
    """The one model whose id is or begins with `name`. Raises UnknownName."""
    known = ids(models)
    near = [one for one in known if one.startswith(name)]
    if name in known:
        return name
    if len(near) == 1 and name:
        return near[0]
    raise UnknownName("model", name, known)


def card(models: Path, id: str) -> Card:
    """Raises DamagedModel where the card is not what was written."""
    folder = models / id
    data = _read(folder / CARD, id)
    if digest_bytes(data) != _read(folder / CARD_DIGEST, id).decode(errors="replace").strip():
        raise _damaged(id, CARD)
    try:
        return Card.model_validate_json(data)
    except ValidationError as error:
        raise DamagedModel(
            f"the model {id} is another version's: {error.error_count()} fields of its card do not fit",
            hint=_HINT,
        ) from error


def load(models: Path, card: Card) -> Pipeline:
    """The fitted model of a card. Raises DamagedModel, or MissingExtra for a library that is not there."""
    fitted = []
    for member in card.members:
        data = _whole(models, card, member.file)
        try:
            fitted.append(learner(member.learner, card.recipe.size).load(data))
        except ValueError as error:
            raise _damaged(card.id, member.file) from error
    return Pipeline(card.inputs, card.members, tuple(fitted), card.interval)


def forecasts(models: Path, card: Card) -> OutOfSample:
    """What the model forecast out of sample. Raises DamagedModel."""
    try:
        return unpacked(_whole(models, card, FORECASTS))
    except ValueError as error:
        raise _damaged(card.id, FORECASTS) from error


_HINT = "train it again, or retire it: trader models retire ID"


def _whole(models: Path, card: Card, name: str) -> bytes:
    data = _read(models / card.id / name, card.id)
    if digest_bytes(data) != card.files.get(name):
        raise _damaged(card.id, name)
    return data


def _read(path: Path, id: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DamagedModel(
            f"the model {id}: {path.name} cannot be read ({error.strerror})", hint=_HINT
        ) from error


def _damaged(id: str, name: str) -> DamagedModel:
    return DamagedModel(f"the model {id} is damaged: {name} is not what was written", hint=_HINT)
