"""`trader tools`: what agents may call, and one call by hand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, get_origin

from pydantic import ValidationError

from trader.commands import output, words
from trader.commands.arguments import day, pair
from trader.commands.config import loaded
from trader.commands.session import Session
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.errors import ToolError, UnknownName, UsageError
from trader.domain.market import to_datetime64
from trader.domain.portfolio import Account
from trader.features.catalogue import FEATURES, feature
from trader.features.feature import Feature
from trader.graph.assembly import cost_model
from trader.journal.reader import JournalReader
from trader.memory.recall import Memory
from trader.runner.opening import forecaster_of
from trader.settings import Settings
from trader.tools.document import fields
from trader.tools.features import named
from trader.tools.registry import TOOLS, tool
from trader.tools.tool import Tool, ToolContext
from trader.tools.toolbox import LiveToolbox

AnyTool = Tool[Any, Any]


def show_list(session: Session) -> None:
    """`tools list`."""
    if session.json:
        output.document({"tools": [known.schema for known in TOOLS]})
        return
    rows = (
        (
            known.name,
            known.summary,
            ", ".join(known.Arguments.model_fields) or "none",
            ", ".join(known.Result.model_fields),
        )
        for known in TOOLS
    )
    wraps = ("what it does", "arguments")
    output.screen(output.listing("name", *wraps, "result", rows=rows, wraps=wraps))


def show(session: Session, name: str) -> None:
    """`tools show`."""
    known = tool(name)
    if session.json:
        output.document(known.schema)
        return
    output.screen(f"{known.name}: {known.summary}", "", known.about, "")
    for title, model in (("arguments", known.Arguments), ("result", known.Result)):
        heading = "default" if model is known.Arguments else ""
        table = output.columns(title, "type", heading, "meaning", wraps=("type", "meaning"))
        for field in fields(model.model_json_schema(mode="serialization")):
            table.add_row(field.name, field.kind, field.default, field.meaning)
        output.screen(table if table.row_count else f"{title}: none", "")
    output.screen(f"time limit: {known.time_limit_s:g} s", f"example: {known.example}")


def run(
    session: Session,
    name: str,
    *,
    symbol: str,
    as_of: str | None,
    arguments: Sequence[str],
    feed: str | None,
    timeframe: str | None,
) -> int:
    """`tools run`: 0 where the tool answered; raises ToolError with its reason where it did not."""
    known = tool(name)
    asked = _arguments(known, arguments)
    settings, _ = loaded(session, {"run.feed": feed, "run.timeframe": timeframe})
    market = open_feed(settings.run.feed, _symbols(settings, symbol), settings.run.timeframe)
    moment = _moment(market, symbol, as_of)
    evidence = LiveToolbox().call(name, asked, _context(session, settings, market, symbol, moment))
    if evidence.result is None:
        raise ToolError(f"{name} has no answer for {symbol} at {words.moment(moment)} UTC: {evidence.error}")
    if session.json:
        output.document({"tool": name, "symbol": symbol, "as_of": moment, **evidence.model_dump(mode="json")})
        return 0
    output.screen(f"{name} of {symbol} at {words.moment(moment)} UTC", "")
    output.screen(output.pairs(*((path, words.fact(value)) for path, value in _leaves(evidence.result))))
    return 0


def features(session: Session, names: Sequence[str]) -> None:
    """`tools features`: all, or those of these names and groups."""
    chosen = [feature(name) for name in named(names)] if names else FEATURES
    if session.json:
        entries = [
            {
                "name": row.name,
                "group": row.group,
                "unit": row.unit,
                "warmup": row.warmup,
                "source": row.source,
                "formula": row.formula,
                "incremental": row.step is not None,
            }
            for row in chosen
        ]
        output.document({"features": entries})
        return
    if output.width() < output.WIDE:
        output.screen(*map(_in_words, chosen))
        return
    rows = (
        (
            row.name,
            row.group,
            row.unit,
            str(row.warmup),
            "" if row.step is None else "yes",
            f"{row.formula}; {row.source}",
        )
        for row in chosen
    )
    headings = ("name", "group", "unit", "warm-up", "by the bar", "formula and source")
    output.screen(output.listing(*headings, rows=rows, right=("warm-up",)))


def _in_words(row: Feature) -> str:
    """A row of the catalogue where there is no room for columns."""
    carried = "" if row.step is None else "; by the bar"
    first = f"{row.group}; {row.unit}; warm-up {row.warmup:,}{carried}"
    return "\n  ".join((row.name, first, row.formula, row.source))


def _arguments(known: AnyTool, given: Sequence[str]) -> dict[str, Any]:
    """`key=value` texts as the tool's arguments: JSON where they read as it; lists may be words."""
    asked: dict[str, Any] = {}
    for text in given:
        key, value = pair(text, "--arg")
        if key not in known.Arguments.model_fields:
            raise UnknownName(f"argument of {known.name}", key, known.Arguments.model_fields)
        try:
            asked[key] = json.loads(value)
        except ValueError:
            several = get_origin(known.Arguments.model_fields[key].annotation) is tuple
            asked[key] = [part.strip() for part in value.split(",")] if several else value
    try:
        known.Arguments.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        message = f"--arg {place}: {first['msg'][:1].lower()}{first['msg'][1:]}"
        raise UsageError(message, hint=f"trader tools show {known.name}") from None
    return asked


