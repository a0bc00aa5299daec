"""Bytes of streams by their place in the capture: the same whether they are asked for one by one or many at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ptpip_analyze.store import Columns
from ptpip_analyze.tcp import StreamPlaces

STREAMS = 3


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    """Segments as (stream, offset, captured, position): with holes, cut ones, and streams that take turns."""
    reach, position, rows = [0] * STREAMS, 0, []
    for stream in draw(st.lists(st.integers(0, STREAMS - 1), max_size=12)):
        offset = reach[stream] + draw(st.integers(0, 2))  # what is passed over is a hole
        captured, cut = draw(st.integers(0, 5)), draw(st.integers(0, 2))
        position += 10
        rows.append((stream, offset, captured, position))
        reach[stream] = offset + captured + cut
        position += captured
    return rows


def places_of(rows: list[tuple[int, int, int, int]]) -> StreamPlaces:
    table = Columns({"stream": "int32", "offset": "int64", "captured": "int64", "position": "int64"})
    for row in rows:
        table.append(**{name: np.array([value]) for name, value in zip(table.names, row, strict=True)})
    return StreamPlaces(table)


def told_by(pieces: StreamPlaces, stream: int, start: int, end: int) -> list[int | None]:
    """The position of every byte of a range; None in a hole."""
    told: list[int | None] = []
    for offset, length, position in pieces.pieces(stream, start, end):
        assert offset == len(told), "each piece starts where the last one ended"
        told += [None if position is None else position + step for step in range(length)]
    return told


@pytest.mark.parametrize("rows_at_once", [1, 3, 1000])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables(), stream=st.integers(0, STREAMS - 1), start=st.integers(0, 20), size=st.integers(0, 20))
def test_tells_of_each_byte_where_it_is(
    monkeypatch: pytest.MonkeyPatch, rows_at_once: int, rows: list, stream: int, start: int, size: int
) -> None:
    monkeypatch.setattr("ptpip_analyze.store.column.CHUNK_ROWS", rows_at_once)
    monkeypatch.setattr("ptpip_analyze.tcp.places.PARTS_IN_MEMORY", 1)
    known = {
        offset + step: position + step for of, offset, held, position in rows if of == stream for step in range(held)
    }
    assert told_by(places_of(rows), stream, start, start + size) == [known.get(start + step) for step in range(size)]


@given(rows=tables(), ranges=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(1, 6)), max_size=8))
def test_finds_many_ranges_as_it_finds_one(rows: list, ranges: list[tuple[int, int, int]]) -> None:
    places = places_of(rows)
    columns = np.array(ranges, np.int64).reshape(-1, 3).T
    for found, (stream, start, size) in zip(places.positions(*columns).tolist(), ranges, strict=True):
        pieces = list(places.pieces(stream, start, start + size))
        assert found == (pieces[0][2] if len(pieces) == 1 and pieces[0][2] is not None else -1)
