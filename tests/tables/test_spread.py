"""How latencies and throughput spread, by operation."""

from __future__ import annotations

import numpy as np
import pytest

from ptpip_analyze.tables.spread import LATENCY_DECADES, PER_DECADE, spread, spreads
from tests.support import analysed
from tests.traffic import conversation


def bins(*values: float) -> list[int]:
    found = spread(np.array(values), LATENCY_DECADES)
    assert found is not None
    return found["bins"]


def test_counts_in_bins_of_equal_ratio() -> None:
    found = bins(1e-6, 1.01e-6, 1.01e-3, 1.01e-2)
    assert found[0] == 2
    assert found[3 * PER_DECADE] == found[4 * PER_DECADE] == 1
    assert sum(found) == 4


def test_counts_what_lies_outside_in_the_outermost_bins() -> None:
    found = bins(0.0, 1e-9, 5e6)
    assert (found[0], found[-1], sum(found)) == (2, 1, 3)


def test_tells_nothing_of_what_was_not_timed_or_runs_backwards() -> None:
    assert spread(np.array([np.nan, -0.5]), LATENCY_DECADES) is None
    found = spread(np.array([np.nan, -0.5, 0.25]), LATENCY_DECADES)
    assert found is not None
    assert (found["count"], found["p50"], found["max"]) == (1, 0.25, 0.25)


def test_tells_each_operation_apart_the_most_frequent_first() -> None:
    talk = conversation().open()
    for turn in range(10):
        talk.request(0x1004).wait(0.01 if turn < 9 else 1.0).response()
    rows = spreads(analysed(talk.get_object(1, bytes(50_000), chunk=10_000).close().packets()).arrow("transactions"))
    assert [row["operation"] for row in rows] == ["GetStorageIDs", "GetObject", "OpenSession"]
    latency = rows[0]["latency"]
    assert latency["count"] == 10
    assert latency["p50"] == pytest.approx(0.01, rel=0.2)
    assert latency["max"] > 1
    assert latency["p50"] < latency["p95"] < latency["p99"] < latency["max"]


def test_measures_throughput_where_there_is_enough_data() -> None:
    talk = conversation().open().get_object(1, bytes(9_000)).get_object(2, bytes(100_000), chunk=20_000).close()
    analysis = analysed(talk.packets())
    (row,) = (one for one in spreads(analysis.arrow("transactions")) if one["operation"] == "GetObject")
    large = analysis.transactions.query("data_bytes == 100000").iloc[0]
    assert row["rate"]["count"] == 1
    assert row["rate"]["p50"] == pytest.approx(100_000 / large["transfer_s"])
    assert row["data_bytes"] == 109_000
