"""A decision as a tree: the signal, who said what from which facts, pool, sizing, and what came of it."""

import json
from collections.abc import Iterable, Sequence
from itertools import takewhile

from rich.text import Text
from rich.tree import Tree

from trader.agents.agent import EXPERIENCE
from trader.commands import words
from trader.commands.story import Asking, Story, Turn
from trader.domain.decisions import Outcome
from trader.domain.opinions import Abstention, Opinion, Verdict
from trader.domain.orders import Order, OrderType, Ruling, RulingOutcome
from trader.domain.reports import Report
from trader.journal.records import Noted
from trader.llm.client import Message

FACTS_SHOWN = 6
"""Facts of one report in the short form."""

OUTCOME_STYLES = {Outcome.TRADE: "bold green", Outcome.HOLD: "bold", Outcome.UNDECIDED: "bold yellow"}
RULING_STYLES = {
    RulingOutcome.ALLOWED: "green",
    RulingOutcome.CUT: "yellow",
    RulingOutcome.REFUSED: "red",
}


def tree(story: Story, *, full: bool = False) -> Tree:
    """The whole story; `full` adds every fact, the evidence behind it and the prompts."""
    root = Tree(_title(story), guide_style="dim")
    for signal in story.signals:
        what = f"{signal.timeframe} bar closed" if signal.source == "bar" else f"from {signal.source}"
        root.add(_line("signal", f"{what} at {words.moment(signal.at)} UTC", signal.note))
    _brief(root, story)
    _reports(root, story, full)
    _experience(root, story)
    _opinions(root, story, full)
    for turn in story.of_form("verdict"):
        verdict = Verdict.model_validate(turn.step.body)
        factor = f" to {words.share(verdict.factor, 0)}" if verdict.action == "shrink" else ""
        node = root.add(_line("executive", f"{verdict.action}{factor}", verdict.reason))
        _behind(node, turn, story, full)
    _pool(root, story)
    _sizing(root, story)
    _outcome(root, story)
    _dealing(root, story)
    _notes(root, story.notes)
    return root


def _title(story: Story) -> Text:
    decision = story.decision
    title = Text.assemble(
        (decision.symbol, "bold"),
        f"  {words.moment(decision.as_of)} UTC  ",
        (decision.outcome.value, OUTCOME_STYLES[decision.outcome]),
        f"  {words.share(decision.held_weight)} held, {words.share(decision.target_weight)} wanted",
    )
    title.append(f"  {decision.id}", "dim")
    return title


def _line(name: str, what: str, why: str = "", *, style: str = "", width: int = 0) -> Text:
    line = Text.assemble((f"{name:<{width}}", "cyan"), "  ", (_visible(what), style))
    if why:
        line.append("  " + _visible(why), "dim")
    return line


def _brief(root: Tree, story: Story) -> None:
    for turn in story.of_form("brief"):
        left_out = turn.step.body.get("not_consulted", {})
        asked = words.count(len(turn.step.body.get("consulted", [])), "agent")
        node = root.add(_line("brief", f"{asked} consulted"))
        for agent, reason in left_out.items():
            node.add(_line(agent, "not consulted", reason))


def _reports(root: Tree, story: Story, full: bool) -> None:
    turns = story.of_form("report")
    branch = root.add(Text("reports", "cyan")) if turns else root
    width = _widest(turns)
    for turn in turns:
        report = Report.model_validate(turn.step.body)
        shown = report.facts if full else report.facts[:FACTS_SHOWN]
        text = ", ".join(
            f"{fact.name if full else _short(fact.name)} {words.fact(fact.value)}" for fact in shown
        )
        more = len(report.facts) - len(shown)
        what = f"{text} (and {more} more)" if more > 0 else text or "found nothing"
        node = branch.add(_line(turn.step.agent, what, "; ".join(report.missing), width=width))
        _behind(node, turn, story, full)


def _short(name: str) -> str:
    """The fact's own name, without the tool's and the table's it was read from."""
    return name.rpartition(".")[2]


def _experience(root: Tree, story: Story) -> None:
    """What came of earlier trades in conditions like these: the same for everybody who was shown it."""
    told = [one.result for turn in story.turns for one in turn.evidence if one.tool == EXPERIENCE]
    for record in told[0]["records"] if told and told[0] else ():
        root.add(_line("experience", f"{record['side']}: {record['summary']}"))


