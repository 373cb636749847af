"""Whether the forecaster's signal is worth taking: meta-labelling (Lopez de Prado 2018, section 3.6).

A second model, trained on the moments at which the forecaster leaned up, and on how the trades begun there
ended: at a profit, a loss or out of time, after costs. It has no opinion on direction. Consensus shows what
it says, and may let nothing grow that it finds not worth taking; it can never enlarge.
"""

from trader.domain.errors import ToolError
from trader.domain.value import Moment, Number
from trader.measures.forecasts import expit
from trader.tools.tool import NoArguments, Schema, Tool, ToolContext

NAME = "validator"


class Result(Schema):
    """What the promoted validator says of the signal."""

    p_worth: Number
    """Probability that a trade begun now ends above its costs."""
    base_rate: Number
    """How often such trades did, by weight, in the rows trained on."""
    lean: Number
    """How far the forecaster leans up, in log-odds from its base rate."""
    trained_until: Moment
    """All that it was trained on was known by then."""
    model: str
    """The validator's id."""


def run(context: ToolContext, arguments: NoArguments) -> Result:
    """Ask the validator in place. Raises ToolError where there is none, or no signal."""
    served = context.forecaster.validator
    if served is None:
        raise ToolError("no validator is in place", hint="trader models train validator")
    if (unfit := served.unfit(context.view, context.symbol, context.horizon)) is not None:
        raise ToolError(unfit)
    lean = context.forecaster.lean(context.view, context.symbol, context.horizon)
    if lean <= 0.0:
        raise ToolError("the forecaster does not lean up, so there is no signal to validate")
    odds = served.model.log_odds(served.row(context.view, context.symbol, lean))
    return Result(
        p_worth=float(expit(odds)[0]),
        base_rate=served.card.base_rate,
        lean=lean,
        trained_until=served.card.trained_until,
        model=served.card.id,
    )


VALIDATOR = Tool(NAME, "Whether the forecaster's signal is worth taking", NoArguments, Result, run)
