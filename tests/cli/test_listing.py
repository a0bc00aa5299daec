"""The listing commands: rows chosen, columns chosen, written as asked."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ptpip_analyze.cli.listing import chosen_format
from ptpip_analyze.tables.schema import TABLES, names
from tests.traffic import capture, write_pcap

from .conftest import program
from .pretend import Analysis, transaction


@pytest.mark.parametrize("table", [table for table in TABLES if table != "stats"])  # which is counted, not listed
def test_lists_every_table_as_json_lines_into_a_pipe(run, pretended: Analysis, table: str) -> None:
    ran = run(table, "walk.pcapng")
    assert (ran.code, ran.err) == (0, "")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert len(rows) == len(pretended.rows.get(table, []))
    assert all(list(row) == list(names(table)) for row in rows)


def test_chooses_columns_in_the_order_given(run, pretended: Analysis) -> None:
    ran = run("transactions", "x", "--columns", "response, operation", "--format", "csv")
    assert ran.out == "response,operation\nOK,GetObject\nOK,GetObject\nOK,GetThumb\n"


def test_limits_after_it_filters(run, pretended: Analysis) -> None:
    ran = run("transactions", "x", "--where", "transaction_id > 1", "--limit", "1", "--columns", "transaction_id")
    assert ran.out == '{"transaction_id":2}\n'


def test_filters_by_columns_that_it_does_not_show(run, pretended: Analysis) -> None:
    ran = run("transactions", "x", "--where", "operation_code == 0x100A", "--columns", "data_bytes")
    assert ran.out == '{"data_bytes":30000}\n'


def test_shows_nothing_for_a_limit_of_none(run, pretended: Analysis) -> None:
    assert run("transactions", "x", "--limit", "0").out == ""
    assert run("transactions", "x", "--limit", "0", "--format", "json").out == "[]\n"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--columns", "operaton", "--columns: no such column: operaton; did you mean operation?"),
        (
            "--where",
            "latency > 1",
            "--where: unknown column latency; did you mean latency_s?, at character 1 (latency > 1)",
        ),
        ("--where", "@x", "--where: @ is not allowed, at character 1 (@x)"),
        ("--where", "session", "--where: session: is no condition; compare it with something"),
    ],
)
def test_says_usage_errors_before_it_reads_a_capture(run, option: str, value: str, said: str) -> None:
    assert run("transactions", "/no/such/file", option, value) == (2, "", f"ptpip-analyze: {said}\n")


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "parquet"])
def test_writes_files_in_the_format_of_their_suffix(run, pretended: Analysis, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows.{suffix}"
    assert run("transactions", "x", "-o", path, "--columns", "operation") == (0, "", "")
    read = {
        "csv": lambda: [row["operation"] for row in csv.DictReader(io.StringIO(path.read_text()))],
        "json": lambda: [row["operation"] for row in json.loads(path.read_text())],
        "jsonl": lambda: [json.loads(line)["operation"] for line in path.read_text().splitlines()],
        "parquet": lambda: pq.read_table(path)["operation"].to_pylist(),
    }[suffix]()
    assert read == ["GetObject", "GetObject", "GetThumb"]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rows.xlsx", ".xlsx is no format; known are .csv, .json, .jsonl, .parquet, or give --format"),
        ("rows.csv.gz", "compression is not done, so there is no .gz; known are .csv, .json, .jsonl, .parquet"),
    ],
)
def test_writes_nothing_to_a_name_that_promises_what_it_cannot_do(run, tmp_path: Path, name: str, said: str) -> None:
    line = f"ptpip-analyze: {tmp_path / name}: {said}\n"
    assert run("transactions", "/no/such/file", "-o", tmp_path / name) == (2, "", line)
    assert list(tmp_path.iterdir()) == []


def test_calls_no_file_compressed_even_with_a_format(run, tmp_path: Path) -> None:
    ran = run("codes", "GetObject", "-o", tmp_path / "codes.csv.zst", "--format", "csv")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


def test_writes_json_lines_to_a_name_without_a_suffix(run, pretended: Analysis, tmp_path: Path) -> None:
    run("transactions", "x", "-o", tmp_path / "rows", "--columns", "session", "--limit", "1")
    assert (tmp_path / "rows").read_text() == '{"session":0}\n'


def test_lets_format_win_over_the_suffix(run, pretended: Analysis, tmp_path: Path) -> None:
    run("transactions", "x", "-o", tmp_path / "rows.txt", "--columns", "session", "--limit", "1", "--format", "csv")
    assert (tmp_path / "rows.txt").read_text() == "session\n0\n"


def test_writes_a_table_without_colour_into_a_file(run, pretended: Analysis, tmp_path: Path) -> None:
    pretended.rows["transactions"] = [transaction(number) for number in range(300)]
    run("transactions", "x", "-o", tmp_path / "rows.txt", "--format", "table")
    lines = (tmp_path / "rows.txt").read_text().splitlines()
    assert len(lines) == 301
    assert not any("\x1b" in line or "…" in line for line in lines)


def test_takes_jsonl_for_pipes_and_tables_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert chosen_format(None, None) == "table"
    assert chosen_format("csv", None) == "csv"
    assert chosen_format(None, Path("a.parquet")) == "parquet"
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    assert chosen_format(None, None) == "jsonl"


def test_hands_over_captures_and_ports(run, pretended: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        "ptpip_analyze.analysis.analyze",
        lambda captures, *, ports, **_: asked.append((captures, ports)) or pretended,
    )
    run("sessions", "a.pcap", "-", "--port", "15741", "--port", "55740")
    assert asked == [(["a.pcap", "-"], (15741, 55740))]


class TestEndToEnd:
    def test_lists_the_transactions_of_a_capture(self, plain_pcap: Path) -> None:
        ran = program("transactions", plain_pcap, "--columns", "operation,status,response", "--format", "csv")
        assert ran.returncode == 0
        assert ran.stderr == ""
        assert ran.stdout.splitlines() == [
            "operation,status,response",
            *(
                f"{operation},complete,OK"
                for operation in ("OpenSession", "GetDeviceInfo", "GetDevicePropValue", "GetObject", "CloseSession")
            ),
        ]

    def test_reads_standard_input(self, plain_pcap: Path) -> None:
        with plain_pcap.open("rb") as stream:
            ran = program("sessions", "-", "--columns", "capture,status", stdin=stream)
        assert ran.stdout == '{"capture":"-","status":"established"}\n'

    def test_makes_one_analysis_of_a_folder(self, tmp_path: Path, plain_pcap: Path) -> None:
        for name in ("a.pcap", "b.pcap"):
            (tmp_path / name).write_bytes(plain_pcap.read_bytes())
        ran = program("sessions", tmp_path, "--columns", "session,capture")
        assert [json.loads(line) for line in ran.stdout.splitlines()] == [
            {"session": number, "capture": str(tmp_path / name)} for number, name in enumerate(("a.pcap", "b.pcap"))
        ]


@pytest.fixture(scope="module")
def canon_pcap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An EOS camera that is polled; ISO 100, set to 200, refused to become 400."""
    return write_pcap(tmp_path_factory.mktemp("captures") / "canon.pcap", capture("canon_polls"))


