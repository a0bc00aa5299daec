"""The catalogue of columns: names as the contract has them, kinds from the closed set, a sentence for each."""

from __future__ import annotations

import pytest

from ptpip_analyze.tables import catalogue, schema

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
    assert set(catalogue.TABLES) == set(REQUIRED)
    assert set(catalogue.ABOUT) == set(catalogue.TABLES) | set(catalogue.VIEWS)


@pytest.mark.parametrize("table", REQUIRED)
def test_names_the_capture_in_every_table(table: str) -> None:
    assert "capture" in schema.names(table)


@pytest.mark.parametrize(
    "column", [column for table in (catalogue.TABLES | catalogue.VIEWS).values() for column in table]
)
def test_says_what_a_column_means(column: catalogue.Column) -> None:
    assert column.kind in catalogue.KINDS
    assert column.sentence.endswith(".")
    assert len(column.sentence) > 15


@pytest.mark.parametrize(
    "column", [column for table in (catalogue.TABLES | catalogue.VIEWS).values() for column in table]
)
def test_keeps_units_and_kinds_in_the_name(column: catalogue.Column) -> None:
    assert (column.unit == "s") == column.name.endswith("_s")
    assert (column.kind == "time") == (column.name == "time" or column.name.endswith("_time"))
    if column.name.endswith("_bytes"):
        assert (column.kind, column.unit) == ("int", "bytes")
    if column.name.endswith("_code"):
        assert column.kind == "uint"


@pytest.mark.parametrize("table", REQUIRED)
def test_names_a_column_once(table: str) -> None:
    assert len(set(schema.names(table))) == len(schema.names(table))
