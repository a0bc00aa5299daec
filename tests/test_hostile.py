"""Nothing that a capture may hold makes the analysis fail, hang or grow.

Damaged captures give rows; captures made to hurt take time and memory in proportion to their size. The bounds are far
above what is needed and far below what a quadratic step would take.
"""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ptpip_analyze import Analysis, analyze
from tests.support import PLACES, ROOT, TABLES, analysed, rows
from tests.traffic import (
    TO_INITIATOR,
    Conversation,
    Packet,
    capture,
    conversation,
    damage,
    fuji_conversation,
    pcap_bytes,
    pcapng_bytes,
    write_pcap,
)

SECONDS = 5.0
KIBIBYTES = 300 << 10  # resident, Arrow and numpy included
FILE_HEADER = 24
SYN, RST, ACK = 2, 4, 16
TARGETS = ("plain", "cancels_in", "two_initiators", "many_in_one_segment", "header_apart", "messages_in_an_object",
           "malformed_messages", "names", "midstream", "fuji", "fuji_containers_in_an_object")  # fmt: skip
FILES = {name: pcap_bytes(capture(name), nano=True) for name in TARGETS} | {
    "pcapng": pcapng_bytes(capture("plain"), sections=2, unknown=True)
}


def read_all(analysis: Analysis) -> dict[str, int]:
    """Every table, and the bytes behind every row. The number of rows."""
    found = {table: rows(analysis, table) for table in TABLES}
    for row in found["messages"]:
        assert len(analysis.bytes(row)) <= row["length"]
    for row in found["transactions"]:
        assert len(analysis.data(row)) <= row["data_bytes"]
    assert [row["frame"] for row in found["packets"]] == list(range(1, len(found["packets"]) + 1))
    return {table: len(of_table) for table, of_table in found.items()}


# Damaged captures

fuzzed = settings(deadline=1000 * SECONDS, max_examples=120, derandomize=True, phases=(Phase.explicit, Phase.generate))


@fuzzed
@given(
    st.sampled_from(sorted(FILES)), st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=20)
)
def test_gives_rows_whatever_bytes_are_changed(name: str, flips: list[tuple[float, int]]) -> None:
    data = bytearray(FILES[name])
    for place, mask in flips:
        data[FILE_HEADER + int(place * (len(data) - FILE_HEADER - 1))] ^= mask
    with analyze(BytesIO(data)) as analysis:
        read_all(analysis)


