"""The tone of market news: rules of the project's own, and VADER where they have nothing to say.

Rules join a movement to its thing (`costs rise` is bad, `loss narrows` good), know verdicts and events
(`beats estimates`, `opens probe`), compare two amounts, turn what is negated, and pass over plain facts.
Their words are in `lexicon.toml`.
"""

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from trader.tools.tone.rules import judged
from trader.tools.tone.sentences import sentences

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

GUESS = 0.3
"""Weight of VADER's compound score (Hutto and Gilbert 2014) where no rule speaks in any sentence."""
NEUTRAL = 0.15
"""Tones nearer to zero are neutral; so is a guess of VADER's that is in the lower half of its scale."""
LONGEST = 2_000
"""Characters that are read. What is longer is no headline, and the time it takes grows with their square."""


class Class(StrEnum):
    """The three classes in which headlines are labelled."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


def tone(text: str) -> float:
    """Tone of the first 2,000 characters, -1 to 1: the mean of the sentences in which a rule speaks.

    Case and white space make no difference. Remembered: each headline is asked for on many days.
    """
    return _tone(text[:LONGEST])


def classify(text: str) -> Class:
    """Negative for a tone of -0.15 or less, positive for 0.15 or more, neutral between them."""
    score = tone(text)
    if abs(score) < NEUTRAL:
        return Class.NEUTRAL
    return Class.POSITIVE if score > 0.0 else Class.NEGATIVE


def vader(text: str) -> float:
    """VADER's compound score alone, -1 to 1."""
    return float(_analyzer().polarity_scores(text)["compound"])


@lru_cache(maxsize=4096)
def _tone(text: str) -> float:
    parts = sentences(text)
    said = [score for score in map(judged, parts) if score is not None]
    if said:
        return sum(said) / len(said)
    return GUESS * sum(map(vader, parts)) / len(parts) if parts else 0.0


@lru_cache(maxsize=1)
def _analyzer() -> "SentimentIntensityAnalyzer":
    """Reads its word list once."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
