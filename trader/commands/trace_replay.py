"""`trader trace replay`: a decision again, from the journal, from the data, or with another model."""

import asyncio
from collections.abc import Iterator
from typing import Any

from trader.clock import SystemClock
from trader.commands import output, words
from trader.commands.config import loaded
from trader.commands.environment import lend
from trader.commands.session import Session
from trader.commands.stances import stance
from trader.commands.trace import known_decision
from trader.data.feeds import open_feed
from trader.data.market import Market
from trader.domain.decisions import Decision
from trader.domain.value import jsonable
from trader.graph.replay import Replay
from trader.graph.replay import replay as decide_again
from trader.graph.trial import Side, Trial
from trader.journal.reader import JournalReader
from trader.settings import keys


def replay(session: Session, decision: str, *, recompute: bool) -> int:
    """Without a model: 0 where the decision is the same again, 1 where it is not."""
    with JournalReader(session.workspace.journal) as reader:
        known = known_decision(reader, decision)
        again = decide_again(reader, known.id, _data(reader, known) if recompute else None)
    if session.json:
        output.document(_document(again))
    else:
        output.screen(*_said(again))
    return 0 if again.identical else 1
