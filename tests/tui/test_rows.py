"""What a list shows, as plain Python: lines, cells, order, filter, folding, search."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptpip_analyze.tables.schema import TABLES
from ptpip_analyze.tui.rows import MEANINGS, Listing
from tests.support import RECORDED, ROOT
from tests.traffic import conversation, write_pcap

from .conftest import listing, loaded, polling


def texts(of: Listing, line: int) -> dict[str, str]:
    return {column.name: cell.text for column, cell in zip(of.columns, of.cells(line), strict=True)}


def meanings(of: Listing, line: int) -> dict[str, str]:
    return {column.name: cell.meaning for column, cell in zip(of.columns, of.cells(line), strict=True)}


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


def test_says_what_a_row_means(rows: Listing) -> None:
    assert meanings(rows, 0)["response"] == "good"
    assert meanings(rows, 3)["response"] == "error"
    assert texts(rows, 3)["response"] == "InvalidObjectHandle"


def test_counts_time_from_the_first_packet(rows: Listing) -> None:
    assert float(texts(rows, 0)["at"]) < 1
    assert texts(rows, 0)["delta"] == ""
    assert texts(rows, 1)["delta"] != ""


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


def test_searches_texts_and_numbers(rows: Listing) -> None:
    assert rows.line_with("invalidobject", 0, 1) == 3
    assert rows.line_with("0x63", 0, 1) == 3  # the handle 99 among the parameters
    assert rows.line_with("GetObjectHandles", 4, 1) == 2
    assert rows.line_with("no such text", 0, 1) is None


def test_chooses_columns(rows: Listing) -> None:
    rows.choose(["operation_code", "status"])
    assert list(texts(rows, 0).values()) == ["0x1002", "complete"]
    with pytest.raises(ValueError, match="no such column"):
        rows.choose(["nonsense"])


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_shows_every_table_of_the_recorded_captures(path: Path) -> None:
    loading = loaded(path)
    for table in TABLES:
        if table == "packets":
            continue
        of = listing(loading, table)
        of.choose(of.available)
        for line in range(min(len(of), 50)):
            for cell in of.cells(line):
                assert cell.meaning in MEANINGS
                assert cell.text.isprintable()
    loading.close()


def test_lets_nothing_from_the_wire_act(tmp_path: Path) -> None:
    evil = conversation(initiator_name="[bold]\x1b[31m", responder_name="a\nb").open()
    of = listing(loaded(write_pcap(tmp_path / "evil.pcap", evil.packets())), "sessions")
    of.choose(["initiator_name", "responder_name"])
    assert [cell.text for cell in of.cells(0)] == ["[bold]\\x1b[31m", "a\\nb"]


def test_shows_growing_tables(tmp_path: Path) -> None:
    for rounds in (4, 40):
        of = listing(loaded(write_pcap(tmp_path / f"{rounds}.pcap", polling(rounds).packets())))
        assert f"×{rounds}," in texts(of, 2)["call"]


def test_findings_begin_with_what_matters_most() -> None:
    of = listing(loaded(ROOT / "captures" / "cancel-and-probe.pcapng"), "findings")
    said = [(of.value("verdict", int(row)), of.value("level", int(row))) for row in of.lines]
    verdicts, levels = ["inconclusive", "pass"], ["must", "should", "may", "info"]
    ranks = [(verdicts.index(verdict), levels.index(level)) for verdict, level in said]
    assert ranks == sorted(ranks)
    assert said[0] == ("inconclusive", "must")


def test_only_columns_that_nobody_asked_for_make_room(polled: Path) -> None:
    of = listing(loaded(polled))
    assert "bar" in of.expendable
    of.choose(["call", "bar"])
    assert of.expendable == ()
