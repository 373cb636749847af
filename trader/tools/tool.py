"""What a tool is: typed arguments in, a typed result out, and nothing of the world but its context."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict

from trader.data.view import MarketView
from trader.domain.portfolio import Account
from trader.domain.value import Value
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

    @property
    def schema(self) -> dict[str, Any]:
        """The tool as JSON: name, summary, and the JSON schemas of its arguments and result."""
        return {
            "name": self.name,
            "summary": self.summary,
            "arguments": self.Arguments.model_json_schema(),
            "result": self.Result.model_json_schema(mode="serialization"),
        }
