"""Announcements out of captures, joined to the sessions that followed; bounded whatever the capture holds."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.ptpip import discovery
from ptpip_analyze.ptpip.announcement import MOST_ROWS, Announcement
from ptpip_analyze.ptpip.discovery import Discovered, Peers, discover
from tests.traffic import Packet, capture, conversation, damage, pcap_bytes
from tests.traffic import announce as say

GUID = bytes.fromhex("6f2c81d35ab94e07a1c4d9e8b7305f12")
KEY = b"guid=" + GUID.hex().encode()


def found(packets: Sequence[Packet]) -> Discovered:
    with analyze(io.BytesIO(pcap_bytes(packets, nano=True)), packets=False) as analysis:
        return analysis.results[0].discovery


def rows(*said: Packet, **options: object) -> list[Announcement]:
    """What is found of datagrams around a session of a camera with this GUID."""
    talk = conversation(responder_guid=GUID, **options).open().close_session().close()  # type: ignore[arg-type]
    return found(damage.interleave(said, talk.packets())).rows


def joined(*said: Packet, **options: object) -> list[tuple[str, str, str | None, list[int]]]:
    return [(row.method, row.kind, row.joined_by, row.sessions) for row in rows(*said, **options)]


def test_finds_nothing_where_nothing_was_said() -> None:
    assert found(capture("plain")) == Discovered()


def test_tells_announcements_in_order_of_packet_with_the_session_that_followed() -> None:
    asked = say.dns(questions=(say.question("_ptp._tcp.local"),), answer=False)
    said = joined(
        say.mdns(asked, -3, say.DESK), say.mdns(say.announced("Cam", KEY), -2), say.to_group(say.notify("x" * 36), -1),
        say.mdns(say.announced("Cam", ttl=0), 60),
    )  # fmt: skip
    assert said == [
        ("mdns", "query", "address", [0]), ("mdns", "announcement", "guid", [0]),
        ("ssdp", "announcement", "address", [0]), ("mdns", "goodbye", None, []),
    ]  # fmt: skip


def test_joins_by_guid_though_another_host_speaks() -> None:
    told = say.announced("Cam", KEY, address="10.0.0.9")
    assert joined(say.mdns(told, source="10.0.0.9")) == [("mdns", "announcement", "guid", [0])]


def test_joins_by_name_where_nothing_else_fits() -> None:
    told = say.announced("camera", address="10.0.0.9")
    assert joined(say.mdns(told, source="10.0.0.9")) == [("mdns", "announcement", "name", [0])]
    assert joined(say.mdns(told, source="10.0.0.9"), responder_name="else") == [("mdns", "announcement", None, [])]


def test_joins_no_other_port_of_the_host() -> None:
    (row,) = rows(say.mdns(say.announced("Other", port=15999)))
    assert row.sessions == []


def test_joins_all_sessions_that_followed_and_none_before() -> None:
    talks = [
        conversation(responder_guid=GUID, command_port=50000 + n, event_port=51000 + n, number=n).open().close()
        for n in range(3)
    ]
    packets = damage.in_turn(*(talk.packets() for talk in talks), pause_ns=10**9)
    at = (packets[0].time_ns - say.START_NS) / 1e9 + 0.5
    (row,) = found(damage.interleave(packets, [say.mdns(say.announced("Cam", KEY), at)])).rows
    assert row.sessions == [1, 2]


def test_gathers_what_one_device_says_in_several_datagrams_before_and_after_its_name() -> None:
    """Of a host without sessions: the address comes first, the service's name later."""
    parts = [
        say.dns(say.ptr("_ptp._tcp.local", "Cam._ptp._tcp.local"), say.srv("Cam._ptp._tcp.local", 15740, "c.local")),
        say.dns(say.host("c.local", "10.0.0.7")),
    ]
    for order in (parts, parts[::-1]):
        said = [say.mdns(part, -2 + at, source="10.0.0.7") for at, part in enumerate(order)]
        (row,) = rows(*said)
        assert (row.device, row.port, [hex(one) for one in row.addresses]) == ("Cam", 15740, ["0xffff0a000007"])