def _opinions(root: Tree, story: Story, full: bool) -> None:
    turns = story.of_form("opinion", "abstention")
    branch = root.add(Text("opinions", "cyan")) if turns else root
    width = _widest(turns)
    for turn in turns:
        if turn.step.form == "abstention":
            form = Abstention.model_validate(turn.step.body)
            said = "broke" if form.failed else "abstained"
            node = branch.add(_line(turn.step.agent, said, form.reason, style="yellow", width=width))
        else:
            node = _opinion(branch, turn, width)
        _behind(node, turn, story, full)


def _opinion(branch: Tree, turn: Turn, width: int) -> Tree:
    opinion = Opinion.model_validate(turn.step.body)
    said = [] if opinion.p_up is None else [f"p {words.probability(opinion.p_up)}"]
    if opinion.size_cap < 1.0 or opinion.p_up is None:
        said.append(f"at most {words.share(opinion.size_cap, 0)} of the limit")
    if opinion.samples:
        said.append(f"of {', '.join(words.probability(p) for p in opinion.samples)}")
    if opinion.stop is not None:
        said.append(f"stop {words.price(opinion.stop)}")
    node = branch.add(_line(turn.step.agent, ", ".join(said), opinion.reasoning, width=width))
    for sign, factors in (("+", opinion.factors_for), ("−", opinion.factors_against)):
        for factor in factors:
            node.add(Text(f"{sign} {_visible(factor)}", "dim"))
    return node


def _behind(node: Tree, turn: Turn, story: Story, full: bool) -> None:
    """What the agent looked at, and the words it was given; which model was asked is always said."""
    if turn.unsupported:
        node.add(_line("not in its evidence", ", ".join(turn.unsupported), style="yellow"))
    for before, asking in zip((None, *turn.asked), turn.asked, strict=False):
        _model(node, asking, before, full)
    if not full:
        return
    step = turn.step
    node.add(Text(f"{step.source}, prompt {step.prompt or words.NOTHING}, {step.ms:.1f} ms", "dim"))
    for evidence in turn.evidence:
        call = ", ".join(f"{name}={value}" for name, value in evidence.arguments.items())
        said = evidence.error or json.dumps(evidence.result, ensure_ascii=False)
        node.add(_line(f"{evidence.tool}({call})", said, evidence.digest))
    if step.prompt in story.prompts:
        node.add(Text(story.prompts[step.prompt].rstrip(), "dim"))


def _model(node: Tree, asking: Asking, before: Asking | None, full: bool) -> None:
    """One call: what it took, and with `full` every word that the call before it did not have."""
    record = asking.record
    cached = f" ({record.tokens_cached:,} cached)" if record.tokens_cached else ""
    took = f"{record.tokens_in:,} tokens in{cached}, {record.tokens_out:,} out"
    took += f", {words.amount(record.usd)} USD, {record.ms:.0f} ms"
    took += f", from the {record.source}" if record.source else ""
    asked = record.model
    if record.sample:
        asked += f", sample {record.sample + 1}"
    if record.tool_round:
        asked += f", tool round {record.tool_round}"
    if record.repair:
        asked += " asked to mend its answer"
    why = f"{record.error_kind}: {record.error}" if record.error_kind else ""
    line = node.add(_line("model", f"{asked}: {took}", why, style="yellow" if why else ""))
    if asking.left_out:
        line.add(_line("left out", "; ".join(asking.left_out), "its context is short", style="yellow"))
    if full:
        known = asking.messages[: len(_common(before, asking))]
        if known:
            line.add(Text(f"({words.count(len(known), 'message')} as in the call before)", "dim"))
        for message in asking.messages[len(known) :]:
            line.add(_line(message.role, _visible(message.content)))
        line.add(_line("answer", words.NOTHING if asking.answer is None else _visible(asking.answer)))


