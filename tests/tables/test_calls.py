"""The column ``call``: transactions as a person reads them, in the words of the session's vendor."""

from __future__ import annotations

import io

import pyarrow as pa

from ptpip_analyze import analyze
from ptpip_analyze.tables.calls import CALL, calls, with_calls
from ptpip_analyze.tables.schema import arrow_schema
from tests.traffic import Packet, capture, conversation, pcap_bytes


def batch(*rows: tuple[int | None, int | None, list[int] | None]) -> pa.RecordBatch:
    schema = arrow_schema("transactions")
    listed = [
        {"session": session, "operation_code": code, "parameters": parameters} for session, code, parameters in rows
    ]
    return pa.RecordBatch.from_pylist(listed, schema=schema)


def nothing(number: int, most: int) -> bytes:
    raise AssertionError("no payload is needed for a call that its parameters tell")


def test_reads_parameters_in_the_words_of_the_sessions_vendor() -> None:
    rows = batch((0, 0x1015, [0xD1B0]), (1, 0x1015, [0xD1B0]), (None, 0x1015, [0xD1B0]), (0, 0x9128, [1, 0]))
    assert calls(rows, ["canon_eos", None], nothing) == [
        "GetDevicePropValue(EVFOutputDevice)",
        "GetDevicePropValue(0xD1B0)",
        "GetDevicePropValue(0xD1B0)",
        "RemoteReleaseOn(button=half, af_mode=AF)",
    ]


def test_says_that_parameters_or_requests_were_not_captured() -> None:
    assert calls(batch((0, 0x1009, None), (0, None, None)), [None], nothing) == ["GetObject(?)", None]


def test_adds_one_column_to_each_batch() -> None:
    (made,) = with_calls([batch((0, 0x1009, [0x2A]))], [None], nothing)
    assert made.schema.names[-1] == CALL
    assert made.schema.field(CALL).type == arrow_schema("transactions", [CALL]).field(CALL).type
    assert made.column(CALL).to_pylist() == ["GetObject(handle=0x2A)"]


def test_names_the_property_that_a_payload_sets() -> None:
    rows = batch((0, 0x9110, []), (0, 0x9110, [0, 7]), (0, 0x9110, None))
    sent = b"\x0c\0\0\0\x03\xd1\0\0\x48\0\0\0"
    assert calls(rows, ["canon_eos"], lambda number, most: sent[:most]) == [
        "SetDevicePropValueEx(ISOSpeed)", "SetDevicePropValueEx(ISOSpeed, p2=0x7)", "SetDevicePropValueEx(?)",
    ]  # fmt: skip
    assert calls(rows, ["canon_eos"], lambda number, most: sent[:7])[0] == "SetDevicePropValueEx()"
    assert calls(rows, ["panasonic"], nothing)[0] == "9110()"


def packets() -> list[Packet]:
    return conversation().open().get_object(0x2A, b"x").close_session().packets()


def test_is_told_of_a_row_by_the_analysis() -> None:
    with analyze(io.BytesIO(pcap_bytes(packets()))) as told:
        assert told.call(1) == told.call(told.transactions.iloc[1]) == "GetObject(handle=0x2A)"
        assert CALL not in told.transactions.columns
    with analyze(io.BytesIO(pcap_bytes(capture("canon_polls")))) as told:
        assert [told.call(row) for row in told.transactions.query("operation_code == 0x9110").index] == [
            "SetDevicePropValueEx(ISOSpeed)"
        ] * 2
    with analyze(io.BytesIO(pcap_bytes(capture("midstream")))) as told:
        assert [told.call(row) for row in range(len(told.transactions))]
