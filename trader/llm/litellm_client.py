"""Any provider through litellm, which is imported when the first call is made and never before."""

from trader.clock import Clock
from trader.llm.client import Answer, Call


class LitellmClient:
    """A ModelClient. One per process: it remembers by which means each model takes a schema."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def prepare(self) -> None:
        """Imports litellm in a thread (seconds), so that no call's time is spent on it.

        Raises MissingExtra.
        """
        raise NotImplementedError

    async def ask(self, call: Call, timeout_s: float) -> Answer:
        """See `ModelClient`."""
        raise NotImplementedError
