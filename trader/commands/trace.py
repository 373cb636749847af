"""`trader trace`: reads the journal, and changes nothing."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from trader.agents.cited import unsupported
from trader.commands import output, trace_document, words
from trader.commands.books import book_named
from trader.commands.session import Session
from trader.commands.story import Asking, Story, Turn, in_order
from trader.domain.decisions import Decision, Outcome
from trader.domain.errors import UnknownName, UsageError
from trader.domain.ids import RoundId, decision_of
from trader.domain.portfolio import Book
from trader.domain.reports import Evidence
from trader.domain.value import canonical_json
from trader.journal.reader import JournalReader
from trader.journal.records import Step
from trader.llm.client import Answer, Call
from trader.llm.means import messages_as_sent
from trader.llm.schemas import schema_for
from trader.prompts.prompt import Tier
from trader.workspace import Workspace

NEWEST_NAMED = 3
"""Ids that an unknown one is answered with."""


def show_list(
    session: Session, *, symbol: str | None, outcome: str | None, book: str | None, limit: int
) -> None:
    """`trace list`."""
    if outcome is not None and outcome not in list(Outcome):
        raise UnknownName("outcome", outcome, Outcome)
    with _reader(session.workspace) as reader:
        books = reader.books()
        if symbol is not None:
            symbol = _known_symbol(symbol, books)
        found = reader.decisions(
            book=book_named(reader, book).id if book else None,
            symbol=symbol,
            limit=None if outcome else limit,  # the journal does not sift by outcome
        )
    chosen = [made for made in found if outcome in (None, made.outcome)][:limit]
    if session.json:
        output.document({"decisions": [trace_document.summary(made) for made in chosen]})
        return
    headings = ("id", "as of (UTC)", "symbol", "outcome", "side", "weight", "p", "why")
    output.screen(output.listing(*headings, rows=map(_row, chosen), right=("weight", "p")))


def _row(made: Decision) -> tuple[str, ...]:
    return (
        made.id,
        words.moment(made.as_of),
        made.symbol,
        made.outcome.value,
        words.side(made) or "",
        words.share(made.target_weight),
        words.probability(made.pool.p_up if made.pool else None),
        made.cause,
    )


def show(session: Session, decision: str, *, full: bool) -> None:
    """`trace show`."""
    from trader.commands.trace_tree import tree

    with _reader(session.workspace) as reader:
        told = story(reader, decision_named(reader, decision))
    if session.json:
        output.document(trace_document.whole(told))
    else:
        output.screen(tree(told, full=full))


def diff(session: Session, one: str, other: str) -> None:
    """`trace diff`."""
    from trader.commands import trace_diff

    with _reader(session.workspace) as reader:
        before = story(reader, decision_named(reader, one))
        after = story(reader, decision_named(reader, other))
    if session.json:
        output.document(trace_diff.document(before, after))
    else:
        output.screen(trace_diff.table(before, after))


def story(reader: JournalReader, decision: Decision) -> Story:
    """Everything that the journal knows of the decision."""
    record = reader.round_of(decision.id)
    steps = [step for step in record.steps if step.decision == decision.id]
    asked = _asked(reader, record.opened.round, decision)
    turns = (_turn(reader, step, asked.get(step.agent, ()), decision) for step in steps)
    return Story(
        book=reader.book(decision.book),
        decision=decision,
        account=record.opened.account,
        signals=tuple(signal for signal in record.opened.signals if signal.symbol == decision.symbol),
        turns=in_order(turns),
        learned=record.learned,
        rulings=tuple(made for made in record.rulings if made.decision == decision.id),
        orders=tuple(placed.order for placed in record.orders if placed.order.decision == decision.id),
        events=tuple(event for event in record.events if decision_of(event.client_id) == decision.id),
        fills=tuple(fill for fill in record.fills if decision_of(fill.client_id) == decision.id),
        notes=tuple(note for note in record.notes if note.decision in ("", decision.id)),
        prompts=_prompt_texts(reader, {step.prompt for step in steps if step.prompt}),
    )


def _asked(reader: JournalReader, round: RoundId, decision: Decision) -> dict[str, tuple[Asking, ...]]:
    """Agent -> what its models were asked about the decision."""
    found: dict[str, tuple[Asking, ...]] = {}
    for called in reader.model_calls(round=round):
        if called.decision == decision.id:
            sent = Call.model_validate(reader.blob(called.call))
            answer = Answer.model_validate(reader.blob(called.answer)) if called.answer else None
            messages = messages_as_sent(_in_its_order(sent), answer.means) if answer else sent.messages
            asking = Asking(called, messages, answer.text if answer else None, sent.left_out)
            found[called.agent] = (*found.get(called.agent, ()), asking)
    return found


def _turn(reader: JournalReader, step: Step, asked: tuple[Asking, ...], decision: Decision) -> Turn:
    """The step with what is behind it."""
    evidence = tuple(reader.evidence(digest) for digest in step.evidence)
    if not step.source.startswith("model:") or step.body.get("failed"):
        return Turn(step, evidence, asked)
    return Turn(step, evidence, asked, _unsupported(step.body, evidence, asked, decision))


def _unsupported(
    body: Mapping[str, Any], evidence: Iterable[Evidence], asked: Iterable[Asking], decision: Decision
) -> tuple[str, ...]:
    """The numbers in a model's form that it was not shown: derived anew, for the journal has all it read."""
    said = [body.get("reasoning", ""), body.get("reason", "")]
    said += [*body.get("factors_for", ()), *body.get("factors_against", ()), *body.get("missing", ())]
    said += [f"{fact['value']}" for fact in body.get("facts", ())]
    own = [body.get(name) for name in ("p_up", "size_cap", "stop", "factor")]
    own += [decision.price, decision.pool.base_rate if decision.pool else None]
    turns = (message for asking in asked for message in asking.messages if message.role != "assistant")
    shown = [message.content for message in turns]
    # A prompt has fewer digits than the tools, whose facts stand in a junior's report as they are.
    shown += [canonical_json(one.result) for one in evidence]
    return unsupported(said, "\n".join(shown), [float(number) for number in own if number is not None])


def _in_its_order(sent: Call) -> Call:
    """With the keys of the form's schema as they were sent: the journal keeps them sorted."""
    known = (schema_for(tier, tools=tools) for tier in Tier for tools in (False, True))
    same = next((schema for schema in known if schema == sent.form_schema), sent.form_schema)
    return sent.model_copy(update={"form_schema": same})


def _prompt_texts(reader: JournalReader, digests: Iterable[str]) -> dict[str, str]:
    """Digest -> text, of those that the journal has kept."""
    found: dict[str, str] = {}
    for digest in digests:
        with suppress(UnknownName):
            found[digest] = str(reader.blob(digest))
    return found


def _reader(workspace: Workspace) -> JournalReader:
    return JournalReader(workspace.journal)


def decision_named(reader: JournalReader, id: str) -> Decision:
    """The decision with this id, or whose id alone begins so. Raises UsageError, with some that there are."""
    try:
        return reader.decision(id)
    except UsageError as error:
        newest = ", ".join(made.id for made in reader.decisions(limit=NEWEST_NAMED))
        hint = f"the newest are {newest}; `trader trace list` shows more" if newest else "there are none yet"
        raise UsageError(error.message, hint=hint) from None


def _known_symbol(symbol: str, books: list[Book]) -> str:
    symbols = {known for book in books for known in book.symbols}
    if symbol not in symbols:
        raise UnknownName("symbol", symbol, symbols)
    return symbol
