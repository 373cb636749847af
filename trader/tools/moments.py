"""From the arrays' clock to Python's."""

from datetime import UTC, datetime

import numpy as np


def as_datetime(at: np.datetime64) -> datetime:
    """`at`, UTC, as an aware datetime."""
    return datetime.fromtimestamp(int(at.astype("datetime64[s]").astype(np.int64)), UTC)
