"""Every learner there is. A new one is a new file and a line here."""

from trader.domain.errors import UnknownName
from trader.forecasters.learners.boosting import SIZES
from trader.forecasters.learners.cat import Cat
from trader.forecasters.learners.learner import Learner
from trader.forecasters.learners.lgbm import Lgbm
from trader.forecasters.learners.logistic import Logistic
from trader.forecasters.learners.xgb import Xgb

BASELINE = "logistic"
"""What every other model must beat."""
LEARNERS = ("logistic", "xgboost", "lightgbm", "catboost")


def learner(name: str, size: str = "calm") -> Learner:
    """The learner of this name. Raises UnknownName."""
    if size not in SIZES:
        raise UnknownName("size of trees", size, SIZES)
    shape = SIZES[size]
    match name:
        case "logistic":
            return Logistic()
        case "xgboost":
            return Xgb(shape)
        case "lightgbm":
            return Lgbm(shape)
        case "catboost":
            return Cat(shape)
    raise UnknownName("learner", name, LEARNERS)