@fuzzed
@given(
    st.sampled_from(TARGETS),
    st.lists(st.tuples(st.integers(0), st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=8),
)
def test_gives_rows_whatever_bytes_of_the_payload_are_changed(name: str, flips: list[tuple[int, float, int]]) -> None:
    """The frames stay sound, so that every changed byte reaches the messages."""
    packets = capture(name)
    segments = damage.segments(packets)
    for number, place, mask in flips:
        index = segments[number % len(segments)]
        payload = bytearray(packets[index].payload)
        payload[int(place * (len(payload) - 1))] ^= mask
        packets[index] = replace(packets[index], payload=bytes(payload))
    with analysed(packets) as analysis:
        assert read_all(analysis)["packets"] == len(packets)


@fuzzed
@given(st.sampled_from(sorted(FILES)), st.floats(0, 1))
def test_gives_rows_of_a_capture_cut_anywhere(name: str, place: float) -> None:
    data = FILES[name]
    end = 100 + int(place * (len(data) - 100))
    with analyze(BytesIO(data[:end])) as analysis:
        read_all(analysis)


@fuzzed
@given(st.sampled_from(TARGETS), st.randoms(use_true_random=False))
def test_gives_rows_of_packets_in_any_disorder(name: str, chance: random.Random) -> None:
    packets = [one for one in capture(name) if chance.random() < 0.9]
    for _ in range(chance.randrange(6)):
        at = chance.randrange(len(packets))
        odd = replace(
            packets[at],
            sequence=chance.choice([packets[at].sequence, chance.getrandbits(32)]),
            acknowledgment=chance.choice([packets[at].acknowledgment, chance.getrandbits(32)]),
            flags=chance.getrandbits(6),
        )
        packets.insert(chance.randrange(len(packets)), odd)
    packets = damage.shuffle(packets, chance.choice([1, 3, 1000]), chance.getrandbits(16))
    with analysed(packets) as analysis:
        assert read_all(analysis)["packets"] == len(packets)


# Captures made to hurt


def talk() -> Conversation:
    return conversation().open()


def header(length: int, kind: int) -> bytes:
    return struct.pack("<II", length, kind)


def lying_lengths() -> list[Packet]:
    """Lengths of 4 GiB, of none and of less than a header, in both directions."""
    one = talk()
    for length in (0xFFFFFFFF, 0, 7, 0x7FFFFFFF, 8):
        for direction in ("to-responder", TO_INITIATOR):
            one.raw(header(length, 10) + bytes(40), direction).get_property()
    return one.get_property().close().packets()


def jumps() -> list[Packet]:
    """Every few segments, sequence numbers that jump by 2**31 and back."""
    packets = talk().get_object(1, bytes(50_000)).get_property().close().packets()
    for number, index in enumerate(damage.segments(packets)):
        if number % 4 == 3:
            packets[index] = replace(packets[index], sequence=packets[index].sequence + (1 << 31) & 0xFFFFFFFF)
    return packets


def pause() -> list[Packet]:
    """Bytes that are no message, then 1.5 GB that went by while nothing was captured."""
    one = talk().request(0x1009, 1).start_data(20_000).raw(b"\xff" * 40, TO_INITIATOR).data(bytes(20_000), last=True)
    whole = one.response().get_property().close().packets()
    begin = damage.segments(whole, "command", TO_INITIATOR)[5]
    packets = whole[:begin]
    for one in whole[begin + 6 :]:
        if one.connection == "command":
            name = "sequence" if one.direction == TO_INITIATOR else "acknowledgment"
            one = replace(one, **{name: getattr(one, name) + 1_500_000_000 & 0xFFFFFFFF})
        packets.append(one)
    return packets


def late_pause() -> list[Packet]:
    """The same in a capture that begins in the middle of the bytes before the pause."""
    packets = pause()
    return damage.begin_late(packets, damage.segments(packets, "command", TO_INITIATOR)[4])


def connections(payload: bytes) -> Callable[[], list[Packet]]:
    """10,000 connections of one packet each."""

    def made() -> list[Packet]:
        first = next(packet for packet in capture("plain") if packet.payload)
        return [
            replace(first, source=(f"10.{at >> 12}.{at >> 6 & 63}.{at & 63}", 40000 + at % 7), payload=payload,
                    time_ns=first.time_ns + at * 1000, flags=ACK if payload else SYN)
            for at in range(10_000)
        ]  # fmt: skip

    return made


def look_alikes(size: int) -> list[Packet]:
    """An object that consists of headers, each of them one that could stand there, around a hole."""
    one = talk().request(0x1009, 1)
    inner = b"".join(header(length, kind) for length, kind in ((8, 13), (12, 10), (16, 12), (24, 10)))
    one.data_phase(inner * (size // len(inner)), style="tail", chunk=1 << 16).response()
    packets = one.get_property().close().packets()
    return damage.drop(packets, segment=len(damage.segments(packets)) // 2)


def lost_header(size: int) -> list[Packet]:
    """The same, with the hole over a header, so that the next true one is looked for among all the false ones."""
    one = talk().request(0x1009, 1).start_data(size)
    header_segment = len(damage.segments(one.packets()))
    inner = b"".join(struct.pack("<III", 12 + 12 * (at % 3), 10, 1) for at in range(size // 12))
    packets = one.data(inner).data(inner, last=True).response().get_property().close().packets()
    return damage.drop(packets, segment=header_segment)


def backwards() -> list[Packet]:
    """A stream whose segments come in reverse."""
    packets = talk().get_object(1, bytes(2000), "tail").close().packets()
    segments = [replace(one, flags=ACK) for one in packets if one.key == (0, "command", TO_INITIATOR) and one.payload]
    big = segments[-1]
    tail = [replace(big, sequence=big.sequence + 2 * at & 0xFFFFFFFF, payload=b"ab") for at in range(1, 30_000)]
    return [*packets, *reversed(tail)]


def sieve() -> list[Packet]:
    """Every other byte of an object is missing."""
    packets = replace(talk().get_object(1, bytes(20_000)), segmentation="byte").packets()
    return [packet for packet in packets if not packet.payload or packet.offset % 2 or packet.offset < 200]


def unanswered() -> list[Packet]:
    """Requests, one after another, that are never answered; then all responses, the last first."""
    one = replace(talk(), segmentation="coalesced", mss=60_000)
    for identity in range(1, 20_001):
        one.message(6, struct.pack("<IHI", 1, 0x1001, identity))
    for identity in range(20_000, 0, -1):
        one.message(7, struct.pack("<HI", 0x2001, identity), TO_INITIATOR)
    return one.packets()


def cancels() -> list[Packet]:
    """As many cancels on the event connection as transactions on the other."""
    one = replace(talk(), segmentation="coalesced", mss=60_000)
    for identity in range(1, 10_001):
        one.message(6, struct.pack("<IHI", 1, 0x1001, identity))
        one.message(7, struct.pack("<HI", 0x201F, identity), TO_INITIATOR)
        one.message(11, struct.pack("<I", identity), connection="event")
    return one.packets()


def fuji_sessions() -> list[Packet]:
    """As many sessions of Fujifilm's dialect between two hosts as event connections, all of them at once."""
    one = fuji_conversation().init(event=False).open_session()
    commands = [packet for packet in one.packets() if packet.payload or packet.flags & SYN]
    (event,) = [packet for packet in fuji_conversation().init().event(0xC004).packets()
                if packet.connection == "event" and packet.payload]  # fmt: skip
    made = [replace(packet, source=_moved(packet.source, at), destination=_moved(packet.destination, at))
            for at in range(3000) for packet in commands]  # fmt: skip
    made += [replace(event, destination=_moved(event.destination, at)) for at in range(3000)]
    start = made[0].time_ns
    return [replace(packet, time_ns=start + 1000 * at) for at, packet in enumerate(made)]


def _moved(end: tuple[str, int], number: int) -> tuple[str, int]:
    return (end[0], end[1] + number) if end[1] < 55740 else end


HURTFUL: dict[str, Callable[[], list[Packet]]] = {
    "lengths that lie": lying_lengths,
    "sequence numbers that jump": jumps,
    "a pause of 1.5 GB": pause,
    "a pause of 1.5 GB in a capture that begins late": late_pause,
    "10,000 SYN": connections(b""),
    "10,000 connections of one message": connections(
        struct.pack("<II16s10sI", 38, 1, bytes(16), "desk\0".encode("utf-16-le"), 0x10000)
    ),
    "10,000 connections of one request": connections(struct.pack("<IIIHI", 18, 6, 1, 0x1001, 1)),
    "10,000 connections of something else": connections(b"GET / HTTP/1.1\r\n\r\n"),
    "headers in an object around a hole": lambda: look_alikes(1 << 20),
    "headers behind a lost header": lambda: lost_header(1 << 20),
    "segments in reverse": backwards,
    "every other byte missing": sieve,
    "20,000 requests answered backwards": unanswered,
    "10,000 cancels": cancels,
    "3,000 sessions of a dialect at once": fuji_sessions,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The hurtful captures, by name."""
    folder = tmp_path_factory.mktemp("hurtful")
    return {
        name: write_pcap(folder / f"{number}.pcap", made(), nano=True)
        for number, (name, made) in enumerate(HURTFUL.items())
    }


def seconds(path: Path) -> float:
    """How much processor time all tables of a capture take."""
    begin = time.process_time()
    with analyze(path) as analysis:
        for table in TABLES:
            analysis.arrow(table)
        return time.process_time() - begin


@pytest.mark.parametrize("name", HURTFUL)
def test_takes_bounded_time(name: str, files: dict[str, Path]) -> None:
    assert seconds(files[name]) < SECONDS


def test_takes_bounded_memory(files: dict[str, Path]) -> None:
    """All of them one after another, in a process of their own."""
    code = (
        "import re, sys, ptpip_analyze\n"
        "for path in sys.argv[1:]:\n"
        "    with ptpip_analyze.analyze(path) as analysis:\n"
        "        print(analysis.arrow('packets').num_rows, analysis.arrow('transactions').num_rows)\n"
        "print(re.search(r'VmHWM:\\s*(\\d+) kB', open('/proc/self/status').read())[1])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *map(str, files.values())],
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=240,
    )  # fmt: skip
    *counted, peak = ran.stdout.splitlines()
    assert len(counted) == len(HURTFUL)
    assert int(peak) < KIBIBYTES


@pytest.mark.parametrize("made", [look_alikes, lost_header])
def test_looks_for_the_next_boundary_in_linear_time(made: Callable[[int], list[Packet]], tmp_path: Path) -> None:
    small, large = (
        seconds(write_pcap(tmp_path / f"{size}.pcap", made(size), nano=True)) for size in (1 << 18, 1 << 20)
    )
    assert large < 10 * small + 0.3  # four times the bytes; sixteen times the time would be quadratic


def scan(ports: int) -> list[Packet]:
    """A port scan: as many connections as ports are tried, each of them refused."""
    syn, *_ = conversation().connect().packets()
    (host, port), camera = syn.source, syn.destination
    made = []
    for number in range(ports):
        here, there = (host, port), (camera[0], 1 + number)
        tried = replace(syn, source=here, destination=there, sequence=7 * number, time_ns=syn.time_ns + 2000 * number)
        refused = replace(
            tried, source=there, destination=here, sequence=0, acknowledgment=7 * number + 1, flags=RST | ACK,
            time_ns=tried.time_ns + 1000,
        )  # fmt: skip
        made += [tried, refused]
    return made


def calls(packets: list[Packet]) -> int:
    """How many functions are called to analyse them, which unlike time is the same each time."""
    data, called = BytesIO(pcap_bytes(packets)), 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal called
        called += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        analyze(data, packets=False).close()
    finally:
        sys.setprofile(None)
    return called


def test_takes_few_steps_for_a_connection_that_carries_nothing() -> None:
    calls(scan(10))  # modules are loaded
    few, many = calls(scan(500)), calls(scan(4500))
    assert (many - few) / 4000 < 60  # 55; with array code for each of them it is 120


@pytest.mark.parametrize("distance", [1 << 24, 1 << 30, (1 << 31) - 1, 1 << 31, (1 << 31) + 1448, 3 << 30])
def test_is_not_led_astray_by_a_segment_far_away(distance: int) -> None:
    """One that is outside of any window (below 2**30: RFC 7323 2.3) is left over from something else."""
    packets = capture("plain")
    with analysed(packets) as analysis:
        known = rows(analysis, "transactions", PLACES)
    for at in damage.segments(packets):
        stray = replace(packets[at], sequence=packets[at].sequence + distance & 0xFFFFFFFF, payload=bytes(64))
        with analysed([*packets[: at + 1], stray, *packets[at + 1 :]]) as analysis:
            assert rows(analysis, "transactions", PLACES) == known, at
