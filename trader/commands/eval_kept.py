"""Evaluations that were kept: `trader eval list`, `show` and `compare`, and how one is kept."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.text import Text

from trader.clock import SystemClock
from trader.commands import output, words
from trader.commands.session import Session
from trader.domain.errors import JournalError
from trader.domain.ids import ulid
from trader.domain.value import jsonable
from trader.evals.keeping import Comparison, compare_kept
from trader.evals.paired import Difference
from trader.journal.reader import JournalReader
from trader.journal.records import EvaluationKept, EvaluationKind
from trader.journal.writer import Journal

SHOWN = 40
"""Evaluations in the list."""
SMALL = 1e4
MINUTE = "%Y-%m-%d %H:%M"


def keep(
    session: Session,
    kind: EvaluationKind,
    document: dict[str, Any],
    *,
    agents: Sequence[str],
    source: str,
    book: str = "",
) -> str:
    """Write an evaluation into the journal and return its id; empty, and said, where that cannot be written.

    What was found is on the screen by then: a full disk costs the record, not the answer.
    """
    now = SystemClock().now()
    id = ulid(now, secrets.token_bytes(10))
    record = EvaluationKept(
        id=id,
        at=now,
        book=book,
        kind=kind,
        agents=tuple(agents),
        source=source,
        finding=str(document["finding"]),
        document=jsonable(document),
    )
    try:
        with Journal.open(session.workspace.journal) as journal:
            journal.append(record)
    except JournalError as error:
        output.say(f"not kept: {error.message}")
        return ""
    return id


def listed(session: Session) -> None:
    """`trader eval list`: newest first."""
    with JournalReader(session.workspace.journal) as reader:
        kept = reader.evaluations()[::-1]
    if session.json:
        output.document({"evaluations": [_row(one) for one in kept]})
        return
    if not kept:
        output.say("no evaluation has been kept; `trader eval` keeps each")
        return
    rows = (
        (
            one.id,
            f"{one.at:{MINUTE}}",
            one.kind,
            one.source,
            ", ".join(one.agents) or "all",
            one.finding,
        )
        for one in kept[:SHOWN]
    )
    output.screen(output.listing("id", "at", "about", "cases", "agents", "finding", rows=rows))
    if len(kept) > SHOWN:
        output.say(f"the newest {SHOWN} of {len(kept):,}; --json has all")


def shown(session: Session, id: str) -> None:
    """`trader eval show ID`."""
    with JournalReader(session.workspace.journal) as reader:
        kept = _named(reader, id)
    if session.json:
        output.document({**_row(kept), "document": kept.document})
        return
    output.screen(Text(kept.finding, "bold"))
    told = kept.document
    output.screen(
        output.pairs(
            ("id", kept.id),
            ("at", f"{kept.at:{MINUTE}}"),
            ("about", kept.kind),
            ("cases", kept.source),
            ("book", kept.book or words.NOTHING),
        )
    )
    entries = [*told.get("agents", ()), *([told["desk"]] if "desk" in told else ())]
    scored = [one for one in entries if isinstance(one, dict) and one.get("brier") is not None]
    if scored:
        numbers = ("cases", "worth", "Brier", "log loss", "base's", "USD")
        table = output.columns("forecasts of", *numbers, right=numbers)
        for one in scored:
            table.add_row(
                str(one["name"]),
                f"{one['cases']:,}",
                f"{one['n_eff']:,.0f}",
                f"{one['brier']:.4f}",
                f"{one['log_loss']:.4f}",
                f"{one['log_loss_base']:.4f}",
                str(one["usd"]),
            )
        output.screen(Text(""), table)
    output.screen(*(Text(f"note: {sentence}") for sentence in told.get("findings", ())))
    output.say(f"trader eval show {kept.id} --json has everything")


def _named(reader: JournalReader, id: str) -> EvaluationKept:
    """By its id, or what that begins with; 1 is the newest. Raises UnknownName, UsageError."""
    if id.isascii() and id.isdigit() and not id.startswith("0"):
        kept = reader.evaluations()
        if int(id) <= len(kept):
            return kept[-int(id)]
    return reader.evaluation(id)


def compared(session: Session, first: str, second: str) -> None:
    """`trader eval compare A B`: the second against the first, on the cases that both have."""
    with JournalReader(session.workspace.journal) as reader:
        one, other = _named(reader, first), _named(reader, second)
    found = compare_kept(one, other)
    if session.json:
        output.document({"first": one.id, "second": other.id, **asdict(found)})
        return
    output.screen(Text(found.finding, "bold"), Text(""), _table(found))
    output.screen(*(Text(f"note: {sentence}") for sentence in found.findings))


def _table(found: Comparison) -> Any:
    numbers = ("cases", "Brier", "log loss", "interval")
    table = output.columns("second less first", *numbers, right=numbers)
    for row in found.rows:
        gap = row.difference
        table.add_row(
            row.name,
            f"{row.cases:,}",
            words.NOTHING if gap is None else f"{gap.brier * SMALL:+.1f}",
            words.NOTHING if gap is None else f"{gap.log_loss * SMALL:+.1f}",
            words.NOTHING if gap is None else _interval(gap),
        )
    table.caption = "In ten-thousandths; below zero the second is better."
    table.caption_justify = "left"
    return table


def _interval(gap: Difference) -> str:
    if gap.low is None or gap.high is None:
        return "too little"
    return f"{gap.low * SMALL:+.1f} to {gap.high * SMALL:+.1f}"


def _row(kept: EvaluationKept) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in EvaluationKept.model_fields if name != "document"}
