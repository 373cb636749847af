"""Personas: a page of `prompts/personas/` that is laid over an agent, behind its own part."""

from pathlib import Path

from trader.domain.errors import PromptError
from trader.domain.value import Value, digest
from trader.prompts.prompt import Prompt

FOLDER = "personas"


class Persona(Value):
    """How somebody weighs, whatever it is that they judge."""

    name: str
    """The file's name without `.md`."""
    body: str
    path: Path


def load_personas(packaged: Path, workspace: Path | None) -> dict[str, Persona]:
    """Every persona by name; a file of the workspace stands in for the packaged one. Raises PromptError."""
    folders = [folder / FOLDER for folder in (packaged, workspace) if folder is not None]
    paths = [path for folder in folders for path in sorted(folder.glob("*.md")) if path.name[0] not in "_."]
    return {path.stem: Persona(name=path.stem, body=_text(path), path=path) for path in paths}


def laid(persona: Persona, prompt: Prompt) -> Prompt:
    """The prompt with the persona as its last words: another text, so another digest and another record."""
    end = f"\n\n{persona.body.strip()}\n"
    text = prompt.text.rstrip() + end
    return prompt.model_copy(
        update={
            "persona": persona.name,
            "body": prompt.body.rstrip() + end,
            "text": text,
            "digest": digest(text),
        }
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise PromptError(f"{path}: cannot be read: {reason}") from None
