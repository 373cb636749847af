"""The prompt that asks for a rule in words. It is no agent's: nobody speaks by it, and nothing is decided."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from trader.domain.value import digest
from trader.prompts.rendering import fenced

FILE = Path(__file__).parent / "words" / "rule.md"


class RulePrompt(NamedTuple):
    """What is asked, and the digest of the file that it was made from."""

    text: str
    digest: str


def rule_prompt(facts: Mapping[str, Any]) -> RulePrompt:
    """The file, with what is known of the rule in a fence."""
    body = FILE.read_text(encoding="utf-8")
    return RulePrompt(body.replace("{{ rule }}", fenced(dict(facts))), digest(body))
