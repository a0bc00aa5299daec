"""Our messages and Wireshark's, through pyshark for real."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.wireshark import crosscheck as module
from ptpip_analyze.wireshark import folders
from ptpip_analyze.wireshark.crosscheck import (
    BEHIND_HOLE,
    BEHIND_LATE,
    BEHIND_LOSS,
    CONTINUED,
    CUT_SEGMENT,
    NOT_PTP_IP,
    NOT_WHOLE,
    OURS,
    OUT_OF_ORDER,
    PASSED_OVER,
    SENT_AGAIN,
    WHEN_FILLED,
    WRONG_PORT,
    Heard,
    compare,
    crosscheck,
    listen,
    rows_of,
)
from tests.support import ROOT, program
from tests.traffic import Packet, capture, damage, write_pcap


def document_of(path: Path) -> dict[str, Any]:
    program("tshark")
    with analyze(path) as analysis:
        return crosscheck(str(path), *rows_of(analysis))


def reasons(document: dict[str, Any], dissector: str) -> set[str]:
    (side,) = (side for side in document["dissectors"] if side["dissector"] == dissector)
    return {one["reason"] for one in side["differences"]}


def test_agrees_with_our_dissector_and_explains_wireshark_s_own() -> None:
    document = document_of(ROOT / "captures" / "list-and-get.pcapng")
    ours, own = document["dissectors"]
    assert document["unexplained"] == 0
    assert ours["differences"] == []
    assert ours["ordered_streams"] == []
    assert all(counts["agree"] == counts["compared"] > 0 for counts in ours["fields"].values())
    assert reasons(document, "ptpip") == {CONTINUED}
    assert own["fields"]["type"]["agree"] == document["messages"]


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
    (found,) = compare([ROW | {"status": "cut", "first_frame": 6}], [said], OURS)["differences"]
    assert (found["field"], found["ours"], found["theirs"], found["reason"]) == ("frame", 9, 6, NOT_WHOLE)
    assert len(compare([ROW | {"first_frame": 6}], [said], OURS)["differences"]) == 2


HEARD = Heard(9, {"type": 7, "length": 14, "transaction_id": 3, "code": 0x2001})


def told(found: dict[str, Any]) -> list[tuple[int, str, str | None]]:
    return [(one["frame"], one["field"], one["reason"]) for one in found["differences"]]


def segment(frame: int, flags: str | None = None) -> dict[str, Any]:
    return {"frame": frame, "session": 0, "tcp_stream": 0, "direction": "to-initiator", "flags": flags}


def test_says_that_our_dissector_waits_behind_lost_bytes() -> None:
    lost, behind = ROW | {"status": "gap", "last_frame": 8}, ROW | {"offset": 14}
    later = ROW | {"offset": 28, "first_frame": 10, "last_frame": 10}
    said = HEARD._replace(frame=10)
    rows = [lost, behind, later, ROW | {"offset": 42, "first_frame": 11, "last_frame": 11}]
    assert [one[2] for one in told(compare(rows, [said], OURS))] == [NOT_WHOLE, BEHIND_LOSS, None]
    assert [one[2] for one in told(compare(rows, [], OURS, ordered=True))] == [NOT_WHOLE, *[BEHIND_HOLE] * 3]
    other = told(compare([lost, behind | {"direction": "to-responder"}], [], OURS))
    assert [one[2] for one in other] == [NOT_WHOLE, None]


def test_knows_in_which_frame_a_message_is_shown_whose_bytes_were_overtaken() -> None:
    first = ROW | {"first_frame": 7, "last_frame": 12, "offset": 0}  # the segment that was missing came in frame 12
    rows, late = [first, ROW | {"offset": 14}], [segment(12, "out-of-order")]
    both = [HEARD._replace(frame=12)] * 2
    assert told(compare(rows, both, OURS, late, ordered=True)) == [(9, "frame", WHEN_FILLED)]
    assert told(compare(rows, [HEARD._replace(frame=13)] * 2, OURS, late, ordered=True)) == [
        (9, "message", None), (12, "message", None), (13, "message", None), (13, "message", None),
    ]  # fmt: skip
    assert [one[2] for one in told(compare(rows, [], OURS, late))] == [BEHIND_LATE, OUT_OF_ORDER]


def test_excuses_only_the_messages_whose_own_segments_wireshark_passes_over() -> None:
    rows = [ROW, ROW | {"offset": 14, "first_frame": 10, "last_frame": 10}]
    for dissector in (OURS, "ptpip"):
        passed_over = [Heard(9, {}), HEARD._replace(frame=10)]
        assert told(compare(rows, passed_over, dissector, [segment(9)])) == [(9, "message", PASSED_OVER)]
        elsewhere = [Heard(8, {}), HEARD._replace(frame=10)]
        assert told(compare(rows, elsewhere, dissector, [segment(8)])) == [(9, "message", None)]


def test_excuses_messages_of_segments_that_were_cut() -> None:
    row = ROW | {"first_frame": 8}
    assert told(compare([row], [], OURS, [segment(9, "cut")])) == [(9, "message", CUT_SEGMENT)]
    assert told(compare([ROW], [], OURS, [segment(9, "cut")])) == [(9, "message", None)]


def test_explains_what_wireshark_s_own_takes_for_a_message_only_where_there_is_none() -> None:
    extra = Heard(8, {"type": 1234})
    inside = ROW | {"first_frame": 7}
    begun = HEARD._replace(frame=7)
    assert told(compare([inside], [begun, extra], "ptpip", [segment(7), segment(8)])) == [(8, "message", CONTINUED)]
    elsewhere = segment(8) | {"tcp_stream": 1}
    assert told(compare([inside], [begun, extra], "ptpip", [segment(7), elsewhere])) == [(8, "message", None)]
    assert told(compare([], [extra], "ptpip", [segment(8)])) == [(8, "message", None)]
    assert told(compare([], [extra], "ptpip", [segment(8, "retransmission")])) == [(8, "message", SENT_AGAIN)]
    assert told(compare([], [extra], "ptpip", [segment(8) | {"session": None}])) == [(8, "message", NOT_PTP_IP)]


def test_does_not_excuse_what_differs_in_a_message_that_is_there() -> None:
    other = HEARD._replace(fields=HEARD.fields | {"transaction_id": 4})
    for row in (ROW, ROW | {"status": "cut"}):
        assert told(compare([row], [other], OURS)) == [(9, "transaction_id", None)]


def test_excuses_nothing_that_our_dissector_alone_takes_for_a_message() -> None:
    assert told(compare([ROW], [HEARD, Heard(9, {"type": 65537})], OURS)) == [(9, "message", None)]


def test_finds_the_messages_of_streams_in_disorder_where_wireshark_puts_them_in_order() -> None:
    document = document_of(ROOT / "captures" / "lossy-network-client.pcapng")
    assert document["dissectors"][0]["ordered_streams"] == [0]
    assert document["dissectors"][0]["messages"] == document["messages"]
    assert reasons(document, OURS) == {WHEN_FILLED}


LOSSY = ("lossy-capture.pcap", "snaplen-96.pcap", "lossy-network-camera.pcap")


@pytest.mark.parametrize("name", LOSSY)
def test_explains_what_loss_and_disorder_hide(name: str) -> None:
    assert document_of(ROOT / "captures" / name)["unexplained"] == 0


# Each of them damaged in another way; what is missing in Wireshark is explained by that, and by nothing else.
DAMAGED: dict[str, tuple[str, Callable[[list[Packet]], list[Packet]], set[str]]] = {
    "a segment behind its acknowledgment": ("probes", lambda packets: damage.delay(packets, 0, 6), {PASSED_OVER}),
    "snap length": ("boundaries_anywhere", lambda packets: damage.snap(packets, 110), {NOT_WHOLE, CUT_SEGMENT}),
    "a greeting cut": ("fuji", lambda packets: damage.snap(packets, 74), {NOT_WHOLE}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_explains_a_damaged_capture_by_its_damage(name: str, tmp_path: Path) -> None:
    story, hurt, expected = DAMAGED[name]
    document = document_of(write_pcap(tmp_path / "damaged.pcap", hurt(list(capture(story))), nano=True))
    assert document["unexplained"] == 0
    assert reasons(document, OURS) in (expected, expected - {PASSED_OVER})  # 4.4 and 4.6 show what 4.0 passes over


def test_excuses_messages_that_are_not_whole() -> None:
    assert compare([ROW | {"status": "gap"}], [], "ptp_ip")["differences"][0]["reason"] is not None


@pytest.mark.parametrize("dissector", ["ptp_ip", "ptpip"])
def test_counts_fields_by_their_agreement(dissector: str) -> None:
    fields = compare([ROW], [HEARD], dissector)["fields"]
    assert {name: (one["compared"], one["agree"]) for name, one in fields.items()} == dict.fromkeys(fields, (1, 1))


def test_compares_what_comes_before_the_end_of_a_file_that_was_cut_short(tmp_path: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes((ROOT / "captures" / "lossy-capture.pcap").read_bytes()[:60_000])
    document = document_of(cut)
    assert document["unexplained"] == 0
    assert all(side["fields"]["type"]["agree"] > 100 for side in document["dissectors"])


@pytest.mark.parametrize("is_root", [False, True])
def test_says_that_tshark_does_not_load_our_dissector(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_root: bool
) -> None:
    program("tshark")
    (tmp_path / folders.MECHANISM).write_text("")
    monkeypatch.setenv("HOME", str(tmp_path))  # where no other one is installed
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    monkeypatch.setattr(module, "source", lambda: tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 0 if is_root else 1000)
    with pytest.raises(folders.DissectorError, match="does not load our dissector") as raised:
        list(listen(str(ROOT / "captures" / "init-fail.pcapng"), OURS))
    assert ("run it as another user" in str(raised.value)) == is_root


def test_says_in_one_line_why_tshark_failed(tmp_path: Path) -> None:
    program("tshark")
    (tmp_path / "text.pcap").write_text("no capture at all, but long enough to be asked for what it is")
    with pytest.raises(folders.DissectorError, match=r"text\.pcap") as raised:
        list(listen(str(tmp_path / "text.pcap"), "ptpip"))
    assert "\n" not in str(raised.value)
