"""What changed before a failure: values that differ, were set or refused, or that an event said to have changed.

The same as the table of changes before failures (``tables.moments``), out of the decoded rows: a table costs more time
than all else that the doctor does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import facts
from ..capture import NO_TIME
from ..decoded import decoder
from ..facts.named import OK
from ..ptp import NO_ROW
from ..ptpip import messages as m
from ..result import Result

BEFORE_S = 5.0  # how long before a failure changes are looked for
TELLING = frozenset({"set", "refused", "unanswered", "control", "reset", "notified"})


class Change(NamedTuple):
    """A property, what was done to it ("set", ...), and its value as text; "None" where that is not known."""

    name: str
    role: str
    value: str


def changes_before(result: Result, seconds: float = BEFORE_S) -> dict[int, list[Change]]:
    """By transaction row that was answered with anything but OK: what changed within so many seconds before it."""
    made, columns = result.transactions, result.messages
    answered = np.flatnonzero((made.response != NO_ROW) & (made.request != NO_ROW))
    rows = made.response[answered]
    known = m.carries_code(columns["type"][rows], columns["known"][rows], columns["length"][rows])
    times = columns["time"][made.request[answered]]
    failed = answered[known & (columns["code"][rows] != OK) & (times != NO_TIME)]
    found: dict[int, list[Change]] = {}
    if not len(failed):
        return found
    asked = columns["time"][made.request[failed]]
    order = np.lexsort((asked, made.session[failed]))
    failed, asked = failed[order], asked[order]
    sessions, begins = np.unique(made.session[failed], return_index=True)
    bounds = dict(
        zip(sessions.tolist(), zip(begins.tolist(), [*begins[1:].tolist(), len(failed)], strict=True), strict=True)
    )
    for row in decoder(result).properties(sessions.tolist()):
        place, time = bounds.get(row.session), int(columns["time"][row.message])
        one = row.revealed
        if place is None or time == NO_TIME or not (one.changed is True or one.role in TELLING):
            continue
        mine = asked[slice(*place)]
        low, high = np.searchsorted(mine, [time, time + round(seconds * 1e9) + 1]) + place[0]
        for number in failed[low:high].tolist():
            if number != row.transaction:
                name = facts.name_of("property", one.code, result.vendors[row.session])
                found.setdefault(number, []).append(Change(name, str(one.role), row.text or str(row.value)))
    return found
