from datetime import date

import pytest

from trader.commands.arguments import day, hoisted, names, pair
from trader.domain.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        (["trace", "list", "--json"], ["--json", "trace", "list"]),
        (
            ["trace", "list", "--workspace", "here", "--limit", "3"],
            ["--workspace", "here", "trace", "list", "--limit", "3"],
        ),
        (["--debug", "run", "--workspace=here"], ["--debug", "--workspace=here", "run"]),
        (["halt", "--", "--json"], ["halt", "--", "--json"]),
        (["run", "--workspace"], ["--workspace", "run"]),
        ([], []),
    ],
)
def test_global_options_stand_before_or_after_the_command(typed: list[str], parsed: list[str]) -> None:
    assert hoisted(typed) == parsed


def test_a_day_is_a_day() -> None:
    assert day("2012-06-01", "--start") == date(2012, 6, 1)


@pytest.mark.parametrize(
    "text", ["", "2012", "2012-6-1", "20120601", "2012-W01-1", "01/06/2012", "2012-06-01T00:00", "2012-02-30"]
)
def test_what_is_no_day_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        day(text, "--start")
    assert raised.value.message.startswith(f"--start: {text} is not a day")
    assert "2012-06-01" in raised.value.hint


def test_symbols_are_given_with_commas_or_again_and_count_once() -> None:
    assert names(["AAPL, MSFT", "IBM", "AAPL", " "]) == ("AAPL", "MSFT", "IBM")


def test_an_argument_keeps_what_follows_its_first_equals_sign() -> None:
    assert pair("note=a=b", "--arg") == ("note", "a=b")
    with pytest.raises(UsageError, match="--arg: bars is not key=value"):
        pair("bars", "--arg")
    with pytest.raises(UsageError, match="is not key=value"):
        pair("=5", "--arg")
