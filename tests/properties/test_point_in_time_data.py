"""Nothing that a view shows depends on what came later, and event returns are what their definition says."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trader.data.adjust import ActionTable, adjusted
from trader.data.market import Market
from trader.data.outcomes import event_returns
from trader.data.view import MarketView
from trader.domain.errors import ToolError
from trader.domain.instruments import AssetClass, Instrument
from trader.domain.market import (
    ActionKind,
    Bars,
    CorporateAction,
    FundamentalRow,
    NewsItem,
    Series,
    Timeframe,
)

FIRST = datetime(2012, 1, 2, tzinfo=UTC)
COUNT = 24
ACME = Instrument(
    symbol="ACME",
    venue="XNYS",
    asset_class=AssetClass.EQUITY,
    currency="USD",
    tick_size=Decimal("0.01"),
    lot_size=Decimal(1),
    calendar="24/7",
)


@st.composite
def bars(draw: st.DrawFn, count: int = COUNT) -> Bars:
    """Bars of six hours' trading a day, some days missing, so that moments fall before, in and after them."""
    days = draw(st.lists(st.integers(0, 2 * count), min_size=count, max_size=count, unique=True).map(sorted))
    opened = (
        np.datetime64(FIRST.date(), "s") + np.array(days) * np.timedelta64(1, "D") + np.timedelta64(14, "h")
    )
    low, close_up, open_up, high_up = (
        np.array(draw(st.lists(st.integers(1, 9999), min_size=count, max_size=count))) / 100 for _ in range(4)
    )
    close, open_ = low + 20 + close_up, low + 20 + open_up
    return Bars(
        "ACME",
        Timeframe.D1,
        opened,
        opened + np.timedelta64(6, "h"),
        open_,
        np.maximum(open_, close) + high_up,
        low,
        close,
        np.round(high_up * 1000),
    )


@st.composite
def actions(draw: st.DrawFn) -> tuple[CorporateAction, ...]:
    """Splits and small dividends, before, on, between and after the bars' days; often several on one day."""
    found = []
    for _ in range(draw(st.integers(0, 8))):
        day = FIRST.date() + timedelta(days=draw(st.integers(-3, 2 * COUNT + 3)))
        kind = draw(st.sampled_from(ActionKind))
        amounts = ("2", "1.5", "0.1", "3") if kind is ActionKind.SPLIT else ("0.01", "0.5", "1.25")
        amount = draw(st.sampled_from(amounts))
        effective = datetime(day.year, day.month, day.day, 14, tzinfo=UTC)
        found.append(
            CorporateAction(
                symbol="ACME", ex_date=day, kind=kind, amount=Decimal(amount), effective=effective
            )
        )
    return tuple(found)


moments = st.integers(-12, 24 * (2 * COUNT + 2)).map(lambda hours: FIRST + timedelta(hours=hours))


def in_effect(action: CorporateAction, opened: np.datetime64) -> bool:
    return bool(np.datetime64(action.effective.replace(tzinfo=None), "s") <= opened)


def first_row(held: Bars, action: CorporateAction) -> int:
    return next((row for row in range(len(held)) if in_effect(action, held.opened[row])), len(held))


def event_by_definition(held: Bars, known: tuple[CorporateAction, ...], bought: int, sold: int) -> float:
    """One unit from the open of bar `bought` to the close of bar `sold`, day by day."""
    units, cash = 1.0, 0.0
    for row in range(bought + 1, sold + 1):
        today = [action for action in known if first_row(held, action) == row]
        for action in today:
            if action.kind is ActionKind.SPLIT:
                units *= float(action.amount)
        cash += sum(units * float(action.amount) for action in today if action.kind is ActionKind.DIVIDEND)
    return (units * held.close[sold] + cash) / held.open[bought] - 1.0


@settings(max_examples=100, deadline=None)
@given(held=bars(), known=actions(), horizon=st.integers(1, COUNT + 1))
def test_event_returns_are_what_a_holder_would_have_counted(
    held: Bars, known: tuple[CorporateAction, ...], horizon: int
) -> None:
    rows = event_returns(held, ActionTable.of(known), horizon)
    count = max(0, COUNT - horizon)
    expected = [event_by_definition(held, known, t + 1, t + horizon) for t in range(count)]
    assert rows.r.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert rows.decided.tolist() == held.available[:count].tolist()
    assert rows.resolved.tolist() == held.available[COUNT - count :].tolist()


