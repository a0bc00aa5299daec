"""Benchmark captures: bulk, chatty, liveview and bulk-damaged, at any size, with the counts that are true of them.

Promises: well-formed Ethernet/IPv4/TCP with valid checksums, packets in order of time, the same bytes for the same
size and seed, and a JSON file of true counts beside each capture. Refuses to be general: the conversations that tests
need, and all damage but the one kind that is timed, are in ``tests/traffic.py``.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import os
import random
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Generator

CACHE = Path(__file__).resolve().parents[2] / "build" / "bench"
MIB = 1 << 20
MSS = 1448  # Ethernet's 1500 bytes less IPv4 (20) and TCP with timestamps (32)
OUT, IN = 0, 1  # to the responder, to the initiator
FIN, SYN, PSH, ACK = 0x01, 0x02, 0x08, 0x10
START_NS = 1_767_323_045_000_000_000  # 2026-01-02T03:04:05Z

RECORD = np.dtype([
    ("seconds", "<u4"), ("microseconds", "<u4"), ("captured", "<u4"), ("original", "<u4"),
    ("ethernet", "V14"),
    ("version", "u1"), ("service", "u1"), ("total_length", ">u2"), ("identification", ">u2"), ("fragment", ">u2"),
    ("ttl", "u1"), ("protocol", "u1"), ("header_checksum", "<u2"), ("source", ">u4"), ("destination", ">u4"),
    ("source_port", ">u2"), ("destination_port", ">u2"), ("sequence", ">u4"), ("acknowledgment", ">u4"),
    ("data_offset", "u1"), ("flags", "u1"), ("window", ">u2"), ("checksum", "<u2"), ("urgent", ">u2"),
    ("timestamp_option", ">u4"), ("timestamp_value", ">u4"), ("timestamp_echo", ">u4"),
])  # fmt: skip
# Columns of a record seen as 16-bit words: the IPv4 header, and its addresses onwards (in TCP's checksum too).
IPV4_WORDS, TCP_WORDS = slice(15, 25), 21

# One packet: time_ns, connection, direction, sequence, acknowledgment, flags, payload position, payload length.
Packet = tuple[int, int, int, int, int, int, int, int]


@dataclasses.dataclass
class Truth:
    """What must be found. ``messages`` counts by packet type; transactions are (session, id, operation, bytes)."""

    packets: int = 0
    capture_bytes: int = 0
    sessions: int = 0
    events: int = 0
    data_bytes: int = 0
    messages: collections.Counter[int] = dataclasses.field(default_factory=collections.Counter)
    transactions: list[tuple[int, int, int, int]] = dataclasses.field(default_factory=list)

    def counts(self) -> dict[str, object]:
        """Everything but the list of transactions, which is counted."""
        counts = dataclasses.asdict(self) | {"transactions": len(self.transactions)}
        counts["messages"] = {str(kind): self.messages[kind] for kind in sorted(self.messages)}
        return counts


@dataclasses.dataclass
class Connection:
    """One TCP connection: who, and each direction's next sequence number."""

    number: int
    initiator: tuple[int, int]
    responder: tuple[int, int]
    sequence: list[int]


class Round:
    """Packets that are written to the file together, and the payload bytes they refer to."""

    def __init__(self) -> None:
        self.payload = bytearray()
        self.packets: list[list[Packet]] = []


def message(kind: int, body: bytes) -> bytes:
    """A PTP-IP message: length, type, body (CIPA DC-X005-2005 clause 2.3)."""
    return struct.pack("<II", 8 + len(body), kind) + body


def ptp_string(text: str) -> bytes:
    """A PTP string: number of UTF-16 units with the terminator, then the units."""
    return bytes([len(text) + 1]) + (text + "\0").encode("utf-16-le")


def array16(*codes: int) -> bytes:
    """A PTP array of UINT16."""
    return struct.pack(f"<I{len(codes)}H", len(codes), *codes)


DEVICE_INFO = (
    struct.pack("<HIH", 100, 6, 100) + ptp_string("microsoft.com: 1.0") + struct.pack("<H", 0)
    + array16(0x1001, 0x1002, 0x1003, 0x1007, 0x1008, 0x1009, 0x1015) + array16(0x4002, 0x4006)
    + array16(0x5001, 0x5007) + array16() + array16(0x3801) + ptp_string("Example") + ptp_string("Bench Camera")
    + ptp_string("1.0") + ptp_string("0001")
)  # fmt: skip


