"""A property over time in one line: how often it was told, its values as a sparkline, the first and the last one.

Promises that each value is one that was told, in the order of the capture. Refuses to draw what has no order: of texts
only the changes are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.describe import counted, safe_text

BLOCKS: Final = "▁▂▃▄▅▆▇█"
MOST: Final = 40
"""Blocks of a line; of more values the last ones are drawn."""

_TOLD: Final = ("current", "set")
"""Roles of rows in which a property has the value."""


def history(properties: pa.Table, row: int) -> str:
    """The values of a row's property in its session; "" where none is told. ``properties`` is the properties table."""
    mine = properties.filter(
        pc.and_(
            pc.equal(properties["session"], properties["session"][row]),
            pc.equal(properties["property_code"], properties["property_code"][row]),
        )
    ).select(["property", "value", "text", "role"])
    rows = [one for one in mine.to_pylist() if one["role"] in _TOLD]
    if not rows:
        return ""
    texts = [one["text"] or one["value"] or "?" for one in rows]
    changes = sum(before != after for before, after in pairwise(texts))
    said = f"{rows[0]['property']}: {counted(len(rows), 'value')}"
    if not changes:
        return safe_text(f"{said}, always {texts[0]}" if len(rows) > 1 else f"{said}, {texts[0]}")
    drawn = _sparkline([one["value"] for one in rows])
    return safe_text(f"{said}, {counted(changes, 'change')}  {drawn}  {texts[0]} → {texts[-1]}")


def _sparkline(values: Sequence[str | None]) -> str:
    """A block per value, the last MOST; "" where one of these is no number."""
    try:
        numbers = [float(value) for value in values[-MOST:] if value is not None]
    except ValueError:
        return ""
    low, high = min(numbers), max(numbers)
    if low == high:
        return BLOCKS[0] * len(numbers)
    return "".join(BLOCKS[round((number - low) / (high - low) * (len(BLOCKS) - 1))] for number in numbers)
