"""Codes that nothing names, with what they came and carried."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ptpip_analyze import analyze
from ptpip_analyze.tables.unknown import COLUMNS, PAYLOADS, signature, unknown_codes
from tests.traffic import Packet, capture, conversation, pcap_bytes


def unknown(packets: list[Packet], vendor: str | None = None) -> list[dict[str, Any]]:
    with analyze(io.BytesIO(pcap_bytes(packets)), vendor=vendor, packets=False) as told:
        return unknown_codes(told)


def row(packets: list[Packet]) -> dict[str, Any]:
    (only,) = unknown(packets)
    return only


def test_finds_nothing_where_everything_has_a_name() -> None:
    assert unknown(capture("plain")) == []


def test_counts_an_operation_with_its_parameters_and_payloads() -> None:
    one = conversation().open()
    for value in (3, 5, 4):
        one.transaction(0x9FFE, 1, value, data_in=bytes([value, 0, 0, 0]) + bytes(4 * value))
    found = row(one.transaction(0x9FFE, 1).close_session().packets())
    assert list(found) == list(COLUMNS)
    assert (found["kind"], found["code"], found["vendor"], found["count"]) == ("operation", 0x9FFE, None, 4)
    assert (found["parameters"], found["payload"]) == ("(0x1, [0x3..0x5])", "array of u32")
    assert (found["smallest_bytes"], found["largest_bytes"]) == (16, 24)


def test_leaves_sizes_and_payload_null_without_a_data_phase() -> None:
    found = row(conversation().open().transaction(0x9FFE).close_session().packets())
    assert (found["smallest_bytes"], found["largest_bytes"], found["payload"]) == (None, None, None)


def test_lists_properties_responses_and_events_too() -> None:
    one = (
        conversation().open().get_property(0xDFFE, b"\x05\x00").request(0x1002, 1).response(0xAFFE, 7).event(0xCFFE, 0)
    )
    found = unknown(one.packets())
    assert [(each["kind"], each["code"]) for each in found] == [
        ("property", 0xDFFE),
        ("response", 0xAFFE),
        ("event", 0xCFFE),
    ]
    assert [each["payload"] for each in found] == ["u16", None, None]


def test_asks_the_tables_of_the_sessions_vendor() -> None:
    packets = conversation().open().transaction(0x90C7, data_in=b"\0\0").close_session().packets()
    assert [(each["code"], each["vendor"]) for each in unknown(packets)] == [(0x90C7, None)]
    assert unknown(packets, "nikon") == []
    assert [(each["code"], each["vendor"]) for each in unknown(packets, "sigma")] == [(0x90C7, "sigma")]


def test_looks_at_few_payloads_and_counts_all() -> None:
    one = conversation().open()
    for _ in range(PAYLOADS):
        one.transaction(0x9FFE, data_in=b"\x01")
    found = row(one.transaction(0x9FFE, data_in=bytes(99)).packets())
    assert (found["count"], found["payload"], found["largest_bytes"]) == (PAYLOADS + 1, "u8", 99)


def test_adds_up_several_captures(tmp_path) -> None:
    packets = conversation().open().transaction(0x9FFE, 1, data_in=b"\x01").close_session().packets()
    for name in "ab":
        (tmp_path / f"{name}.pcap").write_bytes(pcap_bytes(packets))
    with analyze([tmp_path / "a.pcap", tmp_path / "b.pcap"], packets=False) as told:
        (found,) = unknown_codes(told)
    assert (found["count"], found["capture"], found["parameters"]) == (2, str(tmp_path / "a.pcap"), "(0x1)")


def test_writes_parameters_as_ranges() -> None:
    assert signature(np.array([[0, 0, 0, 0, 0, 0]])) == "()"
    assert signature(np.array([[2, 1, 9, 0, 0, 0], [1, 1, 0, 0, 0, 0]])) == "(0x1, [0x9])"
