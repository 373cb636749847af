"""`[[risk.protections]]` in trader.toml, as `trader config` takes and shows it."""

import json
from pathlib import Path

import pytest

from trader.cli import main

ROWS = """\
[[risk.protections]]
rule = "cooldown"
bars = 5

[[risk.protections]]
rule = "low_profit"
bars = 5
within = 20
least = {least}
"""


def test_rows_are_shown_as_they_were_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "trader.toml").write_text(ROWS.format(least="0.01"))
    assert main(["--workspace", str(tmp_path), "config", "--json"]) == 0
    shown = {one["key"]: one["value"] for one in json.loads(capsys.readouterr().out)["settings"]}
    assert shown["risk.protections"] == [
        "rule cooldown, bars 5",
        "rule low_profit, bars 5, within 20, least 0.01",
    ]
    assert main(["--workspace", str(tmp_path), "config"]) == 0
    assert "rule cooldown, bars 5" in capsys.readouterr().out


def test_a_row_that_may_not_be_is_found_with_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trader.toml").write_text(ROWS.format(least="10"))
    assert main(["--workspace", str(tmp_path), "config"]) == 2
    printed = capsys.readouterr().err
    assert str(tmp_path / "trader.toml") in printed
    assert "least = 10 is not from -1 to 1" in printed
    assert "shares are fractions" in printed
