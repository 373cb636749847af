"""What a tool is: typed arguments in, a typed result out, and nothing of the world but its context."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict

from trader.data.view import MarketView
from trader.domain.portfolio import Account
from trader.domain.value import Value
from trader.memory.recall import Memory
from trader.tools.forecast.forecaster import Forecaster

Asked = TypeVar("Asked", bound=Value)
Given = TypeVar("Given", bound=Value)


class Schema(Value):
    """Arguments or a result of a tool. The docstring of a field is its description in the JSON schema."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class NoArguments(Schema):
    """The tool takes none: the context says everything."""


@dataclass(frozen=True)
class ToolContext:
    """All that a tool may see."""

    view: MarketView
    """The market as it was known at `view.as_of`."""
    symbol: str
    horizon: int
    """Bars ahead of the event that the desk forecasts."""
    account: Account | None
    """The snapshot taken at the start of the round; None where nothing is traded (scoring over history)."""
    forecaster: Forecaster
    costs: float
    """A round trip's cost, as a fraction of the price."""
    memory: Memory | None = None
    """The book's closed trades; None where nothing is traded, or a recorded answer is all there is."""


@dataclass(frozen=True)
class Tool(Generic[Asked, Given]):
    """One thing that agents may call. Where it cannot answer, `run` raises ToolError with what is lacking."""

    name: str
    summary: str
    """One line, for lists and for language models."""
    Arguments: type[Asked]
    Result: type[Given]
    run: Callable[[ToolContext, Asked], Given]
    reads_symbol: bool = True
    """Whether the answer depends on the symbol; one that does not is computed once for all."""
    reads_account: bool = False
    """Whether the answer depends on the account; one that does is never shared between accounts."""
    time_limit_s: float = 60.0
    """Seconds that its answer is waited for: far more than any tool takes, since what is cut off is lost."""

    @property
    def about(self) -> str:
        """Its formulas and their sources: the docstring of the module that `run` is in."""
        module = inspect.getmodule(self.run)
        return (inspect.getdoc(module) if module else None) or self.summary

    @property
    def example(self) -> str:
        """A command that runs it."""
        return f"trader tools run {self.name} --symbol AAPL --as-of 2012-06-01"

    @property
    def schema(self) -> dict[str, Any]:
        """The tool as JSON, with the JSON schemas of its arguments and its result."""
        return {
            "name": self.name,
            "summary": self.summary,
            "about": self.about,
            "example": self.example,
            "time_limit_s": self.time_limit_s,
            "arguments": self.Arguments.model_json_schema(),
            "result": self.Result.model_json_schema(mode="serialization"),
        }
