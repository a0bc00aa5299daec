"""Columns grow, move to a file beyond their bound, and always say the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptpip_analyze.store import Columns, column

KINDS = {"packet": "u4", "time": "i8", "direction": "u1", "share": "f8"}


def rows(low: int, high: int) -> dict[str, np.ndarray]:
    """Rows whose every value tells its row number."""
    numbers = np.arange(low, high)
    return {"packet": numbers, "time": -numbers * 10**15, "direction": numbers % 251, "share": numbers / 8}


def filled(count: int, part: int, memory_bytes: int = column.MEMORY_BYTES) -> Columns:
    table = Columns(KINDS, memory_bytes)
    for low in range(0, count, part):
        table.append(**rows(low, min(low + part, count)))
    return table


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column, "CHUNK_ROWS", 10)


@pytest.mark.parametrize("memory_bytes", [0, 500, 1 << 20])
@pytest.mark.parametrize("part", [1, 3, 10, 25, 100])
def test_gives_back_every_value_wherever_it_is_kept(part: int, memory_bytes: int) -> None:
    table = filled(97, part, memory_bytes)
    expected = rows(0, 97)
    assert len(table) == 97
    for name, kind in KINDS.items():
        assert table.column(name).dtype == np.dtype(kind)
        np.testing.assert_array_equal(table.column(name), expected[name].astype(kind))
    for number in (0, 9, 10, 11, 24, 25, 57, 89, 90, 96):
        assert table.row(number) == {name: values[number].item() for name, values in expected.items()}


@pytest.mark.parametrize("memory_bytes", [0, 1 << 20])
def test_hands_out_consecutive_chunks_with_only_the_columns_asked_for(memory_bytes: int) -> None:
    table = filled(35, 5, memory_bytes)
    chunks = list(table.chunks("time", "direction"))
    assert [set(chunk) for chunk in chunks] == [{"time", "direction"}] * 4
    assert [len(chunk["time"]) for chunk in chunks] == [10, 10, 10, 5]
    np.testing.assert_array_equal(np.concatenate([chunk["time"] for chunk in chunks]), rows(0, 35)["time"])
    assert [set(chunk) for chunk in table.chunks()] == [set(KINDS)] * 4


@pytest.mark.parametrize("memory_bytes", [0, 1 << 20])
def test_gives_any_chunk_by_its_number(memory_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ptpip_analyze.store.column.CHUNK_ROWS", 4)
    table = Columns({"a": "u4", "b": "i8"}, memory_bytes)
    for start in range(0, 10, 2):
        table.append(a=np.arange(start, start + 2), b=-np.arange(start, start + 2))
    chunks = list(table.chunks("b"))
    assert len(chunks) == 3
    for number in (2, 0, 1):
        assert list(table.part(number, "b")) == ["b"]
        assert table.part(number, "b")["b"].tolist() == chunks[number]["b"].tolist()
    for number in (3, 4):
        with pytest.raises(IndexError):
            table.part(number)
    table.close()


def test_can_be_read_between_appends() -> None:
    table = Columns(KINDS, 0)
    for number in range(33):
        table.append(**rows(number, number + 1))
        assert table.row(number)["packet"] == number
        assert table.column("packet").tolist() == list(range(number + 1))


def test_takes_chunks_out_of_memory_once_its_bound_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    real = tempfile.TemporaryFile

    def temporary_file(**options: Any) -> Any:
        written.append(1)
        return real(**options)

    monkeypatch.setattr(tempfile, "TemporaryFile", temporary_file)
    row_bytes = 4 + 8 + 1 + 8
    two_chunks = filled(20, 10, 20 * row_bytes)
    assert written == []
    two_chunks.append(**rows(20, 30))
    two_chunks.append(**rows(30, 40))
    assert written == [1], "one file for everything beyond the bound"
    assert two_chunks._in_memory == 20 * row_bytes
    assert two_chunks.column("packet").tolist() == list(range(40))


def test_keeps_no_chunk_in_memory_that_would_pass_the_bound() -> None:
    row_bytes = 4 + 8 + 1 + 8
    table = filled(20, 10, 19 * row_bytes)
    assert table._in_memory == 10 * row_bytes
    assert table._file_bytes == 10 * row_bytes


@pytest.mark.parametrize("memory_bytes", [0, 500, 1 << 20])
def test_gives_all_columns_whole_as_often_as_asked(memory_bytes: int) -> None:
    table = filled(25, 5, memory_bytes)
    for low in (25, 32):
        for _ in range(2):
            for name, values in table.whole().items():
                np.testing.assert_array_equal(values, rows(0, low)[name].astype(KINDS[name]))
        assert table.row(low - 1)["packet"] == low - 1
        table.append(**rows(low, low + 7))
    assert table.column("packet").tolist() == list(range(39))


def test_holds_what_was_asked_for_whole_only_once() -> None:
    table = filled(25, 5)
    whole = table.whole()
    assert all(np.shares_memory(chunk["time"], whole["time"]) for chunk in table.chunks())


def test_keeps_its_bound_though_asked_for_all_columns_again_and_again() -> None:
    """A live view asks after every few rows: they count as rows in memory all the same."""
    row_bytes = 4 + 8 + 1 + 8
    table = Columns(KINDS, 20 * row_bytes)
    for low in range(0, 60, 5):
        table.append(**rows(low, low + 5))
        table.whole()
    assert table.column("packet").tolist() == list(range(60))
    assert table._file is not None, "more rows than may stay in memory"


def test_leaves_no_name_behind_for_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    table = filled(50, 10, 0)
    assert table._file is not None
    assert list(tmp_path.iterdir()) == []


def test_copies_what_it_is_given() -> None:
    given = rows(0, 4)
    table = Columns(KINDS)
    table.append(**given)
    given["packet"][:] = 99
    assert table.column("packet").tolist() == [0, 1, 2, 3]


def test_is_empty_at_first_and_after_appending_nothing() -> None:
    table = Columns(KINDS)
    table.append(**rows(0, 0))
    assert len(table) == 0
    assert list(table.chunks()) == []
    for name, kind in KINDS.items():
        assert table.column(name).dtype == np.dtype(kind)
        assert len(table.column(name)) == 0


def test_names_its_columns_in_the_order_of_definition() -> None:
    assert Columns(KINDS).names == ("packet", "time", "direction", "share")


@pytest.mark.parametrize("number", [-1, 25, 26])
def test_refuses_a_row_that_does_not_exist(number: int) -> None:
    with pytest.raises(IndexError, match=f"row {number} of 25"):
        filled(25, 5).row(number)


def test_refuses_columns_of_different_length_and_takes_none_of_them() -> None:
    table = filled(3, 3)
    uneven = rows(3, 5) | {"time": np.arange(3)}
    with pytest.raises(ValueError, match="packet, time, direction, share"):
        table.append(**uneven)
    assert len(table) == 3
    assert table.column("time").tolist() == rows(0, 3)["time"].tolist()


def test_refuses_rows_that_lack_a_column_or_bring_one_too_many() -> None:
    table = Columns(KINDS)
    lacking = rows(0, 2)
    del lacking["share"]
    with pytest.raises(ValueError, match="equally long columns"):
        table.append(**lacking)
    with pytest.raises(ValueError, match="equally long columns"):
        table.append(**rows(0, 2), surplus=np.arange(2))
    assert len(table) == 0


@pytest.mark.parametrize("memory_bytes", [0, 1 << 20])
def test_gives_everything_back_when_closed(memory_bytes: int) -> None:
    table = filled(25, 5, memory_bytes)
    file = table._file
    table.close()
    assert file is None or file.closed
    assert len(table) == 0
    assert table.column("packet").tolist() == []
    table.append(**rows(0, 12))
    assert table.column("packet").tolist() == list(range(12))


@pytest.mark.parametrize("memory_bytes", [0, 1 << 20])
def test_lets_rows_go_and_numbers_the_others_anew(memory_bytes: int) -> None:
    table = filled(97, 10, memory_bytes)
    wanted = np.arange(97) % 3 == 0
    table.keep(wanted)
    assert len(table) == 33
    assert table.column("packet").tolist() == list(range(0, 97, 3))
    table.append(**rows(97, 99))
    assert table.column("time").tolist()[-2:] == [-97 * 10**15, -98 * 10**15]