def object_info(size: int, name: str) -> bytes:
    """An ObjectInfo dataset for an EXIF/JPEG of ``size`` bytes."""
    fixed = struct.pack("<IHHIHIIIIIIIHII", 0x10001, 0x3801, 0, size, 0x3808, 0, 0, 0, 6000, 4000, 24, 0, 0, 0, 0)
    return fixed + ptp_string(name) + ptp_string("20260102T030405") + ptp_string("") + ptp_string("")


class Session:
    """One pretend initiator and responder: appends packets of a round, keeps sequence numbers, ids, time and truth."""

    def __init__(self, number: int, truth: Truth, rng: random.Random, pace_ns: int) -> None:
        self.number, self.truth, self.rng, self.pace_ns = number, truth, rng, pace_ns
        self.transaction_id = 0
        self.clock = START_NS
        self.round = Round()
        self.packets: list[Packet] = []
        initiator, responder = 0xC0A80114 + number, 0xC0A80165 + number
        self.command, self.event = (
            Connection(2 * number + n, (initiator, 50001 + 2 * number + n), (responder, 15740),
                       [rng.randrange(1 << 32), rng.randrange(1 << 32)])
            for n in (0, 1)
        )  # fmt: skip

    def begin(self, this: Round, now: int) -> None:
        """Append to this round from now on, beginning at this time."""
        self.round, self.packets, self.clock = this, [], now + self.rng.randrange(self.pace_ns)
        this.packets.append(self.packets)

    def segment(self, connection: Connection, direction: int, flags: int, position: int = 0, length: int = 0) -> None:
        """One packet; SYN and FIN take a sequence number as well."""
        sequence = connection.sequence
        acknowledgment = sequence[1 - direction] if flags & ACK else 0
        self.clock += self.pace_ns // 2 + self.rng.randrange(self.pace_ns)
        self.packets.append(
            (self.clock, connection.number, direction, sequence[direction], acknowledgment, flags, position, length)
        )
        sequence[direction] = (sequence[direction] + length + (1 if flags & (SYN | FIN) else 0)) & 0xFFFFFFFF

    def write(self, connection: Connection, direction: int, data: bytes, acknowledge: bool = True) -> None:
        """Send bytes as full segments with a pure ACK after every second one (and after the last if wanted)."""
        position, end = len(self.round.payload), len(self.round.payload) + len(data)
        self.round.payload += data
        owed = 0
        while position < end:
            length = min(MSS, end - position)
            self.segment(connection, direction, ACK | (PSH if position + length == end else 0), position, length)
            position += length
            owed += 1
            if owed == 2 or (position == end and acknowledge):
                self.segment(connection, 1 - direction, ACK)
                owed = 0

    def say(
        self, connection: Connection, direction: int, *messages: tuple[int, bytes], acknowledge: bool = True
    ) -> None:
        """Send messages in one write and count them."""
        for kind, _ in messages:
            self.truth.messages[kind] += 1
        self.write(connection, direction, b"".join(message(kind, body) for kind, body in messages), acknowledge)

    def connect(self, connection: Connection) -> None:
        """Three-way handshake."""
        self.segment(connection, OUT, SYN)
        self.segment(connection, IN, SYN | ACK)
        self.segment(connection, OUT, ACK)

    def open(self) -> None:
        """Both connections, both Init exchanges, GetDeviceInfo and OpenSession."""
        self.truth.sessions += 1
        self.connect(self.command)
        guid, name, version = bytes([self.number] * 16), "bench\0".encode("utf-16-le"), struct.pack("<I", 0x10000)
        self.say(self.command, OUT, (1, guid + name + version))
        self.say(self.command, IN, (2, struct.pack("<I", self.number + 1) + guid[::-1] + name + version))
        self.connect(self.event)
        self.say(self.event, OUT, (3, struct.pack("<I", self.number + 1)))
        self.say(self.event, IN, (4, b""))
        self.transaction(0x1001, data=DEVICE_INFO)
        self.transaction(0x1002, 1)

    def close(self) -> None:
        """CloseSession, then FIN from the initiator on both connections."""
        self.transaction(0x1003)
        for connection in (self.event, self.command):
            self.segment(connection, OUT, FIN | ACK)
            self.segment(connection, IN, FIN | ACK)
            self.segment(connection, OUT, ACK)

    def transaction(self, operation: int, *parameters: int, data: bytes | None = None, chunk: int = 0) -> None:
        """Request, data to the initiator (in Data messages of ``chunk`` bytes and a tail in End Data), response OK."""
        number = self.transaction_id
        self.transaction_id += 1
        words = struct.pack(f"<IHI{len(parameters)}I", 1, operation, number, *parameters)
        self.say(self.command, OUT, (6, words))
        identity = struct.pack("<I", number)
        if data is not None:
            cut = (len(data) - 1) // chunk * chunk if chunk and data else 0
            start = (9, identity + struct.pack("<Q", len(data)))
            middle = [(10, identity + data[at : at + chunk]) for at in range(0, cut, chunk or 1)]
            end = (12, identity + data[cut:])
            if len(data) <= 256:  # small answers are written message by message, as polling cameras do
                for part in (start, end):
                    self.say(self.command, IN, part, acknowledge=False)
            else:
                self.say(self.command, IN, start, *middle, end)
            self.truth.data_bytes += len(data)
        self.say(self.command, IN, (7, struct.pack("<HI", 0x2001, number)))
        self.truth.transactions.append((self.number, number, operation, len(data or b"")))

    def announce(self, code: int, *parameters: int) -> None:
        """One event on the event connection."""
        self.truth.events += 1
        self.say(self.event, IN, (8, struct.pack(f"<HI{len(parameters)}I", code, 0xFFFFFFFF, *parameters)))


