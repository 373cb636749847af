"""The report of a backtest on screen: the first line says how far to believe the rest."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trader.backtest.books.folder import Folder
from trader.commands import words
from trader.commands.output import columns, pairs
from trader.commands.performance import performance_table
from trader.commands.run_report import models_asked
from trader.domain.decisions import Outcome
from trader.evals.backtest_origin import Origin
from trader.evals.backtest_report import BacktestReport
from trader.evals.book_report import BookReport

PORTFOLIOS = "random portfolios"
SMALL = 1e4
"""Log loss is shown in ten-thousandths of a nat."""


def screen(found: BacktestReport, folder: Folder) -> Iterator[RenderableType]:
    """The report, part by part."""
    book = found.book
    yield Text(found.finding, "bold")
    yield Text("")
    yield performance_table(book.desk, book.baselines)
    yield from (Text(f"{one.name}: {one.note}", "dim") for one in book.baselines if PORTFOLIOS in one.name)
    yield Text(
        "Intervals from rounds resampled in blocks of a horizon or more, the same ones for every row.", "dim"
    )
    yield Text("")
    yield _counts(book)
    yield Text("")
    yield _costs(book)
    if book.summary.llm_calls + book.summary.llm_unpaid:
        yield Text(models_asked(book.summary))
    if len(found.variants) > 1:
        yield Text("")
        yield _variants(found)
    yield Text("")
    yield _luck(found)
    yield Text("")
    yield _agents(book)
    yield Text("")
    yield Text(walked(book))
    yield from (Text(f"note: {sentence}") for sentence in found.findings)
    yield _provenance(found)
    yield Text("")
    yield Text("Try next", "bold")
    root = folder.of(found.plan.books[found.origin.book - 1]).root
    place = root.relative_to(Path.cwd()) if root.is_relative_to(Path.cwd()) else root
    yield Group(
        *(
            Text.assemble((f"  {command}", "cyan"), f"  {why}")
            for command, why in (
                (
                    f"trader backtest show {found.plan.id} --html report.html",
                    "the same as a page, with charts",
                ),
                (f"trader trace list --workspace {place}", "its decisions, one by one"),
                (f"trader eval --workspace {place}", "its agents in full"),
            )
        )
    )


def _counts(book: BookReport) -> Table:
    summary = book.summary
    outcomes = summary.decisions
    factor = words.NOTHING if book.profit_factor is None else f"{book.profit_factor:.2f}"
    return pairs(
        (
            "decisions",
            f"{sum(outcomes.values()):,}: {outcomes.get(Outcome.TRADE, 0):,} to trade, "
            f"{outcomes.get(Outcome.HOLD, 0):,} to hold, {outcomes.get(Outcome.UNDECIDED, 0):,} undecided",
        ),
        (
            "trades",
            f"{words.count(summary.orders, 'order')}, {words.count(summary.fills, 'fill')}, "
            f"{words.count(len(book.closed), 'position')} closed again, profit factor {factor}, "
            f"turnover {book.turnover:.1f} a year",
        ),
    )


def _costs(book: BookReport) -> Table:
    took, currency = book.costs, book.book.currency
    at = ", ".join(f"{words.change(net)} at {bps}" for bps, net in book.at_other_costs.items())
    return pairs(
        (
            "costs",
            f"fees {words.money(took.fees)}, half the spread {words.money(took.half_spread)}, slippage "
            f"{words.money(took.slippage)}, borrowing {words.money(took.borrowing)} {currency}; models "
            f"{words.money(took.models_usd)} USD",
        ),
        ("the same fills", f"{at} basis points a side"),
    )


def _variants(found: BacktestReport) -> Table:
    numbers = ("rounds", "net return", "Sharpe", "drawdown", "exposure", "fills")
    table = columns("book", "varied", *numbers, right=numbers, wraps=("varied",))
    for one in found.variants:
        table.add_row(
            f"{one.number}{'' if one.finished else ' (unfinished)'}",
            one.label,
            f"{one.rounds:,}",
            words.change(one.net_return),
            words.NOTHING if one.sharpe is None else f"{one.sharpe:.2f}",
            words.share(one.max_drawdown, 1),
            words.share(one.exposure, 1),
            f"{one.fills:,}",
        )
    return table


def _luck(found: BacktestReport) -> Table:
    luck, missing = found.selection, f"not applicable: {found.selection.why_not}"
    above_zero = words.probability(found.book.desk.performance.probabilistic_sharpe)
    return pairs(
        ("true Sharpe above zero", f"{above_zero}; after {words.count(luck.tried, 'variant')} tried "
         f"{words.probability(luck.deflated_sharpe)}"),
        ("overfitting", missing if luck.overfitting is None else words.share(luck.overfitting, 1)),
        ("superior ability", missing if luck.superior is None else f"p {luck.superior:.3f}"),
    )  # fmt: skip


def _agents(book: BookReport) -> RenderableType:
    numbers = ("cases", "worth", "Brier", "base", "ECE", "left out", "Shapley")
    table = columns("forecasts of", *numbers, right=numbers)
    found = book.evaluation
    for one in (*(agent for agent in found.agents if agent.cases), found.desk):
        brought = one.contribution
        table.add_row(
            one.name,
            f"{one.cases:,}",
            f"{one.n_eff:,.0f}",
            *(
                words.NOTHING if score is None else f"{float(score):.{digits}f}"
                for score, digits in (
                    (one.scores["brier"], 4),
                    (one.base["brier"], 4),
                    (one.scores["ece"], 3),
                )
            ),
            f"{brought.leave_one_out * SMALL:+.1f}" if brought else "",
            f"{brought.shapley * SMALL:+.1f}" if brought else "",
        )
    note = "Left out and Shapley: what each brought to the pool, in ten-thousandths of a nat of log loss."
    return Group(table, Text(note, "dim"))


def walked(book: BookReport) -> str:
    """When what is fitted was fitted, and that nothing came from later."""
    fits = book.refits
    return (
        "Walk-forward: calibration, weights, base rates and payoffs fitted "
        f"{len(fits.cut_offs):,} times, every {words.count(fits.every, 'round')}, the forecaster every "
        f"{words.count(fits.forecaster_every, 'bar')}, each from what had resolved by then; of "
        f"{sum(book.summary.decisions.values()):,} decisions {fits.late or 'none'} used anything fitted "
        "after it."
    )


def _provenance(found: BacktestReport) -> Text:
    known = found.origin
    return Text(
        f"backtest {known.backtest}, book {known.book} of {known.variants}; {found.plan.feed}, "
        f"{', '.join(found.book.book.symbols)} {found.plan.timeframe}, {words.day(known.first)} to "
        f"{words.day(known.last)}; data {known.data}; {_models(known)}; trader "
        f"{known.version}, source {known.program}; seed {known.seed}; {known.execution}. "
        "--json has the rest.",
        "dim",
    )


def _models(known: Origin) -> str:
    return f"models, by knowledge cut-off: {known.cut_offs}" if known.models else "no model"
