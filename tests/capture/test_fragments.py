"""Fragments come together in any order, within bounds; the first one wins."""

from __future__ import annotations

import itertools
import random
import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.capture import fragments as module
from ptpip_analyze.capture.fragments import MOST_DATAGRAMS, Fragment, Fragments, Segment

from .build import ACK, FIN, PSH, SYN, tcp

KEY = (0, 1, 0, 2, 7)
BASE = 5000  # where the first byte of the datagram lies, were it whole


def add(fragments: Fragments, datagram: bytes, start: int, end: int, key: tuple[int, ...] = KEY,
        captured: int | None = None, position: int | None = None) -> list[Segment]:  # fmt: skip
    known = end - start if captured is None else captured
    place = BASE + start if position is None else position
    fragment = Fragment(start, end - start, place, known)
    return fragments.add(key, fragment, end < len(datagram), lambda: datagram[start : start + known])


def carried(segments: list[Segment]) -> list[tuple[int, int, int]]:
    return [(segment.sequence, segment.position, segment.length) for segment in segments]


DATAGRAM = tcp(bytes(range(100)), sequence=0xFFFFFFF0, flags=ACK | PSH, window=77)
CUTS = [(0, 40), (40, 80), (80, 120)]


@pytest.mark.parametrize("order", list(itertools.permutations(CUTS)))
def test_gives_the_segment_in_order_whatever_the_order_of_arrival(order: list[tuple[int, int]]) -> None:
    fragments = Fragments()
    assert [add(fragments, DATAGRAM, *cut) for cut in order[:2]] == [[], []]
    segments = add(fragments, DATAGRAM, *order[2])
    assert carried(segments) == [(0xFFFFFFF0, BASE + 20, 20), (4, BASE + 40, 40), (44, BASE + 80, 40)]
    assert [segment.flags for segment in segments] == [ACK, ACK, ACK | PSH]
    assert {(segment.source_port, segment.destination_port, segment.window) for segment in segments} == {
        (40000, 15740, 77)
    }
    assert add(fragments, DATAGRAM, *CUTS[0]) == []  # the next datagram of this identification


@pytest.mark.parametrize("piece", [8, 16, 24])
def test_reads_a_header_that_fragments_share(piece: int) -> None:
    datagram = tcp(b"payload!", options=bytes(20))
    fragments = Fragments()
    segments = []
    for start in range(0, len(datagram), piece):
        segments = add(fragments, datagram, start, min(start + piece, len(datagram)))
    assert sum(segment.length for segment in segments) == 8
    assert segments[0].sequence == 1000
    assert segments[0].position == BASE + 40


def test_counts_a_syn_before_the_data_and_a_fin_behind() -> None:
    datagram = tcp(bytes(28), sequence=10, flags=SYN | FIN)
    fragments = Fragments()
    add(fragments, datagram, 0, 24)
    segments = add(fragments, datagram, 24, 48)
    assert [(segment.sequence, segment.flags, segment.length) for segment in segments] == [(10, SYN, 4), (15, FIN, 24)]


def test_gives_an_empty_segment_its_row() -> None:
    datagram = tcp(flags=ACK | FIN)
    fragments = Fragments()
    add(fragments, datagram, 0, 8)
    assert carried(add(fragments, datagram, 8, 20)) == [(1000, BASE + 20, 0)]


def test_keeps_the_first_of_overlapping_fragments() -> None:
    fragments = Fragments()
    add(fragments, DATAGRAM, 0, 48)
    add(fragments, DATAGRAM, 72, 96)
    add(fragments, DATAGRAM, 40, 80, position=9000)
    segments = add(fragments, DATAGRAM, 0, 120, position=20000)
    assert [(segment.position, segment.length) for segment in segments] == [
        (BASE + 20, 28), (9008, 24), (BASE + 72, 24), (20096, 24),
    ]  # fmt: skip


def test_knows_which_bytes_of_a_cut_fragment_are_missing() -> None:
    fragments = Fragments()
    add(fragments, DATAGRAM, 0, 40, captured=30)
    segments = add(fragments, DATAGRAM, 40, 120, captured=0)
    assert [(segment.length, segment.captured) for segment in segments] == [(20, 10), (80, 0)]


