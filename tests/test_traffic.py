"""The pretend peers themselves: Wireshark reads their truth from their packets, and damage is what it claims to be."""

from __future__ import annotations

import collections
import functools
import re
import struct
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import program

from .traffic import (
    LINK_TYPES,
    SEGMENTATIONS,
    STORIES,
    TO_INITIATOR,
    TO_RESPONDER,
    Conversation,
    Packet,
    capture,
    conversation,
    damage,
    pcap_bytes,
    pcapng_bytes,
    write_pcap,
    write_pcapng,
)

GOOD = "1"  # tshark's tcp.checksum.status and ip.checksum.status
CHECK = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
COMPLAINTS = ("_ws.malformed", *(f"tcp.analysis.{flag}" for flag in (
    "retransmission", "out_of_order", "lost_segment", "ack_lost_segment", "window_full", "duplicate_ack")))  # fmt: skip
FRAME_FIELDS = ("frame.time_epoch", "tcp.payload", "tcp.checksum.status", "ip.checksum.status", *COMPLAINTS)
PLAIN_TCP = ("--disable-protocol", "ptpip", "--disable-protocol", "http")  # other ports, odd payloads: bytes only


def tshark(path: Path, *arguments: str) -> str:
    """What tshark prints of a capture; a continuous-integration run may not go without it."""
    return subprocess.run(
        [program("tshark"), "-n", "-r", str(path), *arguments], check=True, capture_output=True, text=True
    ).stdout