def photo(pool: bytes, rng: random.Random, size: int) -> bytes:
    """Bytes that begin and end as a JPEG and do not compress."""
    start = rng.randrange(len(pool) - size)
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + pool[start + 11 : start + size - 2] + b"\xff\xd9"


def download(session: Session, pool: bytes, rng: random.Random) -> None:
    """One object of 3 to 8 MB in 64 KiB Data messages, its ObjectInfo before it."""
    handle, size = 0x10000 + session.transaction_id, rng.randrange(3_000_000, 8_000_000)
    session.transaction(0x1008, handle, data=object_info(size, f"DSC{handle & 0xFFFF:05}.JPG"))
    session.transaction(0x1009, handle, data=photo(pool, rng, size), chunk=1 << 16)


def small_download(session: Session, pool: bytes, rng: random.Random) -> None:
    """The same in little, for captures of a few MB."""
    session.transaction(0x1009, 0x10000 + session.transaction_id, data=photo(pool, rng, 200_000), chunk=1 << 16)


def poll(session: Session, pool: bytes, rng: random.Random) -> None:
    """Five hundred small transactions: event polls and property reads, and now and then an event."""
    for _ in range(500):
        draw = rng.random()
        if draw < 0.55:
            count = rng.randrange(20)
            session.transaction(0x90C7, data=struct.pack("<H", count) + pool[: 6 * count])
        elif draw < 0.95:
            session.transaction(0x1015, 0x5001 + rng.randrange(16), data=pool[: rng.choice((1, 2, 4, 8))])
        else:
            session.transaction(0x1014, 0x5007, data=pool[: rng.randrange(14, 120)])
        if rng.random() < 0.06:
            session.announce(0x4006, 0x5007)


def view(session: Session, pool: bytes, rng: random.Random) -> None:
    """Ten live-view frames of 40 to 160 kB, each in one End Data."""
    for _ in range(10):
        session.transaction(0x9203, data=photo(pool, rng, rng.randrange(40_000, 160_000)))


