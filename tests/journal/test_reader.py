"""What is read is what was written."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import delete

from tests.journal import story
from trader.domain.errors import JournalError, UnknownName, UsageError
from trader.domain.ids import BookId, RunId, round_id
from trader.domain.value import canonical_json
from trader.journal import records as r
from trader.journal import schema
from trader.journal.answers import Forecast, RoundSummary
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal


@pytest.fixture
def reader(told: Path) -> Iterator[JournalReader]:
    with JournalReader(told) as reader:
        yield reader


def recorded(kind: type) -> list:
    return [record for record in story.everything() if isinstance(record, kind)]


def test_the_story_has_a_record_of_every_kind() -> None:
    kinds = set(r.Record.__args__)
    assert {type(record) for record in story.everything()} == kinds


def test_a_book_and_its_run_come_back(reader: JournalReader) -> None:
    assert reader.books() == [story.book()]
    assert reader.book(story.BOOK) == story.book()
    (run,) = reader.runs(story.BOOK)
    assert run.started == story.run()
    assert run.ended == recorded(r.RunEnded)[0]


def test_the_account_comes_back(reader: JournalReader) -> None:
    assert reader.orders(story.BOOK) == recorded(r.OrderIntended)
    assert reader.order_events(story.BOOK) == [record.event for record in recorded(r.OrderChanged)]
    assert reader.fills(story.BOOK) == [record.fill for record in recorded(r.FillReceived)]
    assert reader.entries(story.BOOK) == [story.entry()]
    assert reader.marks(story.BOOK) == recorded(r.Marked)
    assert reader.rulings(story.BOOK) == recorded(r.RulingMade)


def test_what_happened_around_it_comes_back(reader: JournalReader) -> None:
    assert reader.breakers(story.BOOK) == recorded(r.BreakerChanged)
    assert reader.notes(story.BOOK) == [story.note()]
    assert reader.commands() == recorded(r.Commanded)
    assert [reader.answer(one.id) for one in reader.commands()] == recorded(r.CommandAnswered)
    assert reader.unanswered_commands() == []
    assert reader.answer("01HX") is None
    assert reader.last_opened(story.BOOK) == recorded(r.RoundOpened)[-1]


def test_movements_come_in_the_order_they_were_recorded(reader: JournalReader) -> None:
    inner = {r.OrderChanged: "event", r.FillReceived: "fill", r.AccountMoved: "entry"}
    expected = [
        getattr(record, inner[type(record)]) if type(record) in inner else record
        for record in story.everything()
        if type(record) in inner or isinstance(record, r.OrderIntended)
    ]
    assert reader.movements(story.BOOK) == expected


def test_decisions_come_newest_first_and_can_be_narrowed(reader: JournalReader) -> None:
    made = [record.decision for record in recorded(r.DecisionMade)]
    assert reader.decisions() == made[::-1]
    assert reader.decisions(newest_first=False, limit=3) == made[:3]
    assert reader.decisions(book=story.BOOK, symbol="IBM") == [
        one for one in made[::-1] if one.symbol == "IBM"
    ]
    assert reader.decisions(book=BookId("another")) == []


def test_a_decision_is_found_by_the_beginning_of_its_id(reader: JournalReader) -> None:
    wanted = story.decision("GOOG")
    assert reader.decision(wanted.id) == wanted
    assert reader.decision(wanted.id[:9]) == wanted


@pytest.mark.parametrize("beginning", ["d", "", "%", "d%"])
def test_a_beginning_that_is_not_enough_is_a_usage_error(reader: JournalReader, beginning: str) -> None:
    with pytest.raises(UsageError) as told:
        reader.decision(beginning)
    assert told.value.hint


def test_names_that_do_not_exist_are_usage_errors(reader: JournalReader) -> None:
    for ask in (
        lambda: reader.decision("dzzzz"),
        lambda: reader.blob("0" * 24),
        lambda: reader.learned(story.BOOK, "0" * 24),
        lambda: reader.learned(BookId("another"), r.StateLearned.of(story.BOOK, story.state()).digest),
        lambda: reader.round(round_id(story.BOOK, story.START - story.DAY)),
    ):
        with pytest.raises(UsageError):
            ask()
    with pytest.raises(UnknownName, match="unknown book") as unknown:
        reader.book(BookId(story.BOOK[:-1] + "9"))
    assert story.BOOK in unknown.value.hint


def test_a_round_comes_back_whole(reader: JournalReader) -> None:
    as_of = story.START
    made = [story.decision(symbol) for symbol in story.SYMBOLS]
    told = reader.round_of(made[2].id)
    trade = story.trade(made[0])
    assert told.opened == story.opening(as_of)
    assert told.steps == tuple(step for one in made for step in story.steps(one))
    assert told.decisions == tuple(made)
    assert told.rulings == tuple(record for record in trade if isinstance(record, r.RulingMade))
    assert told.orders == tuple(record for record in trade if isinstance(record, r.OrderIntended))
    assert told.events == tuple(record.event for record in trade if isinstance(record, r.OrderChanged))
    assert told.fills == tuple(record.fill for record in trade if isinstance(record, r.FillReceived))
    assert told.learned == story.state()
    assert told.notes == (story.note(),)
    assert told.closed == story.closing(as_of)


def test_evidence_is_found_by_digest_and_by_agent(reader: JournalReader) -> None:
    evidence = story.evidence("IBM")
    assert reader.evidence(evidence.digest) == evidence
    assert reader.find_evidence(story.decision("IBM").id, "momentum") == [evidence]
    assert reader.find_evidence(story.decision("IBM").id, "nobody") == []


def test_learned_states_come_back(reader: JournalReader) -> None:
    digest = r.StateLearned.of(story.BOOK, story.state()).digest
    assert reader.learned(story.BOOK, digest) == story.state()
    assert reader.last_learned(story.BOOK) == story.state()
    assert reader.last_learned(BookId("another")) is None


def test_opinions_are_the_stated_probabilities_alone(reader: JournalReader) -> None:
    expected = [
        Forecast(as_of, symbol, "momentum", "momentum/rule:momentum", 0.61, 0.55)
        for as_of in (story.START, story.START + story.DAY)
        for symbol in story.SYMBOLS
    ]
    assert reader.opinions(story.BOOK) == expected
    assert reader.opinions(story.BOOK, after=story.START) == expected[4:]


def test_the_base_rate_of_an_unpooled_decision_is_what_had_been_learned(place: Path) -> None:
    made = story.decision("IBM", pooled=False)
    with Journal.open(place) as journal:
        journal.append(*story.beginning(), *story.steps(made), r.DecisionMade(decision=made))
        journal.append(
            story.step(unlearned := made.model_copy(update={"id": "dx", "learned": "0"}), "momentum")
        )
        journal.append(r.DecisionMade(decision=unlearned))
    with JournalReader(place) as reader:
        assert [forecast.base_rate for forecast in reader.opinions(story.BOOK)] == [0.55, None]


def test_a_book_is_unfinished_until_its_last_run_finished(place: Path) -> None:
    digest = story.book().settings
    again = RunId("01HX0000000000000000000002")

    def unfinished() -> BookId | None:
        journal.commit()
        book = reader.unfinished_book(digest)
        return book.id if book else None

    with Journal.open(place) as journal, JournalReader(place) as reader:
        assert unfinished() is None
        journal.append(r.BookOpened(book=story.book()))
        assert unfinished() == story.BOOK
        assert reader.unfinished_book("other") is None
        journal.append(story.run(), r.RunEnded(run=story.RUN, at=story.START, reason="stopped"))
        assert unfinished() == story.BOOK
        journal.append(story.run(again))
        assert unfinished() == story.BOOK
        journal.append(r.RunEnded(run=again, at=story.START, reason="finished"))
        assert unfinished() is None
        newer = BookId("01HX0000000000000000000003")
        journal.append(r.BookOpened(book=story.book(newer)))
        assert unfinished() == newer


def test_a_round_is_open_until_it_is_closed(place: Path) -> None:
    first, second = story.START, story.START + story.DAY
    with Journal.open(place) as journal, JournalReader(place) as reader:
        journal.append(*story.beginning())
        journal.commit()
        assert reader.last_closed(story.BOOK) is None
        assert reader.open_round(story.BOOK) is None
        journal.append(story.opening(first), story.closing(first), story.opening(second))
        journal.commit()
        assert reader.last_closed(story.BOOK) == first
        assert reader.open_round(story.BOOK) == story.opening(second)
        assert reader.rounds(story.BOOK) == [
            RoundSummary(round_id(story.BOOK, first), first, True),
            RoundSummary(round_id(story.BOOK, second), second, False),
        ]
        journal.append(story.closing(second))
        journal.commit()
        assert reader.open_round(story.BOOK) is None
        assert reader.last_closed(story.BOOK) == second


def test_amounts_are_exact_text_and_moments_sort_as_text(told: Path) -> None:
    with closing(sqlite3.connect(told)) as database:
        ((fee, price),) = set(database.execute("SELECT fee, price FROM fills"))
        assert (fee, price) == ("0.0000001", "561.005")
        moments = [at for (at,) in database.execute("SELECT at FROM order_events ORDER BY at, seq")]
    assert moments[:3] == [
        "2012-06-01T20:00:00.000000Z",
        "2012-06-01T20:00:00.000001Z",
        "2012-06-01T20:00:00.000001Z",
    ]


def test_enough_is_in_plain_columns_to_ask_in_sql(told: Path) -> None:
    query = """
        SELECT d.symbol, d.outcome, d.target_weight, d.p_up, s.p_up, json_extract(d.body, '$.payoff.cost')
        FROM decisions d JOIN steps s ON s.decision = d.id
        WHERE d.as_of >= '2012-06-01' AND d.as_of < '2012-06-02' AND s.agent = 'momentum' AND d.symbol = 'IBM'
    """
    with closing(sqlite3.connect(told)) as database:
        assert database.execute(query).fetchall() == [("IBM", "trade", 0.0123456789012345, 0.57, 0.61, 0.002)]


def test_a_value_read_back_has_the_digest_it_had(reader: JournalReader) -> None:
    for symbol in story.SYMBOLS:
        written = story.decision(symbol)
        assert canonical_json(reader.decision(written.id)) == canonical_json(written)
        evidence = story.evidence(symbol)
        assert reader.evidence(evidence.digest).digest == evidence.digest


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM decisions WHERE id = 'x'",
        "SELECT body FROM decisions WHERE symbol = 'x' ORDER BY seq DESC LIMIT 5",
        "SELECT body FROM decisions WHERE book = 'x' ORDER BY seq DESC LIMIT 5",
        "SELECT * FROM decisions WHERE round = 'x' ORDER BY seq",
        "SELECT * FROM steps WHERE decision IN ('x', 'y')",
        "SELECT * FROM rounds WHERE round = 'x'",
        "SELECT * FROM rulings WHERE round = 'x'",
        "SELECT * FROM orders WHERE round = 'x'",
        "SELECT * FROM order_events WHERE client_id IN ('x')",
        "SELECT * FROM fills WHERE client_id IN ('x')",
        "SELECT * FROM fills WHERE book = 'x'",
        "SELECT * FROM notes WHERE round = 'x'",
        "SELECT * FROM blobs WHERE digest IN ('x')",
    ],
)
def test_what_a_trace_asks_is_answered_by_an_index(told: Path, query: str) -> None:
    with closing(sqlite3.connect(told)) as database:
        plan = [detail for *_, detail in database.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert all(detail.startswith("SEARCH") for detail in plan if "TEMP B-TREE" not in detail), plan


def test_a_journal_that_is_not_there_is_said_so_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal at") as missing:
        JournalReader(tmp_path / "journal.sqlite3")
    assert "trader run" in missing.value.hint
    assert list(tmp_path.iterdir()) == []


def test_reading_changes_nothing(told: Path) -> None:
    before = told.read_bytes()
    with JournalReader(told) as reader:
        reader.round_of(story.decision("IBM").id)
        with pytest.raises(JournalError, match="read-only"):
            reader._tables.read(delete(schema.steps), dict)
    assert told.read_bytes() == before
    assert [file.name for file in told.parent.iterdir()] == [told.name]


def test_a_negative_zero_and_an_exponent_have_one_text(place: Path) -> None:
    mark = story.mark(story.START).model_copy(update={"equity": Decimal("1E+5"), "cash": Decimal("-0.00")})
    with Journal.open(place) as journal:
        journal.append(mark)
    with JournalReader(place) as reader:
        assert reader.marks(story.BOOK) == [mark]
    with closing(sqlite3.connect(place)) as database:
        assert database.execute("SELECT equity, cash FROM marks").fetchall() == [("100000", "0")]


def test_an_unfinished_run_is_seen_while_it_is_written(place: Path) -> None:
    with Journal.open(place) as journal, JournalReader(place) as reader:
        for day in range(3):
            as_of = story.START + timedelta(days=day)
            journal.append(*story.round_of(as_of))
            journal.commit()
            assert len(reader.decisions()) == 4 * (day + 1)