def fields(path: Path, *names: str, options: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """One dictionary per frame."""
    wanted = [part for name in names for part in ("-e", name)]
    lines = tshark(path, *CHECK, *options, "-T", "fields", *wanted).splitlines()
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


@functools.cache
def dissected(name: str) -> tuple[list[dict[str, str]], dict[int, tuple[str, bytes, bytes]]]:
    """A story as one run of tshark sees it: fields of each frame, and each stream as ``follow,tcp,raw`` has it.

    A stream is its first end, that end's bytes and the other's.
    """
    packets = whole_story(name)
    count = len({(packet.conversation, packet.connection) for packet in packets})
    asked = [part for number in range(count) for part in ("-z", f"follow,tcp,raw,{number}")]
    wanted = [part for name in FRAME_FIELDS for part in ("-e", name)]
    with tempfile.TemporaryDirectory() as folder:
        path = write_pcap(Path(folder) / "story.pcap", packets, nano=True)
        first, *sections = re.split(r"={20,}\n", tshark(path, *CHECK, *PLAIN_TCP, *asked, "-T", "fields", *wanted))
    frames = [dict(zip(FRAME_FIELDS, line.split("\t"), strict=True)) for line in first.splitlines() if line]
    streams = {}
    for section in sections:
        head = re.match(r"Follow: tcp,raw\nFilter: tcp.stream eq (\d+)\nNode 0: (.*)\nNode 1: .*\n", section)
        if head is not None:
            lines = section[head.end() :].split("\n")
            own, other = (
                "".join(line.strip() for line in lines if line.startswith("\t") == tabbed) for tabbed in (False, True)
            )
            streams[int(head[1])] = (head[2], bytes.fromhex(own), bytes.fromhex(other))
    return frames, streams


def whole_story(name: str) -> list[Packet]:
    """A story's packets before any damage."""
    return damage.interleave(*(one.whole_packets() for one in STORIES[name]()))


def reassembled(packets: list[Packet]) -> dict[tuple[int, str, str], bytes]:
    """Every stream put together by sequence number, from the bytes of Ethernet frames alone."""
    initial: dict[tuple[int, str, str], int] = {}
    parts: dict[tuple[int, str, str], dict[int, bytes]] = collections.defaultdict(dict)
    for packet in packets:
        at = 14 + 4 * len(packet.vlan)
        head = 40 if packet.frame[at] >> 4 == 6 else 20
        end = len(packet.frame) if head == 40 else at + struct.unpack_from(">H", packet.frame, at + 2)[0]
        sequence, _, offset, flags = struct.unpack_from(">IIBB", packet.frame, at + head + 4)
        payload = packet.frame[at + head + (offset >> 4) * 4 : end]
        initial.setdefault(packet.key, sequence + (flags >> 1 & 1))
        parts[packet.key][(sequence - initial[packet.key]) & 0xFFFFFFFF] = payload
    return {key: b"".join(found[place] for place in sorted(found) if found[place]) for key, found in parts.items()}


def walk(stream: bytes) -> list[tuple[int, int, int]]:
    """Offset, length and type of each message; of Fujifilm's containers the type that the truth gives them."""
    at, found = 0, []
    while at < len(stream):
        length, kind = struct.unpack_from("<II", stream, at)
        if kind == 0 and stream[at + 18 : at + 20] == b"\xff\xd8":
            kind = 0x10005
        elif kind == 0xFFFFFFFF:
            kind = 0x10006
        elif kind > 0xFFFF:
            kind = 0x10000 + (kind & 0xFFFF)
        found.append((at, length, kind))
        at += length
    assert at == len(stream)
    return found


def one_object(**options: Any) -> Conversation:
    return conversation(**options).open().get_object(1, bytes(range(256)) * 40).close_session().close()


@pytest.mark.parametrize("name", STORIES)
def test_tells_the_truth_about_its_streams_and_messages(name: str) -> None:
    for one in STORIES[name]():
        truth, found = one.truth(), reassembled(one.whole_packets())
        for connection in one.ports():
            for direction in (TO_RESPONDER, TO_INITIATOR):
                stream = truth.streams.get((connection, direction), b"")
                assert found.get((one.number, connection, direction), b"") == stream
                known = [
                    (message["offset"], message["length"], message["type_code"])
                    for message in truth.messages
                    if (message["connection"], message["direction"]) == (connection, direction)
                ]
                if truth.messages:
                    assert walk(stream) == known


OF_FUJI = sorted(name for name in STORIES if name.startswith("fuji"))


@pytest.mark.parametrize("name", OF_FUJI)
def test_tells_the_truth_about_the_transactions_of_fujis_dialect(name: str) -> None:
    for one in STORIES[name]():
        truth = one.truth()
        for transaction in truth.transactions:
            payload, counted = b"", 0
            for _, connection, direction, begin, end in transaction["extents"]:
                message = truth.streams[connection, direction][begin:end]
                length, kind, code, identity = struct.unpack_from("<IHHI", message)
                assert (length, identity) == (end - begin, transaction["transaction_id"])
                assert code == transaction["response_code" if kind == 3 else "operation_code"]
                assert direction == TO_INITIATOR if kind == 3 else kind == 2 or direction == TO_RESPONDER
                if kind == 2:
                    payload, counted = payload + message[12:], counted + 1
                    assert transaction["data_direction"] == ("in" if direction == TO_INITIATOR else "out")
                    assert transaction["announced_bytes"] == length - 12
                else:
                    words = struct.unpack_from(f"<{(length - 12) // 4}I", message, 12)
                    assert list(words) == transaction["response_parameters" if kind == 3 else "parameters"]
            assert (payload, counted) == (transaction["data"], transaction["data_messages"])


@pytest.mark.parametrize("name", sorted(STORIES.keys() - set(OF_FUJI)))
def test_tells_the_truth_about_its_transactions(name: str) -> None:
    for one in STORIES[name]():
        truth = one.truth()
        claimed: list[tuple[str, str, int, int]] = []
        for transaction in truth.transactions:
            payload, totals, counted = b"", [], 0
            for number, connection, direction, begin, end in transaction["extents"]:
                message = truth.streams[connection, direction][begin:end]
                length, kind = struct.unpack_from("<II", message)
                assert (number, length) == (one.number, end - begin)
                identity = struct.unpack_from("<I", message, {6: 14, 7: 10}.get(kind, 8))[0]
                assert identity == transaction["transaction_id"]
                claimed.append((connection, direction, begin, end))
                if kind == 6:
                    info, code = struct.unpack_from("<IH", message, 8)
                    words = struct.unpack_from(f"<{(length - 18) // 4}I", message, 18)
                    assert (info, code) == (transaction["data_phase_info"], transaction["operation_code"])
                    assert list(words) == transaction["parameters"]
                elif kind == 7:
                    assert struct.unpack_from("<H", message, 8)[0] == transaction["response_code"]
                    words = struct.unpack_from(f"<{(length - 14) // 4}I", message, 14)
                    assert list(words) == transaction["response_parameters"]
                elif kind == 9:
                    totals.append(struct.unpack_from("<Q", message, 12)[0])
                else:
                    assert kind in {10, 12}
                    payload, counted = payload + message[12:], counted + 1
                if kind in {9, 10, 12}:
                    assert transaction["data_direction"] == ("in" if direction == TO_INITIATOR else "out")
            assert (payload, counted) == (transaction["data"], transaction["data_messages"])
            assert transaction["data_bytes"] == len(payload)
            assert transaction["announced_bytes"] in (totals or [None]) or totals == [(1 << 64) - 1]
        ours = {6, 7, 9, 10, 12}
        assert sorted(claimed) == sorted(
            (message["connection"], message["direction"], message["offset"], message["offset"] + message["length"])
            for message in truth.messages
            if message["type_code"] in ours
        )


@pytest.mark.parametrize("name", STORIES)
def test_satisfies_wireshark_in_every_frame(name: str) -> None:
    packets, (frames, _) = whole_story(name), dissected(name)
    assert len(frames) == len(packets)
    for frame, packet in zip(frames, packets, strict=True):
        assert frame["frame.time_epoch"] == f"{packet.time_ns // 10**9}.{packet.time_ns % 10**9:09}"
        assert bytes.fromhex(frame["tcp.payload"]) == packet.payload
        assert frame["tcp.checksum.status"] == GOOD
        assert frame["ip.checksum.status"] == ("" if ":" in packet.source[0] else GOOD)
        assert [frame[complaint] for complaint in COMPLAINTS] == [""] * len(COMPLAINTS)


@pytest.mark.parametrize("name", STORIES)
def test_gives_wireshark_the_streams_it_made(name: str) -> None:
    _, found = dissected(name)
    order = list(dict.fromkeys((packet.conversation, packet.connection) for packet in whole_story(name)))
    truth: dict[tuple[int, str], dict[str, bytes]] = collections.defaultdict(dict)
    for one in STORIES[name]():
        for (connection, direction), stream in one.truth().streams.items():
            truth[one.number, connection][direction] = stream
    assert sorted(found) == list(range(len(order)))
    for number, key in enumerate(order):
        end, first, second = found[number]
        services = {port for _, port in STORIES[name]()[0].ports().values()}
        if int(end.rsplit(":")[-1]) in services:
            first, second = second, first
        assert (first, second) == (truth[key].get(TO_RESPONDER, b""), truth[key].get(TO_INITIATOR, b""))


def test_writes_messages_as_wireshark_reads_them(tmp_path: Path) -> None:
    one = conversation(initiator_name="a desk", responder_name="a camera", connection_number=77)
    one.open(9).get_device_info().event(0x4002, 3, 1).probe().request(0x1009, 5).cancel().close()
    names = ["pktType", "opcode", "transactionID", "connection", "name", "guid", "eventcode"]
    path = write_pcap(tmp_path / "messages.pcap", one.packets())
    rows = [row for row in fields(path, *(f"ptpip.{name}" for name in names), "_ws.malformed") if row["ptpip.pktType"]]
    truth = one.truth()
    assert [int(row["ptpip.pktType"], 16) for row in rows] == [message["type_code"] for message in truth.messages]
    for row, message in zip(rows, truth.messages, strict=True):
        assert row["_ws.malformed"] == ""
        if message["type_code"] in {6, 7, 9, 12}:
            assert int(row["ptpip.transactionID"], 16) == message["transaction_id"]
        if message["type_code"] in {6, 7}:
            assert int(row["ptpip.opcode"], 16) == message["code"]
        if message["type_code"] == 8:
            assert int(row["ptpip.eventcode"], 16) == message["code"]
    assert [row["ptpip.name"] for row in rows[:2]] == ["a desk", "a camera"]
    assert [bytes.fromhex(row["ptpip.guid"]) for row in rows[:2]] == [one.initiator_guid, one.responder_guid]


@pytest.mark.parametrize("link", LINK_TYPES)
@pytest.mark.parametrize("initiator", ["192.168.1.20", "fe80::20"])
def test_is_read_by_wireshark_on_every_link_type(link: str, initiator: str, tmp_path: Path) -> None:
    responder = "fe80::1" if ":" in initiator else "192.168.1.1"
    packets = damage.on_link(one_object(initiator=initiator, responder=responder, mss=1400).packets(), link)
    rows = fields(write_pcap(tmp_path / "link.pcap", packets), "tcp.payload", "tcp.checksum.status", options=PLAIN_TCP)
    assert [(bytes.fromhex(row["tcp.payload"]), row["tcp.checksum.status"]) for row in rows] == [
        (packet.payload, GOOD) for packet in packets
    ]


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("nano", [False, True])
def test_writes_pcap_files_that_wireshark_reads(nano: bool, big_endian: bool, tmp_path: Path) -> None:
    packets = one_object().packets()
    path = write_pcap(tmp_path / "any.pcap", packets, nano, big_endian, snaplen=100)
    rows = fields(path, "frame.time_epoch", "frame.cap_len", "frame.len")
    unit = 1 if nano else 1000
    assert [tuple(row.values()) for row in rows] == [
        (f"{(time := packet.time_ns // unit * unit) // 10**9}.{time % 10**9:09}",
         str(min(100, len(packet.frame))), str(len(packet.frame)))
        for packet in packets
    ]  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {"big_endian": True},
        {"sections": 3, "unknown": True},
        {"sections": 2, "big_endian": True, "unknown": True, "resolution": 6},
        {"resolution": 0x80 | 30, "offset_s": 1_700_000_000},
        {"block": "obsolete", "unknown": True},
        {"block": "obsolete", "big_endian": True},
    ],
)
def test_writes_pcapng_files_that_wireshark_reads(options: dict[str, Any], tmp_path: Path) -> None:
    packets = one_object().packets()
    packets = packets[:9] if options.get("block") == "simple" else packets[:9] + damage.on_link(packets[9:], "sll")
    rows = fields(write_pcapng(tmp_path / "any.pcapng", packets, **options), "frame.time_epoch", "frame.len")
    assert [int(row["frame.len"]) for row in rows] == [len(packet.frame) for packet in packets]
    resolution = 1000 if options.get("resolution") == 6 else 2
    for row, packet in zip(rows, packets, strict=True):
        assert abs(int(row["frame.time_epoch"].replace(".", "")) - packet.time_ns) < resolution


