"""One opinion out of several askings of the same question. See docs/language-models.md."""

from collections.abc import Sequence
from decimal import Decimal
from statistics import fmean, median_low

from trader.domain.opinions import P_MAX, P_MIN, Abstention, Opinion, Verdict
from trader.measures.forecasts import expit, logit

Judged = Opinion | Abstention | Verdict


def put_together(forms: Sequence[Judged]) -> tuple[Judged, int]:
    """What forms of one agent and one question come to, and which of them says it best.

    Of verdicts it is the one in the middle. Of opinions and abstentions it is what more than half of them
    are; an opinion then has the mean of the log-odds, as if the samples were equal members of a pool, the
    smaller middle cap and stop, and the words of the sample nearest to that.
    """
    verdicts = [(form.factor, place) for place, form in enumerate(forms) if isinstance(form, Verdict)]
    if verdicts:
        place = median_low(verdicts)[1]
        return forms[place], place
    opinions = {place: form for place, form in enumerate(forms) if isinstance(form, Opinion)}
    silent = {place: form for place, form in enumerate(forms) if isinstance(form, Abstention)}
    if len(forms) == 1:
        return forms[0], 0
    if len(silent) >= len(opinions):
        place, first = next(iter(silent.items()))
        reason = f"{len(silent)} of {len(forms)} samples gave no opinion: {first.reason}"
        failed = all(form.failed for form in silent.values())
        return Abstention(agent=first.agent, reason=reason, failed=failed), place
    return _mean(opinions, forms)


def _mean(opinions: dict[int, Opinion], forms: Sequence[Judged]) -> tuple[Opinion, int]:
    stated = [form.p_up for form in opinions.values() if form.p_up is not None]
    p_up = _mean_odds(stated) if 2 * len(stated) > len(opinions) else None
    stops = [form.stop for form in opinions.values() if form.stop is not None]
    stop: Decimal | None = median_low(stops) if 2 * len(stops) > len(opinions) else None
    place = min(opinions, key=lambda one: (_distance(opinions[one].p_up, p_up), one))
    whole = {
        "p_up": p_up,
        "size_cap": median_low(form.size_cap for form in opinions.values()),
        "stop": stop,
        "samples": tuple(form.p_up if isinstance(form, Opinion) else None for form in forms),
    }
    return opinions[place].model_copy(update=whole), place


def _mean_odds(stated: Sequence[float]) -> float:
    return min(max(float(expit(fmean(float(logit(p)) for p in stated))), P_MIN), P_MAX)


def _distance(said: float | None, whole: float | None) -> float:
    if said is None or whole is None:
        return 0.0 if said is whole else 1.0
    return abs(said - whole)