@settings(max_examples=100, deadline=None)
@given(held=bars(), known=actions())
def test_from_bar_to_bar_an_adjusted_close_grows_as_the_holding_did(
    held: Bars, known: tuple[CorporateAction, ...]
) -> None:
    shown = adjusted(held, ActionTable.of(known))
    for row in range(1, COUNT):
        today = [action for action in known if first_row(held, action) == row]
        before = float(held.close[row - 1]) * np.prod([kept_by(action, held, known) for action in today])
        expected = held.close[row] / before
        assert shown.close[row] / shown.close[row - 1] == pytest.approx(expected, rel=1e-9)
    if all(in_effect(action, held.opened[-1]) for action in known):
        assert shown.close[-1] == held.close[-1]


def kept_by(action: CorporateAction, held: Bars, known: tuple[CorporateAction, ...]) -> float:
    """What one action leaves of the price before it: 1 / ratio of a split, 1 - D / C of a dividend."""
    if action.kind is ActionKind.DELISTING:  # prices stay as they were
        return 1.0
    if action.kind is ActionKind.SPLIT:
        return 1 / float(action.amount)
    closed = [row for row in range(COUNT) if in_effect_after(action, held.available[row])]
    if not closed:
        return 1.0
    together = [
        float(other.amount)
        for other in known
        if other.kind is ActionKind.SPLIT and other.effective == action.effective
    ]
    return float(1 - float(action.amount) * np.prod(together) / held.close[closed[-1]])


def in_effect_after(action: CorporateAction, closed: np.datetime64) -> bool:
    """Whether a bar had closed when `action` came into effect."""
    return bool(closed <= np.datetime64(action.effective.replace(tzinfo=None), "s"))


def market(held: Bars, known: tuple[CorporateAction, ...], seed: int = 0) -> Market:
    """A market with something of everything, spread over the bars' days."""
    random = np.random.default_rng(seed)
    hours = np.sort(random.integers(0, 48 * COUNT, 30))
    public = np.datetime64(FIRST.date(), "s") + hours * np.timedelta64(1, "h")
    times = [FIRST + timedelta(hours=int(hour)) for hour in hours]
    period = (public - np.timedelta64(40, "D")).astype("datetime64[M]").astype("datetime64[D]")
    return Market(
        timeframe=Timeframe.D1,
        instruments={"ACME": ACME},
        bars={"ACME": held},
        actions={"ACME": known},
        series={"cpi": Series("cpi", period, public, random.normal(size=30))},
        news=[NewsItem(published_at=at, symbols=("ACME",), title=f"item {n}") for n, at in enumerate(times)],
        fundamentals=[
            FundamentalRow(
                symbol="ACME", published_at=at, period_end=date(2011, 1 + n % 12, 1), values={"eps": n}
            )
            for n, at in enumerate(times)
        ],
    )


def nothing(whole: Market, as_of: datetime) -> Market:
    """The same market, its record ending at `as_of`; one bar more stays where a market would have none."""
    until = max(1, len(whole.bars["ACME"].until(as_of)))
    return replace(
        whole,
        bars={"ACME": whole.bars["ACME"][:until]},
        actions={"ACME": tuple(row for row in whole.actions["ACME"] if row.effective <= as_of)},
        series={"cpi": whole.series["cpi"].until(as_of)},
        news=[item for item in whole.news if item.published_at <= as_of],
        fundamentals=[row for row in whole.fundamentals if row.published_at <= as_of],
    )


