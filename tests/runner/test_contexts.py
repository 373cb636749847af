"""What the models of a run can hold: known before its first prompt, and written down with its settings."""

import subprocess
import sys
from typing import Any

from trader.agents.roster import roster
from trader.clock import SystemClock
from trader.runner.asking import contexts_known
from trader.settings import Settings, load, restored


async def known(**roles: dict[str, Any]) -> tuple[Settings, Settings]:
    """The settings with these roles, before and after."""
    flags = {f"llm.roles.{name}.{key}": value for name, role in roles.items() for key, value in role.items()}
    settings = load(flags=flags)[0]
    return settings, await contexts_known(settings, roster(roles=settings.llm.roles), SystemClock())


async def test_a_hosted_model_is_known_and_the_shortest_of_a_role_counts() -> None:
    _, used = await known(
        fast={"models": ("openai/gpt-4o-mini", "openai/gpt-4", "openai/nobody-knows")},
        careful={"models": ("anthropic/claude-sonnet-4-5",)},
    )
    assert used.llm.roles["fast"].context_tokens == 8192
    assert (used.llm.roles["careful"].context_tokens or 0) >= 100_000
    assert restored(used.model_dump(mode="json")) == used, "a replay reads what the run has written"


async def test_what_is_said_or_cannot_be_known_stays_as_it_is() -> None:
    settings, used = await known(
        fast={"models": ("openai/gpt-4",), "context_tokens": 4096},
        careful={"models": ("openai/gpt-4",), "api_base": "http://127.0.0.1:1/v1"},
        nobodys={"models": ("openai/gpt-4",)},
    )
    assert used is settings
    settings, used = await known(fast={"models": ("ollama/llama2", "openai/nobody-knows")})
    assert used == settings


def test_a_run_that_says_it_all_imports_no_litellm_to_find_out() -> None:
    code = (
        "import asyncio, sys\n"
        "from tests.runner.test_contexts import known\n"
        "asyncio.run(known(fast={'models': ('openai/gpt-4',), 'context_tokens': 4096}))\n"
        "assert 'litellm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
