"""Text as vectors. The default compares spelling, not meaning: words are hashed, nothing is downloaded."""

import re
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from trader.domain.errors import ModelError
from trader.domain.market import Floats
from trader.llm.quiet import import_litellm

HASHED_WORDS = "hashed-words"
DIMENSIONS = 512
"""Buckets of the hash: a page has a few hundred different words and pairs, so few of them collide."""

_WORD = re.compile(r"[^\W_]+")


class Embedder(Protocol):
    """Turns texts into unit vectors. Equal names, equal vectors for equal texts."""

    name: str

    def __call__(self, texts: Sequence[str]) -> Floats:
        """One row a text, shape (n, d)."""
        ...


class HashedWords:
    """Words and pairs of neighbours, each hashed to a bucket and a sign (Weinberger and others 2009).

    Counts are taken as ln(1 + count) and rows have the length one, so that the cosine of two texts is the
    share of words that they have in common. It knows no synonyms.
    """

    name = HASHED_WORDS

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Rows of DIMENSIONS numbers; all zero but the first for a text without a word."""
        rows = np.zeros((len(texts), DIMENSIONS))
        for row, text in zip(rows, texts, strict=True):
            words = _WORD.findall(text.lower())
            pairs = (f"{one} {other}" for one, other in pairwise(words))
            for part in (*words, *pairs):
                number = int.from_bytes(blake2b(part.encode(), digest_size=8).digest(), "little")
                row[number % DIMENSIONS] += 1.0 if number >> 63 else -1.0
        rows = np.sign(rows) * np.log1p(np.abs(rows))
        rows[~rows.any(axis=1), 0] = 1.0
        unit: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


class ModelEmbedding:
    """An embedding model, asked through litellm. Raises ModelError where it does not answer."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Rows as the model gives them, at length one."""
        litellm = import_litellm()
        try:
            answer: Any = litellm.embedding(
                model=self.name, input=list(texts), timeout=30, num_retries=0, max_retries=0
            )
            rows = np.array([one["embedding"] for one in answer.data], dtype=np.float64)
        except Exception as error:  # litellm raises one class for each thing that servers can do
            raise ModelError(f"{self.name} gives no embedding: {type(error).__name__}") from error
        if rows.ndim != 2 or len(rows) != len(texts):
            raise ModelError(f"{self.name} gave {len(rows)} embeddings for {len(texts)} texts")
        unit: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return unit


def embedder(name: str) -> Embedder:
    """The embedding that settings name."""
    return HashedWords() if name == HASHED_WORDS else ModelEmbedding(name)
