"""Arrow to pandas: what is unknown stays unknown, what is an integer stays one."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from ptpip_analyze.tables.frame import frame_of
from ptpip_analyze.tables.schema import arrow_schema

ROWS = [
    {
        "session": 0,
        "operation": "GetObject",
        "operation_code": 0x1009,
        "latency_s": 0.5,
        "request_time": 1,
        "parameters": [7],
    },
    {},
]


def table() -> pa.Table:
    return pa.Table.from_pylist(ROWS, schema=arrow_schema("transactions"))


def test_keeps_integers_beside_nulls_integers() -> None:
    frame = frame_of(table())
    assert str(frame["session"].dtype) == "Int64"
    assert str(frame["operation_code"].dtype) == "UInt32"
    assert frame["operation_code"].tolist() == [0x1009, pd.NA]


def test_keeps_nulls_of_every_kind() -> None:
    assert frame_of(table()).iloc[1].isna().all()


def test_keeps_the_last_nanosecond_of_a_time() -> None:
    moment = frame_of(table())["request_time"][0]
    assert moment.value == 1
    assert str(moment.tz) == "UTC"


def test_gives_texts_as_texts_and_lists_as_lists() -> None:
    frame = frame_of(table())
    assert str(frame["operation"].dtype) == "string"
    assert list(frame["parameters"][0]) == [7]


def test_takes_a_record_batch_as_well() -> None:
    batch = table().to_batches()[0]
    assert frame_of(batch).equals(frame_of(table()))


def test_has_all_columns_when_there_are_no_rows() -> None:
    frame = frame_of(arrow_schema("messages").empty_table())
    assert list(frame.columns) == arrow_schema("messages").names
    assert str(frame["session"].dtype) == "Int64"
