"""A model from its training to its place on the desk: what a run hears of it, and from when on."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.e2e.replays import Town, cut, drive
from trader.cli import main
from trader.domain.decisions import Decision
from trader.journal.model_records import ModelEvent
from trader.journal.reader import JournalReader
from trader.journal.writer import Journal
from trader.runner import drifting
from trader.runner.in_place import in_place
from trader.tools.forecast.serving import Served
from trader.workspace import Workspace

START, UNTIL, END = date(2006, 2, 10), date(2006, 2, 15), date(2006, 2, 22)
LAST = datetime(2006, 2, 15, 21, tzinfo=UTC)
"""The close that training ends at."""
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Town]:
    """Six years of three shares, and a replay of its last eight days with no trained model."""
    folder = tmp_path_factory.mktemp("trained")
    data = cut(folder / "data", ("AAPL", "IBM", "MSFT"), date(2000, 3, 1), END)
    flags = {"run.start": START, "desk.horizon": 10, "forecast.validator": "limit"}
    town = Town(data, flags)
    workspace = Workspace(folder / "desk")
    drive(workspace, town)
    return workspace, town


def command(place: tuple[Workspace, Town], capsys: Captured, *given: str, code: int = 0) -> dict[str, object]:
    workspace, _ = place
    capsys.readouterr()
    assert main(["--workspace", str(workspace.root), "--json", *given]) == code
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def train(place: tuple[Workspace, Town], capsys: Captured, name: str) -> str:
    options = ("--feed", f"files:{place[1].data}", "--until", str(UNTIL), "--folds", "2", "--best", "6",
        "--horizon", "10")  # fmt: skip
    found = command(place, capsys, "models", "train", name, *options)
    return str(found["id"])


def decisions(workspace: Workspace, newest: bool) -> list[Decision]:
    with JournalReader(workspace.journal) as reader:
        books = reader.books()
        return list(reader.decisions((books[-1] if newest else books[0]).id))[::-1]


def asked_models(workspace: Workspace, decision: Decision) -> tuple[object, bool]:
    """Which model forecast, and whether the validator has a report."""
    with JournalReader(workspace.journal) as reader:
        (evidence, *_) = reader.find_evidence(decision.id, "forecaster")
        steps = [step for step in reader.round_of(decision.id).steps if step.decision == decision.id]
        assert evidence.result is not None
        return evidence.result.get("model"), any(step.agent == "validator" for step in steps)


def test_a_promoted_model_is_heard_from_its_trainings_end_on(
    place: tuple[Workspace, Town], capsys: Captured
) -> None:
    workspace, town = place
    forecaster, judge = train(place, capsys, "logistic"), train(place, capsys, "validator")
    said = command(place, capsys, "models", "promote", forecaster, code=1)
    assert said["promoted"] is False
    for id in (forecaster, judge):
        forced = command(place, capsys, "models", "promote", id, "--force", "a trial")
        assert forced["promoted"] is True
    listed = command(place, capsys, "models", "list")["models"]
    assert {one["id"]: one["state"] for one in listed} == dict.fromkeys((forecaster, judge), "in place")  # type: ignore[attr-defined]

    drive(workspace, town, new=True)
    before, after = decisions(workspace, newest=False), decisions(workspace, newest=True)
    assert len(before) == len(after) == 24
    for then, now in zip(before, after, strict=True):
        model, judged = asked_models(workspace, now)
        if now.as_of <= LAST:
            assert model is None
            assert then.canonical() == now.canonical()
        else:
            assert model == forecaster
        assert judged
        assert all(cut.after == now.held_weight for cut in now.cuts if cut.by == "validator")
    newest = after[-1]
    assert command(place, capsys, "trace", "replay", newest.id)["identical"] is True
    recomputed = command(place, capsys, "trace", "replay", newest.id, "--recompute")
    assert (recomputed["identical"], recomputed["differences"]) == (True, [])

    with JournalReader(workspace.journal) as reader:
        events = reader.model_events()
    assert [(event.model, event.kind) for event in events] == [
        (forecaster, "refused"),
        (forecaster, "promoted"),
        (judge, "promoted"),
    ]
    assert events[1].data["force"] == "a trial"
    assert [one["against"] for one in events[0].data["compared"]] == [
        "the base rate",
        "the forecaster that runs train themselves",
    ]


def test_a_model_of_other_data_is_not_promoted_and_a_damaged_one_stops_the_desk(
    place: tuple[Workspace, Town], capsys: Captured, tmp_path: Path
) -> None:
    workspace, town = place
    id = train(place, capsys, "xgboost")
    bars = town.data / "IBM.1d.csv"
    text = bars.read_text(encoding="utf-8")
    row = text.splitlines()[700]
    columns = row.split(",")
    columns[2] = str(float(columns[2]) + 0.01)
    bars.write_text(text.replace(row, ",".join(columns)), encoding="utf-8")
    assert main(["--workspace", str(workspace.root), "models", "promote", id]) == 3
    assert f"{id} was trained on the data" in capsys.readouterr().err
    bars.write_text(text, encoding="utf-8")
    with Journal.open(workspace.journal) as journal:
        journal.append(
            ModelEvent(model=id, at=LAST, kind="promoted", text="test", data={"purpose": "forecast"})
        )
    file = workspace.models / id / "xgboost.ubj"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    options = ("--feed", f"files:{town.data}", "--symbol", "IBM")
    assert main(["--workspace", str(workspace.root), "tools", "run", "forecast", *options]) == 3
    said = capsys.readouterr().err
    assert f"the model {id} is damaged: xgboost.ubj is not what was written" in said
    assert "Traceback" not in said
    (workspace.models / id / "card.json").unlink()
    assert main(["--workspace", str(workspace.root), "tools", "run", "forecast", *options]) == 3
    assert f"the model {id}: card.json cannot be read" in capsys.readouterr().err
    command(place, capsys, "models", "retire", id, "damaged")
    with JournalReader(workspace.journal) as reader:
        assert id not in in_place(reader.model_events()).values()
    assert main(["--workspace", str(workspace.root), "tools", "run", "forecast", *options]) == 0


def test_drift_is_an_event_and_begins_a_training_where_that_is_set(
    place: tuple[Workspace, Town], capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model's card says that its inputs were elsewhere: every look must find that they moved."""
    workspace, town = place
    id = train(place, capsys, "logistic")
    with Journal.open(workspace.journal) as journal:
        journal.append(
            ModelEvent(model=id, at=LAST, kind="promoted", text="again", data={"purpose": "forecast"})
        )
    card = json.loads((workspace.models / id / "card.json").read_bytes())
    for one in card["spreads"]:
        one["borders"] = [value + 1000.0 for value in one["borders"]]
        one["usual"] = 0.0
    rewrite(workspace, id, card)
    monkeypatch.setattr(drifting, "WINDOW", 9)
    begun: list[list[str]] = []
    monkeypatch.setattr(drifting.subprocess, "Popen", lambda command, **_: begun.append(command))
    flags = {**town.flags, "forecast.drift_bars": 1, "forecast.on_drift": "retrain"}
    drive(workspace, Town(town.data, flags), new=True)
    with JournalReader(workspace.journal) as reader:
        found = [event for event in reader.model_events() if event.kind in ("drift", "retraining")]
    assert [event.kind for event in found] == ["drift", "retraining"]  # once, however often it looked
    assert "is not what it was (stability" in found[0].text
    assert found[0].at > LAST
    assert "--features" not in begun[0]
    narrow = Served.read(workspace.models, id).card.model_copy(update={"candidates": ("rsi_14", "return_5")})
    assert drifting._features(narrow) == ("--features", "rsi_14,return_5")
    assert [word for word in begun[0] if word in ("models", "train", "logistic")] == [
        "models",
        "train",
        "logistic",
    ]


def rewrite(workspace: Workspace, id: str, card: dict[str, object]) -> None:
    from trader.domain.value import canonical_json, digest_bytes

    text = canonical_json(card).encode()
    (workspace.models / id / "card.json").write_bytes(text)
    (workspace.models / id / "card.digest").write_text(digest_bytes(text))
