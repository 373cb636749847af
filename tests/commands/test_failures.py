import pytest
import typer

from trader.commands.failures import exit_code
from trader.domain.errors import JournalError, Refused, UnknownName, UsageError

Captured = pytest.CaptureFixture[str]


def raising(error: BaseException) -> object:
    raise error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (JournalError("the journal is full"), 1),
        (UsageError("no such thing"), 2),
        (UnknownName("symbol", "APPL", ["AAPL"]), 2),
        (Refused("not while halted"), 3),
        (KeyboardInterrupt(), 130),
        (RuntimeError("surprise"), 1),
    ],
)
def test_every_kind_of_failure_has_its_exit_code(error: BaseException, code: int, capsys: Captured) -> None:
    assert exit_code(lambda: raising(error), debug=False) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err


def test_what_went_wrong_is_one_line_and_what_to_do_another(capsys: Captured) -> None:
    exit_code(lambda: raising(UnknownName("symbol", "APPL", ["AAPL"])), debug=False)
    assert capsys.readouterr().err == "trader: unknown symbol: APPL\n\ndid you mean AAPL?\n"


def test_what_nobody_foresaw_is_called_a_bug_and_shown_on_request(capsys: Captured) -> None:
    assert exit_code(lambda: raising(KeyError("x")), debug=False) == 1
    assert "this is a bug: KeyError: 'x'" in (told := capsys.readouterr().err)
    assert "--debug" in told
    exit_code(lambda: raising(KeyError("x")), debug=True)
    assert "Traceback" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_no_bug(capsys: Captured) -> None:
    assert (
        exit_code(lambda: raising(PermissionError(13, "Permission denied", "prompts/a.md")), debug=False) == 1
    )
    assert capsys.readouterr().err == "trader: prompts/a.md: Permission denied\n"


def test_a_command_s_own_exit_code_is_kept() -> None:
    assert exit_code(lambda: 2, debug=False) == 2
    assert exit_code(lambda: None, debug=False) == 0
    assert exit_code(lambda: raising(typer.Abort()), debug=False) == 1
