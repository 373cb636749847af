"""The report of a backtest as one page: numbers into words, pictures into place."""

from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from trader.commands import words
from trader.commands.backtest_screen import walked
from trader.commands.html import charts
from trader.commands.html.agents import of_agents
from trader.domain.value import plain
from trader.evals.backtest_origin import Origin
from trader.evals.backtest_report import BacktestReport
from trader.evals.book_report import BookReport
from trader.evals.rivals import AT_EXPOSURE, Row
from trader.evals.run_summary import RunSummary

TEMPLATE = "backtest.html"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STATED_AT = 10


def page(found: BacktestReport) -> str:
    """The whole page: no script, and nothing that is fetched."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.get_template(TEMPLATE).render(_context(found))


def _context(found: BacktestReport) -> dict[str, Any]:
    book, origin = found.book, found.origin
    verdict, colon, rest = found.finding.partition(":")
    return {
        "origin": origin,
        "title": f"{', '.join(book.book.symbols)}: {words.day(origin.first)} to {words.day(origin.last)}",
        "subtitle": _subtitle(found),
        "verdict": verdict + colon,
        "finding": rest,
        "findings": found.findings,
        "tiles": _tiles(book),
        "money": charts.money_chart(book, _beside(book)),
        "rows": _rows(book),
        "below_rows": _below(book),
        "costs": _costs(book),
        "other_costs": [
            (f"{bps} basis points", words.change(net), bps == STATED_AT)
            for bps, net in book.at_other_costs.items()
        ],
        "month_names": MONTHS,
        "months": _months(book),
        "variants": _variants(found),
        "overlay": _overlay(found),
        "luck": _luck(found),
        **of_agents(book),
        "schedule": charts.schedule(book),
        "walk": walked(book),
        "closed": _closed(book),
        "provenance": _provenance(origin, book),
    }


def _subtitle(found: BacktestReport) -> str:
    book = found.book
    books = f", book {found.origin.book} of {found.origin.variants}" if found.origin.variants > 1 else ""
    varied = ", ".join(f"{key}={value}" for key, value in found.origin.varied.items())
    return (
        f"{book.book.timeframe} bars, horizon {book.book.horizon}, "
        f"{words.count(book.summary.rounds, 'round')}, "
        f"{words.count(sum(book.summary.decisions.values()), 'decision')}"
        f"; backtest {found.origin.backtest}{books}{f' ({varied})' if varied else ''}"
    )


def _beside(book: BookReport) -> Any:
    """What the same money was worth at the desk's exposure."""
    hold = next(one for one in book.rivals if one.name == AT_EXPOSURE)
    return book.curve.equity[0] * np.cumprod(np.concatenate([[1.0], 1.0 + hold.returns]))


def _tiles(book: BookReport) -> list[dict[str, str]]:
    desk, summary = book.desk.performance, book.summary
    return [
        _tile("net return", words.change(desk.net_return), f"{words.change(desk.annual_return)} a year"),
        _tile("Sharpe ratio", _ratio(desk.sharpe), _interval(desk.sharpe_interval, "{:.2f}")),
        _tile(
            "deepest drawdown",
            words.share(book.curve.drawdown.max()),
            f"volatility {words.share(desk.volatility, 1)}",
        ),
        _tile("mean exposure", words.share(book.desk.exposure, 1), f"turnover {book.turnover:.1f} a year"),
        _tile(
            "closed positions",
            f"{len(book.closed):,}",
            f"profit factor {_ratio(book.profit_factor)}; {words.count(summary.fills, 'fill')}",
        ),
        _tile(
            "trading took",
            words.money(book.costs.trading),
            f"{book.book.currency}; models {words.money(book.costs.models_usd)} USD",
        ),
    ]


def _tile(name: str, value: str, note: str) -> dict[str, str]:
    return {"name": name, "value": value, "note": note}


def _ratio(value: float | None) -> str:
    return words.NOTHING if value is None else f"{value:.2f}"


def _interval(ends: tuple[float, float] | None, form: str) -> str:
    return (
        "too little for an interval" if ends is None else f"{form.format(ends[0])} to {form.format(ends[1])}"
    )


def _rows(book: BookReport) -> list[dict[str, Any]]:
    nearest = min(max(map(abs, (*(one.interval or ()), one.less or 0.0))) for one in book.baselines)
    reach = 3.0 * (nearest or 1.0)  # wider intervals run out of the picture
    return [_row(one, reach) for one in (book.desk, *book.baselines)]


def _row(one: Row, reach: float) -> dict[str, Any]:
    known = one.performance
    return {
        "name": one.name,
        "note": one.note,
        "net": words.change(known.net_return),
        "sharpe": _ratio(known.sharpe),
        "interval": words.NOTHING
        if known.sharpe_interval is None
        else _interval(known.sharpe_interval, "{:.2f}"),
        "drawdown": words.share(known.max_drawdown, 1),
        "exposure": words.share(one.exposure, 1),
        "less": "" if one.less is None else words.change(one.less),
        "between": ""
        if one.interval is None
        else f"{words.change(one.interval[0], 1)} to {words.change(one.interval[1], 1)}",
        "picture": "" if one.less is None else charts.whisker(one, reach),
    }


