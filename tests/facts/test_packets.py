"""Tests of the message layouts, against the figures of CIPA DC-X005-2005 2.3 typed again."""

from __future__ import annotations

import pytest

from ptpip_analyze.facts import KINDS, SOURCES, names_of, packets
from ptpip_analyze.facts.layout import SIZES, Field, Kind

R, I = ("to-responder",), ("to-initiator",)  # noqa: E741
BOTH = ("to-responder", "to-initiator")
COMMAND, EVENT, EITHER = ("command",), ("event",), ("command", "event")

# type, name, (field, bytes; 0 for what varies) of figures 7 to 20, directions and connections of their texts
FIGURES = [
    (1, "InitCommandRequest", [("guid", 16), ("friendlyName", 0), ("protocolVersion", 4)], R, COMMAND, "2.3.1"),
    (
        2,
        "InitCommandAck",
        [("connectionNumber", 4), ("guid", 16), ("friendlyName", 0), ("protocolVersion", 4)],
        I,
        COMMAND,
        "2.3.2",
    ),
    (3, "InitEventRequest", [("connectionNumber", 4)], R, EVENT, "2.3.3"),
    (4, "InitEventAck", [], I, EVENT, "2.3.4"),
    (5, "InitFail", [("reason", 4)], I, EITHER, "2.3.5"),
    (
        6,
        "OperationRequest",
        [("dataPhaseInfo", 4), ("operationCode", 2), ("transactionId", 4), ("parameters", 0)],
        R,
        COMMAND,
        "2.3.6",
    ),
    (7, "OperationResponse", [("responseCode", 2), ("transactionId", 4), ("parameters", 0)], I, COMMAND, "2.3.7"),
    (8, "Event", [("eventCode", 2), ("transactionId", 4), ("parameters", 0)], I, EVENT, "2.3.8"),
    (9, "StartData", [("transactionId", 4), ("totalDataLength", 8)], BOTH, COMMAND, "2.3.9"),
    (10, "Data", [("transactionId", 4), ("data", 0)], BOTH, COMMAND, "2.3.10"),
    (11, "Cancel", [("transactionId", 4)], R, EITHER, "2.3.12"),
    (12, "EndData", [("transactionId", 4), ("data", 0)], BOTH, COMMAND, "2.3.11"),
    (13, "ProbeRequest", [], BOTH, EVENT, "2.3.13"),
    (14, "ProbeResponse", [], BOTH, EVENT, "2.3.14"),
]


def _fixed(field: Field) -> int:
    return SIZES.get(field.kind, 0)


@pytest.mark.parametrize(
    ("type_code", "name", "fields", "directions", "connections", "clause"), FIGURES, ids=[row[1] for row in FIGURES]
)
def test_agrees_with_the_figures_of_the_standard(
    type_code: int,
    name: str,
    fields: list[tuple[str, int]],
    directions: tuple[str, ...],
    connections: tuple[str, ...],
    clause: str,
) -> None:
    message = packets.MESSAGES[type_code]
    assert (message.type_code, message.name, message.clause) == (type_code, name, clause)
    assert [(field.name, _fixed(field)) for field in message.fields] == fields
    assert (message.directions, message.connections) == (directions, connections)


def test_has_no_message_beside_the_fourteen() -> None:
    assert sorted(packets.MESSAGES) == [row[0] for row in FIGURES]


@pytest.mark.parametrize("message", packets.MESSAGES.values(), ids=lambda message: message.name)
def test_states_the_lengths_that_the_fields_add_up_to(message: packets.Message) -> None:
    fixed = packets.HEADER_SIZE + sum(map(_fixed, message.fields))
    kinds = {field.kind for field in message.fields}
    empty_name = 2 if Kind.NAME in kinds else 0
    assert message.minimum_length == fixed + empty_name
    words = sum(4 * field.upto for field in message.fields if field.kind is Kind.WORDS)
    assert message.maximum_length == (None if kinds & {Kind.NAME, Kind.REST} else fixed + words)


def test_bounds_parameters_and_names_as_the_standard_does() -> None:
    bounds = {
        (message.name, field.name): field.upto
        for message in packets.MESSAGES.values()
        for field in message.fields
        if field.upto
    }
    assert bounds == {
        ("InitCommandRequest", "friendlyName"): 40,
        ("InitCommandAck", "friendlyName"): 40,
        ("OperationRequest", "parameters"): 5,
        ("OperationResponse", "parameters"): 5,
        ("Event", "parameters"): 3,
    }


def test_names_codes_by_tables_that_exist() -> None:
    tables = {field.codes for message in packets.MESSAGES.values() for field in message.fields if field.codes}
    assert tables == {"protocol_version", "init_fail", "dataphase", "operation", "response", "event"}
    assert tables <= set(KINDS)


def test_keeps_the_numbers_around_the_messages() -> None:
    assert (packets.DEFAULT_PORT, packets.HEADER_SIZE, packets.BYTE_ORDER) == (15740, 8, "little")
    assert packets.UNKNOWN_TOTAL == 2**64 - 1
    assert packets.NO_TRANSACTION == 2**32 - 1
    assert bytes(range(255, 256)) * 16 == packets.ANONYMOUS_GUID
    assert packets.PROTOCOL_VERSION == 1 << 16


def test_numbers_reasons_and_data_phases_as_their_tables_name_them() -> None:
    assert dict(names_of("init_fail")) == {
        packets.FAIL_REJECTED_INITIATOR: "FAIL_REJECTED_INITIATOR",
        packets.FAIL_BUSY: "FAIL_BUSY",
        packets.FAIL_UNSPECIFIED: "FAIL_UNSPECIFIED",
    }
    assert dict(names_of("dataphase")) == {
        packets.NO_DATA_OR_DATA_IN: "NoDataOrDataIn",
        packets.DATA_OUT: "DataOut",
        packets.UNKNOWN_DATA_PHASE: "UnknownDataPhase",
    }


def test_makes_every_message_a_row_of_the_code_table_of_messages() -> None:
    for message in packets.MESSAGES.values():
        assert (message.kind, message.vendor, message.code) == ("message", "ptp", message.type_code)
        assert message.source in SOURCES
        assert message.clause in message.note
    assert packets.NUMBERS_SOURCE in SOURCES