def _symbols(settings: Settings, symbol: str) -> tuple[str, ...]:
    """What to load: the symbol among those it trains and is compared with."""
    if settings.run.symbols:
        return tuple(dict.fromkeys((*settings.run.symbols, symbol)))
    default = open_feed(settings.run.feed, (), settings.run.timeframe)
    return () if symbol in default.bars else (symbol,)


def _moment(market: Market, symbol: str, text: str | None) -> datetime:
    """The last close for nothing, a day's close for a day; a moment without a zone is in UTC."""
    closes = market.closes([symbol])
    if text is None:
        return closes[-1]
    if "T" in text or " " in text:
        return _exact(text)
    midnight = datetime.combine(day(text, "--as-of"), time.min, UTC) + timedelta(days=1)
    opened = market.bars[symbol].opened
    count = int((opened < to_datetime64(midnight)).sum())
    if count == 0:
        raise UsageError(
            f"--as-of: {symbol} has no bar until {text}", hint=f"its first closes {closes[0]:%Y-%m-%d}"
        )
    return closes[count - 1]


def _exact(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of: {text} is not a moment", hint="write it like 2012-06-01T14:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _context(
    session: Session, settings: Settings, market: Market, symbol: str, moment: datetime
) -> ToolContext:
    """As on the desk, with an account that holds nothing yet."""
    view, cash = market.view(moment), settings.paper.cash
    currency = settings.paper.currency
    account = Account(as_of=moment, currency=currency, cash=cash, peak=cash, day_open=cash)
    return ToolContext(
        view=view,
        symbol=symbol,
        horizon=settings.desk.horizon or market.timeframe.default_horizon,
        account=account,
        forecaster=forecaster_of(session.workspace, settings),
        costs=cost_model(settings).round_trip(market.instruments[symbol]),
        memory=_memory(session),
    )


def _memory(session: Session) -> Memory:
    """The closed trades of the workspace's newest book, if it has one."""
    if not session.workspace.journal.exists():
        return Memory.of(())
    with JournalReader(session.workspace.journal) as reader:
        books = reader.books()
        return Memory.of(reader.memories.remembered(books[-1].id) if books else ())


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of everything that is not a container; of an empty one, "none"."""
    if isinstance(value, Mapping):
        parts = [(str(name), item) for name, item in value.items()]
    elif isinstance(value, list):
        parts = [(str(number), item) for number, item in enumerate(value, 1)]
    else:
        yield path, value
        return
    if not parts:
        yield path, "none"
    for name, item in parts:
        yield from _leaves(item, f"{path}.{name}" if path else name)
