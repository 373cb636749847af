"""`trader memory rules`: what reflection has found, and a person's word on it."""

from collections.abc import Sequence
from typing import Any

from trader.commands import output, words
from trader.commands.books import book_named
from trader.commands.ordering import ask
from trader.commands.session import Session
from trader.domain.errors import UnknownName
from trader.domain.ids import BookId
from trader.domain.lessons import Lessons, Rule, Standing
from trader.journal.reader import JournalReader
from trader.journal.records import LearningEvent
from trader.memory.reflection import TRADES


def show(
    session: Session,
    book: str | None,
    *,
    pin: Sequence[str] = (),
    mute: Sequence[str] = (),
    release: Sequence[str] = (),
    changes: bool = False,
) -> None:
    """`memory rules`: what people ask of rules is written down first; then the rules, or every change."""
    workspace = session.workspace
    with JournalReader(workspace.journal) as reader:
        of = book_named(reader, book)
        lessons = _lessons(reader, of.id)
    asked = [
        (kind, _named(lessons, name))
        for kind, names in (("pin", pin), ("mute", mute), ("release", release))
        for name in names
    ]
    for kind, rule in asked:
        ask(workspace, kind, {"book": of.id, "rule": rule.id})
    with JournalReader(workspace.journal) as reader:
        wishes, events = reader.lessons.wishes(of.id), reader.lessons.events(of.id)
    if session.json:
        output.document(
            {
                "book": of.id,
                "rules": [_entry(rule, wishes.get(rule.id)) for rule in lessons.rules],
                "looks": lessons.looks.model_dump(mode="json"),
                "thresholds": lessons.thresholds.model_dump(mode="json") if lessons.thresholds else None,
                "changes": [_told(event) for event in events],
            }
        )
        return
    for kind, rule in asked:
        output.say(f"{kind} {rule.id}: written down; it counts from the next fit on")
    if changes:
        _changes(events)
    else:
        _rules(lessons, wishes)
    looks = lessons.looks
    if not looks.looks:
        output.screen(f"no look yet: {TRADES} closed trades trigger one")
        return
    output.screen(
        f"{words.count(looks.looks, 'look')}, the last after {words.count(looks.trades, 'closed trade')}, "
        f"{words.count(looks.tests, 'test')}; the last knew {looks.worth:.0f} effective cases"
    )


def _rules(lessons: Lessons, wishes: dict[str, Standing]) -> None:
    if not lessons.rules:
        output.screen("no rule has been found")
        return
    headings = ("id", "stands", "when", "support", "rate", "95 % interval", "expected", "since")
    rows = (
        (
            rule.id,
            _stands(rule, wishes.get(rule.id)),
            str(rule.condition),
            f"{rule.support:.0f}",
            words.share(rule.rate, 0),
            f"{rule.low:.0%} to {rule.high:.0%}",
            words.share(rule.base_rate, 0),
            words.moment(rule.stated_at),
        )
        for rule in lessons.rules
    )
    output.screen(output.listing(*headings, rows=rows, right=headings[3:7]))


def _changes(events: Sequence[LearningEvent]) -> None:
    headings = ("at", "what", "of", "")
    rows = ((words.moment(one.at), one.change.kind, one.change.subject, one.change.text) for one in events)
    output.screen(output.listing(*headings, rows=rows, right=()))


def _stands(rule: Rule, wish: Standing | None) -> str:
    """Where it stands, and where a person wants it from the next fit on."""
    if wish is None or rule.standing in (wish, Standing.RETIRED):
        return rule.standing.value
    return f"{rule.standing}, to be {wish}"


def _entry(rule: Rule, wish: Standing | None) -> dict[str, Any]:
    return rule.model_dump(mode="json") | {
        "effect": rule.effect,
        "asked": None if wish is None else wish.value,
    }


def _told(event: LearningEvent) -> dict[str, Any]:
    return {"at": event.model_dump(mode="json")["at"], **event.change.model_dump(mode="json")}


def _lessons(reader: JournalReader, book: BookId) -> Lessons:
    learned = reader.last_learned(book)
    return (learned.lessons if learned else None) or Lessons()


def _named(lessons: Lessons, name: str) -> Rule:
    """The rule whose id alone begins so. Raises UnknownName."""
    found = [rule for rule in lessons.rules if rule.id.startswith(name)]
    if len(found) != 1:
        raise UnknownName("rule", name, (rule.id for rule in lessons.rules))
    return found[0]