def test_shows_the_dataset_under_each_transaction(run, canon_pcap: Path) -> None:
    ran = run("transactions", canon_pcap, "--expand", "--format", "table", "--columns", "operation_code,response",
              "--where", "operation_code == 0x9110 or operation_code == 0x9114")  # fmt: skip
    assert ran.out.splitlines() == [
        "operation_code  response",
        "        0x9114  OK",
        "        0x9110  OK",
        "    EOSSetDevicePropValue, 12 bytes",
        "     0-3   length: 12",
        "     4-7   property: 0xD103 (ISOSpeed)",
        "     8-11  value: 80 (ISO 200)",
        "        0x9110  DeviceBusy",
        "    EOSSetDevicePropValue, 12 bytes",
        "     0-3   length: 12",
        "     4-7   property: 0xD103 (ISOSpeed)",
        "     8-11  value: 88 (ISO 400)",
    ]


@pytest.mark.parametrize("file_format", ["jsonl", "json"])
def test_writes_the_dataset_as_an_object_of_json(run, canon_pcap: Path, file_format: str) -> None:
    ran = run("transactions", canon_pcap, "--expand", "--format", file_format, "--columns", "operation_code")
    rows = json.loads(ran.out) if file_format == "json" else [json.loads(line) for line in ran.out.splitlines()]
    assert all(list(row) == ["operation_code", "dataset_values"] for row in rows)
    assert rows[0]["dataset_values"] is None
    assert rows[1]["dataset_values"]["dataset"] == "DeviceInfo"


def test_expands_rows_beside_their_calls(run, canon_pcap: Path) -> None:
    opened = ["--expand", "--where", "call == 'OpenSession(session=0x1)'"]
    ran = run("transactions", canon_pcap, *opened, "--columns", "call,response")
    assert json.loads(ran.out) == {"call": "OpenSession(session=0x1)", "response": "OK", "dataset_values": None}
    assert "call" not in json.loads(run("transactions", canon_pcap, *opened).out)
    lines = run("transactions", canon_pcap, "--expand", "--format", "table").out.splitlines()
    at = next(at for at, line in enumerate(lines) if "GetDeviceInfo()" in line)
    assert lines[at + 1].startswith("    DeviceInfo, ")


def test_expands_only_the_rows_that_are_listed(run, canon_pcap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("ptpip_analyze.analysis.Analysis.dataset", lambda _, number: asked.append(number))
    run("transactions", canon_pcap, "--expand", "--limit", "2", "--where", "operation_code == 0x9116")
    assert len(asked) == 2
    run("transactions", canon_pcap)
    assert len(asked) == 2


def test_tells_the_properties_at_a_moment(run, canon_pcap: Path) -> None:
    rows = [json.loads(line) for line in run("properties", canon_pcap).out.splitlines()]
    set_at = next(row["frame"] for row in rows if row["role"] == "set")
    for moment, iso in ((set_at - 1, "ISO 100"), (set_at, "ISO 200"), ("1000s", "ISO 200")):
        ran = run("properties", canon_pcap, "--at", str(moment), "--columns", "text")
        assert [json.loads(line)["text"] for line in ran.out.splitlines()] == ["f/5.6", iso]


def test_tells_what_changed_before_a_failure(run, canon_pcap: Path) -> None:
    ran = run("properties", canon_pcap, "--before-failure", "10", "--columns", "failed_response,property,text,role",
              "--format", "csv")  # fmt: skip
    assert ran.out.splitlines() == ["failed_response,property,text,role", "DeviceBusy,ISOSpeed,ISO 200,set"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--at", "noon"], "--at: noon is no frame number, no ISO 8601 time and no seconds as 1.5s"),
        (["--before-failure", "nan"], "--before-failure: nan is no number of seconds"),
        (["--before-failure", "inf"], "--before-failure: inf is no number of seconds"),
        (["--at", "20260103"], "--at: 20260103 may be a frame or a date: write 020260103 or 2026-01-03"),
        (["--at", "5", "--before-failure", "1"], "--at and --before-failure are two questions; ask one"),
        (["--columns", "before_s"], "--columns: no such column: before_s; "),
    ],
)
def test_says_what_is_wrong_with_a_question_before_it_reads(run, options: list[str], said: str) -> None:
    ran = run("properties", "/no/such/file", *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"ptpip-analyze: {said}")
