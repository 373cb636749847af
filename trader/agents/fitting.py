"""What a prompt leaves out when it is longer than its model's context: the least needed first.

History goes before evidence, long lists before short ones, and what others reported before what the agent's
own tools say. The signal, the reports that it weighs, the opinions, the form and its part are never cut.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from trader.domain.errors import PromptTooLong

LONG, SHORT = 10, 3
"""Items that a list keeps at first, and then."""
PASSAGE = 300
"""Characters that a senior's reasoning keeps."""

Context = Mapping[str, Any]
"""What a template may name, as `speaking.context` makes it."""
Cut = tuple[dict[str, Any], list[str]]
"""The part of the context that is new, and what was left out, in words."""


def fitted(
    context: Context, reads: Collection[str], room: int, tokens: Callable[[Context, tuple[str, ...]], int]
) -> tuple[Context, tuple[str, ...]]:
    """The context that takes at most `room` tokens, and what it lacks, in words.

    `reads` are the agents whose reports matter; none is all of them. `tokens` counts what a context takes
    once it is a prompt that says what was left out. Raises PromptTooLong where all cuts are not enough.
    """
    left_out: tuple[str, ...] = ()
    needed = tokens(context, left_out)
    for step in _steps(reads):
        if needed <= room:
            return context, left_out
        new, lost = step(context)
        shorter, told = {**context, **new}, _merged(left_out, lost)
        if lost and (fewer := tokens(shorter, told)) < needed:  # a prompt need not show everything
            context, left_out, needed = shorter, told, fewer
    if needed > room:
        raise PromptTooLong(f"the prompt and its answer take up to {needed} tokens, of {room} in the context")
    return context, left_out


def _steps(reads: Collection[str]) -> Iterator[Callable[[Context], Cut]]:
    yield _no_lessons
    yield lambda context: _lists(context, LONG)
    yield lambda context: _reports(context, reads)
    yield _other_positions
    yield lambda context: _lists(context, SHORT)
    yield _passages
    yield lambda context: _lists(context, 0)
    yield _no_evidence


def _no_lessons(context: Context) -> Cut:
    return ({"lessons": ()}, ["all lessons"]) if context["lessons"] else ({}, [])


def _lists(context: Context, kept: int) -> Cut:
    """The lists in evidence and reports, each with its first items: newest or nearest stand first."""
    lost: list[str] = []
    new = {name: _shortened(context[name], kept, name, lost) for name in ("evidence", "reports")}
    return new, lost


def _shortened(value: Any, kept: int, path: str, lost: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _shortened(item, kept, f"{path}.{name}", lost) for name, item in value.items()}
    if isinstance(value, list) and len(value) > kept:
        lost.append(f"{path} beyond the first {kept}" if kept else f"{path}")
        return value[:kept]
    return value


def _reports(context: Context, reads: Collection[str]) -> Cut:
    """Without the reports that are not the agent's to weigh."""
    others = [name for name in context["reports"] if reads and name not in reads]
    mine = {name: report for name, report in context["reports"].items() if name not in others}
    return {"reports": mine}, [f"reports.{name}" for name in others]


def _other_positions(context: Context) -> Cut:
    account = dict(context["account"])
    held = account.get("positions") or {}
    mine = {symbol: position for symbol, position in held.items() if symbol == context["symbol"]}
    if len(mine) == len(held):
        return {}, []
    return {"account": {**account, "positions": mine}}, ["account.positions in other instruments"]


def _passages(context: Context) -> Cut:
    """The seniors' reasoning, cut short."""
    told = [{name: _passage(text) for name, text in opinion.items()} for opinion in context["opinions"]]
    lost = [f"opinions beyond {PASSAGE} characters each"] if told != list(context["opinions"]) else []
    return {"opinions": told}, lost


def _passage(value: Any) -> Any:
    return f"{value[:PASSAGE]} …" if isinstance(value, str) and len(value) > PASSAGE else value


def _no_evidence(context: Context) -> Cut:
    """What its own tools say goes last; their digests stay, so that they can be cited."""
    kept = ("evidence", "rest")
    own = {
        tool: {name: told[name] for name in kept if name in told}
        for tool, told in context["evidence"].items()
    }
    lost = [f"evidence.{tool}" for tool, told in context["evidence"].items() if told.keys() - set(kept)]
    return {"evidence": own}, lost


def _merged(before: tuple[str, ...], lost: list[str]) -> tuple[str, ...]:
    """A later cut of the same thing says more than an earlier one."""
    gone = {what.partition(" ")[0] for what in lost}
    kept = (what for what in before if not any(_within(what.partition(" ")[0], path) for path in gone))
    return (*kept, *lost)


def _within(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}.")
