"""A small story of one book, in the order it would be recorded: at least one record of every kind."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trader.domain.decisions import Contribution, Cut, Decision, Outcome, Payoff, Pool, SizingStep
from trader.domain.ids import BookId, RunId, client_order_id, decision_id, round_id, signal_id
from trader.domain.learned import Calibration, LearnedState, SymbolEvidence
from trader.domain.lessons import Change
from trader.domain.market import Regime, Timeframe
from trader.domain.orders import Fill, Order, OrderEvent, OrderState, OrderType, Ruling, RulingOutcome, Side
from trader.domain.portfolio import Account, AccountEntry, Book, EntryKind, Mode, Position, WorkingOrder
from trader.domain.reports import Evidence
from trader.domain.signals import Direction, Signal, SignalSource
from trader.domain.trades import ClosedTrade, ExitReason, MarketState, Stated
from trader.journal import records as r
from trader.journal.model_records import ModelEvent, ModelTrained

BOOK = BookId("01HX0000000000000000000000")
RUN = RunId("01HX0000000000000000000001")
START = datetime(2012, 6, 1, 20, tzinfo=UTC)
DAY = timedelta(days=1)
SYMBOLS = ("AAPL", "GOOG", "IBM", "MSFT")


def book(id: BookId = BOOK, settings: str = "a" * 24) -> Book:
    return Book(
        id=id,
        mode=Mode.PAPER,
        feed="sample",
        symbols=SYMBOLS,
        timeframe=Timeframe.D1,
        horizon=5,
        currency="USD",
        calendar="XNYS",
        cash=Decimal("100000.00"),
        opened_at=START,
        settings=settings,
    )


def run(id: RunId = RUN, of: BookId = BOOK) -> r.RunStarted:
    return r.RunStarted(
        run=id,
        book=of,
        at=START,
        mode=Mode.PAPER,
        version="0.1.0",
        seed=7,
        settings={"desk": {"quorum": 2, "band": 0.005}},
        settings_digest="a" * 24,
        prompts={"momentum": "b" * 24},
        data_digest="c" * 24,
    )


def state(cut_off: datetime = START) -> LearnedState:
    return LearnedState(
        cut_off=cut_off,
        horizon=5,
        symbols=tuple(
            SymbolEvidence(
                symbol=symbol,
                base_rate=0.55,
                mean_gain=0.03,
                mean_loss=0.02,
                volatility=0.3,
                bars_a_year=252.0,
                n=1000,
                n_eff=210.5,
            )
            for symbol in SYMBOLS
        ),
        records=(Calibration(record="momentum/rule:momentum", weight=0.2, prior_weight=0.2, n=9, n_eff=1.5),),
        correlation=0.4,
    )


def decision(symbol: str, as_of: datetime = START, of: BookId = BOOK, pooled: bool = True) -> Decision:
    return Decision(
        id=decision_id(of, as_of, symbol, 5),
        book=of,
        round=round_id(of, as_of),
        as_of=as_of,
        symbol=symbol,
        horizon=5,
        outcome=Outcome.TRADE if pooled else Outcome.UNDECIDED,
        cause="edge 0.12 % above its error" if pooled else "one forecast, two needed",
        held_weight=0.0,
        target_weight=0.0123456789012345,
        price=Decimal("560.99"),
        stop=Decimal("520.1"),
        pool=Pool(
            base_rate=0.55,
            contributions=(
                Contribution(
                    agent="momentum",
                    record="momentum/rule:momentum",
                    p_up=0.61,
                    p_calibrated=0.58,
                    shift=0.1,
                    weight=1.0,
                ),
            ),
            p_up=0.57,
            n_eff=210.5,
            sigma_p=0.03,
            agreement=1.0,
        )
        if pooled
        else None,
        payoff=Payoff(mean_gain=0.03, mean_loss=0.02, cost=0.002),
        edge=0.0065,
        edge_error=0.0015,
        sizing=(SizingStep(name="kelly", value=0.2, weight=0.2, note="full"),),
        cuts=(Cut(by="position_size", before=0.2, after=0.05, reason="5 % allowed — «cap»"),),
        learned=r.StateLearned.of(of, state()).digest,
    )


def evidence(symbol: str) -> Evidence:
    return Evidence(
        tool="features", arguments={"symbol": symbol}, result={"return_5": 0.1 + 0.2, "bars": 900}
    )


def step(made: Decision, agent: str, **changes: Any) -> r.Step:
    said: dict[str, Any] = {"agent": agent, "p_up": 0.61, "reasoning": "twelve months without the last rose"}
    fields: dict[str, Any] = {
        "decision": made.id,
        "round": made.round,
        "book": made.book,
        "as_of": made.as_of,
        "symbol": made.symbol,
        "stage": 3,
        "agent": agent,
        "tier": "senior",
        "form": "opinion",
        "body": said,
        "evidence": (evidence(made.symbol).digest,),
        "prompt": "b" * 24,
        "source": f"rule:{agent}",
        "record": f"{agent}/rule:{agent}",
        "ms": 0.25,
    }
    return r.Step(**fields | changes)


def steps(made: Decision) -> list[r.Step]:
    return [
        step(
            made,
            "technicals",
            stage=1,
            tier="junior",
            form="report",
            body={"agent": "technicals", "facts": [], "p_up": 0.9},  # a report's word is not an opinion
            source="tools",
            record="",
        ),
        step(made, "momentum"),
        step(made, "value", form="abstention", body={"agent": "value", "reason": "no fundamentals"}),
        step(made, "risk", body={"agent": "risk", "p_up": None, "size_cap": 0.5, "reasoning": "calm"}),
    ]


def model_called(**changes: Any) -> r.ModelCalled:
    made = decision("IBM")
    fields: dict[str, Any] = {
        "decision": made.id,
        "round": made.round,
        "book": made.book,
        "at": START + timedelta(days=5000),
        "agent": "momentum",
        "model": "ollama/llama3.2",
        "stage": 2,
        "attempt": 1,
        "repair": True,
        "call": "d" * 24,
        "answer": "e" * 24,
        "model_version": "llama3.2:3b",
        "tokens_in": 2811,
        "tokens_out": 190,
        "tokens_cached": 1500,
        "usd": Decimal("0.00123"),
        "ms": 812.5,
        "error_kind": "ParseError",
        "error": "p_up: above 0.99",
    }
    return r.ModelCalled(**fields | changes)


def call_reserved(**changes: Any) -> r.CallReserved:
    made = decision("IBM")
    fields: dict[str, Any] = {
        "run": RUN,
        "decision": made.id,
        "book": made.book,
        "at": START + timedelta(days=5000),
        "agent": "momentum",
        "call": "d" * 24,
        "asked": 0,
        "usd": Decimal("0.004"),
        "tokens": 4000,
    }
    return r.CallReserved(**fields | changes)


def order(made: Decision) -> Order:
    return Order(
        client_id=client_order_id(made.id, "e"),
        decision=made.id,
        symbol=made.symbol,
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal("8.00"),
        limit_price=Decimal("589.03"),
    )


def account(as_of: datetime) -> Account:
    working = order(decision("IBM", START - DAY))
    return Account(
        as_of=as_of,
        currency="USD",
        cash=Decimal("95000.10"),
        positions=(
            Position(symbol="IBM", quantity=Decimal(5), cost=Decimal("999.5"), opened_at=START - DAY),
        ),
        working=(WorkingOrder(order=working, state=OrderState.ACKNOWLEDGED),),
        marks={"IBM": Decimal("199.87")},
        peak=Decimal("100010.00"),
        day_open=Decimal("99999.99"),
    )


def opening(as_of: datetime = START, of: BookId = BOOK) -> r.RoundOpened:
    bar = Signal(
        id=signal_id("bar", "AAPL", as_of),
        source=SignalSource.BAR,
        symbol="AAPL",
        timeframe=Timeframe.D1,
        at=as_of,
    )
    alert = Signal(
        id=signal_id("webhook", "GOOG", as_of),
        source=SignalSource.WEBHOOK,
        symbol="GOOG",
        timeframe=Timeframe.D1,
        at=as_of,
        direction=Direction.LONG,
        stop=Decimal("540.5"),
        confidence=0.7,
    )
    return r.RoundOpened(
        round=round_id(of, as_of),
        book=of,
        run=RUN,
        as_of=as_of,
        signals=(bar, alert),
        account=account(as_of),
        facts={"quotes": {"AAPL": ["560.9", "561.1"]}, "entries_today": 0},
        learned=r.StateLearned.of(of, state()).digest,
    )


def closing(as_of: datetime = START, of: BookId = BOOK) -> r.RoundClosed:
    return r.RoundClosed(round=round_id(of, as_of), book=of, as_of=as_of, at=as_of + timedelta(seconds=1))


def trade(made: Decision) -> list[r.Record]:
    """A ruling, an order, its life and its fills a day later."""
    placed = order(made)
    filled = made.as_of + DAY
    ruling = Ruling(
        client_id=placed.client_id,
        symbol=made.symbol,
        outcome=RulingOutcome.CUT,
        limit="position_size",
        asked=0.061,
        permitted=0.05,
        quantity_asked=Decimal(10),
        quantity=Decimal("8"),
        sentence="position size: 6.1 % of equity asked, 5 % allowed",
    )
    of_round: dict[str, Any] = {"round": made.round, "book": made.book, "decision": made.id, "ruling": ruling}
    return [
        r.RulingMade(stage="allocate", **of_round),
        r.RulingMade(stage="gate", **of_round),
        r.OrderIntended(book=made.book, round=made.round, order=placed, at=made.as_of),
        *(
            r.OrderChanged(
                book=made.book,
                event=OrderEvent(
                    client_id=placed.client_id, state=to, at=at, quantity=quantity, reason="as a test would"
                ),
            )
            for to, at, quantity in (
                (OrderState.SUBMITTED, made.as_of, None),
                (OrderState.ACKNOWLEDGED, made.as_of + timedelta(microseconds=1), None),
                (OrderState.ACKNOWLEDGED, made.as_of + timedelta(microseconds=1), Decimal("16")),
                (OrderState.FILLED, filled, None),
            )
        ),
        r.FillReceived(
            book=made.book,
            fill=Fill(
                id=f"{placed.client_id}-1",
                client_id=placed.client_id,
                symbol=made.symbol,
                side=Side.BUY,
                quantity=Decimal("8"),
                price=Decimal("561.005"),
                market=Decimal("560.90"),
                fee=Decimal("0.0000001"),
                fee_currency="USD",
                at=filled,
                note="ten per cent of the volume",
            ),
        ),
    ]


def entry(of: BookId = BOOK) -> AccountEntry:
    return AccountEntry(
        id="dividend-IBM-2012-06-04",
        kind=EntryKind.DIVIDEND,
        at=START + DAY,
        symbol="IBM",
        cash=Decimal("4.25"),
    )


def mark(as_of: datetime, of: BookId = BOOK) -> r.Marked:
    return r.Marked(
        book=of, as_of=as_of, equity=Decimal("99900.12"), cash=Decimal("95000.1"), gross=Decimal("4900.02")
    )


def note(of: BookId = BOOK) -> r.Noted:
    return r.Noted(
        book=of,
        round=round_id(of, START),
        at=START,
        kind="bar_cleaned",
        text="GOOG 2012-05-31: volume zero, bar left out",
        data={"row": 17},
    )


def learning_event(of: BookId = BOOK) -> r.LearningEvent:
    return r.LearningEvent(
        book=of,
        at=START,
        change=Change(
            kind="threshold",
            subject="adx",
            before={"value": None},
            after={"value": 18.5},
            evidence={"t": 3.5, "worth": 120.0},
            text="adx: from off to 18.5",
        ),
    )


def breaker(of: BookId = BOOK, **changes: Any) -> r.BreakerChanged:
    fields: dict[str, Any] = {
        "book": of,
        "reason": "daily_loss",
        "since": START,
        "until": START + DAY,
        "lifted": False,
        "at": START,
        "asked": Decimal("0.021"),
        "permitted": Decimal("0.02"),
    }
    return r.BreakerChanged(**fields | changes)


def model_trained(id: str = "xgboost-0123456789ab") -> ModelTrained:
    return ModelTrained(
        id=id,
        at=START,
        name="xgboost",
        purpose="forecast",
        label="event",
        horizon=5,
        timeframe=Timeframe.D1,
        feed="sample",
        symbols=SYMBOLS,
        data="d" * 24,
        trained_from=START - 900 * DAY,
        trained_until=START - DAY,
        rows=3000,
        n_eff=240.5,
        folds=8,
        log_loss=0.69,
        brier=0.248,
        auc=0.52,
        against_base_rate=-0.001,
        against_base_rate_high=0.002,
        against_baseline=0.0005,
        against_baseline_high=0.003,
        program="abc",
    )


def model_event(kind: str = "promoted") -> ModelEvent:
    return ModelEvent(
        model="xgboost-0123456789ab", at=START, kind=kind, text="by force", data={"reason": "a trial"}
    )


def beginning(of: BookId = BOOK) -> list[r.Record]:
    return [r.BookOpened(book=book(of)), run(of=of), r.StateLearned.of(of, state())]


def round_of(
    as_of: datetime = START, of: BookId = BOOK, symbols: tuple[str, ...] = SYMBOLS
) -> list[r.Record]:
    made = [decision(symbol, as_of, of) for symbol in symbols]
    return [
        opening(as_of, of),
        *(said for each in made for said in steps(each)),
        *(r.DecisionMade(decision=each) for each in made),
        *trade(made[0]),
        closing(as_of, of),
    ]


def conditions() -> MarketState:
    return MarketState(rsi=61.5, adx=24.0, atr=0.02, trend=0.1, volatility=0.25, regime=Regime.BULL)


def closed_trade(**changes: Any) -> ClosedTrade:
    fields: dict[str, Any] = {
        "id": "t" + "a" * 16,
        "book": BOOK,
        "symbol": "IBM",
        "side": Direction.LONG,
        "opened_at": START + timedelta(hours=17),
        "closed_at": START + timedelta(days=6, hours=17),
        "known_at": START + 7 * DAY,
        "entry": Decimal("189.13"),
        "exit": Decimal("193.00"),
        "quantity": Decimal(20),
        "currency": "USD",
        "profit": Decimal("75.40"),
        "net_return": 0.02,
        "bars": 4,
        "stop_distance": 0.06,
        "reward_to_risk": 0.5,
        "adverse": 0.01,
        "favourable": 0.03,
        "decision": decision("IBM").id,
        "decided_at": START,
        "p_up": 0.57,
        "stated": (Stated(agent="momentum", record="momentum/rule:momentum", p_up=0.61, weight=1.0),),
        "state": conditions(),
        "confluence": {"trend": 1.0, "bands": -0.5},
        "exit_reason": ExitReason.DECISION,
    }
    return ClosedTrade(**fields | changes)


def outcome(symbol: str = "IBM") -> r.OutcomeKnown:
    made = decision(symbol)
    return r.OutcomeKnown(
        book=BOOK,
        decision=made.id,
        symbol=symbol,
        as_of=made.as_of,
        horizon=5,
        known_at=START + 7 * DAY,
        event_return=0.013,
    )


def everything() -> list[r.Record]:
    """One book from its beginning to its end, in two rounds."""
    return [
        *beginning(),
        note(),
        mark(START),
        *round_of(START),
        call_reserved(),
        model_called(),
        r.AccountMoved(book=BOOK, entry=entry()),
        mark(START + DAY),
        learning_event(),
        breaker(),
        breaker(lifted=True, at=START + DAY),
        breaker(reason="drawdown", until=None),
        r.Commanded(id="01HX0000000000000000000009", at=START, kind="flatten", arguments={"symbol": "IBM"}),
        r.CommandAnswered(
            id="01HX0000000000000000000009", book=BOOK, at=START, done=True, text="1 order was sent"
        ),
        model_trained(),
        model_event(),
        model_event("retired"),
        *round_of(START + DAY),
        *(r.StateKnown(book=BOOK, symbol="IBM", as_of=at, state=conditions()) for at in (START, START + DAY)),
        outcome(),
        r.TradeClosed(trade=closed_trade()),
        r.EvaluationKept(
            id="01HX000000000000000000000E",
            at=START + DAY,
            book=BOOK,
            kind="decisions",
            agents=("momentum",),
            source="journal:4",
            finding="INSUFFICIENT EVIDENCE: momentum has 4 cases",
            document={"agents": [{"name": "momentum", "brier": 0.25, "usd": "0"}]},
        ),
        r.RunEnded(run=RUN, at=START + 2 * DAY, reason="finished"),
    ]
