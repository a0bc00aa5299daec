"""Columns on demand, and Arrow schemas."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from ptpip_analyze.tables import schema


def test_sets_columns_on_demand_behind_what_they_say_in_words() -> None:
    assert schema.on_demand("transactions") == ("call", "findings")
    assert schema.on_demand("sessions") == ()
    names = [column.name for column in schema.columns("transactions")]
    assert names[names.index("operation") + 1] == "call"
    assert "call" not in schema.names("transactions")
    assert "call" not in schema.arrow_schema("transactions").names
    assert schema.arrow_schema("transactions", ["call"]).names == ["call"]


def test_makes_times_nanoseconds_in_utc_and_texts_dictionaries() -> None:
    arrow = schema.arrow_schema("transactions")
    assert arrow.field("request_time").type == pa.timestamp("ns", tz="UTC")
    assert arrow.field("operation").type == pa.dictionary(pa.int32(), pa.string())
    assert arrow.field("parameters").type == pa.list_(pa.uint32())
    assert arrow.field("transaction_id").type == pa.uint32()
    assert all(field.nullable for field in arrow)


def test_refuses_a_table_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        schema.arrow_schema("photos")


def test_leaves_pyarrow_alone_until_a_schema_is_asked_for() -> None:
    code = "import sys, ptpip_analyze.tables.schema; sys.exit('pyarrow' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
