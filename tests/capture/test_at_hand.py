"""The same bytes, however few of them came along; the source is read only for what did not."""

from __future__ import annotations

import numpy as np
import pytest

from ptpip_analyze.capture import NOTHING, AtHand, Bytes, all_bytes, at_hand, first_bytes
from ptpip_analyze.capture.at_hand import HEAD_BYTES

SOURCE = np.random.default_rng(15740).integers(0, 256, 5000, np.uint8)
BASE, END = 1000, 4000
PLACES = np.array([1000, 1700, 2400, 3100, 3800, 3990])  # where payload begins; the last one is short


class Read:
    """The source, and what was read of it."""

    def __init__(self) -> None:
        self.places: list[tuple[int, int]] = []

    def __call__(self, position: int, length: int) -> bytes:
        self.places.append((position, length))
        return SOURCE[position : position + length].tobytes()


def heads() -> AtHand:
    carried = np.array([600, 600, 600, 600, 150, 10])
    brought = first_bytes(BASE, SOURCE[BASE:END], PLACES, carried)
    assert brought.places.tolist() == PLACES[:-1].tolist(), "not what reaches beyond the batch"
    assert len(brought.data) == 0
    return brought


KINDS = {"all bytes": lambda: all_bytes(BASE, SOURCE[BASE:END]), "heads": heads, "nothing": lambda: NOTHING}


@pytest.mark.parametrize("kind", ["all bytes", "heads"])
@pytest.mark.parametrize("size", [1, 8, 40])
@pytest.mark.parametrize("many", [0, 3, 10_000])
def test_gathers_the_bytes_of_any_place(kind: str, size: int, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_hand, "_MANY", many)
    source = Bytes(KINDS[kind](), Read())
    position = np.random.default_rng(size).permutation(np.arange(BASE, END - size + 1))
    assert source.holds(position, size).all()
    found = source.gather(position, size)
    assert found.dtype == f"V{size}"
    expected = SOURCE[position[:, None] + np.arange(size)]
    np.testing.assert_array_equal(found.view(np.uint8).reshape(-1, size), expected)
    assert source.gather(position[:0], size).tolist() == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [0, 1, 8, HEAD_BYTES, 700])
def test_reads_the_bytes_of_any_place(kind: str, length: int) -> None:
    source = Bytes(KINDS[kind](), Read())
    for position in range(900, 4100):
        assert source.read(position, length) == SOURCE[position : position + length].tobytes()


def test_reads_the_source_only_for_what_is_not_at_hand() -> None:
    read = Read()
    source = Bytes(heads(), read)
    source.gather(PLACES[:5] + HEAD_BYTES - 8, 8)
    source.read(1700, HEAD_BYTES)
    assert read.places == []
    source.gather(np.array([1700 + HEAD_BYTES - 7, 2400, 3995]), 5)
    source.read(1701, HEAD_BYTES)
    assert read.places == [(3995, 5), (1701, HEAD_BYTES)]


def test_reads_the_whole_batch_once_where_much_of_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_hand, "_MANY", 2)
    read = Read()
    Bytes(heads(), read).gather(np.array([1100, 1200, 1300]), 8)
    assert read.places == [(BASE, END - BASE)]


@pytest.mark.parametrize(
    ("position", "size", "held"),
    [(BASE, 8, True), (BASE - 1, 8, False), (END - 8, 8, True), (END - 7, 8, False), (-1, 1, False)],
)
def test_holds_what_lies_in_the_batch(position: int, size: int, held: bool) -> None:
    for kind in ("all bytes", "heads"):
        assert Bytes(KINDS[kind](), Read()).holds(np.array([position]), size).tolist() == [held]
    assert not Bytes(NOTHING, Read()).holds(np.array([position]), size).any()


def test_brings_all_bytes_where_heads_do_not_pay() -> None:
    data = SOURCE[BASE:END]
    few = np.arange(BASE, END - HEAD_BYTES, 600)
    assert len(first_bytes(BASE, data, few, np.full(len(few), 100)).heads) == len(few) == 5
    many = np.arange(BASE, END - HEAD_BYTES, 500)
    brought = first_bytes(BASE, data, many, np.full(len(many), 100))
    assert brought == all_bytes(BASE, data)._replace(data=brought.data, places=brought.places, heads=brought.heads)
    assert (len(brought.data), len(brought.heads)) == (len(data), 0)
    assert len(first_bytes(BASE, data, many, np.full(len(many), 0)).data) == len(data), "no payload, no head"
    assert len(first_bytes(BASE, data, np.array([END - 20]), np.array([14])).data) == len(data), "its head is cut"
    assert len(first_bytes(BASE, data[:40], np.array([BASE + 20]), np.array([14])).data) == 40, "a short batch"
    assert len(first_bytes(BASE, data, PLACES[::-1], np.full(6, 100)).data) == len(data), "not in order of place"