def damage(packets: list[Packet], share: float, rng: random.Random) -> list[Packet]:
    """Repeat, overlap or delay this share of the data segments; ACKs wait for a delayed one, as a receiver's would."""
    result: list[Packet] = []
    late: list[tuple[int, Packet]] = []  # how many packets still pass before it, and the packet
    held: tuple[int, int, int] | None = None  # connection, direction and sequence number of the delayed segment
    for packet in packets:
        time, connection, direction, sequence, acknowledgment, flags, position, length = packet
        kind = rng.randrange(3) if length > 700 and rng.random() < share else -1
        if kind == 2 and not held:
            held = (connection, direction, sequence)
            late.append((rng.randrange(2, 9), packet))
            continue
        if held and held[:2] == (connection, 1 - direction):
            if length:  # nobody answers what has not come yet
                result += [(time, *other[1:]) for _, other in late]
                late, held = [], None
            else:
                packet = (*packet[:4], held[2], *packet[5:])
        result.append(packet)
        if kind == 0:
            late.append((rng.randrange(1, 30), packet))
        elif kind == 1:  # other boundaries: begins inside this segment, ends inside it
            late.append((rng.randrange(1, 6), (*packet[:3], (sequence + 300) & 0xFFFFFFFF, acknowledgment, flags,
                                               position + 300, length - 300)))  # fmt: skip
        waiting = []
        for count, other in late:
            if count > 1:
                waiting.append((count - 1, other))
                continue
            result.append((time + 1, *other[1:]))
            if held == other[1:4]:
                held = None
        late = waiting
    last = result[-1][0]
    return result + [(last + 1, *other[1:]) for _, other in late]


def checksum(words: npt.NDArray[np.uint16], extra: npt.NDArray[np.uint64] | int = 0) -> npt.NDArray[np.uint16]:
    """RFC 1071 over each row of native 16-bit words; the sum is the same in either byte order."""
    total = words.sum(axis=1, dtype=np.uint64) + np.uint64(0) + extra
    for _ in range(3):
        total = (total & np.uint64(0xFFFF)) + (total >> np.uint64(16))
    result: npt.NDArray[np.uint16] = (~total).astype(np.uint16)
    return result


