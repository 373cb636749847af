import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.commands import example
from trader.cli import main
from trader.commands import output, trace
from trader.commands.trace_diff import differences
from trader.commands.trace_tree import tree
from trader.domain.orders import OrderState
from trader.journal.reader import JournalReader
from trader.measures.forecasts import expit, logit
from trader.tools import kelly
from trader.workspace import Workspace

Captured = pytest.CaptureFixture[str]
Compare = Callable[[str, str], None]


def test_the_list_has_the_newest_first_and_says_why(told: Workspace, capsys: Captured) -> None:
    assert main(["trace", "list"]) == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split()[0] == "id"
    assert first.split()[0] == example.IBM
    assert "1 of the 2 forecasts" in first
    assert second.split()[0] == example.AAPL
    assert "buy" in second


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--symbol", "AAPL"], [example.AAPL]),
        (["--outcome", "undecided"], [example.IBM]),
        (["--outcome", "hold"], []),
        (["--limit", "1"], [example.IBM]),
        (["--book", example.BOOK[:8]], [example.IBM, example.AAPL]),
    ],
)
def test_the_list_can_be_narrowed(
    options: list[str], ids: list[str], told: Workspace, capsys: Captured
) -> None:
    assert main(["trace", "list", "--json", *options]) == 0
    entries = json.loads(capsys.readouterr().out)["decisions"]
    assert [entry["id"] for entry in entries] == ids


def test_the_list_s_document_has_the_promised_keys(told: Workspace, capsys: Captured) -> None:
    main(["trace", "list", "--json", "--symbol", "AAPL"])
    (entry,) = json.loads(capsys.readouterr().out)["decisions"]
    assert entry["id"] == example.AAPL
    assert entry["as_of"] == "2012-06-01T20:00:00Z"
    assert (entry["symbol"], entry["outcome"], entry["side"]) == ("AAPL", "trade", "buy")
    assert (entry["weight"], entry["p"]) == (0.0151, 0.56448)


@pytest.mark.parametrize("width", [80, 160])
def test_a_decision_reads_as_a_tree(width: int, told: Workspace, same_as_snapshot: Compare) -> None:
    with JournalReader(told.journal) as reader:
        story = trace.story(reader, reader.decision(example.AAPL))
    same_as_snapshot(f"trace_{width}", output.drawn(tree(story), width=width))


def test_the_full_tree_has_every_fact_the_evidence_and_the_prompts(
    told: Workspace, same_as_snapshot: Compare
) -> None:
    with JournalReader(told.journal) as reader:
        story = trace.story(reader, reader.decision(example.AAPL))
    text = output.drawn(tree(story, full=True), width=160)
    assert "You forecast." in text
    assert json.dumps(example.FEATURES.result) in output.drawn(tree(story, full=True), width=1000)
    same_as_snapshot("trace_full", text)


def test_a_change_below_one_lot_says_why_there_is_no_order(told: Workspace) -> None:
    with JournalReader(told.journal) as reader:
        story = trace.story(reader, reader.decision(example.AAPL))
    less = replace(story, rulings=(), orders=(), events=(), fills=())
    assert "no order  the change is less than one lot" in output.drawn(tree(less), width=160)
    assert "no order" not in output.drawn(tree(story), width=160)


def test_an_undecided_decision_is_not_shown_as_a_hold(told: Workspace, capsys: Captured) -> None:
    assert main(["trace", "show", example.IBM]) == 0
    shown = capsys.readouterr().out
    assert "undecided" in shown
    assert "hold" not in shown


def test_piped_output_folds_nothing_and_has_no_colour(told: Workspace, capsys: Captured) -> None:
    main(["trace", "show", example.AAPL, "--full"])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert not any(line != line.rstrip() for line in shown.splitlines())
    assert any(json.dumps(example.FEATURES.result) in line for line in shown.splitlines())