def test_writes_simple_packet_blocks(tmp_path: Path) -> None:
    packets = one_object().packets()
    rows = fields(write_pcapng(tmp_path / "simple.pcapng", packets, block="simple"), "frame.len")
    assert [int(row["frame.len"]) for row in rows] == [len(packet.frame) for packet in packets]
    with pytest.raises(ValueError, match="first interface"):
        pcapng_bytes([*packets, *damage.on_link(packets, "raw")], block="simple")


def test_refuses_two_link_types_in_one_pcap_file() -> None:
    packets = one_object().packets()
    with pytest.raises(ValueError, match="one link type"):
        pcap_bytes(packets + damage.on_link(packets, "raw"))


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("initiator", ["192.168.1.20", "fe80::20"])
def test_makes_ip_fragments_that_wireshark_joins(initiator: str, backwards: bool, tmp_path: Path) -> None:
    responder = "fe80::1" if ":" in initiator else "192.168.1.1"
    whole = one_object(initiator=initiator, responder=responder, mss=1400).packets()
    parts = damage.fragmented(whole, 512, backwards)
    assert len(parts) > len(whole)
    assert damage.lost(whole, parts) == []
    rows = fields(write_pcap(tmp_path / "parts.pcap", parts), "tcp.payload", "tcp.checksum.status", options=PLAIN_TCP)
    joined = [row for row in rows if row["tcp.checksum.status"]]
    assert [bytes.fromhex(row["tcp.payload"]) for row in joined] == [packet.payload for packet in whole]
    assert {row["tcp.checksum.status"] for row in joined} == {GOOD}


