"""The table of behaviour cases: in which situations whom is expected to do what. A row is many cases."""

from collections.abc import Iterator
from dataclasses import dataclass

from trader.evals.behaviour import expectations as expect
from trader.evals.behaviour.expectations import Expectation

SENIORS = ("momentum", "quant", "risk", "sentiment", "value")
FORECASTING = ("momentum", "quant", "sentiment", "value")
EVERYBODY = (*SENIORS, "desk")
UNKNOWABLE = ("nothing after", "scrambled after", "no numbers after", "news to come", "filing to come")
STRANGE = (
    "flat", "rising", "falling", "crash", "surge", "panic", "wild", "penny", "no volume", "tenfold volume",
    "good news", "bad news", "injected news", "cheap", "dear", "no macro",
)  # fmt: skip
PRICED = ("momentum", "quant", "value")
"""Who goes by prices and filings, and reads no news."""
ACCOUNTS = ("holding", "holding another", "drawdown")
FEW_BARS = ("2 bars", "20 bars", "60 bars", "120 bars", "200 bars")
NO_ORDER = ("stale", "2 bars", "20 bars", "nothing known", "deep drawdown", "poor")
LIMIT = 0.05
"""The position limit of a desk with nothing set."""


@dataclass(frozen=True)
class BehaviourCase:
    """One agent, or the desk, in one situation."""

    who: str
    situation: str
    must: str
    """In words: the expectation."""
    expectation: Expectation

    @property
    def id(self) -> str:
        """Names the case."""
        return f"{self.who}: {self.situation}: {self.must}"


ROWS: tuple[tuple[tuple[str, ...], tuple[str, ...], str, Expectation], ...] = (
    # who, in which situations, must, checked by
    (EVERYBODY, UNKNOWABLE, "be the same: nobody can know it", expect.same),
    (FORECASTING, ("in cents",), "be the same: only the unit differs", expect.same),
    (SENIORS, ("richer", "good news of another"), "be the same: none of its business", expect.same),
    (FORECASTING, ACCOUNTS, "be the same: the account is not the event", expect.same),
    (PRICED, ("good news", "bad news", "injected news"), "be the same: it reads none", expect.same),
    (("momentum", "quant"), ("no macro", "cheap", "dear"), "be the same: it reads none", expect.same),
    (("momentum",), ("tenfold volume", "no volume"), "be the same: it reads none", expect.same),
    (("momentum", "risk"), FEW_BARS, "abstain: too little history", expect.abstains),
    (("quant",), (*FEW_BARS, "250 bars"), "abstain: no forecast", expect.abstains),
    (("value",), ("20 bars", "200 bars", "250 bars"), "abstain: no filings, no five years", expect.abstains),
    (("value",), ("old filing",), "not believe a filing of years ago", expect.same),
    (("sentiment",), ("nothing known",), "abstain: no mood and no news", expect.abstains),
    (("momentum",), ("flat",), "abstain: there is no trend in a price that never moved", expect.abstains),
    ((*FORECASTING, "risk"), ("ordinary",), "speak: all that it needs is there", expect.speaks),
    (FORECASTING, STRANGE, "stay within 0.2 of the base rate, or abstain", expect.within(0.2)),
    (("momentum",), ("rising",), "not lean down", expect.at_least_base),
    (("momentum",), ("falling",), "not lean up", expect.at_most_base),
    (("value",), ("cheap",), "not lean down", expect.at_least_base),
    (("value",), ("dear",), "not lean up", expect.at_most_base),
    (("risk",), ("crash", "panic"), "allow at most half", expect.cap_at_most(0.5)),
    (("desk",), STRANGE, "want at most the position limit", expect.weight_at_most(LIMIT)),
    (("desk",), ("holding much",), "not want more than it holds: it is beyond the limit", expect.no_increase),
    (("desk",), ("deep drawdown",), "not want more: the drawdown is beyond its limit", expect.no_increase),
    (("desk",), ("2 bars", "20 bars", "60 bars"), "be undecided: nobody can forecast", expect.undecided),
    (("desk",), ("nothing known",), "be undecided: nobody can forecast", expect.undecided),
    (("desk",), ("stale",), "not listen: the last bar is a month old", expect.not_heard),
    (("desk",), NO_ORDER, "send no order", expect.nothing_sent),
)  # fmt: skip
"""Who may be one that the desk does not have: its cases are left out."""


def cases(who: tuple[str, ...] = (), others: tuple[str, ...] = ()) -> Iterator[BehaviourCase]:
    """Every case, or those of `who`, in the order of the table.

    `others` are further seniors of a desk: of them is expected what is expected of everybody.
    """
    for names, situations, must, expectation in ROWS:
        for name in (*names, *(others if names in (EVERYBODY, SENIORS) else ())):
            for situation in situations:
                if not who or name in who:
                    yield BehaviourCase(name, situation, must, expectation)
