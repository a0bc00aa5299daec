"""A transaction as parts, trees and bytes by range."""

from __future__ import annotations

from pathlib import Path

from ptpip_analyze.result import DataPiece
from ptpip_analyze.tui.parts import Bytes, message_part, node_at, nodes_of, parts_of
from tests.traffic import conversation, fuji_conversation, write_pcap

from .conftest import loaded


def test_reads_no_more_than_is_asked_for() -> None:
    asked = []

    def read(position: int, length: int) -> bytes:
        asked.append((position, length))
        return bytes(range(length))

    held = Bytes([DataPiece(0, 1 << 30, 100)], read)
    assert held.size == 1 << 30
    assert held.range(1 << 20, 4) == [0, 1, 2, 3]
    assert asked == [(100 + (1 << 20), 4)]


def test_shows_a_hole_as_a_hole() -> None:
    held = Bytes(
        [DataPiece(0, 2, 0), DataPiece(2, 3, None), DataPiece(5, 2, 10)], lambda position, length: b"xy"[:length]
    )
    assert held.range(0, 16) == [120, 121, None, None, None, 120, 121]
    assert held.range(3, 3) == [None, None, 120]


def test_leaves_out_what_has_no_place() -> None:
    assert Bytes([DataPiece(0, None, None), DataPiece(None, 4, 9)], lambda position, length: b"").size == 0


def test_tells_messages_and_payload_in_order(polled: Path) -> None:
    loading = loaded(polled)
    assert loading.analysis is not None
    parts = parts_of(loading.analysis, 15)
    assert [part.title.split(":")[0] for part in parts] == [
        "OperationRequest",
        "StartData",
        "Data",
        "OperationResponse",
    ]
    assert parts[2].bytes.range(0, 2) == [0xFF, 0xD8]
    assert parts[2].bytes.size == 5124


def test_decodes_a_dataset_with_places(polled: Path) -> None:
    loading = loaded(polled)
    assert loading.analysis is not None
    parts = parts_of(loading.analysis, 1)
    nodes = nodes_of(parts)
    model = next(node for _, node in nodes if node.name == "model")
    payload = parts[model.part].bytes.range(model.start, model.end - model.start)
    assert len(payload) == model.end - model.start
    assert bytes(byte or 0 for byte in payload[1:-2]).decode("utf-16-le") in model.text


def test_finds_the_closest_field_of_a_byte(polled: Path) -> None:
    loading = loaded(polled)
    assert loading.analysis is not None
    nodes = nodes_of(parts_of(loading.analysis, 0))
    line = node_at(nodes, 0, 12)
    assert line is not None
    assert nodes[line][1].name == "operationCode"
    assert node_at(nodes, 0, 10_000) is None


def test_folds_what_is_closed(polled: Path) -> None:
    loading = loaded(polled)
    assert loading.analysis is not None
    parts = parts_of(loading.analysis, 0)
    assert len(nodes_of(parts, frozenset({(0,)}))) < len(nodes_of(parts))


def test_notes_a_hole_in_the_payload(tmp_path: Path) -> None:
    talk = conversation().open().get_object(1, bytes(9000)).close()
    whole = loaded(write_pcap(tmp_path / "whole.pcap", talk.packets()))
    number = whole.table("transactions").num_rows - 1
    assert whole.analysis is not None
    size = next(part for part in parts_of(whole.analysis, number) if part.title.startswith("Data")).bytes.size
    holed = conversation().open().get_object(1, bytes(9000)).drop(segment=3).close()
    loading = loaded(write_pcap(tmp_path / "holed.pcap", holed.packets()))
    assert loading.analysis is not None
    for number in range(loading.table("transactions").num_rows):
        for part in parts_of(loading.analysis, number):
            assert part.bytes.size <= size
            part.bytes.range(0, part.bytes.size)


def test_reads_the_greetings_of_fujifilms_dialect_by_their_own_layout(tmp_path: Path) -> None:
    told = fuji_conversation(initiator_name="phone", responder_name="X-T2").open()
    analysis = loaded(write_pcap(tmp_path / "fuji.pcap", told.packets())).analysis
    assert analysis is not None
    for message, name in ((0, "phone"), (1, "X-T2")):
        part = message_part(analysis, message)
        assert part is not None
        fields = {value.name: value for value in part.fields}
        assert fields["friendlyName"].value == name
        assert fields["guid"].start == 12
        assert "protocolVersion" not in fields


def test_says_what_the_parameters_of_a_response_mean(tmp_path: Path) -> None:
    told = conversation().open().transaction(0x1006, 0xFFFFFFFF, returns=(12,)).close()
    loading = loaded(write_pcap(tmp_path / "counted.pcap", told.packets()))
    analysis = loading.analysis
    assert analysis is not None
    (counted,) = (
        row["transaction"] for row in loading.table("transactions").to_pylist() if row["operation"] == "GetNumObjects"
    )
    answer = parts_of(analysis, counted)[-1]
    assert {value.name: value.text for value in answer.fields}["parameters"] == "OK(num_objects=12)"
    assert answer.message is not None
    alone = message_part(analysis, answer.message)
    assert alone is not None
    assert alone.fields == answer.fields