@pytest.mark.parametrize("captured", [0, 8, 13])
def test_gives_no_segment_without_the_bytes_of_its_header(captured: int) -> None:
    fragments = Fragments()
    add(fragments, DATAGRAM, 0, 40, captured=captured)
    assert add(fragments, DATAGRAM, 40, 120) == []


@pytest.mark.parametrize("offset", [0, 4, 15])
def test_gives_no_segment_for_an_impossible_header(offset: int) -> None:
    datagram = tcp(bytes(12), offset=offset)
    fragments = Fragments()
    add(fragments, datagram, 0, 16)
    assert add(fragments, datagram, 16, 32) == []


def test_ignores_fragments_beyond_the_largest_datagram_and_empty_ones() -> None:
    fragments = Fragments()
    for start, length in ((65528, 8), (0, 0), (8, -8)):
        assert fragments.add(KEY, Fragment(start, length, 0, max(length, 0)), False, bytes) == []
    add(fragments, DATAGRAM, 0, 40)
    assert len(add(fragments, DATAGRAM, 40, 120)) == 2


def test_forgets_what_lies_behind_the_last_fragment() -> None:
    fragments = Fragments()
    fragments.add(KEY, Fragment(200, 80, 0, 80), True, bytes)
    fragments.add(KEY, Fragment(100, 80, 7000, 80), True, bytes)
    add(fragments, DATAGRAM, 0, 80)
    segments = add(fragments, DATAGRAM, 80, 120)
    assert [(segment.position, segment.length) for segment in segments] == [
        (BASE + 20, 60), (BASE + 80, 20), (7000, 20),
    ]  # fmt: skip


def test_keeps_datagrams_apart_by_their_key() -> None:
    fragments = Fragments()
    other = (*KEY[:4], 8)
    add(fragments, DATAGRAM, 0, 40)
    assert add(fragments, DATAGRAM, 40, 120, other) == []
    assert len(add(fragments, DATAGRAM, 0, 40, other)) == 2


def test_forgets_the_oldest_datagram_first() -> None:
    fragments = Fragments()
    for number in range(MOST_DATAGRAMS + 1):
        add(fragments, DATAGRAM, 0, 40, (number,))
    assert add(fragments, DATAGRAM, 40, 120, (0,)) == []
    assert len(add(fragments, DATAGRAM, 40, 120, (MOST_DATAGRAMS,))) == 2


def test_holds_bounded_memory_for_fragments_that_never_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PIECES", 1000)
    tracemalloc.start()
    fragments = Fragments()
    for number in range(20_000):
        fragments.add((number // 100,), Fragment(number % 100 * 16, 8, number, 8), True, lambda: b"12345678")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=200))
def test_gives_every_byte_once_whatever_arrives(seed: int, payload: bytes) -> None:
    chance = random.Random(seed)
    datagram = tcp(payload)
    edges = sorted({0, len(datagram), *(8 * chance.randrange(len(datagram) // 8 + 1) for _ in range(6))})
    pieces = [*itertools.pairwise(edges)]
    pieces += [
        (start, end) for start, end in ((chance.choice(edges), chance.choice(edges)) for _ in range(5)) if start < end
    ]
    chance.shuffle(pieces)
    fragments = Fragments()
    found: list[Segment] = []
    for piece in pieces:
        found = add(fragments, datagram, *piece)
        if found:
            break
    assert found
    bytes_there = b"".join(datagram[s.position - BASE : s.position - BASE + s.length] for s in found)
    assert bytes_there == payload
    assert [s.sequence for s in found] == [1000 + sum(s.length for s in found[:n]) for n in range(len(found))]


def test_reads_ports_as_the_network_orders_them() -> None:
    datagram = struct.pack(">HH", 0x1234, 0x5678) + DATAGRAM[4:]
    fragments = Fragments()
    add(fragments, datagram, 0, 40)
    segment = add(fragments, datagram, 40, 120)[0]
    assert (segment.source_port, segment.destination_port) == (0x1234, 0x5678)
