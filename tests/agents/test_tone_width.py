"""The sentiment rule's width belongs to the scale that tones are on: labels alone say how wide it is."""

from statistics import mean

from benchmarks.sentiment import WRITTEN, labelled
from trader.agents.policies.sentiment import TONE_WIDTH
from trader.tools.tone import Class, tone

SIGN = {Class.POSITIVE: 1.0, Class.NEGATIVE: -1.0}


def test_the_width_is_the_mean_tone_of_plainly_good_or_bad_headlines() -> None:
    plain = [one for one in labelled(WRITTEN) if one.held_out and one.label in SIGN]
    assert len(plain) > 60
    assert abs(mean(SIGN[one.label] * tone(one.text) for one in plain) - TONE_WIDTH) < 0.05
