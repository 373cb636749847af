"""`[venue]`: how a run talks to the exchange that `run.broker` names. Keys are no settings."""

from typing import Annotated

from pydantic import Field

from trader.settings.section import Positive, Section, Text, Whole


class Venue(Section):
    """The exchange that `run.broker` names, and how often it is asked. Its keys stay in `.env`."""

    stand_in: Text | None = None
    """`http://127.0.0.1:PORT` of a program on this machine that plays the exchange. Unset: its sandbox."""
    recv_window_ms: Annotated[Whole, Field(ge=100, le=60_000)] = 5000
    """Milliseconds that a request may take to arrive and still count."""
    timeout_s: Positive = 10.0
    """Seconds that an answer is waited for."""
    grace_s: Positive = 5.0
    """Seconds after a bar's close before it is asked for."""
    poll_s: Positive = 5.0
    """Seconds between two looks at working orders."""
    reconcile_s: Positive = 60.0
    """Seconds between two comparisons of the whole account with the journal."""
    history: Annotated[Whole, Field(ge=50, le=20_000)] = 1500
    """Bars before the book's first round that are fetched, and that the rules are scored over."""
