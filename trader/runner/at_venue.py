"""A venue's account by hand, while no run keeps it: compared first, then left, and everything recorded."""

from trader.brokers.ccxt_broker import CcxtBroker
from trader.brokers.ccxt_client import connected
from trader.brokers.foreign import Opening
from trader.clock import Clock
from trader.data.feeds.ccxt_exchange import Keys
from trader.domain.errors import Refused
from trader.domain.portfolio import Book
from trader.graph.sending import ByHand
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal
from trader.risk.killswitch import withheld
from trader.runner.keeping import Keeper
from trader.runner.live_opening import OPENED, address_of, ledger_of
from trader.runner.requests import Answer, flatten
from trader.runner.waiting import Waiting
from trader.settings import Settings
from trader.workspace import Workspace


async def flatten_at_venue(
    workspace: Workspace,
    settings: Settings,
    keys: Keys,
    book: Book,
    command: str,
    symbol: str | None,
    clock: Clock,
) -> Answer:
    """Leave every position (of `symbol`) of a venue's book. The workspace is held by whoever calls.

    What is left is what the account has now: the venue is asked first. Raises Refused where the keys are
    those of another account, or where the venue does not answer: nothing is sent blindly.
    """

    def stopped() -> str | None:
        return withheld(workspace.halt, dry_run=settings.run.dry_run)

    address = address_of(settings)
    async with connected(address, keys, clock) as client:
        rules = await client.prepare(book.symbols)
        account, _ = await client.whose()
        with Journal.open(workspace.journal) as journal, JournalReader(workspace.journal) as reader:
            note = next(one for one in reader.notes(book.id) if one.kind == OPENED)
            opening = Opening.model_validate(note.data)
            if account != opening.account:
                raise Refused(
                    f"the keys open the account {account}, and book {book.id} is of {opening.account}",
                    hint="the keys in .env must be those of the book's account",
                )
            broker = CcxtBroker(client, ledger_of(reader, book, rules), rules, opening, clock, stopped)
            keeper = Keeper(broker, book.id, journal, clock, stopped)
            report = await keeper.start()
            hand = ByHand(book, broker, journal, stopped, clock)
            now = broker.account(clock.now(), {}, book.cash, book.cash)
            done, said = await flatten(hand, now, Waiting.of(reader, book.id), command, symbol)
            await keeper.refresh()
            left = [*(f"differs: {one.sentence}" for one in report.inexplicable), *keeper.still_open()]
    return done, "; ".join([said, *left])
