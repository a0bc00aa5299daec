"""Small benchmark captures hold what their counts say."""

from __future__ import annotations

import collections
import io
import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ..test_traffic import CHECK, fields
from .generate import CAPTURES, Truth, cached, generate, main

if TYPE_CHECKING:
    from pathlib import Path

Stream = tuple[bytes, int, bytes, int]  # from address and port, to address and port


def streams(data: bytes) -> tuple[int, dict[Stream, bytes], int]:
    """Number of packets, the bytes of each stream by sequence number, and how many segments did not simply follow."""
    at, count, odd = 24, 0, 0
    initial: dict[Stream, int] = {}
    found: dict[Stream, bytearray] = collections.defaultdict(bytearray)
    waiting: dict[Stream, dict[int, bytes]] = collections.defaultdict(dict)
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frame, at, count = data[at + 16 : at + 16 + size], at + 16 + size, count + 1
        end = 14 + struct.unpack_from(">H", frame, 16)[0]
        ports = struct.unpack_from(">HH", frame, 34)
        key = (frame[26:30], ports[0], frame[30:34], ports[1])
        sequence, _, words, flags = struct.unpack_from(">IIBB", frame, 38)
        initial.setdefault(key, sequence + (flags >> 1 & 1))
        payload = frame[34 + (words >> 4) * 4 : end]
        if payload:
            offset = (sequence - initial[key]) & 0xFFFFFFFF
            odd += offset != len(found[key])
            waiting[key][offset] = payload
            while len(found[key]) in waiting[key]:
                found[key] += waiting[key].pop(len(found[key]))
    return count, {key: bytes(stream) for key, stream in found.items()}, odd


def made(name: str, mebibytes: float = 1.0) -> tuple[bytes, Truth]:
    output = io.BytesIO()
    truth = generate(name, output, mebibytes)
    return output.getvalue(), truth


@pytest.mark.parametrize("name", CAPTURES)
def test_holds_the_messages_and_transactions_it_counts(name: str) -> None:
    data, truth = made(name)
    packets, found, _ = streams(data)
    assert (packets, len(data)) == (truth.packets, truth.capture_bytes)
    messages: collections.Counter[int] = collections.Counter()
    data_bytes, requests = 0, []
    for key, stream in found.items():
        at = 0
        while at < len(stream):
            length, kind = struct.unpack_from("<II", stream, at)
            messages[kind] += 1
            data_bytes += length - 12 if kind in {10, 12} else 0
            if kind == 6:
                operation, number = struct.unpack_from("<HI", stream, at + 12)
                requests.append((key[0][3] - 0x14, number, operation))
            at += length
        assert at == len(stream)
    assert messages == truth.messages
    assert data_bytes == truth.data_bytes == sum(one[3] for one in truth.transactions)
    assert sorted(requests) == sorted(one[:3] for one in truth.transactions)
    assert (messages[1], messages[8]) == (truth.sessions, truth.events)
    assert len(found) == 4 * truth.sessions


def test_damages_about_one_segment_in_a_hundred() -> None:
    data, truth = made("bulk-damaged", 8)
    assert 0.002 < streams(data)[2] / truth.packets < 0.05
    assert streams(made("bulk", 8)[0])[2] == 0


def test_interleaves_its_sessions() -> None:
    data, truth = made("chatty")
    assert truth.sessions == 8
    at, addresses, times = 24, [], []
    while at < len(data):
        seconds, microseconds, size = struct.unpack_from("<III", data, at)
        times.append(seconds * 10**6 + microseconds)
        addresses.append(frozenset((data[at + 42 : at + 46], data[at + 46 : at + 50])))
        at += 16 + size
    assert times == sorted(times)
    assert sum(one != other for one, other in pairwise(addresses)) > len(addresses) / 2


@pytest.mark.parametrize("name", ["bulk", "bulk-damaged", "chatty"])
def test_satisfies_wireshark_in_every_frame(name: str, tmp_path: Path) -> None:
    path = cached(name, 0.5, tmp_path)
    wanted = ["tcp.checksum.status", "ip.checksum.status", "tcp.analysis.ack_lost_segment"]
    rows = fields(path, *wanted, "tcp.analysis.lost_segment", options=(*CHECK, "--disable-protocol", "ptpip"))
    assert {tuple(row[name] for name in wanted) for row in rows} == {("1", "1", "")}
    if name != "bulk-damaged":
        assert {row["tcp.analysis.lost_segment"] for row in rows} == {""}


def test_makes_a_capture_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["liveview", "--mib", "0.5", "--folder", str(tmp_path)]) == 0
    path = tmp_path / "liveview-0.5.pcap"
    assert str(path) in capsys.readouterr().out
    written = path.stat().st_mtime_ns
    assert cached("liveview", 0.5, tmp_path) == path
    assert path.stat().st_mtime_ns == written
    cached("liveview", 0.5, tmp_path, again=True)
    assert path.stat().st_mtime_ns > written
    assert sorted(one.name for one in tmp_path.iterdir()) == ["liveview-0.5.json", "liveview-0.5.pcap"]


def test_is_the_same_every_time_and_differs_by_seed() -> None:
    assert made("chatty", 0.3)[0] == made("chatty", 0.3)[0]
    output = io.BytesIO()
    generate("chatty", output, 0.3, seed=1)
    assert output.getvalue() != made("chatty", 0.3)[0]


def test_refuses_a_capture_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["nonsense"])
    assert stopped.value.code == 2
    assert "no such capture: nonsense" in capsys.readouterr().err
