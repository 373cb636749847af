"""Where each agent stands on each symbol, as a table of fixed columns."""

from collections.abc import Sequence

from rich.text import Text

from trader.agents.agent import Agent
from trader.commands import words
from trader.domain.decisions import Decision, Outcome
from trader.domain.opinions import Abstention, Opinion, Verdict, VerdictAction
from trader.domain.reports import Report
from trader.prompts.prompt import Tier
from trader.runner import ClosedRound

NARROWEST, WIDEST = 11, 18
"""Columns of one symbol."""
TELLING = 15
"""Columns from which the beginning of a sentence says something."""


def rows(agents: Sequence[Agent], closed: ClosedRound, width: int, room: int) -> list[Text]:
    """A heading, a line for each agent and one for the desk; with little room, juniors are left out first."""
    decisions = {decision.symbol: decision for decision in closed.decisions}
    symbols = sorted(decisions)
    shown = _that_fit(agents, room - 2)
    label = max([len(agent.name) for agent in shown] + [len("executive")]) + 2
    visible, wide = _columns(symbols, width - label)
    heading = Text(" " * label, "bold")
    for symbol in visible:
        heading.append(_fit(symbol, wide))
    if len(visible) < len(symbols):
        heading.append(f"+{len(symbols) - len(visible)}", "dim")
    table = [heading]
    for agent in shown:
        line = Text(f"{agent.name:<{label}}", "dim" if agent.tier is Tier.JUNIOR else "")
        for symbol in visible:
            line.append_text(_stance(closed.forms.get(symbol, {}).get(agent.name), decisions[symbol], wide))
        table.append(line)
    line = Text(f"{'desk':<{label}}", "bold")
    for symbol in visible:
        line.append_text(_decision(decisions[symbol], wide))
    return [*table, line][: max(0, room)]


def _columns(symbols: Sequence[str], width: int) -> tuple[Sequence[str], int]:
    """The symbols that fit, and how wide each may be; the room for "+999" is kept where not all do."""
    if len(symbols) * NARROWEST <= width:
        return symbols, min(WIDEST, width // max(1, len(symbols)))
    columns = max(1, (width - len("+999")) // NARROWEST)
    return symbols[:columns], max(1, min(WIDEST, (width - len("+999")) // columns))


def _that_fit(agents: Sequence[Agent], room: int) -> list[Agent]:
    """As many as there is room for, kept from the end: the executive and the seniors matter more."""
    return list(agents[max(0, len(agents) - max(0, room)) :])


def _stance(form: Report | Opinion | Abstention | Verdict | None, decision: Decision, wide: int) -> Text:
    match form:
        case Report():
            return _report(form, wide)
        case Opinion():
            return _opinion(form, decision, wide)
        case Abstention():
            return Text(_fit("broke" if form.failed else "abstains", wide), "red" if form.failed else "dim")
        case Verdict():
            return _verdict(form, wide)
        case _:
            return Text(_fit("not asked", wide), "dim")


def _report(report: Report, wide: int) -> Text:
    if report.empty:
        lacking = report.missing[0].rpartition(": ")[2] if report.missing and wide >= TELLING else "nothing"
        return Text(_fit(lacking, wide), "yellow")
    return Text(_fit(words.count(len(report.facts), "fact"), wide), "dim")


def _opinion(opinion: Opinion, decision: Decision, wide: int) -> Text:
    if opinion.p_up is None:
        return Text(_fit(f"cap {words.share(opinion.size_cap, 0)}", wide))
    base = decision.pool.base_rate if decision.pool else 0.5
    sign, style = ("+", "green") if opinion.p_up > base else ("-", "red")
    return Text(_fit(f"{opinion.p_up:.3f} {sign}", wide), style)


def _verdict(verdict: Verdict, wide: int) -> Text:
    match verdict.action:
        case VerdictAction.APPROVE:
            return Text(_fit("approves", wide))
        case VerdictAction.SHRINK:
            return Text(_fit(f"to {words.share(verdict.factor, 0)}", wide), "yellow")
        case _:
            return Text(_fit("vetoes", wide), "red")


def _decision(decision: Decision, wide: int) -> Text:
    p = f"{decision.pool.p_up:.3f} " if decision.pool and wide >= NARROWEST + 4 else ""
    match decision.outcome:
        case Outcome.TRADE:
            side = words.side(decision) or ""
            return Text(_fit(f"{p}{side} {words.share(decision.target_weight, 1)}", wide), "bold green")
        case Outcome.HOLD:
            held = f" {words.share(decision.held_weight, 1)}" if decision.held_weight else ""
            return Text(_fit(f"{p}hold{held}", wide), "bold")
        case _:
            return Text(_fit("undecided", wide), "bold yellow")


def _fit(text: str, wide: int) -> str:
    """Exactly `wide` columns, the last one empty."""
    return (text if len(text) < wide else text[: wide - 2] + "…").ljust(wide)
