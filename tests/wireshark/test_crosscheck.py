"""Our messages and Wireshark's, through pyshark for real."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.cli.crosscheck import _rows
from ptpip_analyze.wireshark.crosscheck import (
    BEHIND_LOSS,
    CONTINUED,
    NO_REASSEMBLY,
    NOT_WHOLE,
    OURS,
    WRONG_PORT,
    Heard,
    compare,
    crosscheck,
    listen,
)
from tests.support import ROOT, program
from tests.traffic import capture, write_pcap


def document_of(path: Path) -> dict[str, Any]:
    program("tshark")
    with analyze(path) as analysis:
        return crosscheck(str(path), *_rows(analysis))


def reasons(document: dict[str, Any], dissector: str) -> set[str]:
    (side,) = (side for side in document["dissectors"] if side["dissector"] == dissector)
    return {one["reason"] for one in side["differences"]}


def test_agrees_with_our_dissector_and_explains_wireshark_s_own() -> None:
    document = document_of(ROOT / "captures" / "list-and-get.pcapng")
    ours, own = document["dissectors"]
    assert document["unexplained"] == 0
    assert ours["differences"] == []
    assert all(counts["agree"] == counts["compared"] > 0 for counts in ours["fields"].values())
    assert reasons(document, "ptpip") == {NO_REASSEMBLY, CONTINUED}
    assert own["fields"]["type"]["agree"] > 100


def test_knows_that_wireshark_s_own_goes_by_the_port(tmp_path: Path) -> None:
    document = document_of(write_pcap(tmp_path / "elsewhere.pcap", capture("another_port")))
    assert reasons(document, "ptpip") == {WRONG_PORT}
    assert document["unexplained"] == 0


ROW = {
    "session": 0, "responder_port": 15740, "type_code": 7, "length": 14, "transaction_id": 3, "code": 0x2001,
    "first_frame": 9, "last_frame": 9, "offset": 0, "status": "complete", "tcp_stream": 0,
    "direction": "to-initiator",
}  # fmt: skip


def test_tells_a_difference_that_nothing_explains() -> None:
    said = Heard(9, {"type": 7, "length": 14, "transaction_id": 4, "code": 0x2001})
    found = compare([ROW], [said], "ptp_ip")["differences"]
    assert [(one["frame"], one["field"], one["ours"], one["theirs"], one["reason"]) for one in found] == [
        (9, "transaction_id", 3, 4, None)
    ]


def test_tells_what_only_one_side_has() -> None:
    assert compare([ROW], [], "ptp_ip")["differences"][0]["reason"] is None
    extra = compare([], [Heard(2, {"type": 6})], "ptp_ip")["differences"][0]
    assert (extra["ours"], extra["theirs"], extra["reason"]) == (None, 6, None)


def test_finds_what_does_not_come_to_its_end_where_it_begins() -> None:
    said = Heard(6, {"type": 7, "length": 14, "transaction_id": 3, "code": 0x2001})
    assert compare([ROW | {"status": "cut", "first_frame": 6}], [said], OURS)["differences"] == []
    assert len(compare([ROW | {"first_frame": 6}], [said], OURS)["differences"]) == 2


def test_says_that_our_dissector_waits_behind_lost_bytes() -> None:
    lost, behind = ROW | {"status": "gap", "last_frame": 8}, ROW | {"offset": 14}
    later = ROW | {"offset": 28, "first_frame": 10, "last_frame": 10}
    said = Heard(10, {"type": 7, "length": 14, "transaction_id": 3, "code": 0x2001})
    found = compare([lost, behind, later, ROW | {"offset": 42, "last_frame": 11}], [said], OURS)["differences"]
    assert [one["reason"] for one in found] == [NOT_WHOLE, BEHIND_LOSS, None]
    other = compare([lost, behind | {"direction": "to-responder"}], [], OURS)["differences"]
    assert [one["reason"] for one in other] == [NOT_WHOLE, None]


@pytest.mark.parametrize("name", ["lossy-capture.pcap", "snaplen-96.pcap", "lossy-network-camera.pcap"])
def test_explains_what_loss_and_disorder_hide(name: str) -> None:
    assert document_of(ROOT / "captures" / name)["unexplained"] == 0


def test_excuses_messages_that_are_not_whole() -> None:
    assert compare([ROW | {"status": "gap"}], [], "ptp_ip")["differences"][0]["reason"] is not None


@pytest.mark.parametrize("dissector", ["ptp_ip", "ptpip"])
def test_counts_fields_by_their_agreement(dissector: str) -> None:
    said = Heard(9, {"type": 7, "length": 14, "transaction_id": 3, "code": 0x2001})
    fields = compare([ROW], [said], dissector)["fields"]
    assert {name: (one["compared"], one["agree"]) for name, one in fields.items()} == dict.fromkeys(fields, (1, 1))


def test_listens_to_no_child_process_afterwards() -> None:
    """Event loops that go on doing so fill their pipe, and every later end of a process is an error."""
    assert list(listen(str(ROOT / "captures" / "init-fail.pcapng"), OURS))
    assert signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
