"""Rows as CSV and JSON text; files and streams of them are in test_export."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pytest

from ptpip_analyze.tables import lines

ROWS = pa.RecordBatch.from_pylist(
    [
        {"name": "GetObject", "words": [1, 4294967295], "bytes": 5, "seconds": 0.25, "time": 1},
        {"name": None, "words": None, "bytes": None, "seconds": float("nan"), "time": None},
        {"name": "=1+1", "words": [], "bytes": 0, "seconds": -0.0, "time": 1_700_000_000_123_456_789},
    ],
    pa.schema(
        [
            ("name", pa.string()),
            ("words", pa.list_(pa.uint32())),
            ("bytes", pa.int64()),
            ("seconds", pa.float64()),
            ("time", pa.timestamp("ns", tz="UTC")),
        ]
    ),
)


def test_writes_each_row_as_one_json_object() -> None:
    rows = [json.loads(line) for line in lines.json_rows(ROWS).to_pylist()]
    assert rows[0] == {
        "name": "GetObject",
        "words": [1, 4294967295],
        "bytes": 5,
        "seconds": 0.25,
        "time": "1970-01-01T00:00:00.000000001Z",
    }
    assert rows[1] == dict.fromkeys(ROWS.schema.names)
    assert rows[2]["time"] == "2023-11-14T22:13:20.123456789Z"


def test_writes_each_row_as_one_csv_record_with_nulls_empty() -> None:
    records = list(csv.reader(io.StringIO("\n".join(lines.csv_rows(ROWS).to_pylist()))))
    assert records[0] == ["GetObject", "[1,4294967295]", "5", "0.25", "1970-01-01T00:00:00.000000001Z"]
    assert records[1] == [""] * 5
    assert records[2][:3] == ["'=1+1", "[]", "0"]


@pytest.mark.parametrize("first", list("=+-@\t\r"))
def test_makes_a_formula_a_text(first: str) -> None:
    assert lines.csv_text(first + "x").lstrip('"').startswith("'")


def test_tells_an_empty_text_from_a_null() -> None:
    assert lines.csv_text("") == '""'


def test_writes_a_separator_after_each_row_or_between_them() -> None:
    after, between = io.BytesIO(), io.BytesIO()
    assert lines.write_lines([ROWS, ROWS], after, lines.csv_rows, "\n") == 6
    assert lines.write_lines([ROWS, ROWS], between, lines.json_rows, ",\n", first="\n") == 6
    assert after.getvalue().count(b"\n") == 6
    assert len(json.loads(b"[" + between.getvalue() + b"]")) == 6


def test_indents_a_page_of_json_without_letting_controls_through() -> None:
    page = lines.json_page({"a": ["\x9b", float("nan")], "b": {}})
    assert json.loads(page) == {"a": ["\x9b", None], "b": {}}
    assert all(line.isprintable() for line in page.split("\n"))


@pytest.mark.parametrize(
    "text", ["-0.3 EV", "-0.3 EV, 0 EV, +0.3 EV", "-3 EV to +3 EV", "-90°", "-1, 1, … (1,000 values)"]
)
def test_leaves_numbers_with_their_unit_as_they_are(text: str) -> None:
    assert lines.csv_text(text).strip('"') == text


@pytest.mark.parametrize("text", ["-1+2", "+0.3 EV+A1", "-1 A1", "-1 EV(", "-", "-1\n", "-1, =1", "-٣", "+1|cmd"])
def test_takes_for_a_number_nothing_that_is_more(text: str) -> None:
    assert lines.csv_text(text).strip('"').startswith("'")
