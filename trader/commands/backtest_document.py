"""The document of `backtest`: the promised keys first, then the rest."""

from dataclasses import asdict
from typing import Any

from trader.commands.performance import performance_row
from trader.domain.value import jsonable
from trader.evals.backtest_report import BacktestReport
from trader.evals.book_report import BookReport


def document(found: BacktestReport) -> dict[str, Any]:
    """All numbers of the report, the curve included."""
    book, desk = found.book, found.book.desk
    summary = jsonable(book.summary)
    return {
        "id": found.plan.id,
        "book": found.origin.book,
        "finding": found.finding,
        "findings": list(found.findings),
        "equity_start": book.summary.equity_start,
        "equity_end": book.summary.equity_end,
        "net_return": desk.performance.net_return,
        "annual_return": desk.performance.annual_return,
        "sharpe": desk.performance.sharpe,
        "sharpe_interval": desk.performance.sharpe_interval,
        "probabilistic_sharpe": desk.performance.probabilistic_sharpe,
        "sortino": desk.performance.sortino,
        "volatility": desk.performance.volatility,
        "max_drawdown": book.summary.max_drawdown,
        "profit_factor": book.profit_factor,
        "turnover": book.turnover,
        "exposure": desk.exposure,
        "rounds": summary["rounds"],
        "decisions": sum(book.summary.decisions.values()),
        "outcomes": summary["decisions"],
        "orders": summary["orders"],
        "fills": summary["fills"],
        "trades": summary["trades"],
        "refused": summary["refused"],
        "cut": summary["cut"],
        "costs": asdict(book.costs) | {"at_bps": {str(bps): net for bps, net in book.at_other_costs.items()}},
        "models": {
            name.removeprefix("llm_"): value for name, value in summary.items() if name.startswith("llm_")
        },
        "baselines": [performance_row(one) for one in book.baselines],
        "selection": asdict(found.selection),
        "variants": [asdict(one) for one in found.variants],
        "agents": [_agent(one) for one in (*book.evaluation.agents, book.evaluation.desk)],
        "months": [{"month": f"{y}-{m:02}", "net_return": r} for (y, m), r in book.curve.months().items()],
        "refits": asdict(book.refits),
        "curve": _curve(book),
        "provenance": {
            **asdict(found.origin),
            "costs": {kind: cost for kind, cost in found.origin.costs.items()},
            "resamples": book.evaluation.provenance.resamples,
        },
    }


def _agent(one: Any) -> dict[str, Any]:
    return {
        "name": one.name,
        "cases": one.cases,
        "n_eff": one.n_eff,
        "brier": one.scores["brier"],
        "brier_base": one.base["brier"],
        "ece": one.scores["ece"],
        "shapley": one.contribution.shapley if one.contribution else None,
        "leave_one_out": one.contribution.leave_one_out if one.contribution else None,
    }


def _curve(book: BookReport) -> list[dict[str, Any]]:
    curve = book.curve
    rows = zip(curve.as_of, curve.equity.tolist(), curve.exposure.tolist(), strict=True)
    return [{"as_of": at, "equity": equity, "exposure": exposure} for at, equity, exposure in rows]
