"""The head of a prompt file: YAML between two lines of `---`, each key with the line it stands in."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from trader.domain.errors import PromptError, at_line, nearest
from trader.domain.value import digest
from trader.prompts.prompt import Prompt

KEYS = (
    "name", "tier", "mandate", "asset_classes", "reads", "tools", "policy", "model", "models", "persona",
    "samples", "sample_temperature", "tool_rounds", "family", "lessons",
)  # fmt: skip
REQUIRED = ("name", "tier", "mandate")

_FENCE = "---"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class Header(NamedTuple):
    """A prompt, and where each part of its head stands."""

    prompt: Prompt
    lines: Mapping[str, int]
    """Key, or key and item ("reads.technicals") -> line of the file."""

    def error(self, key: str, message: str, hint: str = "") -> PromptError:
        """An error at the line of `key`."""
        return PromptError(at_line(self.prompt.path, self.lines.get(key, 1), message), hint=hint)


def read_prompt(path: Path) -> Header:
    """The prompt in the file. Raises PromptError, naming the line, for what only this file can get wrong."""
    return parse_prompt(_text(path), path)


def parse_prompt(text: str, path: Path) -> Header:
    """The prompt in a file's text; `path` names it in errors, and must carry the agent's name."""
    head, body, body_line = _parts(path, text)
    values, lines = _yaml(path, head)
    for key in values:
        if key not in KEYS:
            raise PromptError(at_line(path, lines[key], f"unknown key: {key}"), hint=nearest(key, KEYS))
    for key in REQUIRED:
        if values.get(key) is None:
            raise PromptError(at_line(path, 1, f"{key} is missing"))
    given = {key: value for key, value in values.items() if value is not None}
    given["tools"] = [_tool(item) for item in _items(given.get("tools", ()))]
    given["family"] = given.get("family", given["name"])
    given["policy"] = None if given.get("policy") == "none" else given.get("policy")
    whole = {"body": body, "body_line": body_line, "digest": digest(text), "text": text, "path": path}
    try:
        header = Header(Prompt.model_validate({**given, **whole}), lines)
    except ValidationError as error:
        raise _not_a_prompt(path, lines, error) from None
    _check_name(header)
    return header


def _text(path: Path) -> str:
    """Without a byte-order mark and with one kind of line end: one text has one digest on every system."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PromptError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise PromptError(f"{path}: cannot be read: {error.strerror}") from None


def _parts(path: Path, text: str) -> tuple[str, str, int]:
    """Head, body, and the line of the file in which the body begins."""
    lines = text.split("\n")
    if lines[0].rstrip() != _FENCE:
        hint = "an agent's file begins with a line of ---; begin the name of any other file with _"
        raise PromptError(at_line(path, 1, "no front matter"), hint=hint)
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == _FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 2
    raise PromptError(at_line(path, 1, "the front matter is not closed"), hint="close it with a line of ---")


def _yaml(path: Path, head: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The head's values, and the line of each key and of each item of a list."""
    try:
        node = yaml.compose(head, Loader=yaml.SafeLoader)
        values = yaml.safe_load(head)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise PromptError(at_line(path, mark.line + 2 if mark else 1, f"bad YAML: {problem}")) from None
    if not isinstance(node, yaml.MappingNode):
        raise PromptError(at_line(path, 2, "the front matter is not a list of `key: value`"))
    lines: dict[str, int] = {}
    for key, line in _lines(node):
        if key in lines and "." not in key:
            raise PromptError(at_line(path, line, f"{key} stands here a second time"))
        lines[key] = line
    return {str(key): value for key, value in values.items()}, lines


def _lines(node: yaml.MappingNode) -> Iterator[tuple[str, int]]:
    for key, value in node.value:
        yield str(key.value), key.start_mark.line + 2
        for item in value.value if isinstance(value, yaml.SequenceNode) else ():
            named = item.value[0][0] if isinstance(item, yaml.MappingNode) and item.value else item
            yield f"{key.value}.{named.value}", item.start_mark.line + 2


def _items(tools: Any) -> Any:
    return tools if isinstance(tools, list) else [tools] if tools else ()


def _tool(item: Any) -> Any:
    """`features`, or `features: {…}`, as a ToolCall takes it; anything else is left for it to refuse."""
    if isinstance(item, dict) and len(item) == 1:
        name, arguments = next(iter(item.items()))
        return {"name": name, "arguments": arguments or {}}
    return {"name": item}


def _not_a_prompt(path: Path, lines: Mapping[str, int], error: ValidationError) -> PromptError:
    first = error.errors()[0]
    key = str(first["loc"][0])
    message = first["msg"][:1].lower() + first["msg"][1:]
    return PromptError(at_line(path, lines.get(key, 1), f"{key}: {message}, found {first['input']!r}"))


def _check_name(header: Header) -> None:
    name, path = header.prompt.name, header.prompt.path
    if name != path.stem:
        hint = f"call the file {name}.md, or the agent {path.stem}"
        raise header.error("name", f"the agent {name} stands in a file called {path.name}", hint)
    if not _NAME.fullmatch(name):
        raise header.error(
            "name",
            f"{name} cannot be an agent's name",
            "small letters, digits, - and _, beginning with a letter, 32 at most",
        )
