"""What a round writes down of a trade that has closed."""

from pathlib import Path

import pytest

from tests.memory.test_closing import BOOK, ENTRY, EXIT, Dealer, market
from tests.tools.markets import close_of, instrument
from trader.domain.orders import Side
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal
from trader.runner.remembering import remembered_trade


@pytest.mark.parametrize(("currency", "compared"), [("USD", True), ("EUR", False)])
def test_prices_of_another_currency_are_not_compared_with_the_book_s(
    currency: str, compared: bool, tmp_path: Path
) -> None:
    dealer = Dealer().fill(f"{ENTRY}-e1", Side.BUY, 10, "100", close_of(9))
    dealer.fill(f"{EXIT}-x1", Side.SELL, 10, "105", close_of(15))
    dealer.ledger.instruments = {"AAA": instrument("AAA").model_copy(update={"currency": currency})}
    source = market([90.0] * 70, [110.0] * 70)
    with Journal.open(tmp_path / "journal.sqlite3"):
        pass
    with JournalReader(tmp_path / "journal.sqlite3") as reader:
        trade = remembered_trade(BOOK, dealer.trip, close_of(60), reader, source, dealer.ledger)
    assert (trade.adverse is not None) is compared
    assert trade.profit == 48
