"""Sessions as ladders on the page: polling folded, and of long ones the beginning, the end and what is worth a look.

Promises a bounded number of lines, with every stretch that is left out counted in its place. Refuses to word messages:
the lines are those of the terminal's ladder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pyarrow as pa

from ptpip_analyze.describe import clock_time, counted, human_seconds
from ptpip_analyze.facts.named import OK
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.result import Result
from ptpip_analyze.tables.build import message_rows
from ptpip_analyze.tui.ladder import COMMAND, INITIATOR, Ladder
from ptpip_analyze.tui.rows import Listing

from .texts import Anchors, clipped

if TYPE_CHECKING:
    from ptpip_analyze.analysis import Analysis

MOST_LINES: Final = 2400
"""Lines of all ladders."""

MOST_OF_ONE: Final = 400
"""Lines of one ladder."""

MOST_SESSIONS: Final = 40
"""Ladders at most."""

_BEGIN, _END = 100, 50  # lines of the beginning and of the end of a long ladder
_AROUND: Final = 4  # and on each side of a place of note
_LEAST: Final = 24  # with fewer lines left a ladder is not begun

ESSENTIAL, USUAL, ALL = 1, 2, 3
"""How much of a ladder is shown: requests, events and what is odd; data and answers, too; all messages."""


class _Chosen:
    """Some rows of the messages table of one capture, in the place of an analysis."""

    def __init__(self, result: Result, rows: pa.RecordBatch) -> None:
        self._result, self._rows = result, rows

    def batches_by_capture(self, _table: str) -> Iterator[tuple[Result, Iterator[pa.RecordBatch]]]:
        """The rows, as the one batch of the one capture."""
        yield self._result, iter([self._rows])


def ladders(
    results: Sequence[Result], listing: Listing, notable: Mapping[int, set[int]], anchors: Anchors
) -> tuple[list[dict[str, Any]], list[str]]:
    """The ladders as plain values, in order of sessions, and sentences about what is left out.

    ``listing`` is that of all transactions; ``notable`` has frame numbers by session that should be shown.
    """
    found: list[dict[str, Any]] = []
    left: list[str] = []
    room, without = MOST_LINES, 0
    for result in results:
        lines = _lines(result, listing)
        for index in range(len(result.pairs)):
            session, mine = index + result.first_session, lines.get(index)
            if mine is None or not len(mine):
                continue
            if len(found) >= MOST_SESSIONS or room < min(_LEAST, len(mine)):
                without += 1
                continue
            chosen = _worth(result, mine, notable.get(session, set()), min(MOST_OF_ONE, room))
            room -= len(chosen)
            found.append(_ladder(result, session, listing, mine, chosen, anchors))
            if len(chosen) < len(mine):
                left.append(f"The ladder of session {session} shows {len(chosen):,} of {len(mine):,} lines.")
    if without:
        left.append(f"{counted(without, 'session')} more without a ladder: ptpip-analyze tui shows them.")
    return found, left


def _lines(result: Result, listing: Listing) -> dict[int, np.ndarray]:
    """By session the messages (numbers in the capture) that have lines: the first of each polling loop, of a data
    phase not what is between its ends.
    """
    if not result.message_count:
        return {}
    order = result.order
    session = result.places[0][result.messages["stream"][order]]
    owner = result.transactions.of_message[order]
    # Messages of the standard alone: one container is a whole data phase.
    kept = (session >= 0) & ~((result.messages["type"][order] == m.DATA) & (owner >= 0))
    row = np.where(owner >= 0, owner + result.first_transaction, -1)
    loops = listing.loops.of_row
    known = (row >= 0) & (row < len(loops))
    loop = np.where(known, loops[np.where(known, row, 0)] if len(loops) else -1, -1)
    inside = np.flatnonzero(kept & (loop >= 0))
    first = inside[np.unique(loop[inside], return_index=True)[1]]
    kept &= loop < 0
    kept[first] = True
    numbers = np.flatnonzero(kept)
    of = session[numbers]
    by = np.argsort(of, kind="stable")
    starts = np.searchsorted(of[by], np.arange(len(result.pairs) + 1))
    return {index: np.sort(numbers[by[starts[index] : starts[index + 1]]]) for index in range(len(result.pairs))}


def _worth(result: Result, lines: np.ndarray, frames: set[int], most: int) -> np.ndarray:
    """Places of the lines that are shown: all, or the beginning, the end, what lies around notable frames and answers
    other than OK, and more of the beginning.
    """
    count = len(lines)
    if count <= most:
        return np.arange(count)
    rows = result.order[lines]
    kept = np.zeros(count, bool)
    kept[: min(_BEGIN, most // 3)] = True
    kept[count - min(_END, most // 6) :] = True
    answered = (result.roles[rows] == m.OPERATION_RESPONSE) & (result.messages["code"][rows] != OK)
    shown = np.isin(result.messages["first"][rows] + 1, list(frames))
    for place in (*np.flatnonzero(shown).tolist(), *np.flatnonzero(answered).tolist()):
        window = slice(max(place - _AROUND, 0), place + _AROUND + 1)
        if int(kept.sum()) + int((~kept[window]).sum()) > most:
            break
        kept[window] = True
    spare = np.flatnonzero(~kept)[: most - int(kept.sum())]
    kept[spare] = True
    return np.flatnonzero(kept)


def _ladder(
    result: Result, session: int, listing: Listing, lines: np.ndarray, chosen: np.ndarray, anchors: Anchors
) -> dict[str, Any]:
    numbers = lines[chosen]
    some = cast("Analysis", _Chosen(result, message_rows(result, numbers)))
    ladder = Ladder(some, [session], listing)
    roles = result.roles[result.order[numbers]]
    shown: list[dict[str, Any]] = []
    before: int | None = None
    begins: int | None = None
    expected = 0
    for line in range(len(ladder)):
        arrow, place = ladder.arrow(line), int(chosen[line])
        if place > expected:
            shown.append({"gap": place - expected})
        expected = place + 1
        begins = arrow.time if begins is None else begins
        gone = None if arrow.time is None or before is None else (arrow.time - before) / 1e9
        shown.append(
            {
                "gap": 0,
                "id": anchors.give("session", session, "frame", arrow.frame),
                "frame": arrow.frame,
                "at": "" if arrow.time is None or begins is None else f"{(arrow.time - begins) / 1e9:.6f}",
                "clock": "" if arrow.time is None else clock_time(arrow.time, digits=6),
                "delta": "" if gone is None else f"{'+' if gone >= 0 else ''}{human_seconds(gone)}",
                "outward": arrow.source == INITIATOR,
                "lane": "command" if COMMAND in (arrow.source, arrow.target) else "event",
                "text": clipped(arrow.text),
                "meaning": arrow.meaning,
                "detail": _detail(int(roles[line]), arrow.meaning),
            }
        )
        before = arrow.time if arrow.time is not None else before
    if expected < len(lines):
        shown.append({"gap": len(lines) - expected})
    return {"session": session, "lines": shown, "of": len(lines), "shown": len(chosen)}


def _detail(role: int, meaning: str) -> int:
    """The level of detail from which on a line is shown."""
    if meaning in ("error", "warning"):
        return ESSENTIAL
    if role == m.START_DATA:
        return ALL
    return USUAL if role in (m.OPERATION_RESPONSE, m.END_DATA, m.DATA) and meaning != "quiet" else ESSENTIAL