def test_the_beginning_of_an_id_is_enough(told: Workspace, capsys: Captured) -> None:
    assert main(["trace", "show", example.AAPL[:6], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decision"]["id"] == example.AAPL


@pytest.mark.parametrize("given", ["d", "nonsense"])
def test_an_id_that_names_no_one_decision_is_answered_with_the_newest(
    given: str, told: Workspace, capsys: Captured
) -> None:
    assert main(["trace", "show", given]) == 2
    assert f"the newest are {example.IBM}, {example.AAPL}" in capsys.readouterr().err


def test_the_document_has_the_promised_keys(told: Workspace, capsys: Captured) -> None:
    main(["trace", "show", example.AAPL, "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert {"decision", "signal", "steps", "ruling", "order", "fills"} <= set(shown)
    assert shown["signal"]["source"] == "bar"
    nodes = [step["node"] for step in shown["steps"]]
    assert nodes == [
        "brief",
        "news",
        "technicals",
        "momentum",
        "quant",
        "risk",
        "sentiment",
        "value",
        "executive",
    ]
    news = shown["steps"][1]
    assert {"node", "agent", "tier", "ms", "tools", "model", "output"} <= set(news)
    assert news["model"] is None
    assert news["tools"][0]["name"] == "news"
    assert news["tools"][0]["result"] is None
    assert news["tools"][0]["digest"] == example.NEWS.digest
    assert (shown["ruling"]["outcome"], shown["ruling"]["quantity"]) == ("allowed", "2")
    assert shown["order"]["client_id"] == example.entry().client_id
    assert (shown["order"]["state"], shown["order"]["filled"]) == (OrderState.FILLED, "2")
    assert [fill["price"] for fill in shown["fills"]] == ["562.5"]


def test_a_decision_does_not_differ_from_itself(told: Workspace, capsys: Captured) -> None:
    assert main(["trace", "diff", example.AAPL, example.AAPL]) == 0
    assert "say the same" in capsys.readouterr().out


def test_the_difference_goes_from_what_was_seen_to_what_came_of_it(told: Workspace, capsys: Captured) -> None:
    with JournalReader(told.journal) as reader:
        one, other = (trace.story(reader, reader.decision(id)) for id in (example.AAPL, example.IBM))
    found = differences(one, other)
    assert list(dict.fromkeys(row.part for row in found)) == [
        "inputs", "reports", "opinions", "pool", "sizing", "outcome",
    ]  # fmt: skip
    named = {row.name: (row.one, row.other) for row in found}
    assert named["symbol"] == ("AAPL", "IBM")
    assert named["outcome"] == ("trade", "undecided")
    assert named["momentum: p"] == ("0.6000", "(not there)")
    assert "as of (UTC)" not in named
    assert main(["trace", "diff", example.AAPL, example.IBM, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["a"], shown["b"], len(shown["differences"])) == (example.AAPL, example.IBM, len(found))


def test_a_record_that_is_kept_apart_by_regime_is_shown_as_such(told: Workspace) -> None:
    with JournalReader(told.journal) as reader:
        story = trace.story(reader, reader.decision(example.AAPL))
    pool = story.decision.pool
    assert pool is not None
    first = pool.contributions[0]
    apart = (first.model_copy(update={"record": f"{first.record}#bear"}), *pool.contributions[1:])
    decision = story.decision.model_copy(update={"pool": pool.model_copy(update={"contributions": apart})})
    shown = output.drawn(tree(replace(story, decision=decision)), width=200)
    assert shown.count("in bear markets alone") == 1
    assert "in bear markets alone" not in output.drawn(tree(story), width=200)


@pytest.mark.docs
def test_the_page_on_reading_a_trace_shows_one_as_it_is() -> None:
    root = Path(__file__).parents[2]
    shown = (root / "tests" / "commands" / "snapshots" / "trace_80.txt").read_text(encoding="utf-8")
    assert f"```text\n{shown}```\n" in (root / "docs" / "reading-a-trace.md").read_text(encoding="utf-8")


@pytest.mark.docs
def test_the_commands_on_the_page_work(told: Workspace, capsys: Captured) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reading-a-trace.md").read_text(encoding="utf-8")
    commands = [line.removeprefix("$ trader ") for line in page.splitlines() if line.startswith("$ trader ")]
    assert len(commands) == 7
    for command in commands:
        words = command.replace("OTHER", example.IBM).replace("ID", example.AAPL).split()
        if words[1] != "replay":  # the example was never decided; tests/e2e replays real ones
            assert main(words) == 0


def test_the_numbers_of_the_page_are_those_of_the_formulas() -> None:
    made, known = example.trade(), example.learned()
    assert made.pool is not None
    assert made.payoff is not None
    for row in made.pool.contributions:
        learned = known.of_record(row.record)
        assert learned is not None
        shift = learned.intercept + learned.slope * (logit(row.p_up) - logit(made.pool.base_rate))
        assert row.shift == pytest.approx(shift, abs=1e-5)
    moved = sum(row.weight * row.shift for row in made.pool.contributions)
    assert expit(logit(made.pool.base_rate) + moved) == pytest.approx(made.pool.p_up, abs=1e-5)
    assert kelly.edge(made.pool.p_up, made.payoff) == pytest.approx(made.edge, abs=1e-5)
    stake = kelly.kelly(made.pool.p_up, made.payoff, made.pool.n_eff)
    assert made.sizing[0].value == pytest.approx(stake.f, abs=1e-4)
    assert made.sizing[0].weight == pytest.approx(kelly.full_weight(stake, made.payoff), abs=1e-3)
