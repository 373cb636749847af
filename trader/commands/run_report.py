"""What a run came to, for people and for programs. The numbers are `evals.run_summary`'s."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trader.commands import words
from trader.commands.output import columns, pairs
from trader.domain.decisions import Decision, Outcome
from trader.domain.portfolio import Book
from trader.domain.value import jsonable
from trader.evals.run_summary import RunSummary
from trader.runner import Ran

HINDSIGHT = (
    "The symbols of the sample are winners picked with hindsight: they are here because they lasted. "
    "A gain on them says little of what the desk will do."
)
CURRENCIES = "24/5"
"""Their calendar: a pair of currencies is nobody's winner."""
NO_MODEL = (
    "No language model was used: each agent followed its published rule. docs/language-models.md says how to "
    "give the desk one."
)


def document(ran: Ran, summary: RunSummary) -> dict[str, Any]:
    """The document of `run`: the promised keys first, then the rest of the summary."""
    numbers = jsonable(summary)
    outcomes = numbers.pop("decisions")
    if not summary.llm_calls + summary.llm_unpaid:
        numbers = {key: value for key, value in numbers.items() if key == "llm_calls" or key[:4] != "llm_"}
    return {
        "run_id": ran.run,
        "mode": ran.book.mode.value,
        **numbers,
        "timeframe": ran.book.timeframe.value,
        "currency": ran.book.currency,
        "decisions": sum(outcomes.values()),
        "outcomes": outcomes,
        "finished": ran.finished,
        "duration_s": round(ran.duration_s, 3),
        "journal": str(ran.journal),
    }


def report(ran: Ran, summary: RunSummary, decisions: list[Decision]) -> Iterator[RenderableType]:
    """The summary, part by part; `decisions` are the book's, newest first, for examples to try."""
    yield _title(ran, summary)
    yield Text("")
    yield _counts(summary)
    yield Text("")
    yield _money(summary, ran.book)
    yield Text("")
    yield _agents(summary)
    yield Text("")
    yield _learned(summary)
    yield Text("")
    if ran.book.feed == "sample" and ran.book.calendar != CURRENCIES:
        yield Text(HINDSIGHT)
    yield Text(models_asked(summary) if summary.llm_calls + summary.llm_unpaid else NO_MODEL)
    yield Text("")
    yield Text("Try next", "bold")
    tried = commands_to_try(decisions)
    yield Group(*(Text.assemble((f"  {command}", "cyan"), f"  {why}") for command, why in tried))


def _title(ran: Ran, summary: RunSummary) -> Text:
    rounds = words.count(summary.rounds, "round")
    days = f"{summary.first:%Y-%m-%d} to {summary.last:%Y-%m-%d}"
    what = f"{', '.join(summary.symbols)} {ran.book.timeframe}, {rounds}, {days}"
    what += f", in {words.duration(ran.duration_s)}"
    if ran.finished:
        return Text.assemble(("Finished", "bold green"), f"  {what}")
    return Text.assemble(("Stopped", "bold yellow"), f"  {what}; the same command goes on with it")


def models_asked(summary: RunSummary) -> str:
    """How often models were asked, and what that took."""
    cached = f" ({summary.llm_tokens_cached:,} of them cached)" if summary.llm_tokens_cached else ""
    failed = f"{summary.llm_failed:,} without a form" if summary.llm_failed else "all with a form"
    failed += f", {summary.llm_found:,} of them answered before" if summary.llm_found else ""
    if summary.llm_unpaid:
        failed += f", {summary.llm_unpaid:,} more not made because the budget was spent"
    tokens = f"{summary.llm_tokens_in:,} tokens read{cached}, {summary.llm_tokens_out:,} written"
    return (
        f"Language models: {words.count(summary.llm_calls, 'call')}, {failed}; {tokens}, "
        f"{words.amount(summary.llm_usd)} USD."
    )


