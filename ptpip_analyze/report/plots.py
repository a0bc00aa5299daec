"""Plots as numbers: where bars and lines stand, in percent of a drawing of any size. The templates draw them as SVG.

Promises axes with round numbers on them, and one scale for what is compared. Refuses to count: ``tables`` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from markupsafe import Markup

from ptpip_analyze.describe import clock_time, human_bytes, human_seconds
from ptpip_analyze.result import Result
from ptpip_analyze.tables.shares import captured_at, causes, shares
from ptpip_analyze.tables.spread import LATENCY_DECADES, PER_DECADE, RATE_DECADES, spreads
from ptpip_analyze.tables.stats import Part, measured, most_frequent, parts
from ptpip_analyze.tables.throughput import bytes_over_time

from .texts import clipped

MOST_OPERATIONS: Final = 40
_HEIGHT: Final = 100.0
_POINTS: Final = 300  # of a line over time
_LEGIBLE: Final = {"wide": 0.26, "fair": 0.11}  # shares of a bar in which a name fits, on a phone and elsewhere


def operations(transactions: pa.Table) -> dict[str, Any]:
    """What ``stats.measured`` says, the most frequent first, with bars of latency and throughput on one axis each."""
    rows = list(zip(measured(transactions), spreads(transactions), strict=True))
    rows.sort(key=lambda pair: most_frequent(pair[0]))
    shown = rows[:MOST_OPERATIONS]
    latency = _axis([spread.latency for _, spread in shown], LATENCY_DECADES, human_seconds)
    rate = _axis([spread.rate for _, spread in shown], RATE_DECADES, _rate)
    return {
        "rows": [
            {
                "operation": clipped(row["operation"], 60)
                if row["operation"]
                else ("without a request" if row["unasked"] else "request not captured"),
                "vendor": row["vendor"],
                "transactions": row["count"],
                "bytes": human_bytes(row["bytes"]) if row["bytes"] else "",
                "latency": _latency(row, spread.latency, latency),
                "rate": _throughput(row, spread.rate, rate),
            }
            for row, spread in shown
        ],
        "latency": latency,
        "rate": rate,
        "more": len(rows) - len(shown),
    }


def _latency(row: dict[str, Any], bins: list[int] | None, axis: dict[str, Any] | None) -> dict[str, Any] | None:
    if bins is None or axis is None:
        return None
    known = {name: row[f"latency_{name}_s"] for name in ("p50", "p95", "p99", "max")}
    lines = {"p50": _place(known["p50"], axis), "p95": _place(known["p95"], axis)}
    return {**_bars(bins, axis), "lines": lines, **{name: human_seconds(value) for name, value in known.items()}}


def _throughput(row: dict[str, Any], bins: list[int] | None, axis: dict[str, Any] | None) -> dict[str, Any] | None:
    if bins is None or axis is None:
        return None
    return {**_bars(bins, axis), "lines": {"p50": _place(row["throughput"], axis)}, "all": _rate(row["throughput"])}


def _rate(bytes_per_second: float) -> str:
    return f"{human_bytes(round(bytes_per_second))}/s"


def _axis(spreads: Sequence[list[int] | None], decades: tuple[int, int], words: Any) -> dict[str, Any] | None:
    """The decades in which something lies, with labels; None where nothing does."""
    known = [np.array(bins) for bins in spreads if bins is not None]
    if not known:
        return None
    used = np.flatnonzero(sum(known))
    low, high = int(used[0]) // PER_DECADE, int(used[-1]) // PER_DECADE + 1
    ticks = [
        {"x": f"{100 * (one - low) / (high - low):.2f}", "text": words(10.0 ** (decades[0] + one)),
         "anchor": "start" if one == low else "end" if one == high else "middle", "between": (one - low) % 2 == 1}
        for one in range(low, high + 1)
    ]  # fmt: skip
    return {"low": low, "high": high, "ticks": ticks, "begin": decades[0]}


def _bars(bins: list[int], axis: dict[str, Any]) -> dict[str, Any]:
    bins = bins[axis["low"] * PER_DECADE : axis["high"] * PER_DECADE]
    width, most = 100 / len(bins), max(bins)
    bars = [
        # The square root: one slow transaction among thousands has to be seen, too.
        {"x": f"{place * width:.3f}", "height": f"{max(_HEIGHT * (count / most) ** 0.5, 6):.1f}",
         "y": f"{_HEIGHT - max(_HEIGHT * (count / most) ** 0.5, 6):.1f}"}
        for place, count in enumerate(bins)
        if count
    ]  # fmt: skip
    return {"bars": bars, "width": f"{width * 0.86:.3f}"}


def _place(value: float, axis: dict[str, Any]) -> str:
    decades = np.log10(max(value, 1e-12)) - axis["begin"] - axis["low"]
    return f"{min(max(100 * decades / (axis['high'] - axis['low']), 0.0), 100.0):.2f}"


def where_time_went(transactions: pa.Table, sessions: pa.Table, most: int) -> dict[str, Any] | None:
    """A bar of all sessions, and where there are several, one of each of the first ``most``; None without any.

    A bar has its ``segments`` (places in percent, and what they say), and where it was captured (``tap``).
    """
    whole = parts(transactions, sessions, None)
    if not whole:
        return None
    several = parts(transactions, sessions.slice(0, most), "session") if sessions.num_rows > 1 else []
    return {"all": _part(whole[0]), "sessions": [{"session": one.name, **_part(one)} for one in several]}


def _part(part: Part) -> dict[str, Any]:
    segments, at = [], 0.0
    for one in shares(part.spent):
        fits = next((name for name, share in _LEGIBLE.items() if one.share >= share), "narrow")
        segments.append(
            {
                "name": one.name,
                "x": f"{100 * at:.3f}",
                "width": f"{100 * one.share:.3f}",
                "fits": fits,
                "time": human_seconds(one.seconds) if one.seconds else "",
                "percent": f"{one.share:.0%}" if one.seconds else "",
                "says": one.says,
            }
        )
        at += one.share
    return {
        "segments": segments,
        "duration": human_seconds(part.spent.whole),
        "count": len(part.sessions),
        "camera": clipped(part.sessions[0]["model"] or part.sessions[0]["responder_name"] or "unnamed camera", 80),
        "tap": captured_at(part.sessions),
        "causes": causes(part.spent),
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
