"""One day of a small desk, made of values alone: a trade of AAPL with its order and fill; IBM undecided."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trader.agents.agent import Agent
from trader.agents.roster import roster
from trader.domain.decisions import Contribution, Cut, Decision, Outcome, Payoff, Pool, SizingStep
from trader.domain.ids import BookId, RunId, client_order_id, decision_id, round_id, signal_id
from trader.domain.learned import Calibration, LearnedState, SymbolEvidence
from trader.domain.market import Timeframe
from trader.domain.opinions import Abstention, Opinion, Verdict, VerdictAction
from trader.domain.orders import (
    Fill,
    Order,
    OrderEvent,
    OrderState,
    OrderType,
    Ruling,
    RulingOutcome,
    Side,
    TimeInForce,
)
from trader.domain.portfolio import Account, AccountEntry, Book, EntryKind, Mode, Position
from trader.domain.reports import Evidence, Fact, Report
from trader.domain.signals import Signal, SignalSource
from trader.domain.value import Value, digest
from trader.journal import records as r
from trader.runner.watching import AgentForm, ClosedRound, Opening

BOOK = BookId("01HX0000000000000000000000")
RUN = RunId("01HX0000000000000000000001")
FRIDAY = datetime(2012, 6, 1, 20, tzinfo=UTC)
MONDAY = datetime(2012, 6, 4, 13, 30, tzinfo=UTC)
AAPL = decision_id(BOOK, FRIDAY, "AAPL", 5)
IBM = decision_id(BOOK, FRIDAY, "IBM", 5)
ROUND = round_id(BOOK, FRIDAY)
PROMPT = "You forecast.\n"

FEATURES = Evidence(
    tool="features",
    arguments={"names": []},
    result={"bars": 3081, "values": {"rsi_14": 44.937, "volatility_21": 0.3021}},
)
NEWS = Evidence(
    tool="news", arguments={"days": 7.0}, result=None, error="no news of AAPL in the 7 days before"
)


def book() -> Book:
    return Book(
        id=BOOK,
        mode=Mode.PAPER,
        feed="sample",
        symbols=("AAPL", "IBM"),
        timeframe=Timeframe.D1,
        horizon=5,
        currency="USD",
        calendar="XNYS",
        cash=Decimal(100000),
        opened_at=FRIDAY,
        settings="a" * 24,
    )


def account() -> Account:
    return Account(
        as_of=FRIDAY,
        currency="USD",
        cash=Decimal("98001.30"),
        positions=(
            Position(
                symbol="IBM", quantity=Decimal(10), cost=Decimal("1950.2"), opened_at=FRIDAY - timedelta(9)
            ),
        ),
        marks={"AAPL": Decimal("560.99"), "IBM": Decimal("189.08")},
        peak=Decimal("100150"),
        day_open=Decimal("99950"),
    )


def learned() -> LearnedState:
    return LearnedState(
        cut_off=FRIDAY,
        horizon=5,
        symbols=tuple(
            SymbolEvidence(
                symbol=symbol,
                base_rate=0.5512,
                mean_gain=0.0442,
                mean_loss=0.0425,
                volatility=0.205,
                bars_a_year=252.0,
                n=3081,
                n_eff=603.2,
            )
            for symbol in ("AAPL", "IBM")
        ),
        records=(
            Calibration(
                record="momentum/rule:momentum",
                intercept=0.0123,
                slope=0.473,
                weight=0.6,
                prior_weight=0.5,
                n=2088,
                n_eff=520.0,
                brier=0.2489,
                brier_base=0.2491,
            ),
            Calibration(
                record="quant/rule:quant",
                intercept=-0.0081,
                slope=0.39,
                weight=0.4,
                prior_weight=0.5,
                n=2027,
                n_eff=505.0,
                brier=0.2499,
                brier_base=0.2491,
            ),
        ),
        correlation=0.45,
    )


def forms() -> dict[str, AgentForm]:
    """What the agents of `agents()` said of AAPL."""
    evidence = (FEATURES.digest,)
    return {
        "technicals": Report(
            agent="technicals",
            facts=(
                Fact(name="features.bars", value=3081.0, evidence=FEATURES.digest),
                Fact(name="features.values.rsi_14", value=44.937, evidence=FEATURES.digest),
                Fact(name="features.values.volatility_21", value=0.3021, evidence=FEATURES.digest),
            ),
            evidence=evidence,
        ),
        "news": Report(agent="news", missing=("news: no news of AAPL in the 7 days before",)),
        "momentum": Opinion(
            agent="momentum",
            p_up=0.6,
            reasoning="Time-series momentum moves the base rate of 55.1 % to 60.0 %.",
            factors_for=("the last 252 bars returned +51.6 %",),
            factors_against=("the last 21 bars returned -4.0 %",),
            evidence=evidence,
        ),
        "quant": Opinion(
            agent="quant", p_up=0.54, reasoning="The forecaster says 54.0 %.", evidence=evidence
        ),
        "risk": Opinion(
            agent="risk",
            size_cap=0.62,
            stop=Decimal("516.7"),
            reasoning="Volatility is high.",
            evidence=evidence,
        ),
        "sentiment": Abstention(agent="sentiment", reason="macro: no value of vix is available"),
        "value": Abstention(agent="value", reason="its rule broke: KeyError: 'eps'", failed=True),
        "executive": Verdict(
            agent="executive", action=VerdictAction.SHRINK, factor=0.5, reason="momentum and quant disagree"
        ),
    }


def agents() -> tuple[Agent, ...]:
    return tuple(agent for agent in roster() if agent.name in forms())


def trade() -> Decision:
    return Decision(
        id=AAPL,
        book=BOOK,
        round=ROUND,
        as_of=FRIDAY,
        symbol="AAPL",
        horizon=5,
        outcome=Outcome.TRADE,
        cause="executive: momentum and quant disagree",
        held_weight=0.0,
        target_weight=0.0151,
        price=Decimal("560.99"),
        stop=Decimal("516.7"),
        pool=Pool(
            base_rate=0.5512,
            contributions=(
                Contribution(
                    agent="momentum",
                    record="momentum/rule:momentum",
                    p_up=0.6,
                    p_calibrated=0.57747,
                    shift=0.10687,
                    weight=0.6,
                ),
                Contribution(
                    agent="quant",
                    record="quant/rule:quant",
                    p_up=0.54,
                    p_calibrated=0.54483,
                    shift=-0.02572,
                    weight=0.4,
                ),
            ),
            p_up=0.56448,
            n_eff=603.2,
            sigma_p=0.0187,
            agreement=0.6,
        ),
        payoff=Payoff(mean_gain=0.0442, mean_loss=0.0425, cost=0.002),
        edge=0.00444,
        edge_error=0.00162,
        sizing=(
            SizingStep(
                name="kelly",
                value=0.10522,
                weight=2.36448,
                note="f / l: full Kelly, zero where the bet is bad",
            ),
            SizingStep(
                name="uncertainty", value=0.88239, weight=2.08639, note="shrunk by f^2 / (f^2 + Var f)"
            ),
            SizingStep(name="fraction", value=0.25, weight=0.5216, note="of Kelly"),
            SizingStep(
                name="sharing", value=1.45, weight=0.35972, note="1 + (N - 1) rho: bets held together"
            ),
            SizingStep(
                name="volatility ceiling", value=0.09756, weight=0.09756, note="annual volatility 20.5%"
            ),
            SizingStep(name="senior caps", value=0.031, weight=0.031, note="risk allows 62% of the limit"),
            SizingStep(name="drawdown throttle", value=0.97425, weight=0.0302, note="drawdown 0.3%"),
            SizingStep(
                name="thresholds and executive",
                value=-0.0151,
                weight=0.0151,
                note="executive: momentum and quant disagree",
            ),
        ),
        cuts=(
            Cut(by="volatility ceiling", before=0.35972, after=0.09756, reason="annual volatility 20.5%"),
            Cut(by="senior caps", before=0.09756, after=0.031, reason="risk allows 62% of the limit"),
            Cut(by="executive", before=0.0302, after=0.0151, reason="momentum and quant disagree"),
        ),
        learned=digest(learned()),
    )


def undecided() -> Decision:
    return Decision(
        id=IBM,
        book=BOOK,
        round=ROUND,
        as_of=FRIDAY,
        symbol="IBM",
        horizon=5,
        outcome=Outcome.UNDECIDED,
        cause="1 of the 2 forecasts that a decision needs",
        held_weight=0.0189,
        target_weight=0.0189,
        price=Decimal("189.08"),
        learned=digest(learned()),
    )


def entry() -> Order:
    return Order(
        client_id=client_order_id(AAPL, "e"),
        decision=AAPL,
        symbol="AAPL",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(2),
        limit_price=Decimal("589.03"),
    )


def stop() -> Order:
    return Order(
        client_id=client_order_id(AAPL, "s"),
        decision=AAPL,
        symbol="AAPL",
        side=Side.SELL,
        type=OrderType.STOP,
        quantity=Decimal(2),
        stop_price=Decimal("516.7"),
        time_in_force=TimeInForce.GTC,
        reduce_only=True,
        parent=client_order_id(AAPL, "e"),
    )


def allowed() -> Ruling:
    two = Decimal(2)
    return Ruling(
        client_id=client_order_id(AAPL, "e"),
        symbol="AAPL",
        outcome=RulingOutcome.ALLOWED,
        quantity_asked=two,
        quantity=two,
    )


def cut() -> Ruling:
    return Ruling(
        client_id=client_order_id(AAPL, "e"),
        symbol="AAPL",
        outcome=RulingOutcome.CUT,
        limit="position_size",
        asked=0.061,
        permitted=0.05,
        quantity_asked=Decimal(3),
        quantity=Decimal(2),
        sentence="position size: 6.1 % of equity asked, 5 % allowed",
    )


def fill() -> Fill:
    return Fill(
        id=f"{client_order_id(AAPL, 'e')}-1",
        client_id=client_order_id(AAPL, "e"),
        symbol="AAPL",
        side=Side.BUY,
        quantity=Decimal(2),
        price=Decimal("562.5"),
        fee=Decimal("0.1125"),
        fee_currency="USD",
        at=MONDAY,
    )


def dividend() -> AccountEntry:
    return AccountEntry(
        id="e1", kind=EntryKind.DIVIDEND, at=FRIDAY, symbol="IBM", cash=Decimal("8.5"), note="0.85 a share"
    )


def step(agent: str, form: AgentForm, **changes: Any) -> r.Step:
    kind = {Report: "report", Opinion: "opinion", Abstention: "abstention", Verdict: "verdict"}[type(form)]
    tier = {"report": "junior", "verdict": "executive"}.get(kind, "senior")
    fields: dict[str, Any] = {
        "decision": AAPL,
        "round": ROUND,
        "book": BOOK,
        "as_of": FRIDAY,
        "symbol": "AAPL",
        "stage": {"junior": 1, "senior": 2, "executive": 3}[tier],
        "agent": agent,
        "tier": tier,
        "form": kind,
        "body": form.model_dump(mode="json"),
        "evidence": (NEWS.digest,) if agent == "news" else (FEATURES.digest,),
        "prompt": digest(PROMPT),
        "source": "tools" if tier == "junior" else f"rule:{agent}",
        "record": "" if tier == "junior" else f"{agent}/rule:{agent}",
        "ms": 0.25,
    }
    return r.Step(**fields | changes)


def brief() -> r.Step:
    made = step("brief", Report(agent="brief"))
    body = {"consulted": sorted(forms()), "not_consulted": {"carry": "its mandate does not cover equity"}}
    return made.model_copy(
        update={"stage": 0, "tier": "executive", "form": "brief", "body": body, "evidence": ()}
    )


def records() -> list[Value]:
    """Everything in the order it would be recorded. The evidence and the prompt are blobs besides."""
    bar = Signal(
        id=signal_id("bar", "AAPL", FRIDAY),
        source=SignalSource.BAR,
        symbol="AAPL",
        timeframe=Timeframe.D1,
        at=FRIDAY,
    )
    return [
        r.BookOpened(book=book()),
        r.StateLearned.of(BOOK, learned()),
        r.RoundOpened(
            round=ROUND,
            book=BOOK,
            run=RUN,
            as_of=FRIDAY,
            signals=(bar,),
            account=account(),
            learned=digest(learned()),
        ),
        brief(),
        *(step(agent, form) for agent, form in forms().items()),
        r.DecisionMade(decision=trade()),
        r.DecisionMade(decision=undecided()),
        r.RulingMade(round=ROUND, book=BOOK, decision=AAPL, stage="allocate", ruling=allowed()),
        r.RulingMade(round=ROUND, book=BOOK, decision=AAPL, stage="gate", ruling=allowed()),
        *(r.OrderIntended(book=BOOK, round=ROUND, order=order, at=FRIDAY) for order in (entry(), stop())),
        *(
            r.OrderChanged(book=BOOK, event=OrderEvent(client_id=entry().client_id, state=state, at=at))
            for state, at in ((OrderState.SUBMITTED, FRIDAY), (OrderState.FILLED, MONDAY))
        ),
        r.FillReceived(book=BOOK, fill=fill()),
        r.Noted(book=BOOK, round=ROUND, at=FRIDAY, kind="data", text="IBM: one bar had no volume"),
        r.RoundClosed(round=ROUND, book=BOOK, as_of=FRIDAY, at=FRIDAY),
    ]


def opening(tmp: Any) -> Opening:
    return Opening(
        book=book(), run=RUN, resumed=False, rounds=250, done=0, agents=agents(), notes=(), journal=tmp
    )


def closed_round(index: int = 128) -> ClosedRound:
    return ClosedRound(
        index=index,
        total=250,
        as_of=FRIDAY,
        account=account(),
        decisions=(trade(), undecided()),
        forms={"AAPL": forms(), "IBM": {"technicals": Report(agent="technicals")}},
        rulings=(cut(),),
        fills=(fill(),),
        entries=(dividend(),),
        breakers=(),
        own_ms=80.0,
    )
