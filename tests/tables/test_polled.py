"""Polled events stand among the others by frame."""

from __future__ import annotations

import tracemalloc

import pytest

from ptpip_analyze import decoded
from ptpip_analyze.tables import build, polled
from ptpip_analyze.tables.schema import arrow_schema
from tests.support import analysed, rows
from tests.traffic import capture, conversation
from tests.traffic.conversation import device_info
from tests.traffic.polls import CANON_END, record, u32


def test_stands_by_frame_among_the_events_of_the_connection() -> None:
    one = conversation().open().transaction(0x1001, data_in=device_info("Canon Inc.", "Canon EOS R5"))
    for handle in range(1, 6):
        one.event(0x4002, 0xFFFFFFFF, handle)
        one.transaction(0x9116, data_in=record(0xC182, u32(handle)) + CANON_END)
    with analysed(one.packets()) as told:
        found = rows(told, "events")
    assert [row["source"] for row in found] == ["connection", "polled"] * 5
    assert [row["parameters"] for row in found] == [[handle] for handle in range(1, 6) for _ in range(2)]
    assert [row["frame"] for row in found] == sorted(row["frame"] for row in found)


@pytest.mark.parametrize("events", [1, 2, 3])
def test_keeps_the_schema_however_many_rows_a_batch_has(monkeypatch: pytest.MonkeyPatch, events: int) -> None:
    with analysed(capture("canon_polls")) as told:
        whole = rows(told, "events")
    monkeypatch.setattr(polled, "BATCH_ROWS", 2)
    monkeypatch.setattr(polled, "BATCH_EVENTS", events)
    monkeypatch.setattr(build, "BATCH_ROWS", 2)
    with analysed(capture("canon_polls")) as told:
        batches = list(told.batches("events"))
        assert len(batches) > 1
        for batch in batches:
            assert batch.schema == arrow_schema("events")
            batch.validate(full=True)
        assert rows(told, "events") == whole


def test_leaves_out_of_the_parameters_what_is_wider_than_a_word() -> None:
    one = conversation().open().transaction(0x1001, data_in=device_info("Canon Inc.", "Canon EOS R5"))
    one.transaction(0x9116, data_in=record(0xC189, u32(0xD1FF, 1, 2)) + CANON_END)
    with analysed(one.packets()) as told:
        (row,) = rows(told, "events")
    assert row["parameters"] == [0xD1FF]
    assert row["text"].endswith(f"= {(2 << 32) + 1})")


@pytest.mark.parametrize("asked", ["events", "summary"])
def test_takes_no_more_memory_for_more_lists(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setattr(polled, "BATCH_EVENTS", 1000)
    one = conversation().open().transaction(0x1001, data_in=device_info("Canon Inc.", "Canon EOS R5"))
    for turn in range(30):
        lists = b"".join(record(0xC100 + (turn + number) % 200, b"") for number in range(1000))
        one.transaction(0x9116, data_in=lists + CANON_END, chunk=60_000)
    with analysed(one.packets()) as told:
        tracemalloc.start()
        if asked == "events":
            count = sum(batch.num_rows for batch in told.batches("events"))
        else:
            count = sum(told.event_kinds().values())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 30_000
    assert peak < 4_000_000, "of one list 1 MB, of all 12"


def test_counts_a_bounded_number_of_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoded, "MOST_COUNTED", 3)
    one = conversation().open().transaction(0x1001, data_in=device_info("Canon Inc.", "Canon EOS R5"))
    one.transaction(0x9116, data_in=b"".join(record(0xCF00 + number, b"") for number in range(9)) + CANON_END)
    with analysed(one.packets()) as told:
        assert [(kind.code, kind.name, count) for kind, count in told.event_kinds().items()] == [
            (0xCF00, "0xCF00", 1), (0xCF01, "0xCF01", 1), (0xCF02, "0xCF02", 1), (None, None, 6),
        ]  # fmt: skip
        (session,) = rows(told, "sessions")
        assert session["events"] == 9
