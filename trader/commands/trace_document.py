"""A decision as a JSON document: the keys that programs may rely on."""

from typing import Any

from trader.commands import words
from trader.commands.story import Asking, Story, Turn
from trader.domain.decisions import Decision
from trader.domain.orders import Order
from trader.domain.portfolio import sum_exact
from trader.domain.value import jsonable


def summary(decision: Decision) -> dict[str, Any]:
    """One entry of `trace list`."""
    return {
        "id": decision.id,
        "as_of": jsonable(decision.as_of),
        "symbol": decision.symbol,
        "outcome": decision.outcome.value,
        "side": words.side(decision),
        "weight": decision.target_weight,
        "p": decision.pool.p_up if decision.pool else None,
        "book": decision.book,
        "cause": decision.cause,
    }


def whole(story: Story) -> dict[str, Any]:
    """The document of `trace show`; `ruling` is the last word, `order` what was sent, the stop aside."""
    signals = jsonable(story.signals)
    made, order = story.ruling, story.main_order
    return {
        "decision": jsonable(story.decision),
        "signal": signals[0] if signals else None,
        "signals": signals,
        "account": jsonable(story.account),
        "steps": [_step(turn) for turn in story.turns],
        "learned": jsonable(story.learned),
        "ruling": jsonable(made.ruling) if made else None,
        "rulings": [{"stage": one.stage, **jsonable(one.ruling)} for one in story.rulings],
        "order": _order(story, order) if order else None,
        "orders": [_order(story, one) for one in story.orders],
        "fills": jsonable(story.fills),
        "notes": jsonable(story.notes),
    }


def _step(turn: Turn) -> dict[str, Any]:
    step = turn.step
    tools = [
        {
            "name": evidence.tool,
            "arguments": evidence.arguments,
            "result": evidence.result,
            "error": evidence.error,
            "digest": evidence.digest,
        }
        for evidence in turn.evidence
    ]
    return {
        "node": step.agent,
        "agent": step.agent,
        "tier": step.tier,
        "ms": step.ms,
        "source": step.source,
        "prompt": step.prompt,
        "record": step.record,
        "tools": tools,
        "model": _model(turn.asked[-1]) if turn.asked else None,
        "calls": [_call(asking) for asking in turn.asked],
        "form": step.form,
        "output": step.body,
        "unsupported_numbers": list(turn.unsupported),
    }


def _model(asking: Asking) -> dict[str, Any]:
    """The last call: the one that gave the form, or after which none was to be had."""
    return {**_call(asking), "messages": jsonable(asking.messages)}


def _call(asking: Asking) -> dict[str, Any]:
    """What came of one call, and what it took."""
    record = asking.record
    return {
        "name": record.model,
        "version": record.model_version,
        "left_out": list(asking.left_out),
        "answer": asking.answer,
        "sample": record.sample,
        "tool_round": record.tool_round,
        "attempt": record.attempt,
        "repair": record.repair,
        "tokens_in": record.tokens_in,
        "tokens_out": record.tokens_out,
        "tokens_cached": record.tokens_cached,
        "usd": jsonable(record.usd),
        "ms": record.ms,
        "error": record.error,
        "source": record.source,
    }


def _order(story: Story, order: Order) -> dict[str, Any]:
    mine = [fill for fill in story.fills if fill.client_id == order.client_id]
    events = [event for event in story.events if event.client_id == order.client_id]
    return {
        **jsonable(order),
        "state": story.state(order).value,
        "filled": jsonable(sum_exact(fill.quantity for fill in mine)),
        "events": jsonable(events),
    }