def test_hears_cameras_that_nobody_calls_and_no_printers() -> None:
    printer = say.mdns(say.announced("P", service="_ipp._tcp.local"), source="10.0.0.3")
    television = say.to_group(say.notify("a" * 36, "upnp:rootdevice", "http://10.0.0.4/tv.xml"), source="10.0.0.4")
    camera = say.mdns(say.announced("Cam", address="10.0.0.5"), source="10.0.0.5")
    assert [row.device for row in found([printer, television, camera]).rows] == ["Cam"]


def test_follows_a_camera_to_its_other_ssdp_types() -> None:
    first = say.to_group(say.notify("a" * 36, "upnp:rootdevice", "http://10.0.0.4/d.xml"), -2, source="10.0.0.4")
    second = say.to_group(say.notify("a" * 36, location="http://10.0.0.4/d.xml"), -1, source="10.0.0.4")
    assert [row.service for row in found([first, second]).rows] == ["upnp:rootdevice", say.CANON]


def test_hears_what_a_computer_asks_and_not_what_it_offers() -> None:
    asked = say.to_group(say.ssdp("M-SEARCH * HTTP/1.1", ST="ssdp:all"), source=say.DESK, port=4000)
    offered = say.to_group(say.notify("a" * 36, "urn:x:device:Media:1", "http://192.168.1.20/d.xml"), source=say.DESK)
    assert joined(asked, offered) == [("ssdp", "query", "address", [0])]


def test_answers_to_a_search_come_from_port_1900() -> None:
    answer = say.ssdp(
        "HTTP/1.1 200 OK", ST=say.CANON, USN="uuid:" + say.uuid_text(GUID), LOCATION="http://192.168.1.1/"
    )
    said = say.udp(answer, (say.CAMERA, 1900), (say.DESK, 4000))
    assert joined(said) == [("ssdp", "answer", "guid", [0])]


def test_finds_names_of_responders_in_dns() -> None:
    answer = say.dns(say.host("cam.example", say.CAMERA))
    other = say.dns(say.host("www.example", "10.0.0.80"))
    said = [say.udp(one, ("192.168.1.254", 53), (say.DESK, 4000), -1) for one in (answer, other)]
    (row,) = rows(*said)
    assert (row.method, row.device, row.joined_by) == ("dns", "cam.example", "address")


def test_tells_how_hosts_of_sessions_got_their_addresses() -> None:
    other = b"\2\0\0\0\0\x77"
    said = joined(
        say.dhcp_packet(1, at_s=-9), say.dhcp_packet(5, say.CAMERA, -8), say.arp("0.0.0.0", say.CAMERA, -7),
        say.dhcp_packet(1, at_s=-6, station=other), say.dhcp_packet(5, "192.168.1.50", -5, station=other),
        say.arp("0.0.0.0", "192.168.1.50", -4, station=other),
    )  # fmt: skip
    assert said == [("dhcp", "discover", None, []), ("dhcp", "ack", "address", [0]), ("arp", "probe", "address", [0])]


def test_reads_announcements_over_ipv6_and_other_links() -> None:
    said = say.mdns(say.announced("Cam", address="fe80::7"), source="fe80::7")
    (row,) = found([said]).rows
    assert (row.source, row.addresses) == (0xFE80 << 112 | 7, [0xFE80 << 112 | 7])
    (row,) = found([say.mdns(say.announced("Cam"), link="raw")]).rows
    assert row.station == 0


def test_takes_a_cut_datagram_for_what_is_left_of_it() -> None:
    (row,) = found(damage.snap([say.mdns(say.announced("Cam", KEY))], 110)).rows
    assert (row.device, row.port, row.cut, row.complete) == ("Cam", None, True, [])


def test_stays_within_a_snapshot() -> None:
    columns = {name: np.zeros(0) for name in ("packet",)}
    assert discover(lambda: [columns][:0], lambda *_: b"", [], 3) == Discovered(udp_packets=3)


# Bounds


