"""The clock of paper: each close of a replay is a round, and each round goes through the whole desk."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from trader.clock import Clock, SetClock
from trader.data.market import Market
from trader.domain.ids import RunId
from trader.domain.portfolio import Book
from trader.graph.assembly import assemble
from trader.graph.insisting import InsistentModels
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal
from trader.llm.cassette import Cassette
from trader.risk.killswitch import withheld
from trader.runner import opening
from trader.runner.asking import asked_models, staffed
from trader.runner.drifting import watched
from trader.runner.indexing import Indexing
from trader.runner.pausing import between
from trader.runner.rounds import Rounds
from trader.runner.venues import PaperVenue
from trader.runner.watching import Control, Observer, Opening
from trader.settings import Settings, Sources
from trader.tools.toolbox import LiveToolbox
from trader.workspace import Workspace


@dataclass(frozen=True)
class Ran:
    """A run that ended in good order."""

    book: Book
    run: RunId
    finished: bool
    """Whether the span was gone through to its end."""
    journal: Path
    duration_s: float
    market: Market
    """The data that it decided on."""


async def run(
    workspace: Workspace,
    settings: Settings,
    *,
    new: bool,
    observer: Observer,
    control: Control,
    clock: Clock,
    sources: Sources | None = None,
    cassette: Cassette | None = None,
    insist: bool = False,
) -> Ran:
    """Replay a span of closes through the desk, from the start or from where an earlier run stopped.

    With a `cassette` what models answer is recorded in it, and what it has is not asked again. Where it is to
    `insist` on answers, an agent whose models are silent ends it instead of abstaining: NoModelAnswers.
    Returns when the span is done, or when `control.stop` is set and the round in hand closed. Raises
    TraderError for whatever keeps the desk from working; what was recorded until then stays.
    """
    began = clock.monotonic()
    async with AsyncExitStack() as held:
        held.enter_context(workspace.hold())
        agents, used = await staffed(workspace, settings, sources, clock)
        observer.preparing("reading the data", 0, 1)
        market = opening.load_market(settings)
        opening.check_currencies(market, settings)
        chosen = opening.span(market, settings)
        with Journal.open(workspace.journal) as journal:
            book, resumed = opening.find_or_open_book(
                workspace.journal, journal, market, settings, chosen, clock, new
            )
            run_id = opening.start_run(journal, book, agents, market, used, clock)
            journal.commit()
            replay_clock = SetClock(book.opened_at)
            toolbox, forecaster = LiveToolbox(), opening.forecaster_of(workspace, settings)
            observer = watched(
                observer, workspace, settings, forecaster.promoted, market.view, journal.append
            )
            reader = held.enter_context(JournalReader(workspace.journal))  # to the end: people may ask
            broker = opening.restore_broker(reader, book, market, settings, replay_clock)
            models = await held.enter_async_context(
                asked_models(
                    settings,
                    agents,
                    reader,
                    book,
                    run_id,
                    clock,
                    folder=workspace.cache,
                    note=observer.note,
                    cassette=cassette,
                )
            )
            speaks = InsistentModels(models) if insist and models is not None else models
            desk = assemble(
                book,
                settings,
                agents,
                market,
                toolbox,
                forecaster,
                journal,
                broker,
                lambda: withheld(workspace.halt, dry_run=settings.run.dry_run),
                replay_clock,
                speaks,
            )
            prior = opening.prior_forecasts(workspace, desk, book.opened_at, observer)
            venue = PaperVenue(broker, market, chosen, replay_clock, settings.paper.rates)
            index = Indexing.of(workspace, settings, book, reader, observer.note)
            held.callback(index.close)
            rounds = Rounds(desk, venue, chosen, run_id, settings.desk.refit_bars, prior, reader, index)
            observer.opened(
                Opening(
                    book=book,
                    run=run_id,
                    resumed=resumed,
                    rounds=len(chosen.closes),
                    done=rounds.done,
                    agents=agents,
                    notes=(*market.notes, *forecaster.notes),
                    journal=workspace.journal,
                )
            )
            trading = _replay(rounds, settings.run.speed, observer, control, clock)
            finished = await opening.ended(trading, journal, run_id, clock)
    return Ran(book, run_id, finished, workspace.journal, clock.monotonic() - began, market)


async def _replay(rounds: Rounds, speed: float, observer: Observer, control: Control, clock: Clock) -> bool:
    """Round after round, at most `speed` a second; True where none is left."""
    await between(rounds, observer, control, clock, clock.monotonic())  # an earlier run may have asked
    while rounds.left:
        began = clock.monotonic()
        observer.round_closed(await rounds.next())
        if not rounds.left:
            await rounds.over()
            break
        due = began + 1.0 / speed if speed > 0 else began
        await between(rounds, observer, control, clock, due)
        control.step = False
        if control.stop:
            break
    return not rounds.left