def spoilt(whole: Market, as_of: datetime, number: Callable[[int], np.ndarray]) -> Market:
    """Every later number is another, and every later text and action too."""
    cut = np.datetime64(as_of.replace(tzinfo=None), "s")
    held, series = whole.bars["ACME"], whole.series["cpi"]
    later = held.available > cut
    fields = {
        name: np.where(later, number(len(held)), getattr(held, name))
        for name in ("open", "high", "low", "close", "volume")
    }
    late = whole.actions["ACME"]
    return replace(
        whole,
        bars={"ACME": replace(held, **fields)},
        actions={
            "ACME": tuple(
                row if row.effective <= as_of else row.model_copy(update={"amount": Decimal(7)})
                for row in late
            )
        },
        series={
            "cpi": replace(series, value=np.where(series.published > cut, number(len(series)), series.value))
        },
        news=[
            item if item.published_at <= as_of else item.model_copy(update={"title": "spoilt"})
            for item in whole.news
        ],
        fundamentals=[
            row if row.published_at <= as_of else row.model_copy(update={"values": {"eps": 1e9}})
            for row in whole.fundamentals
        ],
    )


def shown(view: MarketView) -> Iterator[object]:
    """Everything that a view can say, byte for byte."""
    yield view.as_of, view.timeframe, view.symbols, view.instrument("ACME")
    answers = [
        *(lambda count=count: view.bars("ACME", count) for count in (None, 1, 5)),
        lambda: view.traded("ACME"),
        lambda: view.traded("ACME", 2),
        *(lambda horizon=horizon: view.event_returns("ACME", horizon) for horizon in (1, 3, COUNT)),
        lambda: view.series("cpi"),
    ]
    for answer in answers:
        try:
            yield [
                part.tobytes() if isinstance(part, np.ndarray) else part for part in vars(answer()).values()
            ]
        except ToolError as error:
            yield str(error)
    for plain in (view.price, view.age, view.actions, view.news, view.fundamentals):
        try:
            yield plain("ACME")
        except ToolError as error:
            yield str(error)


@settings(max_examples=100, deadline=None)
@given(held=bars(), known=actions(), as_of=moments, seed=st.integers(0, 99))
def test_what_comes_later_changes_nothing_that_is_shown(
    held: Bars, known: tuple[CorporateAction, ...], as_of: datetime, seed: int
) -> None:
    whole = market(held, known, seed)
    noise = np.random.default_rng(seed)
    truth = list(shown(whole.view(as_of)))
    assert list(shown(nothing(whole, as_of).view(as_of))) == truth
    assert list(shown(spoilt(whole, as_of, lambda n: np.full(n, np.nan)).view(as_of))) == truth
    assert list(shown(spoilt(whole, as_of, lambda n: noise.normal(0, 1e6, n)).view(as_of))) == truth


@settings(max_examples=50, deadline=None)
@given(held=bars(), known=actions(), as_of=moments)
def test_no_array_that_is_handed_out_leads_to_a_later_row(
    held: Bars, known: tuple[CorporateAction, ...], as_of: datetime
) -> None:
    view = market(held, known).view(as_of)
    available = len(view.bars("ACME"))
    handed = [view.bars("ACME"), view.bars("ACME", 3), view.traded("ACME", 3), view.event_returns("ACME", 2)]
    for part in (array for answer in handed for array in vars(answer).values()):
        array = part
        while isinstance(array, np.ndarray):
            assert len(array) <= available
            array = array.base


def test_the_test_finds_a_view_that_peeks() -> None:
    """A view that cuts bars at their opening knows the close of the bar in progress."""

    class Peeking(MarketView):
        def _traded(self, symbol: str) -> Bars:
            held = self._market.bars[symbol]
            return held[
                : int(np.searchsorted(held.opened, np.datetime64(self.as_of.replace(tzinfo=None)), "right"))
            ]

    opened = np.datetime64("2012-01-02T14:00:00", "s") + np.arange(5) * np.timedelta64(1, "D")
    price = np.linspace(50.0, 54.0, 5)
    held = Bars(
        "ACME", Timeframe.D1, opened, opened + np.timedelta64(6, "h"), price, price, price, price, price
    )
    whole = market(held, ())
    as_of = datetime(2012, 1, 4, 15, tzinfo=UTC)
    other = spoilt(whole, as_of, lambda n: np.full(n, np.nan))
    assert list(shown(MarketView(whole, as_of))) == list(shown(MarketView(other, as_of)))
    assert list(shown(Peeking(whole, as_of))) != list(shown(Peeking(other, as_of)))
