"""From a template and what the desk knows to the text that a model reads.

Templates run in a sandbox, and an undefined name is an error. Whatever is more than a plain word or
number stands in a fence that its own text cannot close: it is data, and prompts say so.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import yaml
from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from trader.domain.errors import PromptError, at_line, nearest
from trader.domain.value import jsonable
from trader.prompts.prompt import Prompt

VARIABLES = (
    "signal", "reports", "symbol", "as_of", "horizon", "base_rate",
    "lessons", "opinions", "evidence", "account",
)  # fmt: skip
"""What a body may name. Each is always given, empty where there is nothing to say."""

_DUMPER: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""libyaml's is seven times as fast; it is in every ready-made build of PyYAML."""
_WORD = re.compile(r"[\w.:/^=+-]{1,40}")
"""What needs no fence: a symbol, a day, the name of an agent."""


def render(prompt: Prompt, context: Mapping[str, Any]) -> str:
    """The body with `context`, which has every name of VARIABLES. Raises PromptError, naming the file."""
    try:
        return _template(prompt.body).render(context)
    except Exception as error:  # a template is anybody's, and can divide by zero
        raise PromptError(f"{prompt.path}: {error or type(error).__name__}") from None


def body_problems(prompt: Prompt) -> Iterator[PromptError]:
    """Why the body could not be rendered, each reason with its line."""
    environment = _environment()

    def error(line: int, message: str, hint: str = "") -> PromptError:
        return PromptError(at_line(prompt.path, prompt.body_line + line - 1, message), hint=hint)

    try:
        tree = environment.parse(prompt.body)
        undefined = meta.find_undeclared_variables(tree) - {*VARIABLES, *environment.globals}
        for name in tree.find_all(nodes.Name):
            if name.ctx == "load" and name.name in undefined:
                yield error(name.lineno, f"undefined variable: {name.name}", nearest(name.name, VARIABLES))
        for part in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            yield error(part.lineno, "a prompt cannot include another file")
        environment.compile(tree)
    except TemplateSyntaxError as wrong:
        yield error(wrong.lineno, "template: " + (wrong.message or "not a template").rstrip("."))


def fenced(value: Any) -> str:
    """A value as text: numbers and plain words as they are, everything else as YAML in a fence of its own."""
    if value is None or value in ((), [], {}, ""):
        return "(none)"
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, datetime):
        return str(jsonable(value))
    if isinstance(value, str) and _WORD.fullmatch(value):
        return str(value)
    return _fence(value if isinstance(value, str) else _yaml(value))


@lru_cache(maxsize=64)
def _template(body: str) -> Template:
    """The compiled body: compiling takes ten times as long as filling it in, and a desk has few prompts."""
    return _environment().from_string(body)


def _environment() -> ImmutableSandboxedEnvironment:
    # No escaping: the text is read by a model, not by a browser.
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=fenced, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )


def _yaml(value: Any) -> str:
    return _yaml_of(json.dumps(_without_blanks(jsonable(value))))


@lru_cache(maxsize=128)
def _yaml_of(text: str) -> str:
    """JSON as YAML. All seniors of a case read the same reports, and YAML takes longer than all the rest."""
    dumped = yaml.dump(json.loads(text), Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=110)
    return str(dumped).rstrip()


def _without_blanks(value: Any) -> Any:
    """Without the fields that say nothing: a model would pay for reading them."""
    if isinstance(value, dict):
        return {key: _without_blanks(item) for key, item in value.items() if item not in (None, "", [], {})}
    return [_without_blanks(item) for item in value] if isinstance(value, list) else value


def _fence(text: str) -> str:
    """The text between two rows of backticks longer than any row of them in it."""
    longest = max((len(row) for row in re.findall("`+", text)), default=0)
    row = "`" * max(3, longest + 1)
    return f"{row}\n{text}\n{row}"