def render(packets: list[Packet], payload: bytearray, ends: dict[int, Connection], first: int) -> bytes:
    """Records of a pcap file: all packets with one payload length are made as one array."""
    columns = np.array(packets, dtype=np.int64)
    records: list[bytes] = [b""] * len(packets)
    source = np.frombuffer(payload, dtype=np.uint8)
    address = np.zeros((max(ends) + 1, 2, 2), dtype=np.int64)
    for number, connection in ends.items():
        address[number] = (connection.initiator, connection.responder)
    for length in np.unique(columns[:, 7]).tolist():
        chosen = np.flatnonzero(columns[:, 7] == length)
        time, connection, direction, sequence, acknowledgment, flags, position, _ = columns[chosen].T
        width = RECORD.itemsize + length
        rows = np.zeros((len(chosen), width + width % 2), dtype=np.uint8)
        header = np.zeros(len(chosen), dtype=RECORD)
        header["seconds"], header["microseconds"] = time // 10**9, time // 1000 % 10**6
        header["captured"] = header["original"] = width - 16
        header["ethernet"] = np.where(direction == OUT, np.void(b"\2\0\0\0\0\2\2\0\0\0\0\1\x08\0"),
                                      np.void(b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0"))  # fmt: skip
        header["version"], header["ttl"], header["protocol"] = 0x45, 64, 6
        header["total_length"], header["fragment"] = width - 30, 0x4000
        header["identification"] = (first + chosen) & 0xFFFF
        sender, receiver = address[connection, direction], address[connection, 1 - direction]
        header["source"], header["source_port"] = sender.T
        header["destination"], header["destination_port"] = receiver.T
        header["sequence"], header["acknowledgment"], header["flags"] = sequence, acknowledgment, flags
        header["data_offset"], header["window"] = 0x80, 0xFFFF
        header["timestamp_option"] = 0x0101080A
        header["timestamp_value"] = header["timestamp_echo"] = (time // 10**6) & 0xFFFFFFFF
        rows[:, : RECORD.itemsize] = header.view(np.uint8).reshape(len(chosen), RECORD.itemsize)
        if length:
            rows[:, RECORD.itemsize : width] = np.lib.stride_tricks.sliding_window_view(source, length)[position]
        words = rows.view("<u2")
        words[:, 20] = checksum(words[:, IPV4_WORDS])
        pseudo = sum(int.from_bytes(number.to_bytes(2, "big"), "little") for number in (6, width - 50))
        words[:, 33] = checksum(words[:, TCP_WORDS:], pseudo)
        text = rows[:, :width].tobytes()
        for index, place in zip(chosen.tolist(), range(0, len(text), width), strict=True):
            records[index] = text[place : place + width]
    return b"".join(records)


# name: MiB, sessions, what a session does in a round, nanoseconds between its packets, share of damaged segments
CAPTURES = {
    "bulk": (1024, 2, download, 12_000, 0.0),
    "chatty": (120, 8, poll, 400_000, 0.0),
    "liveview": (256, 1, view, 30_000, 0.0),
    "bulk-damaged": (1024, 2, download, 12_000, 0.01),
}


def rounds(
    name: str, sessions: list[Session], pool: bytes, rng: random.Random, small: bool
) -> Generator[Round, bool, None]:
    """The opening, work without end until True is sent, and the closing."""
    act = small_download if small and CAPTURES[name][2] is download else CAPTURES[name][2]
    now = START_NS
    for step in range(sys.maxsize):
        this = Round()
        for session in sessions:
            session.begin(this, now)
            if step == 0:
                session.open()
            else:
                act(session, pool, rng)
        stop = yield this
        now = max(session.clock for session in sessions)
        if stop:
            break
    this = Round()
    for session in sessions:
        session.begin(this, now)
        session.close()
    yield this


def generate(name: str, output: BinaryIO, mebibytes: float | None = None, seed: int = 0) -> Truth:
    """Write the capture called ``name`` of about this size (its own by default). Raises KeyError for another name."""
    size, count, _, pace_ns, share = CAPTURES[name]
    target = int((size if mebibytes is None else mebibytes) * MIB)
    rng, truth = random.Random(seed), Truth()
    misfortune = random.Random(seed + 1)  # its own, so that bulk-damaged has bulk's conversation
    pool = rng.randbytes(12 * MIB)
    sessions = [Session(number, truth, rng, pace_ns) for number in range(count)]
    ends = {c.number: c for session in sessions for c in (session.command, session.event)}
    written = output.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    source = rounds(name, sessions, pool, rng, target < 32 * MIB)
    this = next(source)
    while True:
        packets = [packet for one in this.packets for packet in (damage(one, share, misfortune) if share else one)]
        packets.sort(key=lambda packet: packet[0])
        written += output.write(render(packets, this.payload, ends, truth.packets))
        truth.packets += len(packets)
        try:
            this = source.send(written >= target)
        except StopIteration:
            break
    truth.capture_bytes = written
    return truth


def cached(name: str, mebibytes: float | None = None, folder: Path = CACHE, again: bool = False) -> Path:
    """The capture's path in the cache, made now unless it is there. Its counts are in the ``.json`` beside it."""
    standard = CAPTURES[name][0]
    mebibytes = standard if mebibytes is None else mebibytes
    path = folder / (f"{name}.pcap" if mebibytes == standard else f"{name}-{mebibytes:g}.pcap")
    if again or not path.with_suffix(".json").exists() or not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        with partial.open("wb", buffering=4 * MIB) as output:
            truth = generate(name, output, mebibytes)
        path.with_suffix(".json").write_text(json.dumps(truth.counts(), indent=1) + "\n", encoding="utf-8")
        os.replace(partial, path)
    return path


def main(arguments: list[str] | None = None) -> int:
    """Command line: make the named captures in the cache folder."""
    parser = argparse.ArgumentParser(description="Make benchmark captures.")
    parser.add_argument("captures", nargs="*", default=list(CAPTURES), help=f"of {', '.join(CAPTURES)}; all by default")
    parser.add_argument("--mib", type=float, help="size in MiB; the size that the benchmark is defined with by default")
    parser.add_argument("--folder", type=Path, default=CACHE, help="where to write")
    parser.add_argument("--again", action="store_true", help="make them even if they are there")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.captures) - set(CAPTURES))
    if unknown:
        parser.error(f"no such capture: {', '.join(unknown)}")
    for name in options.captures:
        path = cached(name, options.mib, options.folder, options.again)
        print(path, path.with_suffix(".json").read_text(encoding="utf-8").replace("\n", ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
