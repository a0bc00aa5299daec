"""The tree that datasets decode to."""

from __future__ import annotations

import json

from ptpip_analyze.ptp.values import SHOWN_BYTES, Dataset, Note, Value

ISO = Value("value", 800, 4, 8, "ISO 800")
RECORD = Value("PropValueChanged", None, 0, 8, None, (Value("property", 0xD103, 0, 4, "ISOSpeed"), ISO))
HANDLES = Value(
    "handles", (1, 2), 8, 20, None, (Value("0", 1, 12, 16, "0x00000001"), Value("1", 2, 16, 20, "0x00000002"))
)
DATASET = Dataset("List", (RECORD, HANDLES, Value("tail", b"\xff" * 100, 20, 120)), (Note(20, "odd"),), 120)


def test_finds_parts_by_name_and_by_number() -> None:
    assert DATASET.get("PropValueChanged.value") == ISO
    assert DATASET.get("0.1") == ISO
    assert DATASET.get("handles.1") == HANDLES.parts[1]
    assert RECORD.get("value") == ISO
    assert DATASET.value("handles") == (1, 2)


def test_finds_nothing_where_nothing_is() -> None:
    assert DATASET.get("model") is None
    assert DATASET.get("7") is None
    assert DATASET.get("handles.2") is None
    assert DATASET.get("tail.0") is None
    assert DATASET.value("model") is None


def test_becomes_json() -> None:
    told = json.loads(json.dumps(DATASET.as_dict()))
    assert told["dataset"] == "List"
    assert told["size"] == 120
    assert told["notes"] == [{"start": 20, "text": "odd"}]
    assert told["fields"][0]["parts"][1] == {"name": "value", "value": 800, "text": "ISO 800", "start": 4, "end": 8}
    assert told["fields"][1]["value"] == [1, 2]
    assert told["fields"][1]["texts"] == ["0x00000001", "0x00000002"]


def test_writes_out_only_the_beginning_of_bytes() -> None:
    told = DATASET.as_dict()["fields"][2]
    assert told["value"] == "ff" * SHOWN_BYTES + "…"
    assert told["end"] - told["start"] == 100
