"""Captures being read: steps that grow, tables when they are known, faults as one line."""

from __future__ import annotations

import gc
import weakref
from itertools import pairwise
from pathlib import Path

import pytest

from ptpip_analyze.capture import CaptureError
from ptpip_analyze.tables.where import parse_where
from ptpip_analyze.tui import loading as module
from ptpip_analyze.tui.loading import Loading, empty
from tests.traffic import write_pcap

from .conftest import loaded, polling


def test_ends_with_the_whole(polled: Path) -> None:
    loading = Loading([str(polled)])
    steps = list(loading.steps())
    assert steps[-1].complete
    assert steps[-1].transactions.num_rows == 16
    assert loading.begins is not None


def test_tells_what_is_known_before_the_end(polled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.0)
    other = write_pcap(polled.with_name("other.pcap"), polling().packets())
    loading = Loading([str(polled), str(other)])
    rows = [(step.transactions.num_rows, step.complete) for step in loading.steps()]
    assert rows[0] == (16, False)
    assert rows[-1] == (32, True)
    assert all(before[0] <= after[0] for before, after in pairwise(rows))


def test_makes_no_other_table_before_the_end(polled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.0)
    loading = Loading([str(polled)])
    steps = loading.steps()
    next(steps)
    with pytest.raises(ValueError, match="read to its end"):
        loading.table("events")
    assert list(steps)[-1].complete
    assert loading.table("events").num_rows == 1


def test_stops_when_it_is_left(polled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_S", 0.0)
    loading = Loading([str(polled), str(polled)])
    steps = loading.steps()
    next(steps)
    loading.leave()
    assert list(steps) == []
    assert not loading.complete


def test_transactions_get_their_findings(polled: Path) -> None:
    loading = loaded(polled)
    assert "findings" not in loading.table("transactions").column_names
    loading.table("findings")
    assert "findings" in loading.table("transactions").column_names


@pytest.mark.parametrize(
    ("text", "rows"), [("invalidOBJECT", [14]), ("99", [14]), ("0x63)", [14]), ("handle=", [14, 15]), ("nowhere", [])]
)
def test_finds_texts_in_columns_and_in_calls(polled: Path, text: str, rows: list[int]) -> None:
    loading = loaded(polled)
    found = loading.having(text, "transactions", loading.table("transactions"))
    assert found.nonzero()[0].tolist() == rows


@pytest.mark.parametrize(
    ("expression", "count"),
    [('operation == "GetObject"', 2), ('call.str.contains("0x63")', 1), ("findings.isna()", None)],
)
def test_filters_by_columns_on_demand_too(polled: Path, expression: str, count: int | None) -> None:
    loading = loaded(polled)
    mask = loading.mask(parse_where(expression, "transactions"), "transactions", loading.table("transactions"))
    assert len(mask) == 16
    assert count is None or mask.sum() == count


def test_says_why_a_capture_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "no.pcap").write_bytes(b"nothing of the kind")
    with pytest.raises(CaptureError, match=r"no\.pcap"):
        list(Loading([str(tmp_path / "no.pcap")]).steps())


def test_knows_the_texts_of_a_column(polled: Path) -> None:
    loading = loaded(polled)
    assert loading.texts("transactions", "response") == ["InvalidObjectHandle", "OK"]
    assert loading.texts("transactions", "latency_s") == []


def test_reads_several_captures_as_one(tmp_path: Path) -> None:
    paths = [write_pcap(tmp_path / f"{name}.pcap", polling(4).packets()) for name in "ab"]
    assert loaded(*paths).table("sessions").num_rows == 2


def test_has_empty_tables() -> None:
    assert empty("events").num_rows == 0


def test_reads_again_what_has_grown(polled: Path) -> None:
    whole = polled.read_bytes()
    polled.write_bytes(whole[: len(whole) // 2])
    loading = loaded(polled)
    before = loading.table("transactions").num_rows
    first = loading.analysis
    polled.write_bytes(whole)
    assert loading.size > loading.seen
    assert loading.again().transactions.num_rows == 16 > before
    assert loading.size == loading.seen
    assert first is not None
    assert first.bytes(0)  # may still be on the screen
    loading.again()
    loading.close()


def test_keeps_nothing_of_analyses_before_the_last_one(polled: Path) -> None:
    loading = loaded(polled)
    loading.again()
    earlier = weakref.ref(loading.analysis)
    gc.disable()
    try:
        loading.again()
        loading.again()
        assert earlier() is None
    finally:
        gc.enable()
