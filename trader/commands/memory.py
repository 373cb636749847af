"""`trader memory`: closed trades, what resembles a decision, what groups of trades came to."""

from collections.abc import Sequence
from typing import Any

from trader.commands import output, words
from trader.commands.books import book_named
from trader.commands.session import Session
from trader.commands.trace import decision_named
from trader.domain.errors import UnknownName, UsageError
from trader.domain.market import Regime
from trader.domain.portfolio import Book
from trader.domain.signals import Direction
from trader.domain.trades import ClosedTrade
from trader.domain.value import jsonable
from trader.journal.reader import JournalReader
from trader.memory.recall import SIMILAR, Memory, Recalled, Wanted, precedents, recall
from trader.memory.record import record_of
from trader.memory.statistics import BY, Bucket, CalibrationBin, buckets, calibration, total

CALIBRATION = "calibration"
_HEADINGS = ("trade", "closed", "symbol", "side", "net", "bars", "ended by", "regime", "p", "decision")


def show(
    session: Session,
    trade: str | None,
    *,
    symbol: str | None,
    regime: str | None,
    side: str | None,
    similar_to: str | None,
    book: str | None,
    limit: int,
) -> None:
    """`memory show`: the newest trades, those most like a decision, or one in full."""
    wanted_regime, wanted_side = _word(Regime, regime, "regime"), _word(Direction, side, "side")
    with JournalReader(session.workspace.journal) as reader:
        if similar_to is not None:
            made = decision_named(reader, similar_to)
            state = reader.memories.state(made.book, made.symbol, made.as_of)
            if state is None:
                raise UsageError(
                    f"the conditions of {made.id} are not recorded", hint="`trader memory rebuild` fills them"
                )
            memory = Memory.of(reader.memories.remembered(made.book))
            wanted = Wanted(made.as_of, state, symbol, wanted_side, wanted_regime)
            _show_similar(session, made.id, recall(memory, wanted, limit))
            return
        chosen = book_named(reader, book)
        trades = reader.memories.trades(chosen.id)
    if trade is not None:
        _show_one(session, trades, trade)
        return
    found = [
        one
        for one in reversed(trades)
        if symbol in (None, one.symbol)
        and wanted_regime in (None, one.state.regime)
        and wanted_side in (None, one.side)
    ]
    if session.json:
        output.document({"book": chosen.id, "trades": [jsonable(one) for one in found[:limit]]})
        return
    if not found:
        output.screen(_none(trades, chosen))
        return
    output.screen(output.listing(*_HEADINGS, rows=map(_row, found[:limit]), right=("net", "bars", "p")))
    if len(found) > limit:
        output.say(f"{len(found) - limit} more: --limit {len(found)}")


def stats(session: Session, *, by: str | None, book: str | None) -> None:
    """`memory stats`: all trades, or by one thing; `--by calibration` is about forecasts."""
    if by not in (None, CALIBRATION, *BY):
        raise UnknownName("way to group trades", str(by), (*BY, CALIBRATION))
    with JournalReader(session.workspace.journal) as reader:
        chosen = book_named(reader, book)
        trades = reader.memories.trades(chosen.id)
        bins: tuple[CalibrationBin, ...] = ()
        if by == CALIBRATION:
            bins = calibration(reader.memories.predictions(chosen.id), chosen.horizon)
    everything = total(trades)
    ways = () if by == CALIBRATION else (by,) if by else tuple(BY)
    grouped = {way: buckets(trades, way) for way in ways}
    if session.json:
        output.document(
            {
                "book": chosen.id,
                "trades": len(trades),
                "total": jsonable(everything) if everything else None,
                "buckets": {way: [jsonable(one) for one in rows] for way, rows in grouped.items()},
                "calibration": [jsonable(one) for one in bins],
            }
        )
        return
    if by == CALIBRATION:
        output.screen(_bins(bins) if bins else "no forecast has resolved yet")
    elif everything is None:
        output.screen(_none(trades, chosen))
    elif by is None:
        output.screen(
            _table((everything,), chosen),
            *(part for way, rows in grouped.items() for part in (f"\nby {way}", _table(rows, chosen))),
        )
    else:
        output.screen(_table((*grouped[by], everything), chosen))


