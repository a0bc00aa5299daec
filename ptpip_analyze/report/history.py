"""Properties over time, as strips: what each was, from when to when.

Promises one pass over the properties table in bounded memory. Values that were told again unchanged are not shown, and
what is left out is counted. Refuses to draw between what was told: a strip begins where something was known.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.analysis import Analysis
from ptpip_analyze.describe import counted, human_seconds

from .texts import clipped

MOST_PROPERTIES: Final = 80
MOST_VALUES: Final = 40
"""Changes of one property that are shown."""

_TOLD: Final = pa.array(["current", "set", "refused", "unanswered", "control", "reset"])
_COLUMNS: Final = ["session", "property", "value", "text", "role", "changed", "source", "time", "frame"]
_KEPT: Final = 4000  # properties that are counted at all
_LEAST: Final = 4.0  # percent of a strip that a value with a label has


def histories(analysis: Analysis, spans: dict[int, tuple[int, int]]) -> tuple[list[dict[str, Any]], list[str]]:
    """By session, the properties with their changes, those that change most first; and what is left out.

    ``spans`` are begin and end of the sessions (ns).
    """
    found: dict[tuple[int, str], list[dict[str, Any]]] = {}
    counts: dict[tuple[int, str], int] = {}
    beyond = 0
    for batch in analysis.batches("properties"):
        table = pa.Table.from_batches([batch.select(_COLUMNS)])
        same = pc.and_(pc.equal(table["role"].cast(pa.string()), "current"), pc.fill_null(pc.invert(table["changed"]), False))
        told = pc.is_in(table["role"].cast(pa.string()), _TOLD)
        for row in _plain(table.filter(pc.and_(told, pc.invert(pc.fill_null(same, False))))):
            key = row["session"], row["property"]
            if key not in counts and len(counts) >= _KEPT:
                beyond += 1
                continue
            values = found.setdefault(key, [])
            if row["role"] == "current" and values and values[-1]["role"] != "refused" and values[-1]["said"] == _said(row):
                continue
            counts[key] = counts.get(key, 0) + 1
            if len(values) < MOST_VALUES:
                values.append({**row, "said": _said(row)})
    order = sorted(found, key=lambda key: (key[0], -min(counts[key], 2), key[1]))
    moving = [key for key in order if counts[key] > 1]
    chosen = set((moving + [key for key in order if counts[key] == 1])[:MOST_PROPERTIES])
    sessions: dict[int, list[dict[str, Any]]] = {}
    for key in order:
        if key in chosen:
            sessions.setdefault(key[0], []).append(_history(key[1], found[key], counts[key], spans.get(key[0])))
    left = []
    if hidden := len(found) - len(chosen):
        left.append(f"{counted(hidden, 'property', 'properties')} more of {len(found):,}: ptpip-analyze properties.")
    if values := sum(counts[key] - len(found[key]) for key in chosen) + beyond:
        left.append(f"{counted(values, 'change')} of properties beyond the first {MOST_VALUES} of each.")
    return [{"session": session, "properties": rows} for session, rows in sessions.items()], left


def _plain(table: pa.Table) -> list[dict[str, Any]]:
    return table.set_column(table.schema.get_field_index("time"), "time", table["time"].cast(pa.int64())).to_pylist()


def _said(row: dict[str, Any]) -> str:
    return clipped(row["text"] or row["value"] or "not told", 60)


def _history(name: str, values: list[dict[str, Any]], count: int, span: tuple[int, int] | None) -> dict[str, Any]:
    begins, ends = span or (0, 0)
    length = max(ends - begins, 1)
    strip: list[dict[str, Any]] = []
    shown = [row for row in values if row["time"] is not None and row["role"] != "refused"]
    for number, row in enumerate(shown):
        low = (row["time"] - begins) / length * 100
        until = shown[number + 1]["time"] if number + 1 < len(shown) else ends
        width = (until - begins) / length * 100 - low
        if span is None or not 0 <= low <= 100 or width < 0:
            continue
        strip.append(
            {
                "x": f"{low:.3f}",
                "width": f"{min(max(width, 0.1), 100 - low):.3f}",
                "label": row["said"] if width >= _LEAST else "",
                "set": row["role"] == "set",
                "tone": number % 2,
            }
        )
    return {
        "property": clipped(name, 80),
        "count": count,
        "more": count - len(values),
        "last": values[-1]["said"],
        "strip": strip,
        "told": [
            {
                "said": row["said"],
                "role": row["role"],
                "source": row["source"],
                "frame": row["frame"],
                "at": "" if row["time"] is None else f"{'' if row['time'] < begins else '+'}"
                f"{human_seconds((row['time'] - begins) / 1e9)}",
            }
            for row in values
        ],
    }
