import json
import re
import tomllib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.commands import example
from trader.cli import main
from trader.commands import output
from trader.commands.config import example_text
from trader.domain.learned import POOL, ByRegime, RegimeTrial
from trader.features.catalogue import FEATURES
from trader.journal.records import StateLearned
from trader.journal.writer import Journal
from trader.risk.limits import resolve_limits
from trader.settings import Settings, load
from trader.tools.registry import TOOLS
from trader.workspace import Workspace

Captured = pytest.CaptureFixture[str]


def document(given: list[str], capsys: Captured) -> dict[str, object]:
    assert main([*given, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert isinstance(shown, dict)
    return shown


def test_the_desk_is_listed_with_what_was_learned_of_each(told: Workspace, capsys: Captured) -> None:
    agents = {entry["name"]: entry for entry in document(["agents", "list"], capsys)["agents"]}  # type: ignore[attr-defined]
    keys = {"name", "tier", "mandate", "tools", "model", "policy", "weight", "forecasts", "brier"}
    assert keys <= set(agents["momentum"])
    record = example.learned().records[0]
    momentum = agents["momentum"]
    assert (momentum["weight"], momentum["forecasts"], momentum["brier"]) == (
        record.weight,
        record.n,
        record.brier,
    )
    assert agents["technicals"]["weight"] is None
    assert main(["agents", "list"]) == 0
    assert "2,088" in capsys.readouterr().out


def test_one_agent_is_shown_with_its_rule_and_its_record(told: Workspace, capsys: Captured) -> None:
    assert main(["agents", "show", "momentum"]) == 0
    shown = capsys.readouterr().out
    for part in ("rule:momentum", "Moskowitz", "2,088 resolved", "60.0% now, 50.0% at first"):
        assert part in shown


def test_an_agent_that_is_kept_apart_by_regime_is_shown_in_each(told: Workspace, capsys: Captured) -> None:
    known = example.learned()
    (record, *_) = known.records
    apart = ByRegime(
        worth=520.0,
        trials=(
            RegimeTrial(of=record.record, better=True, gain=0.0021, t=2.6, n_eff=390.0),
            RegimeTrial(of=POOL, better=False, gain=-0.0001, t=-0.4, n_eff=400.0),
        ),
        records=(record.model_copy(update={"record": f"{record.record}#bear", "slope": 0.125}),),
    )
    later = {"cut_off": known.cut_off + timedelta(days=7), "by_regime": apart}
    with Journal.open(told.journal) as journal:
        journal.append(StateLearned.of(example.BOOK, known.model_copy(update=later)))
    assert main(["agents", "show", "momentum"]) == 0
    shown = capsys.readouterr().out
    assert "yes: apart, the log loss is lower by 0.00210 a case (2.6 errors, 390 cases)" in shown
    assert "no: apart, the log loss is higher by 0.00010 a case (0.4 errors, 400 cases)" in shown
    assert re.search(r"^bear +60.0% +0.125 ", shown, re.MULTILINE)
    said = document(["agents", "show", "momentum"], capsys)["agent"]["by_regime"]  # type: ignore[index]
    assert [one["better"] for one in said["trials"]] == [True, False]
    assert [one["record"] for one in said["records"]] == [f"{record.record}#bear"]


def test_before_any_run_the_desk_is_shown_all_the_same(workspace: Path, capsys: Captured) -> None:
    assert main(["agents", "list"]) == 0
    printed = capsys.readouterr()
    assert "momentum" in printed.out
    assert "nothing has been learned here yet" in printed.err


def test_the_graphs_are_drawn_from_what_runs(workspace: Path, capsys: Captured) -> None:
    (workspace / "trader.toml").write_text("[agents.sentiment]\nenabled = false\n")
    drawn = document(["agents", "graph"], capsys)
    assert "momentum --> executive" in str(drawn["decide"])
    assert "sentiment" not in str(drawn["decide"])
    assert "allocate" in str(drawn["desk"])
    assert main(["agents", "graph"]) == 0
    assert capsys.readouterr().out.count("```mermaid\n") == 2
    assert main(["agents", "graph", "desk"]) == 0
    assert capsys.readouterr().out.startswith("---\nconfig")
    assert main(["agents", "graph", "dsek"]) == 2


def test_every_tool_is_listed_with_its_schemas(capsys: Captured) -> None:
    tools = document(["tools", "list"], capsys)["tools"]
    assert [entry["name"] for entry in tools] == [tool.name for tool in TOOLS]  # type: ignore[attr-defined]
    assert all(entry["arguments"]["type"] == "object" for entry in tools)  # type: ignore[attr-defined]
    assert main(["tools", "list"]) == 0
    assert "kelly" in capsys.readouterr().out


def test_every_feature_is_listed_with_its_source(capsys: Captured) -> None:
    rows = document(["tools", "features"], capsys)["features"]
    assert len(rows) == len(FEATURES)  # type: ignore[arg-type]
    assert {"name", "group", "unit", "warmup", "source"} <= set(rows[0])  # type: ignore[index]
    assert main(["tools", "features"]) == 0
    assert "Wilder 1978" in capsys.readouterr().out


def test_some_features_are_listed_by_their_name_or_group(capsys: Captured) -> None:
    rows = document(["tools", "features", "rsi_14", "level"], capsys)["features"]
    levels = [row.name for row in FEATURES if row.group == "level"]
    assert [row["name"] for row in rows] == ["rsi_14", *levels]  # type: ignore[attr-defined]
    assert main(["tools", "features", "rsi14"]) == 2
    assert "did you mean rsi_14" in capsys.readouterr().err


@pytest.mark.parametrize("names", ["return_1,level", "return_1, level", '["return_1", "level"]'])
def test_a_list_is_written_as_words_or_as_json(names: str, capsys: Captured) -> None:
    asked = document(["tools", "run", "features", "--symbol", "AAPL", "--arg", f"names={names}"], capsys)
    assert asked["arguments"] == {"names": ["return_1", "level"]}
    assert len(asked["result"]["values"]) == 8  # type: ignore[index]


def test_a_narrow_terminal_loses_nothing_of_a_feature(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "width", lambda: 80)
    assert main(["tools", "features", "rsi_14", "beta_63"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "rsi_14",
        "  oscillator; 0 to 100; warm-up 14; by the bar",
        "  RSI(close, 14)",
        "  Wilder 1978, New Concepts in Technical Trading Systems",
        "beta_63",
        "  market; ratio; warm-up 63",
        "  covariance with / variance of the index, 63 log returns",
        "  Sharpe 1964, Journal of Finance 19",
    ]


@pytest.mark.parametrize("name", [tool.name for tool in TOOLS])
def test_every_tool_can_be_shown(name: str, capsys: Captured) -> None:
    assert main(["tools", "show", name]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{name}: ")
    assert f"trader tools run {name}" in shown


@pytest.mark.parametrize(
    ("as_of", "moment"),
    [
        ("2012-06-01", "2012-06-01T20:00:00Z"),
        ("2012-06-02", "2012-06-01T20:00:00Z"),
        ("2012-06-01T14:00Z", "2012-06-01T14:00:00Z"),
        ("2012-06-01T14:00+02:00", "2012-06-01T12:00:00Z"),
    ],
)
def test_a_day_means_its_close(as_of: str, moment: str, workspace: Path, capsys: Captured) -> None:
    shown = document(["tools", "run", "levels", "--symbol", "IBM", "--as-of", as_of], capsys)
    assert (shown["tool"], shown["as_of"]) == ("levels", moment)
    assert not (workspace / ".trader").exists()


def test_a_tool_s_answer_is_one_name_and_value_a_line(workspace: Path, capsys: Captured) -> None:
    given = ["tools", "run", "kelly", "--symbol", "IBM", "--as-of", "2012-06-01", "--arg", "fraction=0.5"]
    assert main(given) == 0
    lines = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines()[2:] if line)
    assert lines["steps.3.value"] == "0.5"


def test_a_tool_that_cannot_answer_says_what_it_lacks(workspace: Path, capsys: Captured) -> None:
    assert main(["tools", "run", "news", "--symbol", "IBM", "--as-of", "2012-06-01"]) == 1
    assert "no news" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--as-of", "1999-12-31"], "IBM has no bar until 1999-12-31"),
        (["--as-of", "2012-06-01Tnoon"], "is not a moment"),
        (["--arg", "fraction=2"], "--arg fraction"),
        (["--arg", "fraction"], "is not key=value"),
    ],
)
def test_wrong_use_of_a_tool_is_told(
    options: list[str], message: str, workspace: Path, capsys: Captured
) -> None:
    assert main(["tools", "run", "kelly", "--symbol", "IBM", *options]) == 2
    assert message in capsys.readouterr().err


def test_settings_are_shown_with_where_they_came_from(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    (workspace / "trader.toml").write_text("[desk]\nquorum = 3\n[risk]\nposition_size = 0.03\n")
    (workspace / ".env").write_text("TRADER_RUN__SEED=7\n")
    monkeypatch.setenv("TRADER_DESK__HORIZON", "10")
    rows = {row["key"]: (row["value"], row["source"]) for row in document(["config"], capsys)["settings"]}  # type: ignore[attr-defined]
    assert rows["desk.quorum"] == (3, "trader.toml:2")
    assert rows["risk.position_size"] == ("0.03", "trader.toml:4")
    assert rows["run.seed"] == (7, ".env:1")
    assert rows["desk.horizon"] == (10, "environment TRADER_DESK__HORIZON")
    assert rows["risk.drawdown"] == ("0.1", "default")
    assert main(["config"]) == 0
    assert "trader.toml:2" in capsys.readouterr().out


def test_the_example_sets_every_setting_to_its_default(workspace: Path) -> None:
    path = workspace / "trader.toml"
    path.write_text(example_text(), encoding="utf-8")
    found, _ = load(path)
    assert found.model_copy(update={"risk": {}}) == Settings()
    assert resolve_limits(found.risk) == resolve_limits({})
    assert set(found.risk) == set(resolve_limits({}).permitted)


def test_the_example_s_agents_are_those_of_the_desk(workspace: Path, capsys: Captured) -> None:
    _, _, agents = example_text().partition("# Agents, by")
    lines = [
        line.removeprefix("# ")
        for line in agents.splitlines()
        if line.startswith(("# [", "# enabled", "# pol"))
    ]
    (workspace / "trader.toml").write_text("\n".join(lines))
    tables = tomllib.loads("\n".join(lines), parse_float=Decimal)["agents"]
    assert "momentum" in tables
    assert main(["agents", "list"]) == 0


def test_the_repository_s_example_is_what_the_command_prints(capsys: Captured) -> None:
    committed = Path(__file__).parents[2] / "trader.example.toml"
    assert main(["config", "example"]) == 0
    assert capsys.readouterr().out == committed.read_text(encoding="utf-8")