def _counts(summary: RunSummary) -> Table:
    outcomes = summary.decisions
    return pairs(
        (
            "decisions",
            f"{sum(outcomes.values()):,}: {outcomes.get(Outcome.TRADE, 0):,} to trade, "
            f"{outcomes.get(Outcome.HOLD, 0):,} to hold, {outcomes.get(Outcome.UNDECIDED, 0):,} undecided",
        ),
        (
            "trades",
            f"{words.count(summary.orders, 'order')}, {words.count(summary.fills, 'fill')} "
            f"({summary.stopped_out} of them stops), {words.count(summary.trades, 'position')} closed again",
        ),
        ("refused", _by_limit(summary.refused) or "no order"),
        ("cut", _by_limit(summary.cut) or "no order"),
    )


def _by_limit(orders: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} by {limit.replace('_', ' ')}" for limit, number in sorted(orders.items()))


def _money(summary: RunSummary, book: Book) -> Table:
    numbers = (f"equity {book.currency}", "gain", "drawdown")
    table = columns("", *numbers, right=numbers, wraps=("",))
    start, held = summary.equity_start, summary.buy_and_hold
    costs = f"before {words.money(summary.fees + summary.slippage)} of fees, spread and slippage"
    table.add_row("at the start", words.money(start), "", "")
    table.add_row(
        "the desk",
        words.money(summary.equity_end),
        words.change(summary.equity_end / start - 1),
        words.share(summary.max_drawdown, 1),
    )
    table.add_row(
        f"  {costs}",
        words.money(summary.equity_before_costs),
        words.change(summary.equity_before_costs / start - 1),
        "",
    )
    if summary.dividends:
        table.add_row(f"  of it {words.money(summary.dividends)} in dividends", "", "", "")
    table.add_row(
        "buying and holding the same symbols", "", words.change(held.gain), words.share(held.max_drawdown, 1)
    )
    table.add_row(
        f"  at the desk's mean exposure of {words.share(held.exposure, 1)}",
        "",
        words.change(held.gain_at_exposure),
        "",
    )
    return table


def _agents(summary: RunSummary) -> RenderableType:
    if not summary.agents:
        return Text("No agent forecast anything.")
    numbers = ("forecasts", "resolved", "hit rate", "always up", "Brier", "base rate's")
    table = columns("agent", *numbers, right=numbers)
    for row in summary.agents:
        table.add_row(
            row.agent,
            f"{row.forecasts:,}",
            f"{row.resolved:,}",
            words.share(row.hit_rate, 1),
            words.share(row.always_up, 1),
            words.probability(row.brier),
            words.probability(row.brier_base),
        )
    note = "As stated, before calibration. A Brier score is a squared error: less is better."
    return Group(table, Text(note, "dim"))


def _learned(summary: RunSummary) -> RenderableType:
    if not summary.learned:
        return Text("Nothing has been learned yet.")
    numbers = ("slope", "weight", "cases", "worth")
    table = columns("learned of", *numbers, right=numbers)
    for row in summary.learned:
        table.add_row(
            row.record,
            f"{row.slope_prior:.2f} -> {row.slope:.2f}",
            f"{words.share(row.weight_prior, 1)} -> {words.share(row.weight, 1)}",
            f"{row.n:,}",
            f"{row.n_eff:,.0f}",
        )
    note = "From the prior to now. Cases that overlap or move together are worth fewer."
    return Group(table, Text(note, "dim"))


def commands_to_try(decisions: list[Decision]) -> list[tuple[str, str]]:
    """Three commands with ids that exist, and what each shows."""
    trades = [made for made in decisions if made.outcome is Outcome.TRADE]
    tried: list[tuple[str, str]] = []
    if shown := next(iter(trades or decisions), None):
        verb = words.side(shown) or shown.outcome.value
        why = f"why it decided to {verb} {shown.symbol} at {words.moment(shown.as_of)}"
        tried.append(
            (
                f"trader trace show {shown.id}",
                why if shown.outcome is not Outcome.UNDECIDED else "why it could not decide",
            )
        )
        other = next(
            (made for made in decisions if made.symbol == shown.symbol and made.id != shown.id), None
        )
        if other is not None:
            tried.append(
                (
                    f"trader trace diff {shown.id} {other.id}",
                    f"what was different at {words.moment(other.as_of)}",
                )
            )
    tried.append(("trader prompts edit momentum", "change its words; traces name the change"))
    return tried