def test_tags_and_pads_frames(tmp_path: Path) -> None:
    packets = damage.padded(damage.vlan(one_object().packets(), 100, 7))
    rows = fields(write_pcap(tmp_path / "vlan.pcap", packets), "vlan.id", "ieee8021ad.id", "tcp.payload", "frame.len")
    assert {(row["ieee8021ad.id"], row["vlan.id"]) for row in rows} == {("100", "7")}
    assert reassembled(damage.padded(one_object().packets())) == reassembled(one_object().packets())
    short = damage.padded(conversation(initiator="10.0.0.1", responder="10.0.0.2").connect().packets())
    assert [len(replace(packet, options=b"").frame) for packet in short] == [60] * 3


@pytest.mark.parametrize("segmentation", SEGMENTATIONS)
def test_carries_the_same_bytes_in_any_segmentation(segmentation: str) -> None:
    one = one_object(segmentation=segmentation, mss=700)
    assert damage.streams(one.packets()) == damage.streams(one_object().packets())
    assert max(len(packet.payload) for packet in one.packets()) <= (1 if segmentation == "byte" else 700)


def test_acknowledges_as_a_kernel_does() -> None:
    reach = {TO_RESPONDER: 0, TO_INITIATOR: 0}
    unacknowledged = 0
    back = {TO_RESPONDER: TO_INITIATOR, TO_INITIATOR: TO_RESPONDER}
    packets = damage.one_connection_only(one_object(initial_sequence=(1 << 32) - 3000).packets(), "command")
    for packet in packets[1:]:
        expected = (-3000 + 1 + reach[back[packet.direction]]) & 0xFFFFFFFF
        if not any(other.flags & 1 for other in packets[: packets.index(packet) + 1]):
            assert packet.acknowledgment == expected
        reach[packet.direction] = packet.end
        unacknowledged = unacknowledged + 1 if packet.payload and packet.direction == TO_INITIATOR else 0
        assert unacknowledged <= 2, "every second segment is acknowledged"
    assert [packet.flags for packet in packets[-3:]] == [0x11, 0x11, 0x10]
    assert reach[TO_INITIATOR] == len(one_object().truth().streams["command", TO_INITIATOR])


