"""The indicators of one history by name, each computed when it is first asked for."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from trader.domain.market import Bars, Floats, Series
from trader.domain.value import digest_bytes
from trader.features.catalogue import feature, has_meaning, inputs_of
from trader.features.feature import Feature, Group, Inputs


class Table:
    """Name -> n values for n bars, read-only; the bars must be adjusted."""

    def __init__(
        self,
        bars: Bars,
        *,
        bars_a_year: float,
        index: Callable[[], Series | None] = lambda: None,
        beside: Callable[[str], Series | None] = lambda name: None,
    ) -> None:
        """`index`, and what stands `beside` the bars, are asked for only where an indicator reads them."""
        self._bars, self._bars_a_year = bars, bars_a_year
        self._computed: dict[str, Floats] = {}
        self._index = index
        self._beside = beside
        self._recent: dict[int, Table] = {}
        """By bars: the last so many, for indicators that read no more."""

    def __getitem__(self, name: str) -> Floats:
        """The indicator of this name. Raises UnknownName."""
        if name not in self._computed:
            row = feature(name)
            if not has_meaning(row, self._bars.timeframe):
                self._computed[name] = np.full(len(self._bars), np.nan)
            else:
                self._computed[name] = row.compute(self._inputs(row))
        return self._computed[name]

    def last(self, name: str) -> float:
        """The indicator at the last bar, NaN where it has no value; from its window alone where it has one.

        That is the last of its values to 1e-9, and over ten years of days takes a hundredth of the time.
        """
        row = feature(name)
        count = 1 << row.warmup.bit_length()  # more than the warm-up, and the same for many
        if not row.windowed or len(self._bars) <= count:
            return float(self[name][-1])
        if count not in self._recent:
            recent = self._bars[-count:]
            self._recent[count] = Table(
                recent, bars_a_year=self._bars_a_year, index=self._index, beside=self._beside
            )
        return float(self._recent[count][name][-1])

    def __len__(self) -> int:
        """Bars."""
        return len(self._bars)

    def digest_for(self, row: Feature) -> str:
        """Names all that `row` is computed from: the bars, and what is set beside them."""
        inputs = self._inputs(row)
        prices = (inputs.open, inputs.high, inputs.low, inputs.close, inputs.volume)
        columns = (*prices, inputs.index, *(inputs.beside.get(name) for name in row.reads))
        data = [b"" if column is None else column.astype("<f8").tobytes() for column in columns]
        opened = self._bars.opened.astype("datetime64[s]").astype("<i8").tobytes()
        said = f"{self._bars.timeframe} {self._bars_a_year!r}"
        return digest_bytes(b"\0".join([said.encode(), opened, *data]))

    def _inputs(self, row: Feature) -> Inputs:
        if row.reads:
            found = ((name, self._beside(name)) for name in row.reads)
            known = {name: series for name, series in found if series is not None}
            return inputs_of(self._bars, bars_a_year=self._bars_a_year, beside=known)
        return self._beside_the_index if row.group is Group.MARKET else self._alone

    @cached_property
    def _alone(self) -> Inputs:
        return inputs_of(self._bars, bars_a_year=self._bars_a_year)

    @cached_property
    def _beside_the_index(self) -> Inputs:
        return inputs_of(self._bars, bars_a_year=self._bars_a_year, index=self._index())
