"""The journal and a venue, kept in step."""

from tests.contracts.broker import GTC, protective
from tests.contracts.ccxt_desk import CcxtDesk
from tests.risk.books import order
from trader.journal.records import FillReceived, Noted, OrderIntended
from trader.runner.keeping import Keeper


async def test_while_people_have_halted_not_even_a_stop_is_sent_and_what_it_leaves_is_said(
    desk: CcxtDesk,
) -> None:
    await desk.send(order(limit="105", good=GTC), protective("95"))
    halted = Keeper(desk.broker, desk.book.id, desk.journal, desk.clock, lambda: "halted by hand")
    desk.trade_away("100")
    await halted.refresh()
    assert desk.at_venue("d1-s1") == 0
    notes = [one.text for one in desk.journal.records if isinstance(one, Noted)]
    assert notes == ["halted by hand: 10 AAPL/USD without a stop"]
    await desk.keeper.refresh()
    assert desk.at_venue("d1-s1") == 1


async def test_entries_are_cancelled_and_those_that_are_not_confirmed_are_named(desk: CcxtDesk) -> None:
    await desk.send(order(limit="99", good=GTC), order(limit="98", name="d2-e1", good=GTC))
    desk.venue.fault("DELETE /order", reply="none", apply=False, times=2)
    assert await desk.keeper.cancel_entries() == ("d1-e1",)
    assert await desk.keeper.cancel_entries() == ()


async def test_what_still_works_is_told_in_words(desk: CcxtDesk) -> None:
    await desk.send(order(limit="99", good=GTC))
    assert desk.keeper.still_open() == ("d1-e1: buy 10 AAPL/USD, acknowledged",)


async def test_the_intent_is_written_before_the_order_and_a_fill_before_what_follows(desk: CcxtDesk) -> None:
    await desk.send(order(limit="105", good=GTC), protective("95"))
    await desk.trades_at("100")
    kinds = [type(one) for one in desk.journal.records]
    first_fill = kinds.index(FillReceived)
    assert kinds[0] is OrderIntended
    assert kinds.index(OrderIntended, 1) < first_fill
    later = [one.event for one in desk.journal.records[first_fill + 1 :] if hasattr(one, "event")]
    assert [event.client_id for event in later][:1] == ["d1-e1"]
    assert "d1-s1" in [event.client_id for event in later]
