"""Tables for people: fitted to the terminal, and nothing left out in silence."""

from __future__ import annotations

import io
import sys

import pytest
from rich.cells import cell_len
from rich.text import Text

from ptpip_analyze.cli import screen
from ptpip_analyze.tables.schema import TABLES, names

from .pretend import START_NS, Analysis, session, transaction


def shown(
    table: str, rows: list[dict[str, object]], *, terminal: bool = True, limit: int | None = None, columns=None
) -> str:
    stream = io.BytesIO()
    batches = Analysis({table: rows}, batch_rows=7).batches(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.stdout, "isatty", lambda: terminal)
        screen.show_rows(table, batches, stream, columns, limit)
    return stream.getvalue().decode()


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")


def plain(text: str) -> list[str]:
    return Text.from_ansi(text).plain.splitlines()


@pytest.mark.parametrize("table", TABLES)
def test_prefers_columns_that_the_table_has(table: str) -> None:
    assert set(screen.READABLE[table]) <= set(names(table))


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_fits_into_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    rows = [transaction(number, "GetObject" * 3) for number in range(3)]
    for line in plain(shown("transactions", rows)):
        assert cell_len(line) <= width


def test_names_the_columns_that_had_no_room(narrow: None) -> None:
    lines = plain(shown("transactions", [transaction(0)]))
    assert "latency_s" not in lines[0]
    assert "not shown for lack of width" in " ".join(lines)
    assert "latency_s" in " ".join(lines[2:])


def carried(filename: str) -> dict[str, object]:
    return {"session": 0, "filename": filename, "kind": "object", "complete": True, "carried_bytes": 10, "handle": 1}


def test_hides_no_column_behind_a_text_that_somebody_has_made_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    long, short = (plain(shown("objects", [carried(name), carried("b.jpg")])) for name in ("I" * 250, "IMG_0001.JPG"))
    assert long[0].split() == short[0].split()
    assert {"filename", "complete", "carried_bytes"} <= set(long[0].split())
    assert "IIIIIIII…" in long[1]
    assert all(cell_len(line) <= 80 for line in long)


def test_shortens_the_long_text_and_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    address = "2001:db8:1111:2222:3333:4444:5555:6666"
    numbers = dict.fromkeys(("transactions", "events", "duration_s", "bytes_to_responder", "bytes_to_initiator"))
    row = session(responder_name="n" * 60, responder_address=address, initiator_address=None, start_time=None) | numbers
    line = plain(shown("sessions", [row]))[1]
    assert address in line
    assert "nnnn…" in line


def test_fills_the_room_behind_a_column_that_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    rows = [transaction(0, "x" * 20, status="complete" * 2)]
    assert plain(shown("transactions", rows))[0].split() == ["session", "transaction_id", "response"]


def test_shows_the_columns_asked_for_even_without_room(narrow: None) -> None:
    header = plain(shown("sessions", [session()], columns=["session", "capture", "initiator_address", "model"]))[0]
    assert len(header.split()) == 4


def test_cuts_no_number_and_no_time_of_the_columns_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["operation", "data_bytes", "latency_s", "first_frame", "request_time", "response"]
    rows = [transaction(0, "GetObjectPropsSupported", data_bytes=1_234_567, first_frame=654_321, response="OK" * 9)]
    for width in (70, 80, 100):
        monkeypatch.setenv("COLUMNS", str(width))
        head, row = plain(shown("transactions", rows, columns=wanted))
        assert cell_len(head) <= width
        assert cell_len(row) <= width
        assert len(head.split()) == len(wanted)
        for whole in ("1,234,567", "4 ms", "654321", "2026-01-02 03:04:05.123456"):
            assert f" {whole} " in row
    monkeypatch.setenv("COLUMNS", "40")
    assert "2026-01-02 03:04:05.123456" in " ".join(plain(shown("transactions", rows, columns=wanted)))


