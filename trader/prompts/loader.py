"""From two folders of Markdown to a desk of agents; whatever is wrong is said before anything runs."""

from pathlib import Path

from trader.domain.errors import PromptError
from trader.prompts.checks import Policies, Tools, not_one_executive, problems
from trader.prompts.frontmatter import Header, read_prompt
from trader.prompts.personas import Persona, load_personas
from trader.prompts.prompt import Prompt, Tier

PACKAGED = Path(__file__).parent
"""The folder of the prompts that come with the program."""


def load_prompts(
    packaged: Path, workspace: Path | None, known_tools: Tools, known_policies: Policies
) -> tuple[Prompt, ...]:
    """Every prompt, juniors first and the executive last, each tier by name.

    A file in `workspace` stands in for the packaged one of the same name; any other there is a new agent.
    Files whose name begins with `_` or `.` are no agents. Raises PromptError, naming the file and the line.
    """
    prompts, errors = examine(packaged, workspace, known_tools, known_policies)
    if errors:
        raise errors[0]
    return prompts


def examine(
    packaged: Path, workspace: Path | None, known_tools: Tools, known_policies: Policies
) -> tuple[tuple[Prompt, ...], tuple[PromptError, ...]]:
    """The prompts that can be read, in the order of the desk, and everything wrong with any file."""
    errors: list[PromptError] = []
    headers: dict[str, Header] = {}
    tiers: dict[str, Tier] = {}
    for path in [*_files(packaged), *(_files(workspace) if workspace else ())]:
        try:
            header = read_prompt(path)
        except PromptError as error:
            errors.append(error)
            tiers.setdefault(path.stem, Tier.JUNIOR)  # whoever reads it is not wrong as well
            continue
        overridden = header.prompt.model_copy(update={"overridden": header.prompt.name in headers})
        headers[header.prompt.name] = header._replace(prompt=overridden)
        tiers[header.prompt.name] = header.prompt.tier
    personas: dict[str, Persona] = {}
    try:
        personas = load_personas(packaged, workspace)
    except PromptError as error:
        errors.append(error)
    for header in headers.values():
        errors += problems(header, tiers, known_tools, known_policies, personas)
    if not errors:  # an unreadable file may be the executive's
        errors += not_one_executive(headers.values())
    prompts = (header.prompt for header in headers.values())
    return tuple(sorted(prompts, key=lambda prompt: (prompt.tier.rank, prompt.name))), tuple(errors)


def _files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.glob("*.md") if not path.name.startswith(("_", "."))))
