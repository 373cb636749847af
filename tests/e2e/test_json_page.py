"""docs/json.md is what `--json` prints. Delete it and run this to write it anew."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_doctor import FORM, served
from tests.e2e.replays import Town, Watcher, drive
from tests.e2e.test_command_line import Elsewhere, document, trader
from tests.llm.server import Reply
from tests.memory.past import closed
from trader.journal.reader import JournalReader
from trader.journal.records import TradeClosed
from trader.journal.writer import Journal
from trader.runner import ClosedRound, Control
from trader.workspace import Workspace

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
INTRODUCTION = """\
# JSON documents

What `--json` prints, command by command: each key and its type. More keys may come; none goes away without a
line in the changelog. Money and quantities are decimals as text, so that nothing is rounded on the way;
times are UTC, ISO 8601. `list of` shows the keys of its items; `by name` is an object whose keys are names.
"""
BY_NAME = {
    "marks", "multipliers", "outcomes", "refused", "cut", "prompts", "arguments", "result", "body", "values",
    "form", "output", "facts", "rates", "correlations", "data_age", "parameters", "learned", "differences",
    "settings", "buckets", "confluence", "at_bps", "varied", "differ", "said", "scores", "scores_against",
    "cut_offs", "files",
}  # fmt: skip
"""Objects whose keys depend on what is traded, asked or configured."""


KINDS = {type(None): "null", bool: "true or false", int: "number", float: "number", str: "text", list: "list"}


def keys(samples: list[dict[str, Any]], indent: str = "") -> Iterator[str]:
    """A line for each key of objects of one kind, and what is found under it in any of them."""
    for name in dict.fromkeys(name for sample in samples for name in sample):
        values = [sample[name] for sample in samples if name in sample]
        objects = [value for value in values if isinstance(value, dict)]
        items = [item for value in values if isinstance(value, list) for item in value]
        inside = [item for item in items if isinstance(item, dict)] or ([] if name in BY_NAME else objects)
        kinds = {KINDS.get(type(value), "by name" if name in BY_NAME else "object") for value in values}
        if inside and items:
            kinds = {kind.replace("list", "list of") for kind in kinds}
        yield f"{indent}{name}: {' or '.join(sorted(kinds, key=lambda kind: (kind == 'null', kind)))}"
        yield from keys(inside, indent + "  ")


def by_a_person(town: Town, workspace: Workspace) -> dict[str, dict[str, Any]]:
    """What a person orders, of a run that has stopped with an order waiting."""
    control = Control()

    def stop_where_one_waits(closed: ClosedRound) -> None:
        control.stop = any(ruling.quantity > 0 for ruling in closed.rulings)

    flags = {**town.flags, "run.approval": "always"}
    drive(workspace, Town(town.data, flags), watcher=Watcher(stop_where_one_waits), control=control)
    (waits, *_) = [
        one["client_id"]
        for one in document(trader(workspace, "orders", "--json"))["orders"]
        if one["state"] == "awaiting_approval" and one["parent"] is None
    ]
    return {
        f"trader {command[0]}": document(trader(workspace, *command, "--json"))
        for command in (("approve", waits), ("reject", waits), ("flatten", "--yes"))
    }


def remembered(settled: Workspace) -> dict[str, dict[str, Any]]:
    """What `trader memory` prints, once a trade has closed."""
    with JournalReader(settled.journal) as reader:
        book = reader.books()[-1].id
    with Journal.open(settled.journal) as journal:
        journal.append(TradeClosed(trade=closed(book=book)))
    return {
        f"trader memory {what}": document(trader(settled, "memory", *what.split(), "--json"))
        for what in ("show", "stats")
    }


def trained(settled: Workspace) -> dict[str, dict[str, Any]]:
    """What `trader models` prints of a model, from its training to its retirement."""
    features = "return_5,return_21,return_63"
    few = ["--feed", "sample", "--symbols", "AAPL,IBM", "--features", features, "--until", "2004-12-31"]
    walked = document(trader(settled, "models", "train", "logistic", *few, "--folds", "2", "--json"))
    study = ["--splits", "combinatorial", "--folds", "4", "--held-out", "1", "--json"]
    combined = document(trader(settled, "models", "train", "logistic", *few, *study))
    id = walked["id"]
    return {
        "trader models train": walked,
        "trader models train --splits combinatorial": combined,
        "trader models list": document(trader(settled, "models", "list", "--json")),
        "trader models promote ID": document(
            trader(settled, "models", "promote", id, "--force", "to see it", "--json")
        ),
        "trader models show ID": document(trader(settled, "models", "show", id, "--json")),
        "trader models retire ID": document(trader(settled, "models", "retire", id, "--json")),
    }


def test_the_page_is_what_the_commands_print(town: Town, elsewhere: Elsewhere) -> None:
    settled: Workspace = elsewhere("settled")
    feed = ["--feed", f"files:{town.data}"]
    ran = document(trader(settled, "run", *feed, "--start", "2005-02-04", "--cycles", "8", "--json"))
    traded = document(trader(settled, "trace", "list", "--outcome", "trade", "--json"))["decisions"]
    newest, before = traded[0]["id"], traded[-1]["id"]
    past = ["backtest", *feed, "--start", "2005-02-04", "--end", "2005-02-16", "--seeds", "2", "--json"]
    asked = {
        "trader run": ran,
        "trader trace list": {"decisions": traded},
        "trader trace show ID": document(trader(settled, "trace", "show", newest, "--json")),
        "trader trace replay ID": document(trader(settled, "trace", "replay", newest, "--json")),
        "trader trace replay ID --recompute": document(
            trader(settled, "trace", "replay", newest, "--recompute", "--json")
        ),
        "trader trace diff A B": document(trader(settled, "trace", "diff", newest, before, "--json")),
        "trader prompts list": document(trader(settled, "prompts", "list", "--json")),
        "trader agents list": document(trader(settled, "agents", "list", "--json")),
        "trader eval": document(trader(settled, "eval", "--json")),
        "trader eval list": document(trader(settled, "eval", "list", "--json")),
        "trader eval show ID": document(trader(settled, "eval", "show", "1", "--json")),
        "trader eval compare A B": document(trader(settled, "eval", "compare", "1", "1", "--json")),
        "trader eval AGENT --permute news": document(
            trader(settled, "eval", "momentum", "--permute", "news", "--json")
        ),
        "trader tools list": document(trader(settled, "tools", "list", "--json")),
        "trader tools features": document(trader(settled, "tools", "features", "--json")),
        **remembered(settled),
        **trained(settled),
        "trader config": document(trader(settled, "config", "--json")),
        "trader positions": document(trader(settled, "positions", "--json")),
        "trader orders": document(trader(settled, "orders", "--all", "--json")),
        "trader risk": document(trader(settled, "risk", "--json")),
        "trader risk check": document(
            trader(settled, "risk", "check", "--symbol", "IBM", "--side", "sell", "--quantity", "1", "--json")
        ),
        **by_a_person(town, elsewhere("paused")),
        "trader backtest": document(trader(settled, *past)),
        "trader backtest list": document(trader(settled, "backtest", "list", "--json")),
        "trader backtest compare A B": document(
            trader(settled, "backtest", "compare", "last/1", "last/2", "--json")
        ),
        "trader halt": document(trader(settled, "halt", "--json")),
        "trader resume": document(trader(settled, "resume", "--json")),
    }
    with served(Reply(FORM)) as server:
        ours = ["--provider", "vllm", "--model", "small", "--api-base", server.api_base]
        asked["trader init"] = document(trader(settled, "init", *ours, "--yes", "--json"))
        asked["trader doctor"] = document(trader(settled, "doctor", "--json"))
    sections = (
        f"## {command}\n\n```text\n" + "\n".join(keys([found])) + "\n```\n"
        for command, found in asked.items()
    )
    text = "\n".join([INTRODUCTION, *sections])
    if not PAGE.exists():
        PAGE.write_text(text, encoding="utf-8", newline="\n")
        pytest.fail("docs/json.md was missing and is written now: look at it")
    assert text == PAGE.read_text(encoding="utf-8")
    assert json.loads(json.dumps(asked)) == asked