def _below(book: BookReport) -> str:
    notes = "; ".join(f"{one.name}: {one.note}" for one in book.baselines if one.note)
    return (
        f"{notes}; rules and random portfolios after the same costs. Desk less this: a year. Intervals: "
        f"{book.evaluation.provenance.resamples:,} stationary bootstrap resamples of the rounds, the same "
        "ones for every row. Where an interval holds zero, nothing shows that the desk is better or worse."
    )


def _costs(book: BookReport) -> list[tuple[str, str]]:
    took, currency = book.costs, book.book.currency
    return [
        ("fees", words.money(took.fees, currency)),
        ("half the spread", words.money(took.half_spread, currency)),
        ("slippage", words.money(took.slippage, currency)),
        ("borrowing", words.money(took.borrowing, currency)),
        ("language models", words.money(took.models_usd, "USD")),
        *((("calls of them", _calls(book.summary)),) if book.summary.llm_calls else ()),
        ("dividends received", words.money(took.dividends, currency)),
        ("traded in all", words.money(took.notional, currency)),
    ]


def _calls(summary: RunSummary) -> str:
    found = f", {summary.llm_found:,} answered before" if summary.llm_found else ""
    failed = f", {summary.llm_failed:,} without a form" if summary.llm_failed else ""
    return f"{summary.llm_calls:,}{found}{failed}"


def _months(book: BookReport) -> list[dict[str, Any]]:
    known = book.curve.months()
    most = max((abs(value) for value in known.values()), default=0.0) or 1.0
    years = []
    for year in sorted({year for year, _ in known}):
        mine = [known.get((year, month)) for month in range(1, 13)]
        total = float(np.prod([1.0 + value for value in mine if value is not None])) - 1.0
        cells = [
            {"text": "" if value is None else words.change(value), "style": _shade(value, most)}
            for value in mine
        ]
        years.append({"name": year, "cells": cells, "total": words.change(total)})
    return years


def _shade(value: float | None, most: float) -> str:
    if value is None:
        return ""
    colour = "--up" if value >= 0 else "--down"
    return f"background:color-mix(in srgb, var({colour}) {10 + 45 * abs(value) / most:.0f}%, var(--card))"


def _variants(found: BacktestReport) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "label": one.label,
            "rounds": f"{one.rounds:,}" + ("" if one.finished else ", unfinished"),
            "net": words.change(one.net_return),
            "sharpe": _ratio(one.sharpe),
            "drawdown": words.share(one.max_drawdown, 1),
            "exposure": words.share(one.exposure, 1),
            "fills": f"{one.fills:,}",
            "shown": one.number == found.origin.book,
        }
        for one in found.variants
    ]


def _overlay(found: BacktestReport) -> str:
    labels = {one.number: one.label for one in found.variants}
    return charts.overlay(
        [(labels[n], curve, n == found.origin.book) for n, curve in sorted(found.curves.items())]
    )


def _luck(found: BacktestReport) -> list[tuple[str, str]]:
    luck, desk = found.selection, found.book.desk.performance
    missing = f"not applicable: {luck.why_not}"
    return [
        (
            "probability that the true Sharpe ratio is above zero",
            words.probability(desk.probabilistic_sharpe),
        ),
        (
            f"the same, after {words.count(luck.tried, 'variant')} tried (deflated)",
            words.probability(luck.deflated_sharpe),
        ),
        (
            "probability of backtest overfitting",
            missing if luck.overfitting is None else words.share(luck.overfitting, 1),
        ),
        (
            "superior predictive ability, p-value",
            missing if luck.superior is None else f"{luck.superior:.3f}",
        ),
    ]


def _closed(book: BookReport) -> list[tuple[str, ...]]:
    return [
        (
            one.symbol,
            words.day(one.opened_at),
            words.day(one.closed_at),
            words.amount(one.quantity),
            f"{one.entry:,.2f}",
            f"{one.exit:,.2f}",
            f"{one.realised:+,.2f}",
            "stopped" if one.stopped else "",
        )
        for one in book.closed
    ]


def _provenance(origin: Origin, book: BookReport) -> list[tuple[str, Any]]:
    costs = "; ".join(
        f"{kind}: fee {plain(one.fee_bps)}, half the spread {plain(one.half_spread_bps)}, "
        f"slippage {plain(one.slippage_bps)} basis points a side"
        for kind, one in origin.costs.items()
    )
    prompts = ", ".join(f"{name} {digest[:8]}" for name, digest in sorted(origin.prompts.items()))
    known = book.evaluation.provenance
    return [
        ("backtest", f"{origin.backtest}, book {origin.book} of {origin.variants}"),
        ("command", origin.command),
        ("execution", origin.execution),
        ("costs", costs),
        (
            "data",
            f"{known.feed}, digest {origin.data}, "
            f"{words.day(known.data_first)} to {words.day(known.data_last)}",
        ),
        ("decisions", f"{words.day(origin.first)} to {words.day(origin.last)}, horizon {known.horizon}"),
        ("models", f"{', '.join(origin.models) or 'none: every agent followed its rule'}"),
        ("knowledge cut-off", origin.cut_offs),
        ("program", f"trader {origin.version}, source {origin.program}"),
        ("prompts", prompts),
        ("seed", f"{origin.seed}; of the resampling {known.seed}"),
        ("variants tried", f"{origin.variants}"),
    ]