def test_finds_the_frames_of_a_message() -> None:
    one = one_object()
    whole, transaction = one.packets(), one.truth().transactions[1]
    request, start, end, response = (damage.frames(whole, extent) for extent in transaction["extents"])
    assert (len(request), len(start), len(response)) == (1, 1, 1)
    assert b"".join(whole[frame - 1].payload for frame in end)[12:] == transaction["data"]
    assert request < start < end < response
    again = damage.retransmit(whole, 12, 3, 500, 500)
    assert len(damage.frames(again, transaction["extents"][2])) == len(end)
    assert damage.frames(damage.snap(whole, 70), transaction["extents"][2]) == end


def test_is_the_same_every_time() -> None:
    for name in STORIES:
        assert capture(name) == capture(name)


def test_drops_what_it_is_told_to_drop() -> None:
    whole = one_object().packets()
    rest = one_object().drop(segment=7).packets()
    gone = [packet for packet in whole if packet not in rest]
    assert gone == [whole[damage.segments(whole)[7]]]
    assert damage.lost(whole, rest) == [(*gone[0].key, gone[0].offset, gone[0].end)]
    assert len(damage.drop(whole, 0, -1, segment=(2, 3))) == len(whole) - 4


@pytest.mark.parametrize("name", ["plain", "data_styles", "events_inside", "cancels_out", "many_in_one_segment"])
def test_knows_which_transactions_a_lost_segment_touches(name: str) -> None:
    (one,) = STORIES[name]()
    whole = one.packets()
    for segment, index in enumerate(damage.segments(whole)):
        lost = damage.lost(whole, damage.drop(whole, segment=segment))
        assert [extent[3:] for extent in lost] == [(whole[index].offset, whole[index].end)]
        hit = {
            number
            for number, transaction in enumerate(one.truth().transactions)
            for _, connection, direction, begin, end in transaction["extents"]
            if (connection, direction) == whole[index].key[1:]
            and set(range(begin, end)) & set(range(whole[index].offset, whole[index].end))
        }
        assert hit == {n for n, one_ in enumerate(one.truth().transactions) if damage.touched(one_["extents"], lost)}


@pytest.mark.parametrize(("earlier", "later"), [(0, 0), (500, 0), (0, 500), (-300, -300), (2000, 2000), (-700, 900)])
def test_retransmits_true_bytes_with_any_boundaries(earlier: int, later: int, tmp_path: Path) -> None:
    whole = one_object().packets()
    again = damage.retransmit(whole, 12, 3, earlier, later)
    assert len(again) == len(whole) + 1
    assert damage.streams(again) == damage.streams(whole)
    (new,) = [packet for packet in again if packet not in whole]
    stream = damage.streams(whole)[new.key]
    assert new.payload == stream[new.offset : new.end]
    old = whole[damage.segments(whole)[12]]
    assert (new.sequence - old.sequence) & 0xFFFFFFFF == (new.offset - old.offset) & 0xFFFFFFFF
    odd = ["tcp.analysis.retransmission", "tcp.analysis.out_of_order"]
    path = write_pcap(tmp_path / "again.pcap", again, nano=True)
    rows = fields(path, "tcp.checksum.status", *odd, options=PLAIN_TCP)
    assert {row["tcp.checksum.status"] for row in rows} == {GOOD}
    assert [at for at, row in enumerate(rows) if any(row[name] for name in odd)] == [again.index(new)]


