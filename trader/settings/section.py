"""What every table of settings is made of: the types of values, and the base of a section."""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, Strict

from trader.domain.value import Number, Value


def _number(value: object) -> object:
    """Text and truth values are not numbers, whatever they would convert to."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("not a number")
    return value


def _names(value: object) -> object:
    """`AAPL,MSFT` in the environment is the list ["AAPL", "MSFT"]."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


Whole = Annotated[int, Strict()]
NUMERIC = BeforeValidator(_number)
Share = Annotated[Number, Field(ge=0, le=1), NUMERIC]
Positive = Annotated[Number, Field(gt=0), NUMERIC]
NotNegative = Annotated[Number, Field(ge=0), NUMERIC]
Text = Annotated[str, Strict(), Field(min_length=1)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_names)]


class Section(Value):
    """One table of trader.toml. The docstring under a field is what the documentation says of it."""

    model_config = ConfigDict(use_attribute_docstrings=True)
