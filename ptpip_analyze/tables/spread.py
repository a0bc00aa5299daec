"""How latencies and throughput of each operation spread: counts for a plot.

Promises array work over the transactions table and counts in bins of equal ratio, so that what is ten times slower
stands equally far away everywhere. Leaves percentiles to ``stats``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from .columns import as_floats, as_integers, as_texts, row_groups, without_request

PER_DECADE: Final = 16
"""Bins of a factor of ten."""

LATENCY_DECADES: Final = (-6, 3)
"""Bins of latency go from 1 µs to 1000 s; what lies outside is counted in the first or last one."""

RATE_DECADES: Final = (2, 10)
"""Bins of throughput go from 100 B/s to 10 GB/s."""

LEAST_BYTES: Final = 10_000
"""Where all data phases of an operation are smaller, their throughput says more about latency than about the link."""


class Spread(NamedTuple):
    """Counts over ``LATENCY_DECADES`` and ``RATE_DECADES`` (bytes per second, from the request to the end of the data);
    None where nothing was timed, or carried.
    """

    latency: list[int] | None
    rate: list[int] | None


def spreads(transactions: pa.Table) -> list[Spread]:
    """One per operation, in the order of ``stats.measured``."""
    operation, vendor = as_texts(transactions, "operation"), as_texts(transactions, "vendor")
    code, size = as_integers(transactions, "operation_code"), as_integers(transactions, "data_bytes", 0)
    latency = as_floats(transactions, "latency_s")
    first, transfer = as_floats(transactions, "first_byte_s"), as_floats(transactions, "transfer_s")
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where((first >= 0) & (transfer >= 0) & (size > 0), size / (first + transfer), np.nan)
    return [
        Spread(
            bins(latency[members], LATENCY_DECADES),
            bins(rate[members], RATE_DECADES) if size[members].max() >= LEAST_BYTES else None,
        )
        for members in row_groups(operation.rows, vendor.rows, code, without_request(transactions))
    ]


def bins(values: np.ndarray, decades: tuple[int, int]) -> list[int] | None:
    """Counts of the values that are known (NaN: not known); None where none is, or all run backwards."""
    known = values[np.isfinite(values) & (values >= 0)]
    if not len(known):
        return None
    low, high = decades
    count = (high - low) * PER_DECADE
    with np.errstate(divide="ignore"):
        place = np.floor((np.log10(known) - low) * PER_DECADE)
    return np.bincount(np.clip(place, 0, count - 1).astype(np.int64), minlength=count).tolist()
