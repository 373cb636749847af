"""`trader run --broker ccxt:EXCHANGE`: the keys, and the run on the clock of the wall."""

import os
from collections.abc import Mapping

from pydantic import SecretStr

from trader.clock import Clock
from trader.commands.session import Session
from trader.data.feeds.ccxt_exchange import Keys, exchange_of
from trader.domain.errors import UsageError
from trader.llm.cassette import Cassette
from trader.runner import Control, Observer, Ran
from trader.settings import Settings, Sources, keys


async def run_on_venue(
    session: Session,
    settings: Settings,
    *,
    new: bool,
    observer: Observer,
    control: Control,
    clock: Clock,
    sources: Sources,
    cassette: Cassette | None,
) -> Ran:
    """Trade the sandbox that settings name. Raises UsageError where it cannot be, or its keys are not set."""
    from trader.brokers.ccxt_dialects import dialect_of
    from trader.runner.live import run_live
    from trader.runner.live_opening import address_of

    if new:
        raise UsageError("--new: an account has one book", hint="use another account, or another workspace")
    dialect_of(address_of(settings).exchange)  # keys are not asked for in vain
    found = keys_of(session, settings.run.broker)
    return await run_live(
        session.workspace,
        settings,
        found,
        observer=observer,
        control=control,
        clock=clock,
        sources=sources,
        cassette=cassette,
    )


def keys_of(session: Session, broker: str) -> Keys:
    """The keys of an exchange's sandbox, from `.env` or the environment. Raises UsageError."""
    return venue_keys(broker, {**keys(session.workspace.env), **os.environ})


def venue_keys(broker: str, variables: Mapping[str, str]) -> Keys:
    """The keys of an exchange's sandbox, by the names BINANCE_API_KEY and BINANCE_API_SECRET."""
    name = exchange_of(broker).upper()
    wanted = (f"{name}_API_KEY", f"{name}_API_SECRET")
    missing = [one for one in wanted if not variables.get(one)]
    if missing:
        raise UsageError(
            f"{broker} needs {' and '.join(missing)}, and they are not set",
            hint="write the keys of its sandbox into .env: docs/trading-a-sandbox.md",
        )
    key, secret = (SecretStr(variables[one]) for one in wanted)
    return Keys(key, secret)
