"""What a list shows, as plain Python: lines, cells, order, filter, folding, search."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptpip_analyze.tui.rows import Listing
from tests.support import ROOT

from .conftest import listing, loaded, meanings, texts


@pytest.fixture
def rows(polled: Path) -> Listing:
    return listing(loaded(polled))


def test_folds_a_polling_loop_to_one_line(rows: Listing) -> None:
    assert len(rows) == 5
    assert rows.rows.num_rows == 16
    line = texts(rows, 2)
    assert line["call"].startswith("GetObjectHandles ×12, every 20")
    assert line["call"].endswith("3 with more than 4 B")
    assert line["status"] == "folded"
    assert rows.rows_at(2).tolist() == list(range(2, 14))


def test_unfolds_a_loop_and_folds_it_again(rows: Listing) -> None:
    rows.toggle_fold(2)
    assert len(rows) == 16
    assert texts(rows, 5)["call"].startswith("GetObjectHandles(")
    assert set(meanings(rows, 5).values()) == {"quiet"}
    rows.toggle_fold(5)
    assert len(rows) == 5


def test_leaves_polling_out(rows: Listing) -> None:
    rows.hide_loops(True)
    assert [texts(rows, line)["transaction"] for line in range(len(rows))] == ["0", "1", "14", "15"]


@pytest.mark.parametrize(("name", "descending"), [("latency_s", True), ("call", False), ("data", True), ("at", True)])
def test_sorts_with_nulls_last(rows: Listing, name: str, descending: bool) -> None:
    rows.fold(False)
    rows.sort(name, descending)
    source = {"call": "operation", "data": "data_bytes", "at": "request_time"}.get(name, name)
    values = [rows.value(source, int(row)) for row in rows.chosen_rows]
    assert values == sorted(values, reverse=descending)
    rows.unsort()
    assert rows.chosen_rows.tolist() == list(range(16))


def test_refuses_to_sort_by_what_has_no_order(rows: Listing) -> None:
    with pytest.raises(ValueError, match="no order"):
        rows.sort("parameters")


def test_filters_and_still_finds_lines(rows: Listing) -> None:
    rows.filter(np.arange(16) >= 10)
    assert rows.chosen_rows.tolist() == list(range(10, 16))
    assert rows.line_of(11) == 0
    assert rows.line_of(14) == 1
    assert rows.line_of(3) is None


def test_finds_rows_by_frame_and_time(rows: Listing) -> None:
    frame = rows.value("first_frame", 14)
    assert rows.row_of_frame(frame) == 14
    assert rows.row_of_frame(0) is None
    assert rows.row_of_time(rows.value("request_time", 14)) == 14
    assert rows.row_of_time(2**62) == 15


def test_goes_from_line_to_line_among_some_rows(rows: Listing) -> None:
    some = np.isin(np.arange(16), [1, 5, 14])  # 5 is in the folded loop
    assert [rows.line_among(some, line, 1) for line in range(5)] == [1, 2, 3, 1, 1]
    assert [rows.line_among(some, line, -1) for line in range(5)] == [3, 3, 1, 2, 3]
    assert rows.line_among(np.zeros(16, bool), 0, 1) is None


def test_chooses_columns(rows: Listing) -> None:
    rows.choose(["operation_code", "status"])
    assert list(texts(rows, 0).values()) == ["0x1002", "complete"]
    with pytest.raises(ValueError, match="no such column"):
        rows.choose(["nonsense"])


def test_findings_begin_with_what_matters_most() -> None:
    of = listing(loaded(ROOT / "captures" / "firmware-2.pcapng"), "findings")
    said = [(of.value("verdict", int(row)), of.value("level", int(row))) for row in of.lines]
    verdicts, levels = ["violation", "inconclusive", "pass"], ["must", "should", "may", "info"]
    ranks = [(verdicts.index(verdict), levels.index(level)) for verdict, level in said]
    assert ranks == sorted(ranks)
    assert said[0] == ("violation", "must")
    assert {verdict for verdict, _ in said} == set(verdicts)


def test_only_columns_that_nobody_asked_for_make_room(polled: Path) -> None:
    of = listing(loaded(polled))
    assert "bar" in of.expendable
    of.choose(["call", "bar"])
    assert of.expendable == ()