def _common(before: Asking | None, asking: Asking) -> tuple[Message, ...]:
    """The messages with which both calls begin."""
    pairs = zip(before.messages if before else (), asking.messages, strict=False)
    return tuple(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _visible(text: str) -> str:
    """Without the characters that steer a terminal: others wrote this."""
    return "".join(one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text)


def _pool(root: Tree, story: Story) -> None:
    pool = story.decision.pool
    if pool is None:
        return
    agreed = pool.self_agreement
    own = (
        ""
        if agreed is None
        else f", agents agree with themselves in {words.share(agreed, 0)} of their samples"
    )
    branch = root.add(
        _line(
            "pool",
            f"base rate {words.probability(pool.base_rate)} became p {words.probability(pool.p_up)}",
            f"error {pool.sigma_p:.4f} on {pool.n_eff:.0f} effective cases, "
            f"{words.share(pool.agreement, 0)} of the weight finds it worth its cost{own}",
        )
    )
    width = max((len(row.agent) for row in pool.contributions), default=0)
    for row in pool.contributions:
        moved = f"weight {row.weight:.3f} × shift {row.shift:+.4f} = {row.weight * row.shift:+.4f}"
        said = f"said {words.probability(row.p_up)}, calibrated {words.probability(row.p_calibrated)}"
        learned = story.learned.of_record(row.record) if story.learned else None
        if learned is not None:
            said += f" by {learned.intercept:+.4f} and slope {learned.slope:.3f}"
        if "#" in row.record:
            said += f", in {row.record.rpartition('#')[2]} markets alone"
        branch.add(_line(row.agent, moved, said, width=width))


def _sizing(root: Tree, story: Story) -> None:
    decision = story.decision
    if decision.payoff is not None:
        payoff = decision.payoff
        root.add(
            _line(
                "edge",
                f"{words.change(decision.edge, 3)} ± {words.share(decision.edge_error, 3)}",
                f"mean gain {words.share(payoff.mean_gain)}, mean loss {words.share(payoff.mean_loss)}, "
                f"costs {words.share(payoff.cost)}",
            )
        )
    if decision.sizing:
        branch = root.add(Text("sizing", "cyan"))
        width = max(len(step.name) for step in decision.sizing)
        for step in decision.sizing:
            label = f"{step.value:>9.4f} -> {words.share(step.weight)}"
            style = "yellow" if step.name in {cut.by for cut in decision.cuts} else ""
            branch.add(_line(step.name, label, step.note, style=style, width=width))
    steps = {step.name for step in decision.sizing}
    for cut in decision.cuts:
        if cut.by not in steps:
            label = f"by {cut.by} {words.share(cut.before)} -> {words.share(cut.after)}"
            root.add(_line("cut", label, cut.reason, style="yellow"))


def _outcome(root: Tree, story: Story) -> None:
    decision = story.decision
    side = words.side(decision)
    what = decision.outcome.value if side is None else f"{side} to {words.share(decision.target_weight)}"
    node = root.add(_line("decision", what, decision.cause, style=OUTCOME_STYLES[decision.outcome]))
    if decision.stop is not None and side == "buy":
        node.add(_line("stop", words.price(decision.stop), f"last price {words.price(decision.price)}"))


def _dealing(root: Tree, story: Story) -> None:
    if story.decision.outcome is Outcome.TRADE and not story.rulings:
        root.add(_line("allocate", "no order", "the change is less than one lot"))
    for made in story.rulings:
        root.add(_ruling(made.stage, made.ruling))
    for order in story.orders:
        node = root.add(_line("order", ordered(order), f"{story.state(order)}  {order.client_id}"))
        for event in story.events:
            if event.client_id == order.client_id:
                node.add(_line(event.state.value, f"{words.moment(event.at)} UTC", event.reason, style="dim"))
        for fill in story.fills:
            if fill.client_id == order.client_id:
                what = f"{words.amount(fill.quantity)} at {words.price(fill.price)}"
                what += f", fee {words.amount(fill.fee)} {fill.fee_currency}"
                node.add(_line("fill", what, f"{words.moment(fill.at)} UTC  {fill.note}".rstrip()))


def _ruling(stage: str, ruling: Ruling) -> Text:
    quantities = words.amount(ruling.quantity_asked)
    if ruling.quantity != ruling.quantity_asked:
        quantities += f" -> {words.amount(ruling.quantity)}"
    what = f"{ruling.outcome.value} {quantities}"
    return _line(stage, what, ruling.sentence, style=RULING_STYLES[ruling.outcome])


def ordered(order: Order) -> str:
    """An order in words: buy 12 AAPL limit 567.25 day."""
    price = order.limit_price if order.type is OrderType.LIMIT else order.stop_price
    parts = [order.side, words.amount(order.quantity), order.symbol, order.type]
    return " ".join([*parts, *([words.price(price)] if price is not None else []), order.time_in_force])


def _notes(root: Tree, notes: Sequence[Noted]) -> None:
    for note in notes:
        root.add(_line("note", note.text, note.kind))


def _widest(turns: Iterable[Turn]) -> int:
    return max((len(turn.step.agent) for turn in turns), default=0)
