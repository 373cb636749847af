"""How a model is made, so that it can be made again: what `trader models train NAME` means by NAME."""

from enum import StrEnum
from math import comb

from pydantic import Field, ValidationError

from trader.domain.errors import UnknownName, UsageError
from trader.domain.value import Number, Value, digest
from trader.forecasters.calibrating import Method
from trader.forecasters.learners.registry import LEARNERS, learner


class Label(StrEnum):
    """What is forecast."""

    EVENT = "event"
    """The desk's event: the return over the horizon is above zero."""
    BARRIER = "barrier"
    """A trade bought at the next open ends above its costs: profit, loss or time, whichever comes first."""


class Purpose(StrEnum):
    """What a model is for."""

    FORECAST = "forecast"
    """Its probability is what the forecaster says."""
    VALIDATOR = "validator"
    """Whether a signal is worth taking: trained on the moments at which the forecaster leaned up."""


class Recipe(Value):
    """Everything that shapes a model besides its rows."""

    name: str
    members: tuple[str, ...]
    """Learners; more than one are an ensemble."""
    purpose: Purpose = Purpose.FORECAST
    label: Label = Label.EVENT
    horizon: int = Field(ge=1)
    barrier: Number = Field(default=1.0, gt=0.0)
    """Width of the barriers, in the return's usual size over the horizon."""
    size: str = "calm"
    best: int = Field(default=20, ge=1)
    """Inputs kept, of those there are, in each fold by itself."""
    folds: int = Field(default=8, ge=2, le=100)
    held_out: int | None = Field(default=None, ge=1, exclude_if=lambda value: value is None)
    """Blocks tested at a time, where folds are every choice of them (`splits.combinatorial`); else None."""
    embargo: int = Field(default=5, ge=0)
    """Bars between the last label trained on and the first row tested."""
    calibration: Method = "platt"
    seed: int = Field(default=0, ge=0)

    @property
    def tests(self) -> int:
        """Splits that the recipe is tested on."""
        return self.folds if self.held_out is None else comb(self.folds, self.held_out)

    def digest(self, rows: str) -> str:
        """Names the model that this makes of the rows with that digest, with the libraries installed here."""
        versions = [learner(member, self.size).version() for member in self.members]
        return digest([self.model_dump(mode="json"), rows, versions])


MOST_TESTS = 500
"""Fits that a study may take: 2 of 32 blocks, or 3 of 15."""
NAMES = (*LEARNERS, "ensemble", "validator")
"""What `trader models train` can make."""
ENSEMBLE = ("logistic", "xgboost", "lightgbm")


def recipe(name: str, horizon: int, **changes: object) -> Recipe:
    """The recipe of this name. Raises UnknownName, UsageError."""
    if name not in NAMES:
        raise UnknownName("model to train", name, NAMES)
    known: dict[str, object] = {"name": name, "horizon": horizon, "members": (name,)}
    if name == "ensemble":
        known["members"] = ENSEMBLE
    if name == "validator":
        known |= {"members": ("logistic",), "purpose": Purpose.VALIDATOR, "label": Label.BARRIER}
    try:
        found = Recipe.model_validate(known | changes)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"{place} {first['input']}: {first['msg'][:1].lower()}{first['msg'][1:]}") from None
    if found.tests > MOST_TESTS:
        raise UsageError(
            f"{found.held_out} of {found.folds} blocks can be held out in {found.tests:,} ways",
            hint=f"take fewer: no more than {MOST_TESTS} models are fitted",
        )
    for member in found.members:
        learner(member, found.size)
    return found
