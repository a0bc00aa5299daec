"""Bytes over time."""

from __future__ import annotations

from ptpip_analyze.tables.throughput import bytes_over_time
from tests.support import analysed
from tests.traffic import conversation


def test_counts_every_payload_byte_once_in_its_stretch() -> None:
    talk = conversation().open().wait(1.0).get_object(1, bytes(5000)).close()
    analysis = analysed(talk.packets())
    begins, ends = analysis.results[0].times or (0, 0)
    found = bytes_over_time(analysis.batches("packets"), begins, ends, 4)
    carried = analysis.packets["tcp_payload_bytes"].sum()
    assert found.sum() == carried
    assert found[-1] > 5000
    assert found[1] == found[2] == 0


def test_is_nothing_without_packets() -> None:
    assert bytes_over_time([], 0, 0, 3).tolist() == [0, 0, 0]
