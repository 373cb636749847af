"""The models of a run: made once, where an agent asks any."""

from collections.abc import Sequence

from trader.agents.agent import Agent
from trader.clock import Clock
from trader.domain.portfolio import Book
from trader.graph.models import Models
from trader.journal.reader import JournalReader
from trader.llm.litellm_client import LitellmClient
from trader.settings import Settings


async def models_of(
    settings: Settings, agents: Sequence[Agent], reader: JournalReader, book: Book, clock: Clock
) -> Models | None:
    """Where the agents ask their models; None, and nothing is imported, where none of them has one.

    Raises MissingExtra where litellm is not installed.
    """
    if all(agent.role is None for agent in agents):
        return None
    live = LitellmClient(clock)
    await live.prepare()
    return Models(live, clock, float(settings.llm.budget.deadline_s))
