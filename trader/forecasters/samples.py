"""What a model is trained and tested on: rows of inputs, each with its label and the bars that spans."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trader.domain.errors import UsageError
from trader.domain.market import Floats, Times
from trader.domain.value import digest_bytes

Matrix = NDArray[np.float32]
Rows = NDArray[np.int64]
"""Numbers of rows, ascending."""

FEWEST_ROWS = 500
"""Less says nothing: it is a hundred effective cases of five bars."""


@dataclass(frozen=True, eq=False)
class Samples:
    """n rows of k inputs, sorted by decision moment, then symbol. Every array but `names` has n rows."""

    names: tuple[str, ...]
    """Of the k inputs."""
    inputs: Matrix
    """(n, k), NaN where an input has no value."""
    decided: Times
    symbol: NDArray[np.str_]
    begins: Rows
    """The bar t at whose close the row was decided, counted over all closes of the market."""
    ends: Rows
    """The bar at whose close the label was known."""
    returns: Floats
    """What the label's trade returned, as a fraction."""
    happened: Floats
    """1 where that was above the label's threshold."""
    weight: Floats
    """What the row is worth as a case: average uniqueness, and what symbols of one date repeat."""
    scale: Floats
    """The return's usual size over the horizon, known when decided: what intervals are measured in."""

    def __len__(self) -> int:
        return len(self.happened)

    @property
    def n_eff(self) -> float:
        """Effective cases."""
        return float(self.weight.sum())

    @property
    def base_rate(self) -> float:
        """How often the event happened, by weight."""
        return float(np.average(self.happened, weights=self.weight))

    def take(self, rows: Rows) -> Self:
        """These rows and no others."""
        parts = {field.name: getattr(self, field.name)[rows] for field in fields(self)[1:]}
        return type(self)(self.names, **parts)

    def with_inputs(self, columns: Rows) -> Self:
        """These inputs and no others."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)[2:]}
        names = tuple(self.names[column] for column in columns)
        return type(self)(names, np.ascontiguousarray(self.inputs[:, columns]), **parts)

    @cached_property
    def digest(self) -> str:
        """Names the rows: the same digest, the same training data, byte for byte."""
        parts = ["\0".join(self.names).encode(), "\0".join(self.symbol.tolist()).encode()]
        parts += [
            np.ascontiguousarray(array).astype(kind).tobytes()
            for array, kind in (
                (self.inputs, "<f4"),
                (self.decided.astype("datetime64[s]").astype(np.int64), "<i8"),
                (self.ends, "<i8"),
                (self.returns, "<f8"),
                (self.happened, "<f4"),
                (self.weight, "<f8"),
            )
        ]
        return digest_bytes(b"\n".join(parts))


def check_trainable(samples: Samples, what: str = "the history") -> None:
    """Raise UsageError where there are too few rows, or only one outcome."""
    if len(samples) < FEWEST_ROWS:
        raise UsageError(
            f"{what} has {len(samples)} resolved rows, and a model needs {FEWEST_ROWS}",
            hint="take a longer history, more symbols, or a shorter horizon",
        )
    outcomes = np.unique(samples.happened)
    if len(outcomes) < 2:
        word = "always" if outcomes[0] else "never"
        raise UsageError(
            f"the event {word} happened in {what}, so there is nothing to tell apart",
            hint="take another horizon or label, or a longer history",
        )
