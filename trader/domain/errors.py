"""Everything that can go wrong and be told to a person, as one tree.

TraderError                     exit code 1
├── UsageError                  2: the command line or a file the user wrote is wrong
│   ├── UnknownName             2: no such symbol, agent, tool, feed…; carries the nearest names
│   ├── SettingsError           2: trader.toml or a flag; names the file and the line
│   ├── PromptError             2: a prompt file; names the file and the line
│   └── DataError               2: data that cannot be believed; names the file and the row
├── Refused                     3: refused for safety
│   ├── WorkspaceInUse          3: another process holds the lock; names its pid
│   ├── SchemaTooNew            3: the journal was written by a newer program
│   └── LiveLocked              3: one of the three locks of live trading is closed
├── JournalError                1: the one durable truth cannot be read or written; nothing is traded
├── ToolError                   1: a tool cannot give what it was asked for; the trace keeps it
│   └── ToolTimeout             1: it took longer than its time limit
├── ModelError                  1: a language model gave no answer; its agent abstains, the trace keeps why
│   ├── ModelTimeout            1: not all of the answer within its time
│   ├── ModelUnavailable        1: no server, a broken connection, or the server failed
│   │   └── AnswerTooLarge      1: more bytes than an answer can have; the rest was not read
│   ├── ModelRefused            1: key, name or request refused; only settings mend it
│   │   └── PromptTooLong       1: more than the model's context holds
│   ├── RateLimited             1: too many requests; carries how long to wait
│   └── BudgetSpent             1: the worst case of the call does not fit what is left
├── NoModelAnswers              1: none that an agent may ask answers, and its book can wait until one does
├── MissingExtra                1: an optional library is not installed; says how to install it
└── OrderError                  1: an order or a fill that cannot be
    └── IllegalTransition       1: an event that the order's state does not allow
"""

import difflib
from collections.abc import Iterable
from pathlib import Path


class TraderError(Exception):
    """What happened and to what; `hint` says what to do next, and is printed on a line of its own."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TraderError):
    """The user asked for something that does not exist or does not fit together."""

    exit_code = 2


class UnknownName(UsageError):
    """No `kind` has this name. The hint lists the nearest known ones, or all where there are few."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown {kind}: {name}", hint=nearest(name, known))
        self.kind, self.name = kind, name


class SettingsError(UsageError):
    """A setting that does not exist or has a value it may not have."""


class PromptError(UsageError):
    """A prompt file that cannot become an agent."""


class DataError(UsageError):
    """Market data that cannot be believed; the message names the file and the row."""


class Refused(TraderError):
    """Refused for safety: nothing was sent, nothing was changed."""

    exit_code = 3


class WorkspaceInUse(Refused):
    """Another process holds the workspace's lock."""


class SchemaTooNew(Refused):
    """The journal's schema is newer than this program."""


class LiveLocked(Refused):
    """Live trading needs three locks opened, and at least one is closed."""


class JournalError(TraderError):
    """The journal cannot be read or written. No decision and no order goes on without it."""


class ToolError(TraderError):
    """A tool cannot answer: too little history, an argument out of range, data that is not there."""


class ToolTimeout(ToolError):
    """A tool took longer than its time limit; whatever it would have said is not waited for."""


class ModelError(TraderError):
    """A language model gave no answer. Never the end of a decision: the agent abstains with this cause."""


class ModelTimeout(ModelError):
    """The whole answer was not there in time; one that drips counts as none."""


class ModelUnavailable(ModelError):
    """No server at the address, a broken connection, or a failure of the server: later may be better."""


class AnswerTooLarge(ModelUnavailable):
    """The server sends more than an answer can have. Its connection was closed there."""


class ModelRefused(ModelError):
    """The provider refuses the key, the model or the request. The hint says what to change."""


class PromptTooLong(ModelRefused):
    """The prompt is longer than the model's context."""


class RateLimited(ModelError):
    """Too many requests: `retry_after` seconds are to be waited, None where no wait would be in time."""

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class BudgetSpent(ModelError):
    """The budget does not hold the worst case of the call; nothing was sent."""


class NoModelAnswers(TraderError):
    """None of an agent's models answers, and its decision can wait: the book is left where it stands."""


class MissingExtra(TraderError):
    """A command needs a library that is not part of the core."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed", hint=f"pip install 'trader[{extra}]'")


class OrderError(TraderError):
    """An order or a fill that cannot be: a negative quantity, a price off the tick, the wrong symbol."""


class IllegalTransition(OrderError):
    """The order's state does not allow this event; see the table in `orders.py`."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence for someone who mistyped `name`: the nearest of `known`, else all where they are few."""
    names = sorted(set(known))
    if not names:
        return "there are none"
    by_lower = {candidate.lower(): candidate for candidate in names}
    close = [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)]
    if close:
        return "did you mean " + " or ".join(close) + "?"
    if len(names) <= 12:
        return "there are: " + ", ".join(names)
    return f"there are {len(names)}, among them: " + ", ".join(names[:8])


def at_line(path: Path, line: int | None, message: str) -> str:
    """`message` with the place it is about, in the form that editors open: `file:line: message`."""
    return f"{path}:{line}: {message}" if line is not None else f"{path}: {message}"
