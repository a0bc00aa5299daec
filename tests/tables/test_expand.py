"""Datasets beside the rows of transactions: as a tree, and as JSON."""

from __future__ import annotations

import io
import json

import pytest

from ptpip_analyze.ptp.values import Dataset, Note, Value
from ptpip_analyze.tables import export
from ptpip_analyze.tables.expand import COLUMN, expanded, expanded_schema, said, tree_lines
from ptpip_analyze.tables.schema import arrow_schema
from tests.support import analysed
from tests.traffic import capture


def test_draws_a_tree_with_places_texts_and_notes() -> None:
    record = Value("PropValueChanged", None, 0, 16, "ISOSpeed", (
        Value("property", 0xD103, 8, 12, "ISOSpeed"), Value("value", 72, 12, 16),
    ))  # fmt: skip
    fields = (
        record,
        Value("handles", (1, 2), 16, 28),
        Value("junk", b"\0\1", 28, 30),
        Value("name", "a\x1b[31m", 30, 46),
    )
    drawn = list(tree_lines(Dataset("List", fields, (Note(46, "no record ends\nthe list"),), 46)))
    assert drawn == [
        "List, 46 bytes",
        " 0-15  PropValueChanged: ISOSpeed",
        " 8-11    property: 0xD103 (ISOSpeed)",
        "12-15    value: 72",
        "16-27  handles: [1, 2]",
        "28-29  junk: 00 01",
        '30-45  name: "a\\x1b[31m"',
        "  note at byte 46: no record ends\\nthe list",
    ]


def test_says_of_what_is_not_kept_how_much_it_is() -> None:
    (_, line) = tree_lines(Dataset("ObjectBytes", (Value("bytes", None, 0, 70_000),), (), 70_000))
    assert line == "    0-69999  bytes: 70,000 bytes not shown"


def test_cuts_texts_that_would_fill_the_screen() -> None:
    (_, line) = tree_lines(Dataset("Text", (Value("text", "x" * 5000, 0, 5000),), (), 5000))
    assert len(line) < 250
    assert line.endswith("…")


def test_writes_a_dataset_as_an_object_of_json_and_null_where_there_is_none() -> None:
    with analysed(capture("canon_polls")) as told:
        stream = io.BytesIO()
        schema = expanded_schema(arrow_schema("transactions"))
        export.write_rows(expanded(told.batches("transactions"), told.dataset), schema, stream, "jsonl")
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    said = {row["transaction"]: row[COLUMN] for row in rows}
    assert said[0] is None
    device = said[1]
    assert device["dataset"] == "DeviceInfo"
    assert [one["value"] for one in device["fields"] if one["name"] == "model"] == ["Canon EOS R5"]


@pytest.mark.parametrize(
    ("raw", "text", "expected"),
    [
        (0x1009, "GetObject", "0x1009 (GetObject)"),
        (3, "AV", "3 (AV)"),
        (6400, "ISO 6400", "6400 (ISO 6400)"),
        (78695, None, "78695"),
    ],
)
def test_codes_are_in_hex_and_numbers_are_not(raw: int, text: str | None, expected: str) -> None:
    assert said(Value("field", raw, 0, 2, text)) == expected
