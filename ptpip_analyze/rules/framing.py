"""Rules of framing (CIPA DC-X005-2005 2.2, 2.3): lengths, types, and boundaries of messages.

Judges only messages whose first byte lies at a boundary that is known for certain.
"""

from __future__ import annotations

import numpy as np

from ..ptpip import messages as m
from .evidence import NOT_JUDGED, Evidence
from .rule import Ruling, rule

_NAMED = range(1, m.LAST_TYPE + 1)


@rule("framing-length-minimum")
def length_minimum(seen: Evidence, ruling: Ruling) -> None:
    """No message can be shorter than its own header."""
    short = seen.columns["reason"] == m.SHORT_LENGTH
    named = (seen.kind > 0) & (seen.kind <= m.LAST_TYPE)
    rows = np.flatnonzero(named | (short & (seen.kind != NOT_JUDGED)))

    def says(row: int) -> str:
        return f"a message declares a length of {int.from_bytes(seen.head(row, 4), 'little')} bytes"

    ruling.weigh(seen, rows, ~short[rows], seen.anchored[rows], says)


@rule("framing-fixed-size-types")
def fixed_size(seen: Evidence, ruling: Ruling) -> None:
    """Types without variable fields have one size each."""
    sizes = {kind: size for kind in _NAMED if (size := m.fixed_length(kind)) is not None}
    rows = seen.rows(*sizes)
    due = np.array([sizes.get(kind, 0) for kind in range(m.LAST_TYPE + 1)])[seen.kind[rows]]

    def says(row: int) -> str:
        kind = int(seen.kind[row])
        return f"{m.type_names()[kind]} of {int(seen.length[row])} bytes; it always has {sizes[kind]}"

    ruling.weigh(seen, rows, seen.length[rows] == due, seen.synced[rows], says)
