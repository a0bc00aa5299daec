"""Plots as numbers: where bars and lines stand, in percent of a drawing of any size. The templates draw them as SVG.

Promises axes with round numbers on them, and one scale for what is compared. Refuses to count: it is given counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from markupsafe import Markup

from ptpip_analyze.describe import clock_time, human_bytes, human_seconds
from ptpip_analyze.result import Result
from ptpip_analyze.tables.spread import LATENCY_DECADES, PER_DECADE, RATE_DECADES
from ptpip_analyze.tables.throughput import bytes_over_time

from .texts import clipped

MOST_OPERATIONS: Final = 40
_HEIGHT: Final = 100.0
_POINTS: Final = 300  # of a line over time


def operations(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The rows of ``spread.spreads`` with bars of latency and of throughput, each on one axis."""
    shown = list(rows[:MOST_OPERATIONS])
    latency = _axis([row["latency"] for row in shown], LATENCY_DECADES, human_seconds)
    rate = _axis([row["rate"] for row in shown], RATE_DECADES, _rate)
    return {
        "rows": [
            {
                "operation": clipped(row["operation"], 60)
                if row["operation"]
                else ("without a request" if row["unasked"] else "request not captured"),
                "vendor": row["vendor"],
                "transactions": row["transactions"],
                "bytes": human_bytes(row["data_bytes"]) if row["data_bytes"] else "",
                "latency": _bars(row["latency"], latency, human_seconds),
                "rate": _bars(row["rate"], rate, _rate),
            }
            for row in shown
        ],
        "latency": latency,
        "rate": rate,
        "more": len(rows) - len(shown),
    }


def _rate(bytes_per_second: float) -> str:
    return f"{human_bytes(round(bytes_per_second))}/s"


def _axis(spreads: Sequence[dict[str, Any] | None], decades: tuple[int, int], words: Any) -> dict[str, Any] | None:
    """The decades in which something lies, with labels; None where nothing does."""
    known = [np.array(one["bins"]) for one in spreads if one is not None]
    if not known:
        return None
    used = np.flatnonzero(sum(known))
    low, high = int(used[0]) // PER_DECADE, int(used[-1]) // PER_DECADE + 1
    ticks = [
        {"x": f"{100 * (one - low) / (high - low):.2f}", "text": words(10.0 ** (decades[0] + one)),
         "anchor": "start" if one == low else "end" if one == high else "middle"}
        for one in range(low, high + 1)
    ]  # fmt: skip
    return {"low": low, "high": high, "ticks": ticks, "begin": decades[0]}


def _bars(spread: dict[str, Any] | None, axis: dict[str, Any] | None, words: Any) -> dict[str, Any] | None:
    if spread is None or axis is None:
        return None
    bins = spread["bins"][axis["low"] * PER_DECADE : axis["high"] * PER_DECADE]
    width, most = 100 / len(bins), max(bins)
    bars = [
        # The square root: one slow transaction among thousands has to be seen, too.
        {"x": f"{place * width:.3f}", "height": f"{max(_HEIGHT * (count / most) ** 0.5, 6):.1f}",
         "y": f"{_HEIGHT - max(_HEIGHT * (count / most) ** 0.5, 6):.1f}"}
        for place, count in enumerate(bins)
        if count
    ]  # fmt: skip

    def place(value: float) -> str:
        decades = np.log10(max(value, 1e-12)) - axis["begin"] - axis["low"]
        return f"{min(max(100 * decades / (axis['high'] - axis['low']), 0.0), 100.0):.2f}"

    return {
        "bars": bars,
        "width": f"{width * 0.86:.3f}",
        "p50_x": place(spread["p50"]),
        "p95_x": place(spread["p95"]),
        **{name: words(spread[name]) for name in ("p50", "p95", "p99", "max")},
        "count": spread["count"],
    }


def over_time(result: Result, packets: Iterable[pa.RecordBatch]) -> dict[str, Any] | None:
    """The bytes of a capture's sessions over its time, as a line in a drawing 1000 wide and 100 high; None for none.

    ``packets`` are the batches of its packets table.
    """
    if result.times is None or not result.pairs:
        return None
    begins, ends = result.times
    carried = bytes_over_time(packets, begins, ends, _POINTS).astype(np.float64)
    if not carried.any():
        return None
    duration_s = max(ends - begins, 1) / 1e9
    rate = carried / (duration_s / _POINTS)
    top, step = float(rate.max()), 1000 / _POINTS
    line = "".join(f"H{place * step:.1f}V{100 - 96 * value / top:.1f}" for place, value in enumerate(rate.tolist()))
    return {
        "capture": clipped(result.path),
        "path": Markup(f"M0,100{line}H1000V100Z"),
        "top": _rate(top),
        "mean": _rate(float(carried.sum()) / duration_s),
        "total": human_bytes(int(carried.sum())),
        "duration": human_seconds(duration_s),
        "stretch": human_seconds(duration_s / _POINTS),
        "begins": clock_time(begins),
    }
