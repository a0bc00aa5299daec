"""Data phases of initiators that stop before End Data: what came instead, and what had been sent until then.

Says whether a response that excuses it may be missing; judges nothing.
"""

from __future__ import annotations

import numpy as np

from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .evidence import Evidence
from .numbering import Numbering
from .phases import Phases
from .rule import INITIATOR


class Unended:
    """Data phases of initiators in which the next request, or the end of the connection, comes before End Data.

    Lists with one element per such transaction: ``start`` (Start Data) and ``after`` (the next request, NO_ROW for the
    end of the connection) are message rows, ``number`` the transaction, ``known`` whether nothing that would excuse it
    may be missing, ``carried`` the bytes of payload sent until then.
    """

    def __init__(self, seen: Evidence) -> None:
        phases, numbering = seen.once(Phases), seen.once(Numbering)
        own = phases.side == INITIATOR
        starts = phases.first(own & (phases.kind == m.START_DATA))
        groups = np.flatnonzero((starts != NO_ROW) & (phases.request != NO_ROW))
        groups = groups[~phases.cancelled[groups] & ~phases.refused[groups]]
        after = _next_requests(seen, numbering, starts[groups])
        limit = np.full(len(phases.numbers), np.iinfo(np.int64).max)
        limit[groups] = np.where(after == NO_ROW, limit[groups], seen.offset[after])
        before = own & (seen.offset[phases.row] < limit[phases.group])
        ended = phases.total(before & (phases.kind == m.END_DATA))
        carried = phases.total(before & (phases.kind != m.START_DATA), phases.payload)
        open_ones = ended[groups] == 0
        self.group = groups[open_ones]
        self.start, self.after = starts[self.group], after[open_ones]
        self.number, self.carried = phases.numbers[self.group], carried[self.group]
        self.known = np.array([self._known(seen, phases, at) for at in range(len(self.group))], bool)

    def _known(self, seen: Evidence, phases: Phases, at: int) -> bool:
        group, start, after = int(self.group[at]), int(self.start[at]), int(self.after[at])
        stretch = int(seen.stretch[phases.request[group]])
        response = int(phases.response[group])
        if not phases.clear[group] or stretch < 0 or stretch != seen.stretch[start]:
            return False
        early = response != NO_ROW and self.carried[at] != int(seen.columns["total"][start])
        if after != NO_ROW:
            # OK before all had come: the initiator may have given up what the responder did not wait for.
            return stretch == int(seen.stretch[after]) and not (early and seen.rank[response] < seen.rank[after])
        line = seen.cases[int(seen.session[start])].command
        return (
            response != NO_ROW and not early and line is not None and line.closed_by == INITIATOR and not line.reset
            and line.whole(INITIATOR)
        )  # fmt: skip


def _next_requests(seen: Evidence, numbering: Numbering, rows: np.ndarray) -> np.ndarray:
    """int64: the next request of the initiator behind each message in its stream, or NO_ROW."""

    def place(of: np.ndarray) -> np.ndarray:
        return (seen.columns["stream"][of].astype(np.int64) << 40) + seen.offset[of]

    if len(rows) == 0:
        return rows
    requests = numbering.row[np.argsort(place(numbering.row), kind="stable")]
    found = np.append(requests, NO_ROW)[np.searchsorted(place(requests), place(rows))]
    same = seen.columns["stream"][found] == seen.columns["stream"][rows]
    return np.where(same & (found != NO_ROW), found, NO_ROW)
