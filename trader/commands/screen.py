"""The screen of a run: a value that is drawn at any width and height. Drawing it changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from trader.commands import words
from trader.commands.stances import rows as stance_rows
from trader.commands.telling import Event
from trader.domain.portfolio import Account
from trader.runner import ClosedRound, Control, Opening

KEYS = (("a", "look now"), ("space", "pause"), ("h", "help"), ("q", "stop"))
HELP = (
    ("a", "look now: take the next round at once, in a pause too"),
    ("space", "pause, and go on"),
    ("h", "this page, and back"),
    ("q", "finish the round in hand and leave; the same command goes on"),
    ("Ctrl-C", "the same; a second time leaves at once"),
    ("", ""),
    ("juniors", "how many facts they found for each symbol"),
    ("seniors", "the probability of a rise, above (+) or below (-) the base rate;"),
    ("", "of one that sees no direction, the cap it sets on the size"),
    ("executive", "approves, shrinks or vetoes increases"),
    ("desk", "what was made of it: the pooled probability and the decision"),
)
EVENTS_KEPT = 60
RECENT_ROUNDS = 20
"""Whose time says how long the rest will take."""
SIDE_BY_SIDE = 118
"""Columns from which the events stand beside the agents."""
EVENTS_WIDTH = 48
"""Columns that the events get there, at least."""


@dataclass
class Shown:
    """What is known of the run. Its parts are replaced whole, so a drawing thread never sees half of one."""

    control: Control
    speed: float = 0.0
    """Rounds a second, at most; 0 for as fast as they go."""
    doing: tuple[str, int, int] = ("starting", 0, 0)
    """Before the first round: what is being done, and how much of how much."""
    opening: Opening | None = None
    closed: ClosedRound | None = None
    events: tuple[Event, ...] = ()
    own_ms: tuple[float, ...] = ()
    """Of the last rounds."""
    help: bool = False

    def happened(self, *events: Event) -> None:
        """Add to what is listed; the oldest are dropped."""
        self.events = (*self.events, *events)[-EVENTS_KEPT:]

    def went_through(self, closed: ClosedRound) -> None:
        """Show this round."""
        self.own_ms = (*self.own_ms, closed.own_ms)[-RECENT_ROUNDS:]
        self.closed = closed

    def seconds_left(self) -> float | None:
        """From the time of the last rounds; None before there are any."""
        if self.closed is None or not self.own_ms:
            return None
        each = sum(self.own_ms) / len(self.own_ms) / 1000.0
        if self.speed > 0:
            each = max(each, 1.0 / self.speed)
        return each * (self.closed.total - self.closed.index)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.height or console.height
        for line in drawn(self, width, height, ascii_only=options.ascii_only):
            line.truncate(width, overflow="ellipsis")
            line.no_wrap = True
            yield line


def drawn(shown: Shown, width: int, height: int, *, ascii_only: bool = False) -> list[Text]:
    """Lines, at most `height`: what matters most first, the keys last."""
    top = [_title(shown, width), _progress(shown, width, ascii_only)]
    if shown.closed is not None:
        top += [_money(shown.closed.account, width), _positions(shown.closed.account)]
    footer = _footer(shown)
    room = height - len(top) - 1
    if shown.help:
        body = [Text(""), *(Text.assemble((f"{key:<11}", "bold"), text) for key, text in HELP)]
    elif shown.closed is None:
        body = [Text(""), *_waiting(shown)]
    else:
        body = _body(shown, shown.closed, width, room)
    body = body[: max(0, room)]
    padding = [Text("")] * (height - len(top) - len(body) - 1)
    return [*top, *body, *padding, footer][:height]


def _title(shown: Shown, width: int) -> Text:
    title = Text.assemble(("trader", "bold"))
    if shown.opening is not None:
        book = shown.opening.book
        title.append(f"  {book.mode}  {book.feed}  {book.timeframe}")
    if shown.closed is not None:
        title.append(f"  {words.moment(shown.closed.as_of)} UTC", "bold cyan")
    state = "stopping" if shown.control.stop else "paused" if shown.control.paused else ""
    if state:
        title.append(f"  {state}", "bold yellow")
    return title


def _progress(shown: Shown, width: int, ascii_only: bool) -> Text:
    if shown.closed is not None:
        done, total = shown.closed.index, shown.closed.total
        left = shown.seconds_left()
        label = f"  {done}/{total} rounds"
        if left is not None and done < total:
            label += f"  {words.duration(left)} left"
    elif shown.opening is not None:
        done, total = shown.opening.done, shown.opening.rounds
        label = f"  {done}/{total} rounds"
    else:
        what, done, total = shown.doing
        label = f"  {what}"
    cells = max(8, min(width - len(label), 60))
    filled = round(cells * done / total) if total else 0
    full, empty = ("#", "-") if ascii_only else ("━", "─")
    return Text.assemble((full * filled, "green"), (empty * (cells - filled), "dim"), label)


def _money(account: Account, width: int) -> Text:
    """Equity, and as much of the rest as fits whole."""
    exposure = account.gross / account.equity if account.equity > 0 else account.gross
    line = Text.assemble("equity ", (words.money(account.equity, account.currency), "bold"))
    for part in (
        f"  invested {words.share(exposure, 1)}",
        f"  drawdown {words.share(account.drawdown, 1)}",
        f"  cash {words.money(account.cash)}",
    ):
        if line.cell_len + len(part) <= width:
            line.append(part)
    return line


def _positions(account: Account) -> Text:
    held = (
        f"{one.symbol} {words.amount(one.quantity)} ({words.share(account.weight(one.symbol), 1)})"
        for one in account.positions
    )
    text = "  ".join(held)
    return Text("holding " + text if text else "holding nothing", "" if text else "dim")


def _waiting(shown: Shown) -> Iterator[Text]:
    if shown.opening is None:
        yield Text("First the data is read and the rules are scored over their history,", "dim")
        yield Text("so that each starts with the weight that its record deserves.", "dim")
    else:
        for note in shown.opening.notes:
            yield Text(f"note: {note}", "dim")


def _body(shown: Shown, closed: ClosedRound, width: int, room: int) -> list[Text]:
    agents = shown.opening.agents if shown.opening else ()
    if width >= SIDE_BY_SIDE:
        left = stance_rows(agents, closed, width - EVENTS_WIDTH, room - 1)
        wide = max((line.cell_len for line in left), default=0) + 3
        return [Text(""), *_beside(left, list(_events(shown, room - 2)), wide)]
    stances = stance_rows(agents, closed, width, room - 1)
    return [Text(""), *stances, Text(""), *_events(shown, room - len(stances) - 2)]


def _beside(left: Sequence[Text], right: Sequence[Text], column: int) -> Iterator[Text]:
    for row in range(max(len(left), len(right))):
        line = left[row].copy() if row < len(left) else Text("")
        line.append(" " * (column - line.cell_len))
        if row < len(right):
            line.append_text(right[row])
        yield line


def _events(shown: Shown, room: int) -> Iterator[Text]:
    """The latest, newest first."""
    recent = shown.events[-room:] if room > 0 else ()
    for event in reversed(recent):
        yield Text.assemble((f"{event.when[:10]}  ", "dim"), (event.text, event.style))


def _footer(shown: Shown) -> Text:
    footer = Text("")
    for key, text in KEYS:
        footer.append(f" {key} ", "reverse")
        footer.append(f" {'go on' if key == 'space' and shown.control.paused else text}  ")
    return footer
