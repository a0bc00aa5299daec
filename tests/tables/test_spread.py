"""How latencies and throughput spread, by operation."""

from __future__ import annotations

import numpy as np

from ptpip_analyze.tables.spread import LATENCY_DECADES, PER_DECADE, RATE_DECADES, bins, spreads
from ptpip_analyze.tables.stats import measured
from tests.support import analysed
from tests.traffic import conversation


def latencies(*values: float) -> list[int]:
    found = bins(np.array(values), LATENCY_DECADES)
    assert found is not None
    return found


def test_counts_in_bins_of_equal_ratio() -> None:
    found = latencies(1e-6, 1.01e-6, 1.01e-3, 1.01e-2)
    assert found[0] == 2
    assert found[3 * PER_DECADE] == found[4 * PER_DECADE] == 1
    assert sum(found) == 4


def test_counts_what_lies_outside_in_the_outermost_bins() -> None:
    found = latencies(0.0, 1e-9, 5e6)
    assert (found[0], found[-1], sum(found)) == (2, 1, 3)


def test_counts_nothing_that_was_not_timed_or_runs_backwards() -> None:
    assert bins(np.array([np.nan, -0.5]), LATENCY_DECADES) is None
    assert sum(latencies(np.nan, -0.5, 0.25)) == 1


def test_has_the_operations_in_the_order_in_which_they_are_measured() -> None:
    talk = conversation().open()
    for turn in range(10):
        talk.request(0x1004).wait(0.01 if turn < 9 else 1.0).response()
    transactions = analysed(talk.get_object(1, bytes(50_000), chunk=10_000).close().packets()).arrow("transactions")
    rows = measured(transactions)
    assert [row["operation"] for row in rows] == ["OpenSession", "GetStorageIDs", "GetObject"]
    assert [sum(one.latency or ()) for one in spreads(transactions)] == [row["count"] for row in rows] == [1, 10, 1]


def test_counts_throughput_from_the_request_to_the_end_of_the_data() -> None:
    talk = conversation().open().get_object(1, bytes(9_000)).get_object(2, bytes(100_000), chunk=20_000)
    analysis = analysed(talk.transaction(0x1004, data_in=bytes(8)).close().packets())
    operations = [row["operation"] for row in measured(analysis.arrow("transactions"))]
    rates = dict(zip(operations, [one.rate for one in spreads(analysis.arrow("transactions"))], strict=True))
    assert rates["GetStorageIDs"] is None  # too little for a rate
    rows = analysis.transactions.query("operation == 'GetObject'")
    each = (rows["data_bytes"] / (rows["first_byte_s"] + rows["transfer_s"])).to_numpy()
    assert rates["GetObject"] == bins(each, RATE_DECADES)
    assert len(each) == 2
