"""Headers of many messages, made from their rows."""

from __future__ import annotations

import io

import numpy as np
import pytest

from ptpip_analyze import analyze
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.scrub.heads import CARRIERS, made, sizes
from tests.traffic import capture, pcap_bytes


@pytest.mark.parametrize("story", ["plain", "cancels_in", "two_pairs"])
def test_makes_the_bytes_that_were_captured(story: str) -> None:
    with analyze(io.BytesIO(pcap_bytes(capture(story), nano=True))) as analysis:
        result = analysis.results[0]
        columns = result.messages
        rows = np.flatnonzero(columns["status"] == m.COMPLETE)
        size, lines = sizes(columns, rows), made(columns, rows)
        assert set(columns["type"][rows[size == 12]].tolist()) >= {m.END_DATA}
        for row, length, line in zip(rows.tolist(), size.tolist(), lines, strict=True):
            assert line[:length].tobytes() == result.message_head(row, length)
            assert length in (0, 12) or length == columns["length"][row]


def test_knows_no_size_of_other_types() -> None:
    kinds = [m.INIT_COMMAND_REQUEST, m.UNFRAMED, -3, m.LAST_TYPE + 1, m.CONTAINER_DATA, 1 << 32, *CARRIERS]
    columns = {"type": np.array(kinds, np.int64), "words": np.ones(len(kinds), np.uint8)}
    assert sizes(columns, np.arange(len(kinds))).tolist() == [0] * 6 + [12, 12]