def test_aligns_numbers_to_the_right(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [transaction(0, data_bytes=5), transaction(1, data_bytes=1_234_567)]
    lines = plain(shown("transactions", rows, columns=["data_bytes", "operation"]))
    assert lines == ["data_bytes  operation", "         5  GetObject", " 1,234,567  GetObject"]


def test_counts_the_rows_that_follow_and_says_how_to_see_them() -> None:
    rows = [transaction(number) for number in range(1434)]
    lines = plain(shown("transactions", rows, columns=["transaction"]))
    assert len(lines) == 1 + screen.ROWS_AT_ONCE + 1
    assert lines[-1] == "… 1,234 more rows: --limit 1434"


def test_obeys_a_limit_and_still_counts() -> None:
    lines = plain(shown("transactions", [transaction(number) for number in range(9)], limit=8, columns=["transaction"]))
    assert len(lines) == 10
    assert lines[-1] == "… 1 more row: --limit 9"


def test_cuts_nothing_in_a_pipe(narrow: None) -> None:
    rows = [transaction(number, "GetObject" * 9) for number in range(300)]
    lines = shown("transactions", rows, terminal=False).splitlines()
    assert len(lines) == 301
    assert all("GetObject" * 9 in line for line in lines[1:])
    assert lines[0].split() == [name for name in names("transactions") if name in screen.READABLE["transactions"]]


def test_colours_statuses_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    rows = [transaction(0), transaction(1, status="gap"), transaction(2, status="open")]
    text = shown("transactions", rows, columns=["status"])
    assert "\x1b[32mcomplete" in text
    assert "\x1b[31mgap" in text
    assert "\x1b[33mopen" in text
    assert "\x1b" not in shown("transactions", rows, columns=["status"], terminal=False)


def test_lets_nothing_from_the_wire_act_on_the_terminal() -> None:
    evil = session(initiator_name="\x1b]0;owned\x07", responder_name="[red]x[/red]", model="a\nb")
    for terminal in (True, False):
        text = shown("sessions", [evil], columns=["initiator_name", "responder_name", "model"], terminal=terminal)
        assert "\x1b]" not in text
        assert "\x07" not in text
        assert "[red]x[/red]" in text
        assert "a\\nb" in text


def test_keeps_columns_straight_beside_wide_letters() -> None:
    rows = [session(responder_name="カメラ"), session(responder_name="abc")]
    lines = shown("sessions", rows, columns=["responder_name", "status"], terminal=False).splitlines()
    places = [cell_len(line[: line.index("established")]) for line in lines[1:]]
    assert places[0] == places[1]


@pytest.mark.parametrize(
    ("table", "name", "value", "text"),
    [
        ("transactions", "request_time", START_NS, "2026-01-02 03:04:05.123456"),
        ("transactions", "latency_s", 0.004, "4 ms"),
        ("transactions", "data_bytes", 1234567, "1,234,567"),
        ("transactions", "operation_code", 0x1009, "0x1009"),
        ("transactions", "parameters", [1, 0xFFFFFFFF], "0x00000001, 0xFFFFFFFF"),
        ("transactions", "parameters", [], ""),
        ("transactions", "transaction_id", 0xFFFFFFFF, "4294967295"),
        ("transactions", "operation", None, ""),
        ("findings", "frames", [15, 17], "15, 17"),
        ("messages", "type_code", 6, "6"),
        ("messages", "code", 0x2001, "0x2001"),
        ("messages", "offset", 1234567, "1234567"),
        ("messages", "length", 1234567, "1,234,567"),
    ],
)
def test_writes_a_value_as_a_person_reads_it(table: str, name: str, value: object, text: str) -> None:
    column = next(column for column in TABLES[table] if column.name == name)
    assert screen.cell_text(column, value) == text


def test_leaves_out_no_other_column_for_a_long_list_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    row = {"session": 0, "property": "ISOSpeed", "text": "ISO 100, " * 40, "role": "allowed", "frame": 9}
    lines = plain(shown("properties", [row]))
    assert lines[0].split() == ["session", "property", "text", "frame", "role"]
    assert "…" in lines[1]
    assert lines[1].split()[-2:] == ["9", "allowed"]


def test_draws_trees_under_the_rows_that_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    stream = io.BytesIO()
    rows = {"transactions": [transaction(number) for number in range(5)]}
    batches = Analysis(rows, batch_rows=2).batches("transactions")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    trees = {0: [], 1: ["tree 1"], 2: []}
    screen.show_rows("transactions", batches, stream, ["operation"], 3, None, trees.__getitem__)
    assert plain(stream.getvalue().decode()) == [
        "operation", "GetObject", "GetObject", "    tree 1", "GetObject", "… 2 more rows: --limit 5",
    ]  # fmt: skip
