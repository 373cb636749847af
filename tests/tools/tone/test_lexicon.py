from collections import Counter

import pytest

from trader.tools.tone.lexicon import GAP, marks, phrases
from trader.tools.tone.sentences import sentences, words


def test_no_phrase_stands_twice_and_none_is_empty() -> None:
    counted = Counter(phrase for phrase, _ in phrases())
    assert [phrase for phrase, count in counted.items() if count > 1 or not phrase] == []


def test_every_phrase_is_found_where_a_text_has_it() -> None:
    """That it is written as texts are read, and that no phrase hides it."""
    for phrase, entry in phrases():
        (sentence,) = sentences(" ".join(phrase).replace(GAP, "the"))
        (mark, *others) = marks(words(sentence))
        assert (mark.start, mark.end, mark.entry) == (0, len(phrase) - 1, entry), phrase
        assert others == []


def test_every_tone_is_within_the_scale() -> None:
    for phrase, entry in phrases():
        limit = 1.2 if entry.kind == "turn" else 1.0
        assert max(abs(entry.tone), abs(entry.alone)) <= limit, phrase
        assert 0.0 <= entry.before <= 1.0
        assert 0.0 <= entry.after <= 1.0


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("The company\u2019s year-on-year growth", ["the", "company", "year", "on", "year", "growth"]),
        ("It doesn't, can't and cannot", ["it", "does", "not", ",", "ca", "not", "and", "cannot"]),
        ("EUR 13.1 mn, up 12 % or 12pct", ["eur", "13.1", "mn", ",", "up", "12%", "or", "12%"]),
        ("S&P 500 \u2013 up 1,234.5", ["s&p", "500", "-", "up", "1,234.5"]),
        ("$-3.5 (was +2%)", ["-3.5", "(", "was", "+2%", ")"]),
    ],
)
def test_words_are_plain(text: str, read: list[str]) -> None:
    (sentence,) = sentences(text)
    assert words(sentence) == read


def test_sentences_end_where_they_do() -> None:
    text = "U.S. stocks of Co. X fell. Why? Rates rose; banks gained!"
    assert sentences(text) == ["u.s. stocks of co. x fell.", "why?", "rates rose;", "banks gained!"]


def test_a_gap_has_three_words_at_most_and_ends_with_its_clause() -> None:
    def found(text: str) -> list[int]:
        return [mark.end for mark in marks(text.split()) if mark.entry.tone == 0.8]

    assert found("beats a b c estimates") == [4]
    assert found("beats a b c d estimates") == []
    assert found("beats a , estimates") == []
