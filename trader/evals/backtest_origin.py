"""What the report of a backtest rests on, beyond the evaluation's own provenance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from trader.backtest.books.plan import Plan, PlannedBook
from trader.brokers.costs import Cost
from trader.data.market import Market
from trader.evals.book_report import BookReport
from trader.evals.knowledge import SEEN, side
from trader.graph.assembly import cost_model
from trader.settings import restored


@dataclass(frozen=True)
class Origin:
    """Everything that makes the numbers what they are."""

    backtest: str
    book: int
    command: str
    data: str
    first: datetime
    last: datetime
    version: str
    program: str
    prompts: Mapping[str, str]
    """Agent -> digest of its prompt, personas and settings included."""
    models: tuple[str, ...]
    cut_offs: str
    """What the models may have seen of the rounds."""
    seed: int
    costs: Mapping[str, Cost]
    """Asset class -> costs of a side."""
    variants: int
    varied: Mapping[str, str]
    execution: str


def origin(
    plan: Plan,
    shown: PlannedBook,
    book: BookReport,
    market: Market,
    prompts: Mapping[str, str],
    cut_offs: Mapping[str, date],
) -> Origin:
    """Of one book of a plan. `cut_offs` are the models', as far as they are known now."""
    settings = restored(shown.settings)
    costs = cost_model(settings)
    models = book.evaluation.provenance.models
    classes = {market.instruments[symbol].asset_class: market.instruments[symbol] for symbol in shown.symbols}
    return Origin(
        backtest=plan.id,
        book=shown.number,
        command=plan.command,
        data=shown.data,
        first=shown.first,
        last=shown.last,
        version=plan.version,
        program=plan.program,
        prompts=prompts,
        models=models,
        cut_offs=may_have_seen(models, {**settings.llm.knowledge_cutoffs, **cut_offs}, book.curve.as_of),
        seed=settings.run.seed,
        costs={kind.value: costs.of(instrument) for kind, instrument in classes.items()},
        variants=len(plan.books),
        varied=shown.varied,
        execution="decided at a bar's close, filled at the next open or where the order's price was met",
    )


def may_have_seen(models: Sequence[str], cut_offs: Mapping[str, date], rounds: Sequence[datetime]) -> str:
    """Of each model, whether it was taught of days on which it was asked: then it may know how they ended."""
    if not models:
        return "no model"
    said = []
    for model in models:
        until = cut_offs.get(model)
        if until is None:
            said.append(f"{model} unknown: it may have seen all of these days")
            continue
        seen = sum(side(as_of, (model,), cut_offs) == SEEN for as_of in rounds)
        told = f"it may have seen {seen:,} of {len(rounds):,} rounds" if seen else "before the first round"
        said.append(f"{model} {until}: {told}")
    return "; ".join(said)
