"""An edited prompt file, checked against what the journal has evidence for."""

from pathlib import Path

from trader.domain.errors import UsageError
from trader.graph.again import Scene
from trader.prompts.frontmatter import parse_prompt
from trader.prompts.prompt import Prompt
from trader.prompts.rendering import body_problems
from trader.runner.variants import member

SAME = ("tier", "reads", "tools", "tool_rounds")
"""What an edited file may not change: the journal has the evidence of these alone."""


def edited_prompt(scene: Scene, agent: str, file: Path) -> Prompt:
    """The prompt in the file, which may be called anything.

    Raises PromptError for a file that is no prompt, UsageError for an edit that the journal has no evidence
    for, or an agent that was not there.
    """
    had = member(scene, agent).prompt
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not UTF-8 text") from None
    header = parse_prompt(text, Path(f"{had.name}.md"))
    for problem in body_problems(header.prompt):
        raise problem
    changed = [name for name in SAME if getattr(header.prompt, name) != getattr(had, name)]
    if changed:
        raise UsageError(
            f"{file}: {' and '.join(changed)} differ from what was recorded",
            hint="only the words may differ: the journal has no other evidence",
        )
    return header.prompt
