"""Others, reading the same bytes, find the same.

Our scapy layer on every message. Wireshark (as tshark) on frames, times, TCP streams and reassembled bytes, and its own
dissector where that is right. Captures recorded from other implementations, with an index of what is in them.

Tests that need tshark are skipped where it is missing, and fail there if CI=true.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from ptpip_analyze import Analysis, analyze, describe
from ptpip_analyze.layers import PTPIP
from tests.support import RECORDED, ROOT, Row, program, rows
from tests.traffic import STORIES, capture, damage, write_pcap

# Other people's captures are not part of the project; where a folder of them lies beside it, they are read too.
OTHERS = ROOT.parent / "shared" / "captures"
CANCEL = 11
CODES = {5: "reason", 6: "operationCode", 7: "responseCode", 8: "eventCode"}
NAMES = [*(f"made/{name}" for name in STORIES), *(f"recorded/{path.name}" for path in RECORDED)]
# Neither the scapy layer nor Wireshark speaks Fujifilm's dialect.
OF_DIALECT = [case for case in NAMES if case.startswith("made/fuji")]
SERVICES = (15740, 55740, 55741, 55742, 8001, 8002, 8003)  # ports of pretend cameras


# Our scapy layer


@pytest.mark.parametrize("case", [case for case in NAMES if case not in OF_DIALECT])
def test_agrees_with_the_scapy_layer_on_every_message(case: str, path_of) -> None:
    with analyze(path_of(case)) as analysis:
        of_message = {row["message"]: row for row in rows(analysis, "messages")}
        parameters = Counter(
            ("transactions", tuple(row["parameters"])) for row in rows(analysis, "transactions") if row["parameters"]
        )
        for row in of_message.values():
            if row["status"] != "complete":
                continue
            message = PTPIP(analysis.bytes(row))
            assert (message.length, message.type) == (row["length"], row["type_code"])
            assert bytes(message) == analysis.bytes(row)
            body = message.payload
            assert row["transaction_id"] == getattr(body, "transactionId", None)
            assert row["code"] == getattr(body, CODES.get(row["type_code"], "none"), None)
            if row["type_code"] == 6 and body.parameters:
                parameters["transactions", tuple(body.parameters)] -= 1
        assert not any(parameters.values())


@pytest.mark.parametrize("case", [case for case in NAMES if case not in OF_DIALECT])
def test_agrees_with_the_scapy_layer_on_the_parameters_of_events_and_responses(case: str, path_of) -> None:
    with analyze(path_of(case)) as analysis:
        said: dict[int, Counter[tuple[int, ...]]] = {7: Counter(), 8: Counter()}
        for row in rows(analysis, "messages"):
            if row["type_code"] in said and row["status"] == "complete":
                said[row["type_code"]][tuple(PTPIP(analysis.bytes(row)).payload.parameters or ())] += 1
        assert (
            Counter(tuple(row["parameters"]) for row in rows(analysis, "events") if row["source"] == "connection")
            - said[8]
            == Counter()
        )
        answered = [row for row in rows(analysis, "transactions") if row["response_parameters"] is not None]
        lost = sum(row["status"] == "gap" for row in answered)
        assert (Counter(tuple(row["response_parameters"]) for row in answered) - said[7]).total() <= lost


# Wireshark


class Seen(NamedTuple):
    """What tshark says of a capture: the fields of each frame, and the bytes of each TCP stream by its sender."""

    frames: list[list[str]]
    streams: dict[int, dict[str, bytes]]


FIELDS = ("frame.number", "frame.time_epoch", "tcp.stream", "tcp.len", "ptpip.pktType", "ptpip.transactionID",
          "ptpip.opcode")  # fmt: skip


@cache
def seen(path: Path, streams: int) -> Seen:
    """Ask tshark, once for each capture."""
    command = [program("tshark"), "-n", "-r", str(path), "-T", "fields"]
    command += [word for field in FIELDS for word in ("-e", field)]
    command += [word for number in range(streams) for word in ("-z", f"follow,tcp,raw,{number}")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    listed, *follows = re.split(r"^=+\nFollow: tcp,raw\n", said, flags=re.MULTILINE)
    found = {}
    for follow in follows:
        head = re.match(r"Filter: tcp.stream eq (\d+)\nNode 0: (\S+)\nNode 1: (\S+)\n", follow)
        assert head is not None, follow[:200]
        sides = {head[2]: bytearray(), head[3]: bytearray()}
        for line in follow[head.end() :].splitlines():
            if re.fullmatch(r"\t?[0-9a-f]+", line):
                sides[head[3] if line.startswith("\t") else head[2]] += bytes.fromhex(line.strip())
        found[int(head[1])] = {node: bytes(data) for node, data in sides.items()}
    return Seen([line.split("\t") for line in listed.splitlines() if line], found)


def streams_in(analysis: Analysis) -> int:
    return len({row["tcp_stream"] for row in rows(analysis, "packets")} - {None})


@pytest.mark.parametrize("case", NAMES)
def test_agrees_with_wireshark_on_frames_times_and_tcp_streams(case: str, path_of) -> None:
    with analyze(path_of(case)) as analysis:
        told = rows(analysis, "packets")
        frames = seen(path_of(case), streams_in(analysis)).frames
    assert len(frames) == len(told)
    for (number, moment, stream, length, *_), row in zip(frames, told, strict=True):
        seconds, _, fraction = moment.partition(".")
        assert row["frame"] == int(number)
        assert row["time"] == int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9])
        assert row["tcp_stream"] == (int(stream) if stream else None), number
        assert row["tcp_payload_bytes"] == (int(length) if length else None), number


def sent(analysis: Analysis) -> dict[tuple[int, str], list[Row]]:
    """The messages of each stream by its number and direction, in order."""
    found: dict[tuple[int, str], list[Row]] = {}
    for row in rows(analysis, "messages"):
        found.setdefault((row["tcp_stream"], row["direction"]), []).append(row)
    return {stream: sorted(of_stream, key=lambda row: row["offset"]) for stream, of_stream in found.items()}


# Where bytes are missing, tshark writes a note about the hole instead of them, or leaves out what it can't place.
HOLES = {"recorded/lossy-capture.pcap", "recorded/snaplen-96.pcap", "made/only_the_camera"}


@pytest.mark.parametrize("case", [case for case in NAMES if case not in HOLES])
def test_agrees_with_wireshark_on_the_bytes_of_every_stream(case: str, path_of) -> None:
    with analyze(path_of(case)) as analysis:
        follows = seen(path_of(case), streams_in(analysis)).streams
        ends = {
            (row["tcp_stream"], direction): describe.endpoint(row["source"], row["source_port"])
            for row in rows(analysis, "packets")
            for direction in ("to-responder", "to-initiator")
            if row["session"] is not None and (row["source_port"] in SERVICES) == (direction == "to-initiator")
        }
        carried: Counter[tuple[int, str]] = Counter()
        for (number, direction), messages in sent(analysis).items():
            ours = b"".join(analysis.bytes(row) for row in messages)
            theirs = follows[number][ends[number, direction]]
            assert ours == theirs, (number, direction)
            carried[messages[0]["session"], direction] += len(theirs)
        for session in rows(analysis, "sessions"):
            assert session["bytes_to_responder"] == carried[session["session"], "to-responder"]
            assert session["bytes_to_initiator"] == carried[session["session"], "to-initiator"]


# Where Wireshark's own dissector sees something else at the start of a segment, and why.
DISSECTOR_DIFFERS = {
    "made/another_port": "it knows PTP-IP by its port alone",
    "made/http": "it takes anything on port 15740 for PTP-IP",
    "made/other_protocol": "it takes anything on port 15740 for PTP-IP",
} | dict.fromkeys(OF_DIALECT, "it knows PTP-IP by its port alone")


def differences(path: Path) -> list[str]:
    """Frames that begin with a message for only one of us, or with another one for each."""
    with analyze(path) as analysis:
        frames = seen(path, streams_in(analysis)).frames
        begin = {row["first_frame"]: row for row in first_in_segment(analysis)}
        ours = {row["frame"] for row in rows(analysis, "packets") if row["session"] is not None}
    found = []
    for number, *_, kind, identity, code in frames:
        row = begin.get(int(number))
        if row is None:
            if kind and int(number) not in ours:
                found.append(f"{number}: {kind} where we see no PTP-IP")
            continue
        told = [int(field.split(",")[0], 16) if field else None for field in (kind, identity, code)]
        known = [row["type_code"], row["transaction_id"], row["code"] if row["type_code"] in (6, 7) else None]
        if row["type_code"] == CANCEL:
            known[1] = None  # its dissector reads nothing of a Cancel but the header
        if [one for one in told if one is not None] != [one for one in known if one is not None]:
            found.append(f"{number}: {told} for {known}")
    return found


@pytest.mark.parametrize("case", NAMES)
def test_agrees_with_wireshark_s_own_dissector_on_the_first_message_of_a_segment(case: str, path_of) -> None:
    found = differences(path_of(case))
    assert bool(found) == (case in DISSECTOR_DIFFERS), found[:5]


def first_in_segment(analysis: Analysis) -> Iterator[Row]:
    """Messages that begin a segment and end in it."""
    flags = {row["frame"]: row["flags"] for row in rows(analysis, "packets")}
    for of_stream in sent(analysis).values():
        before = None
        for row in of_stream:
            whole = row["status"] == "complete" and row["first_frame"] == row["last_frame"]
            if whole and row["first_frame"] != before and not flags[row["first_frame"]]:
                yield row
            before = row["last_frame"]


# Other people's captures

IN_INDEX = re.compile(r"(?<!\w)(\d+):(\d+)")
FUJI_IN_INDEX = re.compile(r"(container\d|init\d):(\d+)")
OF_FUJI = {"container1": 0x10001, "container2": 0x10002, "container3": 0x10003, "init1": 1, "init2": 2}
LIVE_VIEW_FRAME = 0x10005
LIVE_VIEW_BYTES = {"hkr-vcam-fuji-stream.pcap": 9371}


class Indexed(NamedTuple):
    """A row of the index: what an independent reassembly found."""

    name: str
    scenario: str
    standard: int
    fuji: int
    requests: int
    unanswered: int
    types: dict[int, int]


def index() -> list[Indexed]:
    found = []
    for line in (OTHERS / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("| ") and cells[0].endswith(".pcap"):
            connections = re.search(r"\((\d+), (\d+)\)", cells[3])
            asked = re.match(r"(\d+)/(\d+)", cells[4])
            assert connections is not None
            assert asked is not None
            types = {int(kind): int(count) for kind, count in IN_INDEX.findall(cells[5])}
            types |= {OF_FUJI[word]: int(count) for word, count in FUJI_IN_INDEX.findall(cells[5])}
            found.append(Indexed(cells[0], cells[1], *map(int, connections.groups()), *map(int, asked.groups()), types))
    return found


@pytest.fixture(scope="module")
def others() -> list[Indexed]:
    if not OTHERS.is_dir():
        pytest.skip("no captures of other implementations beside the project")
    return index()


def test_finds_in_the_captures_of_others_what_their_index_says(others: list[Indexed]) -> None:
    assert len(others) > 10
    for one in others:
        with analyze(OTHERS / one.name) as analysis:
            types = Counter(row["type_code"] for row in rows(analysis, "messages") if row["type_code"] is not None)
            transactions = rows(analysis, "transactions")
            frames = [row["length"] for row in rows(analysis, "messages") if row["type_code"] == LIVE_VIEW_FRAME]
            lost = any(row["status"] == "gap" for row in rows(analysis, "messages"))
        if one.fuji:
            types.pop(LIVE_VIEW_FRAME, None)
            assert dict(types) == one.types, one.name
            assert sum(frames) == LIVE_VIEW_BYTES.get(one.name, 0), one.name
            assert {row["status"] for row in transactions} == {"complete"}, one.name
            assert len(transactions) == one.types[OF_FUJI["container1"]], one.name
            continue
        if lost:  # the index stops at the first hole of a stream, we do not
            assert all(types[kind] >= count * 0.9 for kind, count in one.types.items()), one.name
            continue
        assert dict(types) == one.types, one.name
        assert len(transactions) == one.requests, one.name
        assert sum(row["response_code"] is None for row in transactions) == one.unanswered, one.name


def test_finds_nothing_in_http_beside_a_session(others: list[Indexed]) -> None:
    mixed = next(one for one in others if "HTTP" in one.scenario)
    with analyze(OTHERS / mixed.name) as analysis:
        assert len(rows(analysis, "sessions")) == 1
        assert len({row["tcp_stream"] for row in rows(analysis, "messages")}) == mixed.standard
        assert analysis.captures[0].other_connections > 5


def test_reads_streams_of_damaged_captures_as_far_as_wireshark_does(path_of, tmp_path: Path) -> None:
    """Retransmissions with other boundaries. Not disorder: tshark 4.0's follow leaves out bytes that come late."""
    for name in ("data_styles", "two_pairs", "upload"):
        packets = capture(name)
        for segment in reversed(range(1, len(damage.segments(packets)), 4)):
            packets = damage.retransmit(packets, segment, 2, earlier=7, later=9)
        path = write_pcap(tmp_path / f"{name}.pcap", packets, nano=True)
        with analyze(path) as analysis:
            follows = seen(path, streams_in(analysis)).streams
            ours = Counter(b"".join(analysis.bytes(row) for row in of_stream) for of_stream in sent(analysis).values())
        assert ours == Counter(data for sides in follows.values() for data in sides.values())