def test_duplicates_the_very_frame() -> None:
    whole = one_object().packets()
    twice = damage.duplicate(whole, 12, 2)
    assert twice[14].frame == whole[12].frame
    assert twice[:14] + twice[15:] == whole


def test_moves_packets_but_not_their_times() -> None:
    whole = one_object().packets()
    mixed = damage.shuffle(whole, 8, seed=5)
    assert mixed != whole
    assert sorted(mixed, key=lambda packet: packet.time_ns) == whole
    assert all(set(mixed[at : at + 8]) == set(whole[at : at + 8]) for at in range(0, len(whole), 8))
    stamped = damage.shuffle(whole, 8, seed=5, restamp=True)
    assert [packet.time_ns for packet in stamped] == [packet.time_ns for packet in whole]
    assert [packet.frame for packet in stamped] == [packet.frame for packet in mixed]


def test_delays_a_segment_behind_others(tmp_path: Path) -> None:
    late = damage.delay(one_object().packets(), 15, 2)
    assert damage.lost(one_object().packets(), late) == []
    rows = fields(write_pcap(tmp_path / "late.pcap", late), "tcp.analysis.lost_segment", "tcp.analysis.out_of_order",
                  "tcp.analysis.retransmission", options=PLAIN_TCP)  # fmt: skip
    assert sum(bool(row["tcp.analysis.lost_segment"]) for row in rows) == 1
    assert any(row["tcp.analysis.out_of_order"] or row["tcp.analysis.retransmission"] for row in rows)


@pytest.mark.parametrize("garbage", [True, False])
def test_keeps_connections_alive_as_wireshark_knows_it(garbage: bool, tmp_path: Path) -> None:
    whole = conversation().open().get_property().wait(60).get_property().close().packets()
    pause = max(range(1, len(whole)), key=lambda at: whole[at].time_ns - whole[at - 1].time_ns)
    packets = damage.keep_alive(whole, pause, garbage)
    assert len(packets) == len(whole) + 2
    rows = fields(write_pcap(tmp_path / "alive.pcap", packets, nano=True), "tcp.analysis.keep_alive",
                  "tcp.analysis.keep_alive_ack", "tcp.checksum.status", options=PLAIN_TCP)  # fmt: skip
    assert sum(bool(row["tcp.analysis.keep_alive"]) for row in rows) == 1
    assert sum(bool(row["tcp.analysis.keep_alive_ack"]) for row in rows) == 1
    assert damage.streams(packets) == damage.streams(whole)
    with pytest.raises(ValueError, match="nothing has been sent"):
        damage.keep_alive(whole, 1)


@pytest.mark.parametrize("probe_byte", [True, False])
def test_closes_windows_as_wireshark_knows_it(probe_byte: bool, tmp_path: Path) -> None:
    whole = one_object().packets()
    packets = damage.zero_window(whole, 15, probe_byte)
    probe = "tcp.analysis.zero_window_probe" if probe_byte else "tcp.analysis.keep_alive"
    rows = fields(write_pcap(tmp_path / "zero.pcap", packets, nano=True), "tcp.analysis.zero_window", probe,
                  "tcp.analysis.window_update", options=PLAIN_TCP)  # fmt: skip
    assert [sum(bool(row[name]) for row in rows) for name in rows[0]] == [2, 1, 1]
    assert damage.streams(packets) == damage.streams(whole)


def test_cuts_frames_and_knows_what_is_left() -> None:
    whole = one_object().packets()
    short = damage.snap(whole, 100)
    header = 14 + 20 + 32
    assert {len(packet.frame) for packet in short if packet.payload} <= set(range(header, 101))
    for packet in short:
        limit = 100 - (len(packet.whole) - len(packet.payload))
        assert packet.carried == packet.payload[:limit]
    assert damage.lost(whole, short)[0][3:] != damage.lost(whole, short)[-1][3:]
    assert damage.cut(whole, 20, 30)[20].carried == b""
    assert damage.cut(damage.padded(whole), 20, 66 + 5)[20].carried == whole[20].payload[:5]


