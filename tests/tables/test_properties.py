"""The properties table: in order of frame, in batches, over several captures."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from ptpip_analyze import analyze
from ptpip_analyze.tables import properties
from ptpip_analyze.tables.schema import arrow_schema
from tests.support import analysed, rows
from tests.traffic import capture, conversation, write_pcap
from tests.traffic.polls import description, u8, u16


def test_keeps_schema_and_order_however_many_rows_a_batch_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with analysed(capture("sony_polls")) as told:
        whole = rows(told, "properties")
    assert [row["frame"] for row in whole] == sorted(row["frame"] for row in whole)
    monkeypatch.setattr(properties, "BATCH_ROWS", 2)
    with analysed(capture("sony_polls")) as told:
        for batch in told.batches("properties"):
            assert batch.num_rows <= 2
            assert batch.schema == arrow_schema("properties")
            batch.validate(full=True)
        assert rows(told, "properties") == whole


def test_numbers_sessions_and_transactions_over_all_captures(tmp_path: Path) -> None:
    for name in ("canon_polls", "sony_polls"):
        write_pcap(tmp_path / f"{name}.pcap", capture(name))
    with analyze(tmp_path.as_posix()) as told:
        found, asked = rows(told, "properties"), {row["transaction"]: row for row in rows(told, "transactions")}
    assert {row["session"] for row in found} == {0, 1}
    assert {row["role"] for row in found if row["transaction"] is None} == {"notified"}
    for row in found:
        if row["transaction"] is None:
            continue
        of = asked[row["transaction"]]
        assert (row["session"], row["transaction_id"], row["capture"]) == (
            of["session"], of["transaction_id"], of["capture"],
        )  # fmt: skip


def test_reads_properties_with_the_vendor_of_their_session() -> None:
    with analysed(capture("canon_polls")) as told:
        assert {row["vendor"] for row in rows(told, "properties")} == {"canon_eos"}


def test_is_empty_where_no_property_was_told() -> None:
    with analysed(capture("http")) as told:
        assert rows(told, "properties") == []
        assert told.properties.empty


def test_takes_no_more_memory_for_more_and_longer_values() -> None:
    one = conversation().open()
    for number in range(60):
        values = b"".join(u16(number * 100 + value & 0xFFFF) for value in range(4000))
        described = description(0xD000 + number, 4, u16(1), u16(2), u8(2) + u16(4000) + values)
        one.transaction(0x1014, 0xD000 + number, data_in=described, chunk=60_000)
    packets = one.packets()
    with analysed(packets) as told:
        tracemalloc.start()
        rows_told = sum(batch.num_rows for batch in told.batches("properties"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert rows_told == 120
    assert peak < 8_000_000, "of one description 2 MB, of all 20"


def test_ends_a_batch_where_its_text_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(properties, "BATCH_CHARACTERS", 200)
    with analysed(capture("sony_polls")) as told:
        assert max(batch.num_rows for batch in told.batches("properties")) <= 3


def test_names_the_event_that_tells_of_a_change() -> None:
    with analysed(capture("sony_polls")) as told:
        (row,) = (row for row in rows(told, "properties") if row["role"] == "notified")
    assert (row["property_code"], row["source"], row["transaction"], row["transaction_id"]) == (
        0x5007, "DevicePropChanged", None, None,
    )  # fmt: skip
