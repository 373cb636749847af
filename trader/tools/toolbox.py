"""How agents reach tools: alive, each answer computed once; or recorded, with no market behind them."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from pydantic import ValidationError

from trader.domain.errors import ToolTimeout, TraderError, UnknownName
from trader.domain.reports import Evidence
from trader.domain.value import Value, canonical_json, digest, jsonable
from trader.tools.registry import TOOLS
from trader.tools.tool import Tool, ToolContext
from trader.tools.worker import OutOfTime, Worker

KEPT = 4096
"""Answers a live toolbox remembers: a round of 200 symbols with 20 calls each."""

Call = tuple[str, str, str]
"""(symbol, tool, canonical JSON of the arguments with their defaults)."""


class Toolbox(Protocol):
    """Calls tools by name."""

    def call(self, name: str, arguments: Mapping[str, Any], context: ToolContext) -> Evidence:
        """The tool's answer as evidence. Never raises: what cannot be answered is evidence with an error."""
        ...


class LiveToolbox:
    """Runs the tools. One toolbox serves one market and one book.

    Two agents that ask the same of the same moment share one computation: tools are pure functions.
    """

    def __init__(self, tools: Iterable[Tool[Any, Any]] = TOOLS) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._answers: OrderedDict[tuple[Any, ...], Evidence] = OrderedDict()
        self._lock = threading.Lock()
        self._worker = Worker()

    def call(self, name: str, arguments: Mapping[str, Any], context: ToolContext) -> Evidence:
        """The tool's answer, from memory where the same was asked before."""
        tool = self._tools.get(name)
        if tool is None:
            return _failure(name, arguments, UnknownName("tool", name, self._tools))
        asked = with_defaults(tool, arguments)
        key = (
            context.view.as_of,
            context.symbol if tool.reads_symbol else "",
            context.horizon,
            context.costs,
            digest(context.account) if tool.reads_account else "",
            name,
            canonical_json(asked),
        )
        with self._lock:
            if key not in self._answers:
                self._answers[key] = self._run(tool, arguments, context)
                if len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
            return self._answers[key]

    def _run(self, tool: Tool[Any, Any], arguments: Mapping[str, Any], context: ToolContext) -> Evidence:
        """Run within the tool's time limit."""
        try:
            return self._worker.within(tool.time_limit_s, lambda: run(tool, arguments, context))
        except OutOfTime:
            late = ToolTimeout(f"{tool.name} took longer than its {tool.time_limit_s:g} seconds")
            return _failure(tool.name, with_defaults(tool, arguments), late)


class RecordedToolbox:
    """Answers from what was recorded, for replays: no market, no model, no clock."""

    def __init__(self, recorded: Mapping[Call, Evidence], tools: Iterable[Tool[Any, Any]] = TOOLS) -> None:
        self._recorded = recorded
        self._tools = {tool.name: tool for tool in tools}

    @classmethod
    def of(
        cls, recorded: Iterable[tuple[str, Evidence]], tools: Iterable[Tool[Any, Any]] = TOOLS
    ) -> "RecordedToolbox":
        """From (symbol, evidence) pairs of one round."""
        calls = {(symbol, item.tool, canonical_json(item.arguments)): item for symbol, item in recorded}
        return cls(calls, tools)

    def call(self, name: str, arguments: Mapping[str, Any], context: ToolContext) -> Evidence:
        """What was recorded for this call, else evidence that says that nothing was."""
        tool = self._tools.get(name)
        asked = jsonable(dict(arguments)) if tool is None else with_defaults(tool, arguments)
        found = self._recorded.get((context.symbol, name, canonical_json(asked)))
        return found or Evidence(tool=name, arguments=asked, result=None, error="not recorded")


def with_defaults(tool: Tool[Any, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as evidence keeps them: defaults filled in; as given where the tool would refuse them."""
    try:
        asked: Value = tool.Arguments.model_validate(dict(arguments))
        return asked.model_dump(mode="json")
    except ValidationError:
        return {key: jsonable(value) for key, value in arguments.items()}


def run(tool: Tool[Any, Any], arguments: Mapping[str, Any], context: ToolContext) -> Evidence:
    """Run `tool` once and write down what it said, or why it could not."""
    asked = with_defaults(tool, arguments)
    try:
        given = tool.run(context, tool.Arguments.model_validate(dict(arguments)))
        return Evidence(tool=tool.name, arguments=asked, result=given.model_dump(mode="json"))
    except Exception as error:  # a tool may be anybody's, and its failure is evidence like any other
        return _failure(tool.name, asked, error)


def _failure(name: str, arguments: Mapping[str, Any], error: Exception) -> Evidence:
    return Evidence(tool=name, arguments=jsonable(dict(arguments)), result=None, error=_sentence(error))


def _sentence(error: Exception) -> str:
    if isinstance(error, TraderError):
        return f"{error.message}; {error.hint}" if error.hint else error.message
    if isinstance(error, ValidationError):
        parts = ((".".join(map(str, item["loc"])), item["msg"]) for item in error.errors())
        return "; ".join(f"{place}: {message}" if place else message for place, message in parts)
    return f"broke: {type(error).__name__}: {error}"
