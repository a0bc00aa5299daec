"""Files: complete or not there, harmless where they land, and the same values in every format."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze.tables import export
from ptpip_analyze.tables.export import ExportError, export_tables, replacing, write_rows
from ptpip_analyze.tables.schema import arrow_schema, names

SCHEMA = arrow_schema("transactions")
START_NS = 1_767_323_045_123_456_789
FIRST = {
    "session": 0,
    "transaction_id": 0xFFFFFFFF,
    "operation": "GetObject",
    "operation_code": 0x1009,
    "parameters": [65537, 0],
    "response_parameters": [],
    "data_bytes": 5 << 32,
    "request_time": START_NS,
    "latency_s": 0.25,
    "capture": "walk.pcapng",
}


def batches(*rows: dict[str, object], schema: pa.Schema = SCHEMA) -> list[pa.RecordBatch]:
    return pa.Table.from_pylist(list(rows), schema=schema).to_batches() or []


def text(file_format: export.FileFormat, *rows: dict[str, object], columns: tuple[str, ...] = ()) -> str:
    stream = io.BytesIO()
    schema = pa.schema([SCHEMA.field(name) for name in columns or SCHEMA.names])
    count = write_rows(export.select(batches(*rows), schema.names), schema, stream, file_format)
    assert count == len(rows)
    return stream.getvalue().decode()


class TestJson:
    def test_writes_one_object_per_line_with_nulls_lists_and_nanoseconds(self) -> None:
        first, second = map(json.loads, text("jsonl", FIRST, {}).splitlines())
        assert first == dict.fromkeys(names("transactions")) | FIRST | {
            "request_time": "2026-01-02T03:04:05.123456789Z"
        }
        assert second == dict.fromkeys(names("transactions"))

    def test_writes_the_same_rows_as_one_array(self) -> None:
        lines = [json.loads(line) for line in text("jsonl", FIRST, {}, FIRST).splitlines()]
        assert json.loads(text("json", FIRST, {}, FIRST)) == lines

    def test_writes_an_empty_array_for_no_rows(self) -> None:
        assert text("json") == "[]\n"
        assert text("jsonl") == ""

    def test_keeps_columns_in_order(self) -> None:
        assert list(json.loads(text("jsonl", FIRST))) == list(names("transactions"))

    def test_writes_numbers_that_json_lacks_as_null(self) -> None:
        rows = [{"latency_s": value} for value in (float("nan"), float("inf"), 1e-9)]
        assert [json.loads(line)["latency_s"] for line in text("jsonl", *rows).splitlines()] == [None, None, 1e-9]

    @pytest.mark.parametrize("evil", ["\x1b[31m", "\x9b31m", "\x7f", "\u202e", "\u2028", '"\\', "\U000e0041", "\r\n"])
    def test_escapes_what_could_act_on_a_terminal_and_keeps_its_value(self, evil: str) -> None:
        written = text("jsonl", {"operation": f"a{evil}b"})
        assert json.loads(written)["operation"] == f"a{evil}b"
        assert written.rstrip("\n").isprintable()

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
    def test_gives_back_any_text(self, texts: list[str | None]) -> None:
        rows = [{"operation": one} for one in texts]
        assert [json.loads(line)["operation"] for line in text("jsonl", *rows).splitlines()] == texts


class TestCsv:
    def test_writes_a_header_and_empty_cells_for_nulls(self) -> None:
        header, first, second = csv.reader(io.StringIO(text("csv", FIRST, {})))
        assert header == list(names("transactions"))
        row = dict(zip(header, first, strict=True))
        assert (row["transaction_id"], row["latency_s"], row["data_bytes"]) == ("4294967295", "0.25", str(5 << 32))
        assert (row["parameters"], row["response_parameters"]) == ("[65537,0]", "[]")
        assert row["request_time"] == "2026-01-02T03:04:05.123456789Z"
        assert set(second) == {""}

    def test_tells_an_empty_text_from_a_null(self) -> None:
        assert text("csv", {"operation": ""}, {}, columns=("operation", "vendor")) == 'operation,vendor\n"",\n,\n'

    def test_keeps_a_line_for_a_null_in_the_only_column(self) -> None:
        assert text("csv", {"operation": "a"}, {}, columns=("operation",)) == 'operation\na\n""\n'

    @pytest.mark.parametrize(
        "formula",
        [
            "=1+1",
            "+1+1",
            "-1e",
            "-",
            "-1 ",
            "+0.7 EV+1",
            "-1.",
            "-1-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            '=HYPERLINK("x","y")',
        ],
    )
    def test_lets_no_text_begin_a_formula(self, formula: str) -> None:
        (cell,) = list(csv.reader(io.StringIO(text("csv", {"operation": formula}, columns=("operation",)))))[1]
        assert cell.startswith("'")

    @pytest.mark.parametrize("number", ["-667", "+1", "-0.25", "0"])
    def test_leaves_a_number_a_number_where_it_is_a_text(self, number: str) -> None:
        assert text("csv", {"operation": number}, columns=("operation",)) == f"operation\n{number}\n"

    def test_leaves_negative_numbers_numbers(self) -> None:
        assert text("csv", {"latency_s": -0.5, "session": -1}, columns=("session", "latency_s")).endswith("\n-1,-0.5\n")

    def test_lets_no_control_character_through(self) -> None:
        written = text("csv", {"operation": "a\x1b[2J\nb\x9b"}, columns=("operation",))
        assert written == "operation\na\\x1b[2J\\nb\\x9b\n"

    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
    def test_has_a_row_and_a_cell_for_each_value(self, texts: list[str]) -> None:
        rows = [{"operation": one, "response": "OK"} for one in texts]
        read = list(csv.reader(io.StringIO(text("csv", *rows, columns=("operation", "response")))))
        assert [len(row) for row in read] == [2] * (len(texts) + 1)
        assert [row[1] for row in read[1:]] == ["OK"] * len(texts)


class TestParquet:
    def table(self, *rows: dict[str, object]) -> tuple[pa.Table, pq.ParquetFile]:
        stream = io.BytesIO()
        write_rows(batches(*rows), SCHEMA, stream, "parquet")
        stream.seek(0)
        return pq.read_table(stream), pq.ParquetFile(stream)

    def test_shows_readers_plain_texts_and_exact_times(self) -> None:
        table, _ = self.table(FIRST, {})
        assert table.schema.field("operation").type == pa.string()
        assert table.schema.field("request_time").type == pa.timestamp("ns", tz="UTC")
        assert table["request_time"].cast(pa.int64()).to_pylist() == [START_NS, None]
        assert table.drop_columns("request_time").to_pylist() == [
            {name: row.get(name) for name in names("transactions") if name != "request_time"} for row in (FIRST, {})
        ]

    def test_writes_the_file_that_pyarrow_s_public_writer_writes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        written = []
        for hidden in (False, True):
            if hidden:
                monkeypatch.setitem(sys.modules, "pyarrow._parquet", None)  # as if it had gone
            stream = io.BytesIO()
            write_rows(batches(FIRST, {}), SCHEMA, stream, "parquet")
            written.append(stream.getvalue())
        assert written[0] == written[1]

    def test_splits_into_row_groups_that_readers_can_hold(self) -> None:
        schema = pa.schema([SCHEMA.field("session")])
        rows = pa.table({"session": list(range(export.ROW_GROUP_ROWS + 1))}, schema=schema)
        stream = io.BytesIO()
        write_rows(rows.to_batches(), schema, stream, "parquet")
        file = pq.ParquetFile(stream)
        assert [file.metadata.row_group(number).num_rows for number in range(2)] == [export.ROW_GROUP_ROWS, 1]

    def test_joins_small_batches_into_one_row_group(self) -> None:
        parts = [batches({"operation": text, "session": number})[0] for number, text in enumerate("abcab")]
        stream = io.BytesIO()
        write_rows(parts, SCHEMA, stream, "parquet")
        assert pq.ParquetFile(stream).num_row_groups == 1
        assert pq.read_table(stream)["operation"].to_pylist() == list("abcab")

    def test_is_compressed_with_zstd(self) -> None:
        _, file = self.table(FIRST)
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"

    def test_is_a_valid_file_without_rows(self) -> None:
        table, _ = self.table()
        assert table.num_rows == 0
        assert table.column_names == list(names("transactions"))

    def test_goes_through_a_pipe(self) -> None:
        reading, writing = os.pipe()
        read: list[bytes] = []

        def collect() -> None:
            with os.fdopen(reading, "rb") as stream:
                read.append(stream.read())

        reader = threading.Thread(target=collect)
        reader.start()
        with os.fdopen(writing, "wb") as stream:
            write_rows(batches(FIRST), SCHEMA, stream, "parquet")
        reader.join()
        assert pq.read_table(io.BytesIO(read[0])).num_rows == 1


@pytest.mark.parametrize("file_format", export.FORMATS)
def test_writes_the_same_whatever_the_batches(file_format: export.FileFormat) -> None:
    rows = [FIRST | {"session": number, "operation": f"Op{number % 3}" if number % 4 else None} for number in range(50)]
    whole = pa.Table.from_pylist(rows, schema=SCHEMA)
    written = []
    for size in (1, 7, 50):
        stream = io.BytesIO()
        assert write_rows(whole.to_batches(max_chunksize=size), SCHEMA, stream, file_format) == 50
        written.append(pq.read_table(stream).to_pylist() if file_format == "parquet" else stream.getvalue())
    assert written[0] == written[1] == written[2]


def test_writes_times_before_1970_and_at_the_ends_of_the_range() -> None:
    schema = pa.schema([SCHEMA.field("request_time")])
    times = [-1, 0, 2**63 - 1]
    stream = io.BytesIO()
    write_rows(pa.table({"request_time": times}, schema=schema).to_batches(), schema, stream, "jsonl")
    written = [json.loads(line)["request_time"] for line in stream.getvalue().splitlines()]
    assert written == [
        "1969-12-31T23:59:59.999999999Z",
        "1970-01-01T00:00:00.000000000Z",
        "2262-04-11T23:47:16.854775807Z",
    ]
    assert datetime.datetime.fromisoformat(written[0]) < datetime.datetime.fromisoformat(written[1])


class TestReplacing:
    def test_shows_the_file_when_it_is_complete(self, tmp_path: Path) -> None:
        target = tmp_path / "rows.csv"
        with replacing(target) as stream:
            stream.write(b"half")
            assert not target.exists()
        assert target.read_bytes() == b"half"
        assert os.listdir(tmp_path) == ["rows.csv"]

    @pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
    def test_leaves_what_was_there_when_the_work_stops(self, tmp_path: Path, error: type[BaseException]) -> None:
        target = tmp_path / "rows.csv"
        target.write_bytes(b"before")

        def work() -> None:
            with replacing(target) as stream:
                stream.write(b"half")
                raise error

        with pytest.raises(error):
            work()
        assert target.read_bytes() == b"before"
        assert os.listdir(tmp_path) == ["rows.csv"]

    def test_gives_the_file_the_usual_permissions(self, tmp_path: Path) -> None:
        (tmp_path / "plain").write_bytes(b"")
        with replacing(tmp_path / "rows.csv"):
            pass
        assert (tmp_path / "rows.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode

    def test_follows_a_link_and_keeps_it(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "real")
        with replacing(tmp_path / "link") as stream:
            stream.write(b"x")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_bytes() == b"x"

    def test_writes_into_a_device_instead_of_replacing_it(self) -> None:
        with replacing("/dev/null") as stream:
            stream.write(b"x")
        assert Path("/dev/null").is_char_device()

    @pytest.mark.parametrize("place", ["missing/rows.csv", "file/rows.csv", "", "/"])
    def test_names_the_place_that_cannot_be_written(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(ExportError) as error, replacing(tmp_path / place):
            pass
        assert str(error.value).startswith(f"{tmp_path / place}: ")
        assert len(str(error.value).splitlines()) == 1

    def test_says_that_the_disk_is_full(self) -> None:
        with pytest.raises(ExportError, match="/dev/full: No space"), replacing("/dev/full") as stream:
            stream.write(b"x" * 100_000)


class TestExportTables:
    def test_writes_each_table_and_says_what_it_wrote(self, tmp_path: Path) -> None:
        schemas = {table: arrow_schema(table) for table in ("sessions", "events")}
        written = export_tables(
            lambda table: batches({"session": 1}, {"session": 2}, schema=schemas[table]),
            schemas,
            tmp_path / "new" / "d",
            "jsonl",
        )
        assert [(file.table, file.rows) for file in written] == [("sessions", 2), ("events", 2)]
        assert all(file.bytes == file.path.stat().st_size for file in written)
        assert sorted(os.listdir(tmp_path / "new" / "d")) == ["events.jsonl", "sessions.jsonl"]

    @pytest.mark.parametrize("file_format", ["parquet", "csv", "jsonl"])
    def test_leaves_the_folder_as_it_was_when_one_table_fails(
        self, tmp_path: Path, file_format: export.FileFormat
    ) -> None:
        (tmp_path / f"sessions.{file_format}").write_bytes(b"before")
        schemas = {table: arrow_schema(table) for table in ("sessions", "events")}

        def fail(table: str):
            yield from batches({"session": 1}, schema=schemas[table])
            if table == "events":
                raise ValueError("the capture went away")

        with pytest.raises(ValueError, match="went away"):
            export_tables(fail, schemas, tmp_path, file_format)
        assert os.listdir(tmp_path) == [f"sessions.{file_format}"]
        assert (tmp_path / f"sessions.{file_format}").read_bytes() == b"before"

    def test_stops_the_other_writers_when_one_fails(self, tmp_path: Path) -> None:
        schemas = {table: arrow_schema(table) for table in ("sessions", "events")}
        failed = threading.Event()

        def endless_but_one(table: str):
            if table == "events":
                failed.set()
                raise ValueError("first")
            while True:
                yield from batches({"session": 1}, schema=schemas[table])
                failed.wait()

        with pytest.raises(ValueError, match="first"):
            export_tables(endless_but_one, schemas, tmp_path, "jsonl")
        assert os.listdir(tmp_path) == []

    def test_names_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "f").write_bytes(b"")
        with pytest.raises(ExportError, match="f: "):
            export_tables(lambda _: [], {"sessions": arrow_schema("sessions")}, tmp_path / "f", "csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", "csv"),
        ("a.JSON", "json"),
        ("x.parquet", "parquet"),
        ("a", "jsonl"),
        ("a.", "jsonl"),
        (".csv", "jsonl"),
    ],
)
def test_takes_the_format_from_the_suffix(name: str, expected: str) -> None:
    assert export.file_format_of(name) == expected


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.txt", "a.txt: .txt is no format; known are .csv, .json, .jsonl, .parquet, or give --format"),
        ("a.csv.GZ", "a.csv.GZ: .gz is no format; known are .csv, .json, .jsonl, .parquet, or give --format"),
        ("a.\x1b[2J", "a.\\x1b[2J: .\\x1b[2j is no format; known are .csv, .json, .jsonl, .parquet, or give --format"),
    ],
)
def test_guesses_no_format_from_a_suffix_that_names_none(name: str, said: str) -> None:
    with pytest.raises(ExportError) as error:
        export.file_format_of(name)
    assert str(error.value) == said


def test_takes_the_first_rows_over_batches() -> None:
    rows = [batches({"session": number})[0] for number in range(5)]
    for most in range(7):
        taken = [row["session"] for part in export.head(rows, most) for row in part.to_pylist()]
        assert taken == list(range(min(most, 5)))
