"""Short messages of many segments at once."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.result import Result
from ptpip_analyze.scrub import many
from ptpip_analyze.scrub.many import Many
from ptpip_analyze.scrub.pseudonyms import Pseudonyms
from ptpip_analyze.scrub.streams import Streams
from tests.scrub.made import scrubbed
from tests.scrub.test_run import texts
from tests.support import RECORDED, rows
from tests.traffic import STORIES, Conversation, Packet, capture, conversation, pcap_bytes
from tests.traffic.damage import cut, retransmit, segments, snap, super_segments

CUTS = 40  # of each stream
SECRET = "Ada Lovelace"


def written(result: Result, seed: int = 1) -> dict[int, list[bool]]:
    """Cut streams anywhere, and as they were cut, and compare; by type of message, which were done at once."""
    pseudonyms = Pseudonyms(b"key")
    streams, random = Streams(result, pseudonyms), Random(seed)
    at_once = Many(result, Streams(result, Pseudonyms(b"key")).phases, pseudonyms)
    columns, cuts = result.messages, []
    for number in range(2 * len(result.connections)):
        mine = result.by_stream.of(number)
        if len(mine):
            ends = columns["offset"][mine] + columns["length"][mine]
            end = min(int(ends.max()), 1 << 20)
            cuts += [(number, low, random.randint(1, 60)) for low in (random.randint(-9, end) for _ in range(CUTS))]
            cuts += [(number, int(columns["offset"][row]), int(columns["length"][row])) for row in mine[-CUTS:]]
    cuts = [(number, start, min(size, 1 << 12)) for number, start, size in cuts if size > 0]
    random.shuffle(cuts)
    number, start, size = np.array(cuts, np.int64).reshape(-1, 3).T
    at = np.cumsum(size) - size
    out = np.full(int(size.sum()), 0xEE, np.uint8)
    told = result.source.told()
    batch = next(result.source.batches())
    done = at_once.write(batch, out, at, number, start, size)
    result.source.learn(told)
    found: dict[int, list[bool]] = {}
    for index, (stream, first, length) in enumerate(cuts):
        there = out[at[index] : at[index] + length].tobytes()
        assert there == (streams.read(stream, first, length) if done[index] else b"\xee" * length), cuts[index]
        mine = result.by_stream.of(stream)
        row = mine[np.searchsorted(columns["offset"][mine], first, "right") - 1]
        found.setdefault(int(columns["type"][row]), []).append(bool(done[index]))
    return found


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_says_what_is_said_one_by_one_of_recorded_captures(path: Path) -> None:
    with analyze(path) as analysis:
        done = [one for kinds in written(analysis.results[0]).values() for one in kinds]
    assert len(done) > sum(done) > 0


@pytest.mark.parametrize("story", STORIES)
def test_says_what_is_said_one_by_one(story: str) -> None:
    with analyze(io.BytesIO(pcap_bytes(capture(story), nano=True))) as analysis:
        written(analysis.results[0])


def polling(**style: Any) -> Conversation:
    """Short answers, some of them equal: properties with an owner's name, what nobody has described, and a long one."""
    talk = conversation(**style).open()
    described = struct.pack("<HHB", 0xD001, 0xFFFF, 1) + texts("", SECRET) + b"\0"
    talk.transaction(0x1014, 0xD001, data_in=described)
    for number in range(12):
        talk.transaction(0x1015, 0xD001, data_in=texts(SECRET))
        talk.transaction(0x1015, 0x5001, data_in=bytes([number]))
        talk.transaction(0x90C7, data_in=f"seen by {SECRET} {number}".encode())
        talk.event(0x4006, 0xD001)
    return talk.get_object(1, b"\xff\xd8\xff" + SECRET.encode() * 500).close()


def test_leaves_to_others_what_is_long_and_what_is_no_transaction() -> None:
    with analyze(io.BytesIO(pcap_bytes(polling().packets(), nano=True))) as analysis:
        done = written(analysis.results[0])
    kinds = {m.OPERATION_REQUEST, m.OPERATION_RESPONSE, m.EVENT, m.START_DATA, m.END_DATA}
    assert {kind for kind, one in done.items() if any(one)} == kinds
    assert len(done[m.END_DATA]) > sum(done[m.END_DATA]) > 10
    assert not any(done[m.INIT_COMMAND_REQUEST])


def damaged_polls() -> dict[str, list[Packet]]:
    """The same in other segments, sent again with other boundaries, and cut short."""
    packets = polling().packets()
    short = [at for at, index in enumerate(segments(packets)) if 20 < len(packets[index].payload) < 200]
    found = {
        "plain": packets,
        "coalesced": super_segments(packets, 300),
        "split": polling(segmentation="random", mss=30).packets(),
    }
    for size in (66, 80, 96):
        found[f"snap {size}"] = snap(packets, size)
    for at in short[::9]:
        found[f"again {at}"] = retransmit(packets, at, after=3, earlier=6, later=9)
        index = segments(packets)[at]
        found[f"cut {at}"] = cut(packets, index, len(packets[index].whole) - 9)
    return found


@pytest.mark.parametrize("name", damaged_polls())
def test_leaves_no_name_in_polls(name: str) -> None:
    done = scrubbed(damaged_polls()[name])
    for spelled in (SECRET.encode(), SECRET.encode("utf-16-le"), SECRET[4:].encode(), SECRET[4:].encode("utf-16-le")):
        assert spelled not in done.capture
    for table in ("messages", "packets", "transactions", "events"):
        personal = {"capture", "source", "destination"}
        assert rows(done.new, table, personal) == rows(done.old, table, personal)
    done.close()


def test_does_so_in_parts_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("_MOST", 8), ("_COPIED", 5), ("_BLOCKS", 1)):
        monkeypatch.setattr(many, name, size)
    with analyze(RECORDED[0]) as analysis:
        assert any(map(any, written(analysis.results[0]).values()))
