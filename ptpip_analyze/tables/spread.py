"""How long the transactions of each operation took and how fast their data came: quantiles, and counts for a plot.

Promises array work over the transactions table and counts in bins of equal ratio, so that what is ten times slower
stands equally far away everywhere. Refuses to time what has no times.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from .columns import as_floats, as_integers, as_texts, row_groups, text_at, without_request

PER_DECADE: Final = 16
"""Bins of a factor of ten."""

LATENCY_DECADES: Final = (-6, 3)
"""Bins of latency go from 1 µs to 1000 s; what lies outside is counted in the first or last one."""

RATE_DECADES: Final = (2, 10)
"""Bins of throughput go from 100 B/s to 10 GB/s."""

LEAST_BYTES: Final = 10_000
"""The throughput of smaller data phases says more about the sender's buffers than about the link."""


def spreads(transactions: pa.Table) -> list[dict[str, Any]]:
    """One row per operation, the most frequent first.

    ``operation`` is null and ``unasked`` false where requests were not captured, as in ``stats.operations_of``.
    ``latency`` and ``rate`` (bytes per second, from the first to the last data) are null where nothing was timed, else
    ``count``, ``p50``, ``p95``, ``p99``, ``max`` and ``bins``: counts over ``LATENCY_DECADES`` and ``RATE_DECADES``.
    """
    operation, vendor = as_texts(transactions, "operation"), as_texts(transactions, "vendor")
    code, size = as_integers(transactions, "operation_code"), as_integers(transactions, "data_bytes", 0)
    latency, transfer = as_floats(transactions, "latency_s"), as_floats(transactions, "transfer_s")
    unasked = without_request(transactions)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where((transfer > 0) & (size >= LEAST_BYTES), size / transfer, np.nan)
    rows = [
        {
            "operation": text_at(operation, members[0]),
            "operation_code": None if code[members[0]] < 0 else int(code[members[0]]),
            "vendor": text_at(vendor, members[0]),
            "unasked": bool(unasked[members[0]]),
            "transactions": len(members),
            "data_bytes": int(size[members].sum()),
            "latency": spread(latency[members], LATENCY_DECADES),
            "rate": spread(rate[members], RATE_DECADES),
        }
        for members in row_groups(operation.rows, vendor.rows, code, unasked)
    ]
    return sorted(rows, key=lambda row: (-row["transactions"], row["operation"] or "", row["operation_code"] or 0))


def spread(values: np.ndarray, decades: tuple[int, int]) -> dict[str, Any] | None:
    """Quantiles and bins of the values that are known (NaN: not known); None where none is, or all run backwards."""
    known = values[np.isfinite(values) & (values >= 0)]
    if not len(known):
        return None
    middle, high, higher = np.quantile(known, (0.5, 0.95, 0.99)).tolist()
    low, high_end = decades
    bins = (high_end - low) * PER_DECADE
    with np.errstate(divide="ignore"):
        place = np.floor((np.log10(known) - low) * PER_DECADE)
    counts = np.bincount(np.clip(place, 0, bins - 1).astype(np.int64), minlength=bins)
    return {
        "count": len(known),
        "p50": middle,
        "p95": high,
        "p99": higher,
        "max": float(known.max()),
        "bins": counts.tolist(),
    }
