"""The dissector says the same in every Lua that Wireshark was built with, and what tshark says with it.

Wireshark itself is there in one version only. A stand-in for its API takes what the real one takes, and fails on all
else: floats where integers belong, values that are nil, ranges out of bounds, functions that newer Lua has no more.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from ptpip_analyze.wireshark.lua import lua
from tests.support import program
from tests.traffic import Packet, capture, write_pcap

from . import tshark

STAND_IN = Path(__file__).with_name("stand_in.lua")
VERSIONS = ("5.1", "5.2", "5.3", "5.4")
STORIES = ("plain", "upload", "canon_polls", "nikon_polls", "sony_polls", "names", "fuji", "cancels_in",
           "device_info_first", "malformed_messages", "boundaries_anywhere", "many_in_one_segment")  # fmt: skip


def as_lua(packets: list[Packet]) -> str:
    """The segments of a capture as the stand-in takes them, with what Wireshark's TCP would tell of each."""
    streams: dict[frozenset[tuple[str, int]], int] = {}
    segments = []
    for number, packet in enumerate(packets, 1):
        ends = frozenset((packet.source, packet.destination))
        stream = streams.setdefault(ends, len(streams))
        if packet.payload:
            segments.append(
                {
                    "frame": number, "source": packet.source[0], "source_port": packet.source[1],
                    "destination": packet.destination[0], "destination_port": packet.destination[1],
                    "stream": stream, "sequence": packet.sequence, "relative": packet.offset + 1, "header": 20,
                    "acknowledgment": packet.acknowledgment, "completeness": 31,
                }
            )  # fmt: skip
    told = [lua(segment) for segment in segments]
    spelled = [
        entry[:-1] + f', time={(packet.time_ns - packets[0].time_ns) / 1e9!r}, payload="{escaped(packet.payload)}"}}'
        for entry, packet in zip(told, [packet for packet in packets if packet.payload], strict=True)
    ]
    return "return {\n" + ",\n".join(spelled) + "\n}\n"


def escaped(data: bytes) -> str:
    return "".join(f"\\{byte:03d}" for byte in data)


@cache
def said(version: str, name: str, folder: Path) -> str:
    conversation = folder / f"{name}.lua"
    conversation.write_text(as_lua(capture(name)), encoding="ascii")
    command = [program(f"lua{version}"), str(STAND_IN), str(tshark.DISSECTOR), str(conversation)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
    return done.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("conversations")


@pytest.mark.parametrize("name", STORIES)
def test_says_the_same_in_every_lua(name: str, folder: Path) -> None:
    first = said(VERSIONS[0], name, folder).splitlines()
    assert sum("ptp_ip.type" in line for line in first) > 10
    for version in VERSIONS[1:]:
        assert said(version, name, folder).splitlines() == first, version


@pytest.mark.parametrize("name", STORIES)
def test_says_in_the_stand_in_what_tshark_says(name: str, folder: Path, tmp_path: Path) -> None:
    """In the second pass, when all is known; else the stand-in would prove nothing of Wireshark."""
    path = write_pcap(tmp_path / "capture.pcap", capture(name), nano=True)
    theirs = Counter(
        (m["frame"], int(m["type"]), m.get("operation_name")) for m in tshark.messages(path, "-2", "-Y", "frame")
    )
    mine: Counter[tuple[int, int, str | None]] = Counter()
    frame, kind, operation = 0, None, None
    lines = said("5.4", name, folder).partition("pass again")[2].partition("pass unseen")[0].splitlines()
    for line in [*lines, "frame 0"]:
        word, _, value = line.strip().partition(" ")
        if word in ("frame", "ptp_ip.length") and kind is not None:
            mine[frame, kind, operation] += 1
            kind = operation = None
        if word == "frame":
            frame = int(value)
        elif word == "ptp_ip.type":
            kind = int(value)
        elif word == "ptp_ip.operation_name":
            operation = value
    assert mine == theirs
