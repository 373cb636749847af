"""`trader models`: what it answers to what cannot be trained, found or promoted."""

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.e2e.replays import cut
from trader.cli import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut(
        tmp_path_factory.mktemp("models") / "data", ("AAPL", "IBM"), date(2000, 3, 1), date(2005, 2, 28)
    )


def failed(capsys: Captured, *given: str) -> tuple[int, str]:
    code = main(["models", *given])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    return code, shown.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("forest",), "unknown model to train: forest"),
        (("logistic", "--label", "mood"), "label mood: input should be 'event' or 'barrier'"),
        (("logistic", "--folds", "1"), "folds 1: input should be greater than or equal to 2"),
        (("logistic", "--calibration", "hope"), "calibration hope: input should be 'platt' or 'beta'"),
        (("xgboost", "--size", "huge"), "unknown size of trees: huge"),
        (("logistic", "--until", "1999-01-01"), "--until: no bar closes until 1999-01-01"),
        (("logistic", "--until", "2001-06-01"), "resolved rows, and a model needs 500"),
        (("logistic", "--until", "2000-06-01"), "a model needs 258 bars of at least one symbol"),
        (("logistic", "--features", "rsi14"), "unknown feature: rsi14"),
        (("logistic", "--features", "atr_14"), "atr_14 is in units of the price"),
        (("logistic", "--features", "hour_sin"), "hour_sin: no value at any of the"),
        (("logistic", "--folds", "101"), "folds 101: input should be less than or equal to 100"),
        (("logistic", "--splits", "magic"), "unknown way to split: magic"),
        (
            ("logistic", "--held-out", "2"),
            "--held-out is of combinatorial splits",
        ),
        (("logistic", "--splits", "combinatorial", "--folds", "2"), "2 of 2 groups of"),
    ],
)
def test_what_cannot_be_trained_is_one_line(
    data: Path, workspace: Path, capsys: Captured, options: tuple[str, ...], said: str
) -> None:
    code, shown = failed(capsys, "train", *options, "--feed", f"files:{data}")
    assert code == 2
    assert said in shown


def test_an_event_that_always_happens_teaches_nothing(
    tmp_path: Path, workspace: Path, capsys: Captured
) -> None:
    lines = ["date,open,high,low,close,volume"]
    day = date(2010, 1, 4).toordinal()
    price = 10.0
    while len(lines) < 1200:
        if date.fromordinal(day).weekday() < 5:
            price *= 1.002
            bar = (price, price * 1.003, price * 0.999, price * 1.002)
            prices = ",".join(f"{one:.4f}" for one in bar)
            lines.append(f"{date.fromordinal(day)},{prices},1000")
        day += 1
    folder = tmp_path / "rising"
    folder.mkdir()
    (folder / "UP.csv").write_text("\n".join(lines))
    code, shown = failed(capsys, "train", "logistic", "--feed", f"files:{folder}")
    assert code == 2
    assert "the event always happened in the history" in shown


def test_without_a_model_there_is_nothing_to_list_show_promote_or_retire(
    workspace: Path, capsys: Captured
) -> None:
    assert main(["models", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"models": []}
    assert main(["models", "list"]) == 0
    assert "trader models train" in capsys.readouterr().out
    for name in ("show", "promote", "retire"):
        code, shown = failed(capsys, name, "xgboost-0123")
        assert code == 2
        assert "unknown model: xgboost-0123" in shown


def test_a_model_is_trained_listed_shown_and_trained_no_second_time(
    data: Path, workspace: Path, capsys: Captured
) -> None:
    asked = ["models", "train", "logistic", "--feed", f"files:{data}", "--folds", "2", "--best", "3"]
    assert main(asked) == 0
    shown = capsys.readouterr()
    assert "INSUFFICIENT EVIDENCE" in shown.out
    assert shown.err.count("fold ") == 2
    assert main([*asked, "--json"]) == 0
    again = capsys.readouterr()
    assert "fold 1 of" not in again.err
    card = json.loads(again.out)
    assert {"id", "recipe", "data", "scores", "folds", "inputs", "interval", "program"} <= set(card)
    assert main(["models", "list"]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith(card["id"])
    assert " trained " in line
    assert main(["models", "show", card["id"][:12]]) == 0
    text = capsys.readouterr().out
    for part in (card["data"], "Forecast beside frequency", "Folds:", "What it leans on", "Drift:"):
        assert part in text
    code, said = failed(capsys, "retire", card["id"])
    assert (code, "is not in place" in said) == (2, True)
    code, said = failed(capsys, "promote", card["id"], "--force", " ")
    assert (code, "--force needs a reason" in said) == (2, True)


def test_a_barriers_model_is_no_forecaster_of_the_event(
    data: Path, workspace: Path, capsys: Captured
) -> None:
    options = ("--feed", f"files:{data}", "--folds", "2", "--best", "3", "--label", "barrier", "--json")
    assert main(["models", "train", "logistic", *options]) == 0
    id = json.loads(capsys.readouterr().out)["id"]
    code, said = failed(capsys, "promote", id, "--force", "why not")
    assert code == 3
    assert "the desk pools forecasts of the event" in said


def test_control_c_ends_after_the_fold_in_hand_and_the_same_command_goes_on(
    data: Path, workspace: Path
) -> None:
    command = [sys.executable, "-m", "trader", "models", "train", "logistic", "--folds", "50"]
    command += ["--feed", f"files:{data}", "--features", "return_5,rsi_14,volatility_21"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
    assert child.stderr is not None
    while not child.stderr.readline().startswith("fold 2 "):
        assert child.poll() is None
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 130
    assert out == ""
    assert "finishing the fold in hand; again leaves at once" in err
    assert "the same command goes on" in err
    again = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120, check=True)
    assert " of 50 folds are there already" in again.stderr
    assert "tested on" in again.stdout


def test_combinatorial_splits_are_a_study_that_is_never_promoted(
    data: Path, workspace: Path, capsys: Captured
) -> None:
    features = ",".join(f"return_{bars}" for bars in (1, 5, 21))
    asked = ("logistic", "--splits", "combinatorial", "--folds", "4", "--features", features)
    assert main(["models", "train", *asked, "--feed", f"files:{data}"]) == 0
    shown = capsys.readouterr()
    assert "fold 6 of 6" in shown.err
    assert "of 3 paths better than the base rate; no record of what could be known" in shown.out
    assert "every 2 of 4 blocks, learned from the others" in shown.out
    assert "promote" not in shown.out
    (id,) = (path.parent.name for path in workspace.glob(".trader/models/*/card.json"))
    code, said = failed(capsys, "promote", id, "--force", "hope")
    assert code == 3
    assert "was tested on rows before those it learned from: a study, and no record" in said