def _show_similar(session: Session, decision: str, found: Recalled) -> None:
    alike, came = precedents(found).trades, None
    if alike:
        came = record_of([one.net_return for one in alike], [one.opened_at for one in alike])
    if session.json:
        similar = [
            {**one._asdict(), "similarity": float(similarity), "score": float(score)}
            for one, similarity, score in zip(found.trades, found.similarity, found.score, strict=True)
        ]
        summary = came.sentence if came else ""
        output.document({"decision": decision, "trades": jsonable(similar), "summary": summary})
        return
    if not found.trades:
        output.screen(f"no trade that fits had closed when {decision} was decided")
        return
    headings = ("trade", "closed", "symbol", "side", "net", "similarity", "score", "regime")
    rows = (
        (
            one.id,
            words.moment(one.closed_at),
            one.symbol,
            one.side,
            words.change(one.net_return),
            f"{similarity:.3f}",
            f"{score:.3f}",
            one.state.regime or words.NOTHING,
        )
        for one, similarity, score in zip(found.trades, found.similarity, found.score, strict=True)
    )
    summary = came.sentence if came else f"none of them is as similar as {SIMILAR}"
    output.screen(summary, output.listing(*headings, rows=rows, right=("net", "similarity", "score")))


def _show_one(session: Session, trades: Sequence[ClosedTrade], id: str) -> None:
    found = [one for one in trades if one.id.startswith(id)]
    if len(found) != 1:
        raise UnknownName("trade", id, (one.id for one in trades))
    told: dict[str, Any] = jsonable(found[0])
    if session.json:
        output.document({"trade": told})
        return
    output.screen(output.pairs(*_flat(told)))


def _flat(told: dict[str, Any], under: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in told.items():
        label = f"{under}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            rows += _flat(value, f"{label}: ")
        elif isinstance(value, list):
            rows += [(f"{label}: {one['agent']}", f"{one['p_up']:.4f}, {one['weight']:.0%}") for one in value]
        elif value is not None and value != "":
            rows.append((label, words.fact(value) if isinstance(value, float) else str(value)))
    return rows


def _row(trade: ClosedTrade) -> tuple[str, ...]:
    return (
        trade.id,
        words.moment(trade.closed_at),
        trade.symbol,
        trade.side,
        words.change(trade.net_return),
        words.NOTHING if trade.bars is None else str(trade.bars),
        trade.exit_reason,
        trade.state.regime or words.NOTHING,
        words.probability(trade.p_up),
        trade.decision,
    )


def _table(rows: Sequence[Bucket], book: Book) -> Any:
    headings = ("", "trades", "won", "90 %", "mean", "90 %", f"profit {book.currency}")
    return output.listing(*headings, rows=map(_bucket_row, rows), right=headings[1:])


def _bucket_row(one: Bucket) -> tuple[str, ...]:
    mean = words.NOTHING
    if one.mean_low is not None and one.mean_high is not None:
        mean = f"{words.change(one.mean_low)} to {words.change(one.mean_high)}"
    return (
        one.name,
        str(one.trades),
        words.share(one.win_rate, 0),
        f"{words.share(one.win_low, 0)} to {words.share(one.win_high, 0)}",
        words.change(one.mean_return),
        mean,
        words.money(one.profit),
    )


def _bins(rows: Sequence[CalibrationBin]) -> Any:
    headings = ("record", "stated", "forecasts", "worth", "mean stated", "happened", "90 %")
    cells = (
        (
            one.record,
            one.stated,
            str(one.forecasts),
            f"{one.n_eff:.0f}",
            words.share(one.mean_stated, 1),
            words.share(one.happened, 1),
            f"{words.share(one.low, 0)} to {words.share(one.high, 0)}",
        )
        for one in rows
    )
    return output.listing(*headings, rows=cells, right=headings[2:])


def _none(trades: Sequence[ClosedTrade], book: Book) -> str:
    if trades:
        return f"none of the {words.count(len(trades), 'closed trade')} of book {book.id} is so"
    return f"no trade of book {book.id} has closed yet"


def _word(kind: Any, text: str | None, what: str) -> Any:
    if text is None:
        return None
    known = [str(member) for member in kind]
    if text not in known:
        raise UnknownName(what, text, known)
    return kind(text)
