"""The tone of market news: rules of the project's own first, VADER's word list where they have nothing to say.

A rule joins a movement to its thing: `costs rise` is bad, `loss narrows` good. Others know verdicts (`beats
estimates`), events (`opens probe`), comparisons of two amounts, what negates, and plain facts. The words are in
`lexicon.toml`.
"""

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from trader.tools.tone.rules import judged
from trader.tools.tone.sentences import sentences

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

GUESS = 0.3
"""Weight of VADER's compound score (Hutto and Gilbert 2014), used where no rule speaks in any sentence."""
NEUTRAL = 0.15
"""Tones nearer to zero than this are neutral. What VADER alone says is, unless it is above half its scale."""


class Class(StrEnum):
    """The three classes that labelled news has."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


@lru_cache(maxsize=4096)
def tone(text: str) -> float:
    """Tone of `text`, -1 to 1: the mean of the sentences in which a rule speaks. Its first 5,000 characters count.

    Case and white space make no difference. Remembered: each headline is asked for on many days.
    """
    parts = sentences(text)
    said = [score for score in map(judged, parts) if score is not None]
    if said:
        return sum(said) / len(said)
    return GUESS * sum(map(plain_vader, parts)) / len(parts) if parts else 0.0


def classify(text: str) -> Class:
    """Negative where the tone is at most -0.15, positive where it is at least 0.15, else neutral."""
    score = tone(text)
    if abs(score) < NEUTRAL:
        return Class.NEUTRAL
    return Class.POSITIVE if score > 0.0 else Class.NEGATIVE


def plain_vader(text: str) -> float:
    """VADER's compound score alone, -1 to 1."""
    return float(_analyzer().polarity_scores(text)["compound"])


@lru_cache(maxsize=1)
def _analyzer() -> "SentimentIntensityAnalyzer":
    """Reads its word list once."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