def test_flips_one_byte_of_one_frame() -> None:
    whole = one_object().packets()
    changed = damage.flip(whole, 10, 60, 0x01)
    differing = [(at, n) for at, (a, b) in enumerate(zip(whole, changed, strict=True))
                 for n in range(len(a.frame)) if a.frame[n] != b.frame[n]]  # fmt: skip
    assert differing == [(10, 60)]


def test_breaks_checksums_where_asked(tmp_path: Path) -> None:
    packets = damage.bad_checksums(one_object().packets(), every=3)
    rows = fields(write_pcap(tmp_path / "bad.pcap", packets), "tcp.checksum.status")
    assert [row["tcp.checksum.status"] for row in rows] == ["0" if at % 3 == 0 else GOOD for at in range(len(rows))]


def test_joins_segments_as_offload_does(tmp_path: Path) -> None:
    whole = one_object().packets()
    joined = damage.super_segments(whole)
    assert max(len(packet.payload) for packet in joined) > 10_000
    assert damage.streams(joined) == damage.streams(whole)
    rows = fields(write_pcap(tmp_path / "tso.pcap", joined), "tcp.len", "tcp.checksum.status",
                  "tcp.analysis.lost_segment", options=PLAIN_TCP)  # fmt: skip
    assert [tuple(row.values()) for row in rows] == [(str(len(packet.payload)), GOOD, "") for packet in joined]


def test_begins_late_ends_early_and_sees_one_side() -> None:
    whole = one_object().packets()
    assert damage.begin_late(whole, 5) == whole[5:]
    assert damage.end_early(whole, 5) == whole[:-5]
    assert damage.end_early(whole, 0) == whole
    assert {packet.direction for packet in damage.one_direction_only(whole, TO_INITIATOR)} == {TO_INITIATOR}
    assert {packet.connection for packet in damage.one_connection_only(whole, "event")} == {"event"}
    rest = damage.without_handshake(whole)
    assert len(rest) == len(whole) - 6
    assert not any(packet.flags & 2 for packet in rest)
    assert damage.streams(rest) == damage.streams(whole)


def test_puts_conversations_side_by_side_or_in_turn() -> None:
    first, second = one_object(seed=1).packets(), one_object(seed=2, number=1).packets()
    together = damage.interleave(first, second)
    assert [packet.time_ns for packet in together] == sorted(packet.time_ns for packet in first + second)
    assert len({packet.conversation for packet in together[:4]}) == 2
    turn = damage.in_turn(first, second)
    assert [packet.frame for packet in turn] == [packet.frame for packet in first + second]
    assert turn[len(first)].time_ns == first[-1].time_ns + 1_000_000_000


def test_knows_statuses() -> None:
    def statuses(name: str) -> list[str]:
        return [transaction["status"] for one in STORIES[name]() for transaction in one.truth().transactions]

    assert statuses("plain") == ["complete"] * 5
    assert statuses("cancels_in").count("cancelled") == 3
    assert statuses("cancels_by_responder") == ["complete", "cancelled", "cancelled", "complete", "complete"]
    assert statuses("open_at_the_end") == ["complete", "complete", "open"]
    assert statuses("response_alone") == ["began-earlier", "complete"]
    assert statuses("data_alone") == ["began-earlier", "complete"]


def test_knows_sessions() -> None:
    def session(name: str) -> dict[str, Any]:
        found = STORIES[name]()[0].truth().session
        assert found is not None
        return found

    assert session("plain")["status"] == "established"
    assert (session("plain")["command_port"], session("plain")["event_port"]) == (50001, 50002)
    assert (session("plain")["closed_by"], session("plain")["close_kind"]) == ("initiator", "fin")
    assert (session("fails_on_command")["status"], session("fails_on_command")["fail_reason_code"]) == ("rejected", 1)
    assert (session("fails_on_event")["status"], session("fails_on_event")["fail_reason_code"]) == ("rejected", 2)
    assert session("no_answer_to_init")["status"] == "incomplete"
    assert session("response_alone")["status"] == "midstream"
    assert session("versions")["responder_version"] == "2.3"
    assert session("events_inside")["events"] == 6
    assert session("plain")["bytes_to_responder"] == sum(
        len(packet.payload) for packet in capture("plain") if packet.direction == TO_RESPONDER
    )
    assert STORIES["http"]()[0].truth().session is None
