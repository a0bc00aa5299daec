"""The schema: names as the contract has them, kinds from the closed set, a sentence for each column."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from ptpip_analyze.tables import schema

# The columns that scripts rely on, in order. They may get company, never another name.
REQUIRED = {
    "objects": "session handle filename format declared_bytes carried_bytes complete sha256 operation transaction_id"
    " time",
    "sessions": "session capture initiator_address responder_address responder_port command_port event_port"
    " connection_number initiator_guid initiator_name initiator_version responder_guid responder_name responder_version"
    " vendor model dialect paired_by status fail_reason_code fail_reason start_time end_time duration_s transactions"
    " events bytes_to_responder bytes_to_initiator closed_by close_kind",
    "transactions": "session transaction_id operation operation_code vendor parameters data_phase_info data_direction"
    " announced_bytes data_bytes data_messages dataset response response_code response_parameters status request_time"
    " response_time latency_s first_byte_s transfer_s first_frame last_frame",
    "messages": "message session connection direction type type_code length transaction_id code code_name time"
    " first_frame last_frame offset status",
    "events": "session event event_code transaction_id parameters time frame source",
    "properties": "session property property_code value text source time frame",
    "discovery": "device method kind service time source_address addresses port guid text expires_s session",
    "findings": "rule level verdict subject session transaction_id frame time says clause deviation",
    "stats": "session operation operation_code vendor count errors bytes latency_p50_s latency_p95_s latency_p99_s"
    " latency_max_s",
    "packets": "frame time captured_bytes original_bytes source destination session connection tcp_payload_bytes flags",
}


@pytest.mark.parametrize("table", REQUIRED)
def test_begins_with_the_required_columns_in_order(table: str) -> None:
    required = REQUIRED[table].split()
    assert list(schema.names(table))[: len(required)] == required


def test_has_no_other_tables_than_the_required_ones() -> None:
    assert set(schema.TABLES) == set(REQUIRED)
    assert set(schema.ABOUT) == set(schema.TABLES) | set(schema.VIEWS)


@pytest.mark.parametrize("table", REQUIRED)
def test_names_the_capture_in_every_table(table: str) -> None:
    assert "capture" in schema.names(table)


@pytest.mark.parametrize("column", [column for table in (schema.TABLES | schema.VIEWS).values() for column in table])
def test_says_what_a_column_means(column: schema.Column) -> None:
    assert column.kind in schema.KINDS
    assert column.sentence.endswith(".")
    assert len(column.sentence) > 15


@pytest.mark.parametrize("column", [column for table in (schema.TABLES | schema.VIEWS).values() for column in table])
def test_keeps_units_and_kinds_in_the_name(column: schema.Column) -> None:
    assert (column.unit == "s") == column.name.endswith("_s")
    assert (column.kind == "time") == (column.name == "time" or column.name.endswith("_time"))
    if column.name.endswith("_bytes"):
        assert (column.kind, column.unit) == ("int", "bytes")
    if column.name.endswith("_code"):
        assert column.kind == "uint"


def test_sets_columns_on_demand_behind_what_they_say_in_words() -> None:
    assert schema.on_demand("transactions") == ("call", "findings")
    assert schema.on_demand("sessions") == ()
    names = [column.name for column in schema.columns("transactions")]
    assert names[names.index("operation") + 1] == "call"
    assert "call" not in schema.names("transactions")
    assert "call" not in schema.arrow_schema("transactions").names
    assert schema.arrow_schema("transactions", ["call"]).names == ["call"]


@pytest.mark.parametrize("table", REQUIRED)
def test_names_a_column_once(table: str) -> None:
    assert len(set(schema.names(table))) == len(schema.names(table))


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
