"""Families of answers that are no form: each takes a good form and does one thing to it in every way."""

import json
from collections.abc import Iterator
from typing import Any

from tests.llm.hostile_words import FRAMES, INVISIBLE, ORDERS, TOOLS, ZEROS, forged, tool_calls

Answers = Iterator[tuple[str, str]]
TYPES: tuple[Any, ...] = (None, True, False, 0, -1, 1.5, "", "x", [], [None], [[]], {}, {"a": 1}, 10**400)
ALLOWED: dict[str, tuple[Any, ...]] = {
    "p_up": (None,), "size_cap": (None, 0), "stop": (None, 1.5), "reasoning": ("x",), "reason": ("x",),
    "factors_for": ([],), "factors_against": ([],), "missing": ([],), "evidence": ([],), "facts": ([],),
}  # fmt: skip
"""What of TYPES a key may be."""
NUMERIC = ("p_up", "size_cap", "stop", "factor")
PAGES = (
    "<html><head><title>{0}</title></head><body>{0}</body></html>", "<?xml version='1.0'?><error>{0}</error>",
    "HTTP/1.1 200 OK\r\n\r\n{0}", '{{"error": {{"message": "{0}"}}}}', '{{"detail": "{0}"}}', "Error: {0}",
    '{{"choices": [{{"message": {{"content": "{0}"}}}}]}}', 'data: {{"delta": "{0}"}}\n\ndata: [DONE]\n\n',
)  # fmt: skip
CAUSES = (
    "502 Bad Gateway",
    "Log in",
    "Rate limit reached",
    "Just a moment...",
    "Model is overloaded",
    "Captive portal",
)


def families(good: dict[str, Any], digest: str) -> Answers:
    """Every family for one form; none of what they give is such a form."""
    text = json.dumps(good)
    yield from _orders(text)
    yield from _calls(text)
    yield from _pages()
    yield from _unseen(good, text)
    yield from _types(good)
    yield from _twice(good, text)
    yield from _scripts(good, text)
    yield from _deep(good, text)
    yield from ((f"forged {n}", f"{said}\n{text}") for n, said in enumerate(forged("MSFT", digest)))


def _orders(text: str) -> Answers:
    """Somebody's orders instead of a form, or beside one."""
    for n, order in enumerate(ORDERS):
        yield f"order {n}", order
        yield f"order {n} and a form", f"{order}\n{text}"
        yield f"a form and order {n}", f"{text}\n{order}"
        yield f"order {n} as JSON", json.dumps({"kind": "instruction", "text": order})
    for n, frame in enumerate(FRAMES):
        yield f"frame {n}", frame.format(*["approve"] * frame.count("{}"))
        if n:
            yield f"form in frame {n}", f"{frame.format(*[text] * frame.count('{}'))} ."


def _calls(text: str) -> Answers:
    for tool in TOOLS:
        for n, call in enumerate(tool_calls(tool)):
            yield f"{tool} {n}", call
        yield f"{tool} and a form", f"{tool_calls(tool)[0]}\n{text}"


def _pages() -> Answers:
    for n, page in enumerate(PAGES):
        yield from ((f"page {n}: {cause}", page.format(cause)) for cause in CAUSES)


def _unseen(good: dict[str, Any], text: str) -> Answers:
    """A character that nobody sees, in each place that must be exact."""
    for unseen in INVISIBLE:
        name = f"U+{ord(unseen):04X}"
        for key in ("symbol", "kind"):
            value = good[key]
            for place, spoilt in {
                "before": unseen + value,
                "in": value[:2] + unseen + value[2:],
                "after": value + unseen,
            }.items():
                yield f"{name} {place} {key}", _json(good, **{key: spoilt})
        for key in good:
            yield f"{name} in the key {key}", text.replace(f'"{key}"', f'"{key[:1]}{unseen}{key[1:]}"', 1)
        if not unseen.isspace():
            yield f"{name} before", unseen + text
            yield f"{name} after", text + unseen


def _types(good: dict[str, Any]) -> Answers:
    for key in good:
        for value in TYPES:
            fits = any(value == one and type(value) is type(one) for one in ALLOWED.get(key, ()))
            if not fits:
                yield f"{key} is {str(value)[:9]!r}", _json(good, **{key: value})
        if key not in ("size_cap", "stop", "evidence", "missing", "factors_for", "factors_against"):
            yield f"{key} is not there", json.dumps({name: good[name] for name in good if name != key})


def _twice(good: dict[str, Any], text: str) -> Answers:
    """Two values for one key, two forms, and parts of two forms."""
    for key in good:
        for value in (good[key], "MSFT", 0.99, None):
            yield f"{key} first {value!r:.9}", "{" + f'"{key}": {json.dumps(value)}, ' + text[1:]
    for n, between in enumerate(
        ("", " ", "\n", ",", ";", "\n---\n", "\n```\n", "\0", "\x1e", "&", " or ", "\u2028")
    ):
        yield f"two forms {n}", text + between + text
        yield f"a form and a list {n}", text + between + "[]"
        yield f"a half and a form {n}", text[: len(text) // 2] + between + text


def _scripts(good: dict[str, Any], text: str) -> Answers:
    """Numbers in other scripts, and at the ends of what a float or an integer is."""
    for key in (one for one in NUMERIC if one in good):
        now = f'"{key}": {json.dumps(good[key])}'
        for zero in ZEROS:
            yield f"{key} in {ord(zero):04X}", text.replace(now, f'"{key}": {zero}.{chr(ord(zero) + 6)}')
            yield (
                f"{key} told in {ord(zero):04X}",
                text.replace(now, f'"{key}": "{zero}.{chr(ord(zero) + 6)}"'),
            )
        for power in (2, 15, 16, 20, 100, 307, 308, 309, 400, 9999, 10**9):
            if key != "stop" or power > 12:
                yield f"{key} 1e{power}", text.replace(now, f'"{key}": 1e{power}')
                yield f"{key} of {power} digits", text.replace(now, f'"{key}": {"9" * min(power, 20_000)}')
            yield f"{key} -1e{power}", text.replace(now, f'"{key}": -1e{power}')
        for said in (
            "-0.5",
            "-1e-9",
            "--1",
            "1e",
            "e1",
            "0b1",
            "0o7",
            "1/2",
            "½",
            "60%",
            "1,5",
            "1 5",
            "∞",
            "NaN",
            "nan",
            "null0",
        ):
            yield f"{key} {said}", text.replace(now, f'"{key}": {said}')


def _deep(good: dict[str, Any], text: str) -> Answers:
    for key in good:
        now = f'"{key}": {json.dumps(good[key])}'
        for depth in (7, 100, 5_000):
            yield f"{key} {depth} deep", text.replace(now, f'"{key}": {"[" * depth}{"]" * depth}')
            yield f"{key} {depth} deep, open", text.replace(now, f'"{key}": {"[" * depth}')


def _json(good: dict[str, Any], **changes: Any) -> str:
    return json.dumps({**good, **changes})
