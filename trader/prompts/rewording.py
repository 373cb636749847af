"""The same prompt in other words: does an agent answer the question, or the way it is put?

Five rewordings, each a fixed rule that is applied to the text of a prompt and to nothing that is filled in:
what stands in `{{ }}`, `{% %}`, backticks or fences is left alone. They change no fact, no number and no
instruction, so that an agent which understands its prompt says the same.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from trader.domain.value import digest
from trader.prompts.prompt import Prompt

_KEPT = re.compile(r"```.*?```|`[^`\n]*`|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
"""What is filled in or names something."""
_ITEM = re.compile(r"(?:^- .*(?:\n  .*)*\n?)+", re.MULTILINE)
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "judge": "assess",
        "weigh": "consider",
        "colleague": "co-worker",
        "near": "close to",
        "persists": "continues",
        "guess": "conjecture",
        "danger": "hazard",
        "begin": "start",
        "at most": "no more than",
        "unless": "except where",
        "missing": "absent",
    }
)
"""Whole words, in either case; each pair says the same in these prompts."""


def reworded(prompt: Prompt) -> dict[str, Prompt]:
    """The prompt in each rewording that changes it, by the rewording's name."""
    found = {}
    for name, rule in REWORDINGS.items():
        body = rule(prompt.body)
        if body != prompt.body:
            text = prompt.text.removesuffix(prompt.body) + body
            found[name] = prompt.model_copy(update={"body": body, "text": text, "digest": digest(text)})
    return found


def _outside(text: str, change: Callable[[str], str]) -> str:
    """`text` with `change` applied to all but what is kept."""
    parts, at = [], 0
    for kept in _KEPT.finditer(text):
        parts += [change(text[at : kept.start()]), kept[0]]
        at = kept.end()
    return "".join([*parts, change(text[at:])])


def _synonyms(body: str) -> str:
    def other(found: re.Match[str]) -> str:
        word = _WORDS[found[0].lower()]
        return word[0].upper() + word[1:] if found[0][0].isupper() else word

    words = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
    return _outside(body, lambda text: re.sub(rf"\b(?:{words})\b", other, text, flags=re.IGNORECASE))


def _items(list_: str) -> list[str]:
    """The points of a list, each with its further lines."""
    return re.findall(r"^- .*(?:\n  .*)*", list_, re.MULTILINE)


def _turned(body: str) -> str:
    """Points of each list in the opposite order."""
    return _ITEM.sub(lambda found: "\n".join(reversed(_items(found[0]))) + _end(found[0]), body)


def _numbered(body: str) -> str:
    """Points of each list with numbers."""

    def numbers(found: re.Match[str]) -> str:
        points = (f"{number}. {point[2:]}" for number, point in enumerate(_items(found[0]), start=1))
        return "\n".join(points) + _end(found[0])

    return _ITEM.sub(numbers, body)


def _end(list_: str) -> str:
    return "\n" if list_.endswith("\n") else ""


def _unwrapped(body: str) -> str:
    """Paragraphs and points on one line each."""
    return re.sub(r"(?<=[^\n])\n(?![\n#`{-])(?=\S)|\n {2}(?=\S)", " ", body)


def _urged(body: str) -> str:
    """A sentence before and one after that ask for nothing new."""
    return f"Please read all of this before you answer.\n\n{body.rstrip()}\n\nThank you. Now fill the form.\n"


REWORDINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "synonyms": _synonyms,
        "lists turned round": _turned,
        "lists numbered": _numbered,
        "lines joined": _unwrapped,
        "politely": _urged,
    }
)
"""By the name that reports give it."""
