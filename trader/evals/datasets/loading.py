"""A data set read and believed: only what its card says, byte for byte."""

from dataclasses import dataclass
from math import isclose
from pathlib import Path

from trader.data.feeds.files import open_folder
from trader.data.market import Market
from trader.domain.errors import DataError, UnknownName
from trader.evals.datasets.card import BARS, CARD, CASES, Card, CaseRow, digest_of, read_card, read_cases
from trader.evals.datasets.making import spans_overlap
from trader.memory.cases import outcomes

PACKAGED = Path(__file__).with_name("packaged")
TOLERANCE = 1e-9
"""Relative: of returns written down and computed anew."""


@dataclass(frozen=True)
class Dataset:
    """A set of cases, with the market that they happen in."""

    card: Card
    cases: tuple[CaseRow, ...]
    """In order of time, then symbol."""
    market: Market

    @property
    def scored(self) -> tuple[CaseRow, ...]:
        """The test part; all cases where there are no parts."""
        return tuple(case for case in self.cases if case.part != "train")


def load_dataset(folder: Path) -> Dataset:
    """The set in `folder`.

    Raises UsageError for a folder that is none; DataError for one that has changed, whose cases are not those
    of its bars, or whose training part knows of its test part.
    """
    card = read_card(folder)
    cases, raw = read_cases(folder)
    if not cases:
        raise DataError(f"{folder / CASES}: no case")
    market = open_folder(folder / BARS, card.symbols, card.timeframe)
    if (found := digest_of(raw, market.digest)) != card.digest:
        raise DataError(
            f"{folder}: the data set has changed: {CARD} says {card.digest}, the files are {found}",
            hint="restore the files, or make the set anew and call it another",
        )
    if overlap := spans_overlap(cases):
        raise DataError(
            f"{folder / CASES}: train and test overlap: {overlap}", hint="purge the training part"
        )
    _check_outcomes(folder, card, cases, market)
    return Dataset(card, tuple(sorted(cases, key=lambda case: (case.as_of, case.symbol))), market)


def dataset_named(name: str) -> Path:
    """The folder of a set: a path, or the name of a packaged one. Raises UnknownName."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if (PACKAGED / name / CARD).is_file():
        return PACKAGED / name
    packaged = (path.parent.name for path in PACKAGED.glob(f"*/{CARD}"))
    raise UnknownName("set of cases", name, ("journal", "journal:500", "behaviour", *packaged))


def _check_outcomes(folder: Path, card: Card, cases: list[CaseRow], market: Market) -> None:
    """Each case happened in the bars, and returned what it says."""
    view = market.view(market.closes(card.symbols)[-1])
    paid = {
        (symbol, at): r
        for symbol in card.symbols
        for known in (outcomes(view, symbol, card.horizon),)
        for at, r in zip(known.decided.tolist(), known.returns.tolist(), strict=True)
    }
    for number, case in enumerate(cases, start=1):
        r = paid.get((case.symbol, case.as_of.replace(tzinfo=None)))
        if r is None or not isclose(r, case.returned, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            what = (
                "is no close of the bars" if r is None else f"returned {r:.6f}, and not {case.returned:.6f}"
            )
            raise DataError(f"{folder / CASES}:{number}: {case.symbol} at {case.as_of:%Y-%m-%d %H:%M} {what}")
