"""One book, round after round: what the bar did, what is known, what the desk makes of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from trader.brokers.paper import MarketStep
from trader.data.market import Market
from trader.domain.errors import BudgetSpent
from trader.domain.ids import RunId, round_id, signal_id
from trader.domain.learned import LearnedState
from trader.domain.portfolio import Book
from trader.domain.signals import Signal, SignalSource
from trader.graph.desk import build_desk
from trader.graph.state import Desk, opened_round
from trader.journal.reader import JournalReader
from trader.journal.records import (
    FORMS,
    BreakerChanged,
    DecisionMade,
    ModelCalled,
    OrderChanged,
    OrderIntended,
    Record,
    RoundOpened,
    RulingMade,
    StateLearned,
    Step,
)
from trader.memory.cases import Forecasts
from trader.risk import breakers
from trader.risk.facts import Breaker, Facts
from trader.risk.protections import pauses
from trader.runner import market_step
from trader.runner.indexing import Indexing
from trader.runner.learning import Learning
from trader.runner.listening import Listening
from trader.runner.opening import Span
from trader.runner.past import Past
from trader.runner.remembering import Remembering
from trader.runner.requests import Requests
from trader.runner.venues import Venue
from trader.runner.waiting import Waiting
from trader.runner.watching import AgentForm, ClosedRound

NONE_LATE: Mapping[str, datetime] = MappingProxyType({})
"""Of a round that is taken at a close."""


class Rounds:
    """The rounds of one span that are still to come. `next` closes one."""

    def __init__(
        self,
        desk: Desk,
        venue: Venue,
        span: Span,
        run: RunId,
        refit_bars: int,
        prior: Mapping[str, Forecasts],
        reader: JournalReader,
        index: Indexing | None = None,
    ) -> None:
        self._recorder = Listening(desk.recorder)
        self._desk = replace(desk, recorder=self._recorder)
        self._graph = build_desk(desk.agents)
        self._venue, self._span, self._run = venue, span, run
        book = desk.book
        self._past = Past.of(reader, book, desk.market.calendar(book.symbols[0]))
        self._unclosed: RoundOpened | None = reader.open_round(book.id)
        self._newest: RoundOpened | None = reader.last_opened(book.id)
        self.waiting = Waiting.of(reader, book.id)
        self._requests = Requests(reader, self.waiting, self._lift)
        self._learning = Learning(desk, reader, refit_bars, prior)
        self._remembering = Remembering(book, reader, index)
        self.done = sum(1 for known in reader.rounds(book.id) if known.closed)

    @property
    def left(self) -> int:
        """Rounds that are not closed."""
        return len(self._span.closes) - self.done

    async def next(self) -> ClosedRound:
        """Take the next close of the span through the desk."""
        return await self.take(self._span.closes[self.done])

    def know(self, market: Market) -> None:
        """More bars have closed: rounds to come see them."""
        self._desk = replace(self._desk, market=market)

    async def take(self, as_of: datetime, late: Mapping[str, datetime] = NONE_LATE) -> ClosedRound:
        """Take a close through the desk. When it returns, all of the round is on disk.

        `late`: symbols whose bar has come after the round of its close, and that close. Such a round is of
        them alone, at the moment at which they were heard of. It is no bar of the book: orders for one bar
        and approvals go on, nothing is marked, and no breaker trips.
        """
        began = self._desk.clock.monotonic()
        self._recorder.forget()
        await self.listen()
        await self._cancel_entries_if_halted()
        self._venue.arrive(as_of)
        if not late:
            self.waiting.expire(as_of, self._desk)
        step = MarketStep(())
        if self._unclosed is not None and self._unclosed.as_of == as_of:
            opened, learned = self._unclosed, self._learning.state  # its bar is in the journal: not twice
        else:
            opened, learned, step = await self._open(as_of, late)
        self._unclosed, self._newest = None, opened
        self._desk = replace(self._desk, memory=self._remembering.memory)
        facts = Facts.model_validate(opened.facts)
        conditions = self._learning.reflecting.conditions(opened, self._recorder)
        state = opened_round(opened, facts, learned, conditions)
        await self._graph.ainvoke(state, context=self._desk)
        self._remember(learned)
        self.done += 1
        return self._closed(opened, facts, step, (self._desk.clock.monotonic() - began) * 1000.0)

    async def listen(self) -> tuple[str, ...]:
        """Do what people have asked for since the last look, between two rounds; what came of it."""
        if self._unclosed is not None or self._newest is None:
            return ()
        self._venue.arrive(self._newest.as_of)
        said = await self._requests.answer_all(self._desk, self._facts_now)
        for changed in self._recorder.heard(OrderChanged):
            self._past.stepped(changed.event)
        return said

    async def over(self) -> None:
        """No bar comes any more: what still waits for approval could never fill."""
        await self.listen()
        self.waiting.end_all(self._desk, "the replay is over")

    def _facts_now(self) -> Facts:
        """The newest round's, with the account as it stands after that round's orders."""
        newest = self._newest
        if newest is None:
            raise AssertionError("nobody is listened to before the first round")
        before = newest.account
        return Facts.model_validate(newest.facts).model_copy(
            update={
                "account": self._venue.broker.account(
                    before.as_of, before.marks, before.peak, before.day_open
                ),
                "breakers": tuple(self._past.breakers),
                "entries_today": self._past.entries_today(before.as_of),
            }
        )

    def _lift(self) -> tuple[str, ...]:
        """A person has resumed: what bars entries is lifted, and the drawdown measured anew."""
        now = self._desk.clock.now()
        lifted = breakers.lift(self._past.breakers, now)
        for one in lifted:
            change = _change(self._desk.book, one, now)
            self._recorder.append(change)
            self._past.changed(change)
        if lifted:
            self._past.water = self._past.water.resumed()
        return tuple(one.reason for one in lifted)

    async def _cancel_entries_if_halted(self) -> None:
        """While people have halted the desk, entries that still work end before the bar; stops stay."""
        if self._desk.halted() is None:
            return
        for working in tuple(self._venue.broker.ledger.working()):
            if not working.order.reduce_only:
                told = await self._venue.broker.cancel(working.order.client_id)
                book = self._desk.book.id
                self._recorder.append(*(OrderChanged(book=book, event=event) for event in told))

    async def _open(
        self, as_of: datetime, late: Mapping[str, datetime]
    ) -> tuple[RoundOpened, LearnedState, MarketStep]:
        """Let the bar happen to the account, see what is known, and write both down in one transaction."""
        desk, book = self._desk, self._desk.book
        step = await self._venue.step(as_of, between=bool(late))
        view = desk.market.view(as_of)
        marks = market_step.marks_at(view, book.symbols)
        water = self._past.water
        account = self._venue.broker.account(as_of, marks, water.peak, water.day_open)
        records: list[Record] = [*market_step.step_records(book, step)]
        if not late:
            account = self._past.marked(account)
            records += [market_step.mark(book, account), *self._tripped(as_of)]
        records += self._remembering.round(as_of, desk.market, self._venue.broker.ledger, late)
        trades = len(self._venue.broker.ledger.closed)
        learned, changes = await self._learning.learn(desk, as_of, self.done, trades)
        records += changes
        quotes = await self._venue.quotes()
        facts = market_step.facts_at(
            view, account, book.symbols, self._past.breakers, self._past.entries_today(as_of)
        ).model_copy(update=self._trades_closed(as_of) | self._busy() | self._unlent() | {"quotes": quotes})
        named = StateLearned.of(book.id, learned)
        opened = RoundOpened(
            round=round_id(book.id, as_of),
            book=book.id,
            run=self._run,
            as_of=as_of,
            signals=self._signals(as_of, late),
            account=account,
            facts=facts.model_dump(mode="json"),
            learned=named.digest,
        )
        self._recorder.append(*records, named, opened)
        return opened, learned, step

    def _trades_closed(self, as_of: datetime) -> dict[str, object]:
        """What limits and protections need to know of the book's closed trades."""
        closed, calendar = self._venue.broker.ledger.closed, self._past.calendar
        timeframe = self._desk.book.timeframe
        paused = pauses(
            closed,
            self._desk.limits.protections,
            lambda since: calendar.bars_between(since, as_of, timeframe),
            self._venue.broker.ledger.stopped,
        )
        return {"losses_in_a_row": breakers.losses_in_a_row(closed), "pauses": paused}

    def _busy(self) -> dict[str, object]:
        """How busy the venue is kept; nothing where nobody counts."""
        pace = self._desk.pace
        return {} if pace is None else {"requests_last_minute": pace.last_minute, "waiting": pace.waiting}

    def _unlent(self) -> dict[str, object]:
        """What of the book nobody is known to lend."""
        broker = self._venue.broker
        known = sorted(broker.ledger.instruments.items())
        return {"unlent": tuple(symbol for symbol, one in known if not broker.lends(one))}

    def _tripped(self, as_of: datetime) -> list[BreakerChanged]:
        """The breakers that this bar has tripped."""
        past = self._past
        tripped = breakers.step(
            as_of,
            past.water,
            self._venue.broker.ledger.closed,
            past.breakers,
            self._desk.limits,
            past.calendar.next_session_close,
        )
        past.breakers += tripped
        return [_change(self._desk.book, one, as_of) for one in tripped]

    def _signals(self, as_of: datetime, late: Mapping[str, datetime]) -> tuple[Signal, ...]:
        """A signal for each bar that has just closed, or has come late."""
        market = self._desk.market
        closes = late or {s: as_of for s in self._desk.book.symbols if market.bar_at(s, as_of) is not None}
        return tuple(
            Signal(
                id=signal_id(SignalSource.BAR, symbol, close),
                source=SignalSource.BAR,
                symbol=symbol,
                timeframe=market.timeframe,
                at=close,
            )
            for symbol, close in closes.items()
        )

    def _remember(self, learned: LearnedState) -> None:
        """What this round said and intended counts for those to come."""
        self._learning.heard(self._recorder.heard(Step), learned)
        self._learning.reflecting.judged(made.decision for made in self._recorder.heard(DecisionMade))
        intended = self._recorder.heard(OrderIntended)
        for one in intended:
            self._past.intended(one)
        self._remembering.decided(made.decision for made in self._recorder.heard(DecisionMade))
        self.waiting.add(intended)

    def _closed(self, opened: RoundOpened, facts: Facts, step: MarketStep, own_ms: float) -> ClosedRound:
        forms: dict[str, dict[str, AgentForm]] = {}
        for filed in self._recorder.heard(Step):
            if filed.form != "brief":
                form = FORMS[filed.form].model_validate(filed.body)
                forms.setdefault(filed.symbol, {})[filed.agent] = form
        rulings = {made.ruling.client_id: made.ruling for made in self._recorder.heard(RulingMade)}
        calls = self._recorder.heard(ModelCalled)
        unpaid = {called.agent for called in calls if called.error_kind == BudgetSpent.__name__}
        return ClosedRound(
            index=self.done,
            total=max(len(self._span.closes), self.done),
            as_of=opened.as_of,
            account=opened.account,
            decisions=tuple(made.decision for made in self._recorder.heard(DecisionMade)),
            forms=forms,
            rulings=tuple(rulings.values()),
            fills=step.fills,
            entries=step.entries,
            breakers=tuple(one for one in facts.breakers if one.bars(opened.as_of)),
            own_ms=own_ms,
            unpaid=tuple(sorted(unpaid)),
        )


def _change(book: Book, one: Breaker, at: datetime) -> BreakerChanged:
    """A breaker that tripped, or was lifted, as the journal has it."""
    return BreakerChanged(
        book=book.id,
        reason=one.reason,
        since=one.since,
        until=one.until,
        lifted=one.lifted,
        at=at,
        asked=one.asked,
        permitted=one.permitted,
    )
