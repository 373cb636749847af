"""Lists on terminals of every width: columns go, and then lines, before anything is cut off."""

import pytest

from trader.commands import output

HEADINGS = ("id", "symbol", "state", "why")
ROWS = (
    ("drbe6vcaqkikoyaok-s1", "BTC/USDT", "acknowledged", ""),
    ("dc2rjpqdnsrlsrpbe-s1", "AAPL", "cancelled", "nothing is left to reduce"),
)


@pytest.mark.parametrize(
    ("columns", "headings"),
    [
        (200, list(HEADINGS)),
        (71, list(HEADINGS)),
        (70, ["id", "symbol", "state"]),
        (44, ["id", "symbol", "state"]),
    ],
)
def test_columns_go_one_by_one_where_there_is_no_room(
    monkeypatch: pytest.MonkeyPatch, columns: int, headings: list[str]
) -> None:
    monkeypatch.setattr(output, "width", lambda: columns)
    lines = output.drawn(output.fitting(*HEADINGS, rows=ROWS, spare=("why",)), width=columns).splitlines()
    assert lines[0].split() == headings
    assert len(lines) == 1 + len(ROWS)
    for line, row in zip(lines[1:], ROWS, strict=True):
        assert [cell in line for cell in row[: len(headings)]] == [True] * len(headings)


def test_where_no_line_has_room_each_row_is_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "width", lambda: 40)
    shown = output.drawn(output.fitting(*HEADINGS, rows=ROWS, spare=("why",)), width=40)
    assert shown.splitlines() == [
        "id      drbe6vcaqkikoyaok-s1",
        "symbol  BTC/USDT",
        "state   acknowledged",
        "",
        "id      dc2rjpqdnsrlsrpbe-s1",
        "symbol  AAPL",
        "state   cancelled",
        "why     nothing is left to reduce",
        "",
    ]
