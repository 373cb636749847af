import io
import signal
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.commands import example
from trader.cli import main
from trader.clock import SetClock
from trader.commands import output, telling
from trader.commands.plain import SILENCE_S, PlainLines
from trader.commands.run import Began, _interrupts
from trader.commands.run_report import HINDSIGHT, NO_MODEL, commands_to_try, document, report
from trader.commands.venue import venue_keys
from trader.data.market import Market
from trader.domain.errors import UsageError
from trader.domain.market import Timeframe
from trader.domain.portfolio import AccountEntry, EntryKind
from trader.evals.run_summary import AgentScore, LearnedChange, Passive, RunSummary
from trader.risk.facts import Breaker
from trader.runner import Ran
from trader.runner.watching import ClosedRound, Control

Compare = Callable[[str, str], None]


class Stopwatch(SetClock):
    """A clock whose stopwatch is set by hand."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


class Shut(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.fixture
def clock() -> Stopwatch:
    return Stopwatch(example.FRIDAY)


def closed(**changes: object) -> ClosedRound:
    return ClosedRound(**{**vars(example.closed_round()), **changes})  # type: ignore[arg-type]


def quiet(**changes: object) -> ClosedRound:
    """A round in which nothing happened."""
    return closed(rulings=(), fills=(), entries=(), **changes)


def test_what_happened_is_told_in_the_order_it_happened() -> None:
    breaker = Breaker(reason="daily_loss", since=example.FRIDAY, until=example.MONDAY)
    told = [event.text for event in telling.events(closed(breakers=(breaker,)))]
    assert told == [
        "dividend of IBM: 8.50 USD  0.85 a share",
        f"bought 2 AAPL at 562.50, fee 0.11 USD  {example.AAPL}",
        "cut AAPL: position size: 6.1 % of equity asked, 5 % allowed",
        "breaker daily loss: no entries until 2012-06-04 13:30",
    ]
    assert len(list(telling.events(closed(breakers=(breaker,)), frozenset({breaker})))) == 3


def test_a_ruling_that_lets_everything_through_is_not_told() -> None:
    told = telling.events(closed(rulings=(example.allowed(),)))
    assert not any("position size" in event.text for event in told)


def test_a_fill_of_a_stop_and_a_split_are_told_as_what_they_are() -> None:
    fill = example.fill().model_copy(update={"client_id": example.stop().client_id, "side": "sell"})
    split = AccountEntry(
        id="e2", kind=EntryKind.SPLIT, at=example.FRIDAY, symbol="AAPL", quantity=Decimal(12), note="7 for 1"
    )
    told = [event.text for event in telling.events(closed(rulings=(), fills=(fill,), entries=(split,)))]
    assert told[0] == "split of AAPL: 12 units more  7 for 1"
    assert "by its protective stop" in told[1]


def test_a_month_of_quiet_days_is_one_line(clock: Stopwatch) -> None:
    stream = io.StringIO()
    lines = PlainLines(stream, Control(), clock)
    for day in range(90):
        lines.round_closed(quiet(index=day + 1, as_of=example.FRIDAY + timedelta(days=day)))
    assert [line[:16] for line in stream.getvalue().splitlines()] == ["2012-07-01 20:00", "2012-08-01 20:00"]


def test_the_last_round_is_always_told(clock: Stopwatch) -> None:
    stream = io.StringIO()
    PlainLines(stream, Control(), clock).round_closed(quiet(index=250))
    assert stream.getvalue() == (
        "2012-06-01 20:00  round 250 of 250, equity 99,892.10 USD, 1.9% invested, drawdown 0.3%\n"
    )


def test_long_work_is_told_at_its_start_and_when_it_takes_long(clock: Stopwatch) -> None:
    stream = io.StringIO()
    lines = PlainLines(stream, Control(), clock)
    lines.preparing("reading the data", 0, 1)
    for done in range(101):
        clock.seconds = done * SILENCE_S / 40
        lines.preparing("scoring", done, 100)
    assert stream.getvalue().splitlines() == ["scoring", "scoring: 41%", "scoring: 82%"]


def test_a_run_that_nobody_reads_ends_after_the_round_in_hand(clock: Stopwatch) -> None:
    control = Control()
    lines = PlainLines(Shut(), control, clock)
    lines.note("anything")
    assert control.stop
    lines.note("nothing breaks")


def test_the_first_interrupt_finishes_the_round_and_the_second_leaves_at_once(
    clock: Stopwatch, tmp_path: Path
) -> None:
    control = Control(paused=True)
    began = Began(PlainLines(io.StringIO(), control, clock))
    before = signal.getsignal(signal.SIGINT)
    with _interrupts(control, began):
        began.opened(example.opening(tmp_path))
        signal.raise_signal(signal.SIGTERM)
        assert (control.stop, control.paused) == (True, False)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_before_the_first_round_leaves_at_once(clock: Stopwatch) -> None:
    control = Control()
    with (
        _interrupts(control, Began(PlainLines(io.StringIO(), control, clock))),
        pytest.raises(KeyboardInterrupt),
    ):
        signal.raise_signal(signal.SIGINT)
    assert not control.stop


def summary(**changes: object) -> RunSummary:
    fields: dict[str, object] = {
        "book": example.BOOK,
        "feed": "sample",
        "symbols": ("AAPL", "IBM"),
        "first": example.FRIDAY,
        "last": example.MONDAY,
        "rounds": 250,
        "decisions": {"trade": 32, "hold": 460, "undecided": 8},
        "orders": 58,
        "fills": 41,
        "trades": 9,
        "refused": {"daily_loss": 3, "correlated": 1},
        "cut": {"position_size": 4},
        "stopped_out": 5,
        "dividends": Decimal("12.5"),
        "fees": Decimal("20.1"),
        "slippage": Decimal("80.4"),
        "equity_start": Decimal(100000),
        "equity_end": Decimal("101234.5"),
        "equity_before_costs": Decimal(101335),
        "max_drawdown": 0.021,
        "buy_and_hold": Passive(gain=0.12, gain_at_exposure=0.019, exposure=0.162, max_drawdown=0.123),
        "agents": (
            AgentScore(
                agent="momentum",
                record="momentum/rule:momentum",
                forecasts=500,
                resolved=490,
                hit_rate=0.54,
                always_up=0.56,
                brier=0.2511,
                brier_base=0.2495,
            ),
            AgentScore(
                agent="quant",
                record="quant/rule:quant",
                forecasts=3,
                resolved=0,
                hit_rate=None,
                always_up=None,
                brier=None,
                brier_base=None,
            ),
        ),
        "learned": (
            LearnedChange(
                record="momentum/rule:momentum",
                slope_prior=0.5,
                slope=0.473,
                weight_prior=0.5,
                weight=0.6,
                n=2088,
                n_eff=520.2,
            ),
        ),
    }
    return RunSummary.model_validate(fields | changes)


NO_DATA = Market(Timeframe.D1, {}, {})


def ran(tmp_path: Path, *, finished: bool = True) -> Ran:
    return Ran(example.book(), example.RUN, finished, tmp_path / "journal.sqlite3", 48.3, NO_DATA)


def test_the_summary_reads_on_eighty_columns(tmp_path: Path, same_as_snapshot: Compare) -> None:
    parts = report(ran(tmp_path), summary(), [example.undecided(), example.trade()])
    same_as_snapshot("summary_80", output.drawn(*parts, width=80))


def test_a_run_in_which_nothing_happened_has_a_summary_too(tmp_path: Path) -> None:
    nothing = summary(
        decisions={}, refused={}, cut={}, agents=(), learned=(), dividends=0, equity_end=100000, rounds=1
    )
    shown = output.drawn(*report(ran(tmp_path, finished=False), nothing, []), width=100)
    assert "Stopped" in shown
    assert "the same command goes on" in shown
    assert "No agent forecast anything." in shown
    assert "Nothing has been learned yet." in shown


def test_the_summary_says_what_it_is_worth_and_that_no_model_was_asked(tmp_path: Path) -> None:
    shown = output.drawn(*report(ran(tmp_path), summary(), []), width=1000)
    assert HINDSIGHT in shown
    assert NO_MODEL in shown
    mine = example.book().model_copy(update={"feed": "files:mine"})
    own = Ran(mine, example.RUN, True, tmp_path, 1.0, NO_DATA)
    assert HINDSIGHT not in output.drawn(*report(own, summary(), []), width=1000)


def test_the_page_that_the_summary_points_at_exists_and_says_the_same() -> None:
    page = Path(__file__).parents[2] / "docs" / "language-models.md"
    assert "docs/language-models.md" in NO_MODEL
    assert "Without a language model each agent follows its rule" in page.read_text(encoding="utf-8")


def test_the_commands_to_try_have_ids_that_exist() -> None:
    older = example.undecided().model_copy(update={"symbol": "AAPL", "id": "dolder"})
    tried = [command for command, _ in commands_to_try([example.undecided(), example.trade(), older])]
    assert tried == [
        f"trader trace show {example.AAPL}",
        f"trader trace diff {example.AAPL} dolder",
        "trader prompts edit momentum",
    ]


def test_the_document_has_the_promised_keys(tmp_path: Path) -> None:
    shown = document(ran(tmp_path), summary())
    promised = (
        "run_id mode feed symbols decisions trades refused orders fills equity_start equity_end buy_and_hold "
        "agents llm_calls duration_s journal"
    )
    assert set(promised.split()) <= set(shown)
    assert (shown["decisions"], shown["outcomes"]["trade"], shown["llm_calls"]) == (500, 32, 0)
    assert shown["equity_end"] == "101234.5"


def test_keys_of_a_venue_come_from_variables_of_its_name_and_do_not_show() -> None:
    keys = venue_keys(
        "ccxt:binance", {"BINANCE_API_KEY": "planted-key", "BINANCE_API_SECRET": "planted-word"}
    )
    assert keys.secret.get_secret_value() == "planted-word"
    assert "planted" not in repr(keys)
    with pytest.raises(UsageError, match="BINANCE_API_SECRET, and") as refused:
        venue_keys("ccxt:binance", {"BINANCE_API_KEY": "planted-key"})
    assert ".env" in refused.value.hint
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--feed", "ccxt:kraken"], "unknown exchange for --broker: kraken"),
        (["--feed", "sample"], "trades on its own bars, and the feed is sample"),
    ],
)
def test_a_venue_that_cannot_be_traded_is_said_before_keys_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    venue = ["--broker", "ccxt:kraken", "--symbols", "BTC/USDT", "--timeframe", "1m"]
    assert main(["--workspace", str(tmp_path), "run", *venue, *more]) == 2
    assert says in capsys.readouterr().err
