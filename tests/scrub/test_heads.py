"""Messages that are all header, of many segments at once."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random

import numpy as np
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.result import Result
from ptpip_analyze.scrub import heads
from ptpip_analyze.scrub.heads import Heads
from ptpip_analyze.scrub.pseudonyms import Pseudonyms
from ptpip_analyze.scrub.streams import Streams
from tests.support import RECORDED
from tests.traffic import STORIES, capture, conversation, pcap_bytes

CUTS = 40  # of each stream


def written(result: Result, seed: int = 1) -> tuple[int, int]:
    """Cut streams anywhere, and as they were cut, and compare; how many stretches are nothing but headers, and all."""
    streams, many, random = Streams(result, Pseudonyms(b"key")), Heads(result), Random(seed)
    columns, cuts = result.messages, []
    for number in range(2 * len(result.connections)):
        rows = result.by_stream.of(number)
        if len(rows):
            ends = columns["offset"][rows] + columns["length"][rows]
            end = min(int(ends.max()), 1 << 20)
            cuts += [(number, low, random.randint(1, 60)) for low in (random.randint(-9, end) for _ in range(CUTS))]
            cuts += [(number, int(columns["offset"][row]), int(columns["length"][row])) for row in rows[-CUTS:]]
    cuts = [(number, start, min(size, 1 << 12)) for number, start, size in cuts if size > 0]
    random.shuffle(cuts)
    number, start, size = np.array(cuts, np.int64).reshape(-1, 3).T
    at = np.cumsum(size) - size
    out = np.full(int(size.sum()), 0xEE, np.uint8)
    done = many.write(out, at, number, start, size)
    for index, (stream, first, length) in enumerate(cuts):
        there = out[at[index] : at[index] + length].tobytes()
        assert there == (streams.read(stream, first, length) if done[index] else b"\xee" * length), cuts[index]
    return int(done.sum()), len(done)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_says_what_is_said_one_by_one_of_recorded_captures(path: Path) -> None:
    with analyze(path) as analysis:
        done, count = written(analysis.results[0])
    assert count > done > 0


@pytest.mark.parametrize("story", STORIES)
def test_says_what_is_said_one_by_one(story: str) -> None:
    with analyze(io.BytesIO(pcap_bytes(capture(story), nano=True))) as analysis:
        written(analysis.results[0])


def test_leaves_to_others_whatever_carries_something() -> None:
    with analyze(io.BytesIO(pcap_bytes(conversation().open().get_device_info().close().packets()))) as analysis:
        result = analysis.results[0]
        rows = np.repeat(np.arange(len(result.messages["type"])), 8)
        columns = {
            name: result.messages[name][rows].astype(np.int64) for name in ("stream", "offset", "length", "type")
        }
        at = np.arange(len(rows)) * 1000
        done = Heads(result).write(
            np.zeros(1000 * len(rows), np.uint8), at, columns["stream"], columns["offset"], columns["length"]
        )
    kinds = {m.OPERATION_REQUEST, m.OPERATION_RESPONSE, m.EVENT, m.START_DATA}
    assert set(columns["type"][done].tolist()) == set(columns["type"].tolist()) & kinds
    assert not set(columns["type"][~done].tolist()) & kinds


def test_does_so_in_parts_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "_MOST", 8)
    with analyze(RECORDED[0]) as analysis:
        assert written(analysis.results[0])[0] > 0