def chunk_of(sources: np.ndarray, positions: np.ndarray, length: int) -> dict[str, np.ndarray]:
    count = len(sources)
    ports = np.full(count, 5353, np.uint16)
    sizes = np.full(count, length, np.uint32)
    return {
        "packet": np.arange(count), "time": np.arange(count), "source_high": np.zeros(count, np.uint64),
        "source_low": sources.astype(np.uint64), "destination_high": np.zeros(count, np.uint64),
        "destination_low": np.full(count, 0xFFFF_E00000FB, np.uint64), "source_port": ports, "destination_port": ports,
        "position": positions, "length": sizes, "captured": sizes, "station": np.zeros(count, np.uint64),
    }  # fmt: skip


def announcers(count: int) -> tuple[dict[str, np.ndarray], bytes]:
    """So many hosts, each with a camera of its own."""
    payloads = [
        say.announced(
            f"Cam{number:06d}", KEY, target=f"c{number:06d}.local", address=f"10.0.{number >> 8 & 255}.{number & 255}"
        )
        for number in range(count)
    ]
    length = len(payloads[0])
    numbers = np.arange(count)
    return chunk_of(numbers + 0xFFFF_0A000000, numbers * length, length), b"".join(payloads)


def test_survives_a_hundred_thousand_announcers() -> None:
    chunk, data = announcers(100_000)
    begin = time.process_time()
    seen = discover(lambda: [chunk], lambda at, size: data[at : at + size], [], 100_000)
    assert time.process_time() - begin < 30
    assert len(seen.rows) == MOST_ROWS
    assert len(seen.rows) + seen.left_out == 100_000


def test_needs_bounded_memory_for_announcers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of them, a tenth of the bound: what tracemalloc counts takes it long."""
    monkeypatch.setattr(discovery, "MOST_DECODED", 2000)
    chunk, data = announcers(10_000)
    tracemalloc.start()
    seen = discover(lambda: [chunk], lambda at, size: data[at : at + size], [], 10_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(seen.rows), seen.left_out) == (2000, 8000)
    assert peak < 20 << 20


def test_a_flood_hides_no_camera_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "MOST_DECODED", 50)
    chunk, data = announcers(500)
    camera = 0xFFFF_0A000000 + 499
    peers = [Peers(0, 1, camera, 15740, GUID.hex(), "x", 10**9, 10**9)]
    seen = discover(lambda: [chunk], lambda at, size: data[at : at + size], peers, 500)
    assert len(seen.rows) == 50
    assert seen.left_out == 450
    assert seen.rows[-1].sessions == [0]
    assert seen.rows[-1].source == camera


def test_reads_only_so_many_datagrams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "MOST_READ", 10)
    chunk, data = announcers(30)
    reads: list[int] = []

    def read(at: int, size: int) -> bytes:
        reads.append(at)
        return data[at : at + size]

    seen = discover(lambda: [chunk], read, [], 30)
    assert (len(reads), len(seen.rows)) == (10, 10)
    assert seen.left_out >= 20


def test_decodes_the_same_bytes_once() -> None:
    payload = say.announced("Cam", KEY)
    chunk = chunk_of(np.full(50_000, 0xFFFF_0A000001), np.zeros(50_000, np.int64), len(payload))
    begin = time.perf_counter()
    (row,) = discover(lambda: [chunk], lambda at, size: payload[at : at + size], [], 50_000).rows
    assert (row.count, row.last_time) == (50_000, 49_999)
    assert time.perf_counter() - begin < 20


def hostile() -> Iterator[bytes]:
    yield say.announced("Cam").replace(b"\x05local\0", b"\x05local\xc0")
    yield say.announced("\x1b[31mred\x07")
    yield b"\x06_nikon\x04_tcp" * 200
    yield say.ssdp("NOTIFY * HTTP/1.1", NT=say.CANON, NTS="ssdp:alive", USN="uuid:\x1b]0;x")


def test_survives_hostile_words() -> None:
    said = [
        say.mdns(payload, -3 + at, port) for at, (payload, port) in enumerate((one, say.CAMERA) for one in hostile())
    ]
    rows(*said, *(say.to_group(payload) for payload in hostile()))
