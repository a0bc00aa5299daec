"""Properties over time, as strips: what each was, from when to when.

Promises one pass over the properties table in bounded memory. Values that were told again unchanged are not shown, and
what is left out is counted. Refuses to draw between what was told: a strip begins where something was known.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.analysis import Analysis
from ptpip_analyze.describe import counted, human_seconds

from .texts import clipped

MOST_PROPERTIES: Final = 80
MOST_VALUES: Final = 40
"""Values of one property that are shown: half of them the first, half the last."""

_TOLD: Final = pa.array(["current", "set", "refused", "unanswered", "control", "reset"])
_VAIN: Final = frozenset({"refused", "unanswered", "control"})  # not known to have come to be, or to last
_COLUMNS: Final = ["session", "property", "value", "text", "role", "changed", "source", "time", "frame"]
_KEPT: Final = 4000  # properties that are counted at all
_LEAST: Final = 4.0  # percent of a strip that a value with a label has


def histories(analysis: Analysis, spans: dict[int, tuple[int, int]]) -> tuple[list[dict[str, Any]], list[str]]:
    """By session, the properties with their changes, those that change most first; and what is left out.

    ``spans`` are begin and end of the sessions (ns).
    """
    found: dict[tuple[int, str], _Values] = {}
    beyond = 0
    for batch in analysis.batches("properties"):
        table = pa.Table.from_batches([batch.select(_COLUMNS)])
        role = table["role"].cast(pa.string())
        same = pc.and_(pc.equal(role, "current"), pc.fill_null(pc.invert(table["changed"]), False))
        for row in _plain(table.filter(pc.and_(pc.is_in(role, _TOLD), pc.invert(pc.fill_null(same, False))))):
            key = row["session"], row["property"]
            if key not in found and len(found) >= _KEPT:
                beyond += 1
                continue
            found.setdefault(key, _Values()).take({**row, "said": _said(row), "until": None})
    order = sorted(found, key=lambda key: (key[0], -min(found[key].count, 2), key[1]))
    moving = [key for key in order if found[key].count > 1]
    chosen = set((moving + [key for key in order if found[key].count == 1])[:MOST_PROPERTIES])
    sessions: dict[int, list[dict[str, Any]]] = {}
    for key in order:
        if key in chosen:
            sessions.setdefault(key[0], []).append(_history(key[1], found[key], spans.get(key[0])))
    left = []
    if hidden := len(found) - len(chosen):
        left.append(f"{counted(hidden, 'property', 'properties')} more of {len(found):,}: ptpip-analyze properties.")
    if beyond:
        left.append(f"{counted(beyond, 'value')} of further properties: ptpip-analyze properties.")
    if values := sum(found[key].left_out for key in chosen):
        left.append(f"{counted(values, 'change')} of properties, between the first and the last of each.")
    return [{"session": session, "properties": rows} for session, rows in sessions.items()], left


class _Values:
    """What was told of one property: the first values and the last ones."""

    def __init__(self) -> None:
        self.first: list[dict[str, Any]] = []
        self.last: deque[dict[str, Any]] = deque(maxlen=MOST_VALUES // 2)
        self.count = 0
        self._stands: dict[str, Any] | None = None  # what the property is now, as far as it was told

    @property
    def left_out(self) -> int:
        return self.count - len(self.first) - len(self.last)

    def take(self, row: dict[str, Any]) -> None:
        """The next one; not what is told to be what it was already."""
        stands = self._stands
        if row["role"] == "current" and stands is not None and stands["said"] == row["said"]:
            return
        self.count += 1
        if len(self.first) < MOST_VALUES // 2:
            self.first.append(row)
        else:
            self.last.append(row)
        if row["role"] not in _VAIN:
            if stands is not None:
                stands["until"] = row["time"]
            self._stands = row


def _plain(table: pa.Table) -> list[dict[str, Any]]:
    return table.set_column(table.schema.get_field_index("time"), "time", table["time"].cast(pa.int64())).to_pylist()


def _said(row: dict[str, Any]) -> str:
    told = row["text"] or row["value"]
    return "not told" if told is None else clipped(told, 60) if told else "empty"


def _history(name: str, values: _Values, span: tuple[int, int] | None) -> dict[str, Any]:
    shown = [*values.first, *values.last]
    begins = span[0] if span else None
    strip = [part for row in shown if span and (part := _part(row, *span))]
    for number, part in enumerate(strip):
        part["tone"] = number % 2
    if values.left_out and span:
        strip += _between(values, *span)
    return {
        "property": clipped(name, 80),
        "count": values.count,
        "more": values.left_out,
        "last": shown[-1]["said"],
        "strip": strip,
        "told": [
            {
                "said": row["said"],
                "role": row["role"],
                "source": row["source"],
                "frame": row["frame"],
                "at": "" if row["time"] is None or begins is None else human_seconds((row["time"] - begins) / 1e9),
                "gap": values.left_out if number == len(values.first) else 0,
            }
            for number, row in enumerate(shown)
        ],
    }


def _part(row: dict[str, Any], begins: int, ends: int) -> dict[str, Any] | None:
    """A value on the strip; None for what did not come to be, or has no time within the session."""
    if row["time"] is None or row["role"] in _VAIN or not begins <= row["time"] <= ends:
        return None
    until = ends if row["until"] is None else min(max(row["until"], row["time"]), ends)
    low, width = _share(row["time"], until, begins, ends)
    label = row["said"] if width >= _LEAST else ""
    return {"x": f"{low:.3f}", "width": f"{max(width, 0.1):.3f}", "label": label, "set": row["role"] == "set"}


def _between(values: _Values, begins: int, ends: int) -> list[dict[str, Any]]:
    """The stretch of a strip in which changes are left out."""
    before, after = values.first[-1], values.last[0]
    start, end = before["until"] or before["time"], after["time"]
    if start is None or end is None or not begins <= start <= end <= ends:
        return []
    low, width = _share(start, end, begins, ends)
    label = f"{values.left_out:,} changes" if width >= _LEAST else ""
    return [{"x": f"{low:.3f}", "width": f"{width:.3f}", "label": label, "set": False, "tone": "gap"}]


def _share(start: int, end: int, begins: int, ends: int) -> tuple[float, float]:
    """Place and width in percent of the session."""
    length = max(ends - begins, 1)
    return (start - begins) / length * 100, (end - start) / length * 100
