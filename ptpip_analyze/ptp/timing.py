"""Where the time of transactions went: the initiator's, the responder's, the transfer's, and what stalled it.

Everything is as seen where the capture was taken, in ns. Leaves unknown what a passive capture can't know: what lies
across missing bytes, runs backwards, or has two explanations. Blames nobody: a pause has a cause only where packets
show it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..among import among
from ..capture import NO_TIME
from ..grouped import stable_order
from ..ptpip import Pair
from ..ptpip import messages as m
from ..ptpip.tap import Tap, tap_of
from ..tcp import PAUSE_NS, Told
from .transactions import DIRECTIONS, STATUSES, Transactions
from .walk import NO_ROW

CAUSES = ("retransmission", "zero-window", "silence")
AGAIN, SHUT, SILENCE = range(len(CAUSES))
NONE, IN, OUT = range(len(DIRECTIONS))
_HOLED = [STATUSES.index(status) for status in ("gap", "began-earlier")]
_DISORDERED = STATUSES.index("disordered")


Part = slice | np.ndarray


class Moments(NamedTuple):
    """When transactions were asked for and answered, when their data began and ended: ns, NO_TIME where not known."""

    asked: np.ndarray
    answered: np.ndarray
    began: np.ndarray
    ended: np.ndarray


class Spent(NamedTuple):
    """Times of transactions: int64, ns, NO_TIME where not known.

    ``think``: from the response before to the request. ``acknowledged``: from the request to its acknowledgment.
    ``device``: from the request to the first data or response, and from the end of the data to the response; of data
    that the initiator sends only the latter. ``stalled``: pauses of at least PAUSE_NS in which the transaction did not
    go on; ``transfer_stalled``: those of them within the data. ``cause``: the one with most of it, an index of CAUSES,
    -1 where nothing stalled.
    """

    think: np.ndarray
    acknowledged: np.ndarray
    device: np.ndarray
    stalled: np.ndarray
    transfer_stalled: np.ndarray
    cause: np.ndarray


class _Stalls(NamedTuple):
    """By transaction row that has any: stalled time by cause (3, n), that within the data (n); and doubtful rows."""

    row: np.ndarray
    by_cause: np.ndarray
    in_transfer: np.ndarray
    unknown: np.ndarray


def span(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """From one moment to another, NO_TIME where one of them is not known. May be negative."""
    return np.where((begin != NO_TIME) & (end != NO_TIME), end - begin, NO_TIME)


class Timing:
    """The times of all transactions of a capture.

    ``columns`` are those of the messages, ``waited`` is what passed between segments, ``late`` the packets that turned
    out later to have come again.
    """

    def __init__(
        self,
        columns: dict[str, np.ndarray],
        made: Transactions,
        pairs: list[Pair],
        waited: Told,
        late: np.ndarray,
    ) -> None:
        self._columns, self._made, self._pairs, self._waited = columns, made, pairs, waited
        self._again = waited.pauses[4] | np.isin(waited.pauses[3], late)

    def moments(self, part: Part) -> Moments:
        """The moments of some transactions."""
        made, columns = self._made, self._columns
        first, last = made.first_data[part], made.last_data[part]
        has_data, status = made.direction[part] != NONE, made.status[part]
        holed = (status == _HOLED[0]) | (status == _HOLED[1])
        # Where bytes are missing the data phase may have begun before, or ended after, what was captured of it.
        begun = has_data & (~holed | among(columns["type"][first], (m.START_DATA, m.CONTAINER_DATA)))
        over = has_data & (~holed | among(columns["type"][last], (m.END_DATA, m.CONTAINER_DATA)))
        return Moments(
            self._end_of(made.request[part]),
            self._end_of(made.response[part]),
            np.where(begun, columns["began"][first], NO_TIME),
            np.where(over, columns["time"][last], NO_TIME),
        )

    def _end_of(self, rows: np.ndarray) -> np.ndarray:
        ended = (rows != NO_ROW) & (self._columns["status"][rows] != m.GAP)
        return np.where(ended, self._columns["time"][rows], NO_TIME)

    def spent(self, part: slice, moments: Moments) -> Spent:
        """The times of some transactions, of which the moments are given."""
        made = self._made
        device = _device(moments, made.direction[part], made.status[part])
        count = len(device)
        stalled = np.where(device == NO_TIME, NO_TIME, 0)
        transfer_stalled = np.where(made.direction[part] == NONE, NO_TIME, stalled)
        cause = np.full(count, -1, np.int8)
        stalls = self._stalls
        if len(stalls.row):
            low, high = np.searchsorted(stalls.row, [part.start, part.start + count])
            here = np.arange(low, high)[device[stalls.row[low:high] - part.start] != NO_TIME]
            at = stalls.row[here] - part.start
            stalled[at] = stalls.by_cause[:, here].sum(axis=0)
            has_data = transfer_stalled[at] != NO_TIME
            transfer_stalled[at[has_data]] = stalls.in_transfer[here[has_data]]
            cause[at] = stalls.by_cause[:, here].argmax(axis=0)
        for row in stalls.unknown[(stalls.unknown >= part.start) & (stalls.unknown < part.start + count)].tolist():
            stalled[row - part.start], cause[row - part.start] = NO_TIME, -1
        return Spent(
            self._think(part, moments), self._acknowledged(part, moments), device, stalled, transfer_stalled, cause
        )

    # The initiator's time

    def _think(self, part: slice, moments: Moments) -> np.ndarray:
        think = span(self._end_of(self._before[part]), moments.asked)
        think[think < 0] = NO_TIME
        if len(self._asked_again):
            again = self._asked_again
            think[again[(again >= part.start) & (again < part.start + len(think))] - part.start] = NO_TIME
        return think

    @cached_property
    def _before(self) -> np.ndarray:
        """By transaction, the row of the response right before its request in the conversation; NO_ROW for anything
        else: bytes in which another request may have been, the middle of another transaction, the beginning.
        """
        made, columns = self._made, self._columns
        before = np.full(len(made), NO_ROW)
        kind = m.roles(columns["type"])[made.sequence]
        at = np.flatnonzero(kind == m.OPERATION_REQUEST)
        at = at[1:] if len(at) and at[0] == 0 else at
        at = at[kind[at - 1] == m.OPERATION_RESPONSE]
        request, response = made.sequence[at], made.sequence[at - 1]
        mine, other = made.of_message[request], made.of_message[response]
        good = (mine != NO_ROW) & (other != NO_ROW) & (made.request[mine] == request)
        good &= (made.session[mine] == made.session[other]) & (made.status[mine] != _DISORDERED)
        good &= made.status[other] != _DISORDERED
        before[mine[good]] = response[good]
        return before

    @cached_property
    def _asked_again(self) -> np.ndarray:
        """The transactions before whose request something was sent again: the response before may have come late."""
        found = []
        for _, streams, rows in self._sessions_with_pauses():
            pauses = np.concatenate([self._pauses_of(stream) for stream in streams])
            ends = self._waited.pauses[2][pauses[self._again[pauses]]]
            asked = self._all.asked[rows]
            answered = self._end_of(self._before[rows])
            known = np.flatnonzero((asked != NO_TIME) & (answered != NO_TIME) & (asked >= answered))
            at = _containing(answered[known] + 1, asked[known], ends, ends)
            found.append(rows[known[at[at >= 0]]])
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)

    # The way

    def _acknowledged(self, part: Part, moments: Moments) -> np.ndarray:
        packets, times = self._waited.turns
        if len(packets) == 0:
            return np.full(len(moments.asked), NO_TIME)
        request = self._made.request[part]
        packet = self._columns["last"][request].astype(np.int64)
        at = np.minimum(np.searchsorted(packets, packet), len(packets) - 1)
        time = np.where((packets[at] == packet) & (request != NO_ROW), times[at], NO_TIME)
        found = span(moments.asked, time)
        found[found < 0] = NO_TIME
        return found

    @cached_property
    def taps(self) -> list[Tap]:
        """By session, where it was captured."""
        return [tap_of(pair) for pair in self._pairs]

    # What stalled

    @cached_property
    def _all(self) -> Moments:
        return self.moments(slice(0, len(self._made)))

    @cached_property
    def _pauses_by_stream(self) -> tuple[np.ndarray, np.ndarray]:
        order = stable_order(self._waited.pauses[0])
        return order, self._waited.pauses[0][order]

    def _pauses_of(self, stream: int) -> np.ndarray:
        """Which pauses are of a stream, in order."""
        order, streams = self._pauses_by_stream
        low, high = np.searchsorted(streams, [stream, stream + 1])
        return order[low:high]

    def _closed_of(self, stream: int) -> tuple[np.ndarray, np.ndarray]:
        """From when and until when the window of a stream's sender was closed."""
        low, high = np.searchsorted(self._waited.closed[0], [stream, stream + 1])
        return self._waited.closed[1][low:high], self._waited.closed[2][low:high]

    def _sessions_with_pauses(self) -> Iterator[tuple[int, tuple[int, int], np.ndarray]]:
        """The sessions on whose command connection something paused or was closed: number, streams to the responder and
        to the initiator, transaction rows.
        """
        noted = {*self._waited.pauses[0].tolist(), *self._waited.closed[0].tolist()}
        order = stable_order(self._made.session)
        sessions = self._made.session[order]
        for session, pair in enumerate(self._pairs):
            if pair.command is None:
                continue
            outward = 2 * pair.command.tcp.number + pair.command.initiator
            if noted.isdisjoint((outward, outward ^ 1)):
                continue
            low, high = np.searchsorted(sessions, [session, session + 1])
            yield session, (outward, outward ^ 1), order[low:high]

    @cached_property
    def _stalls(self) -> _Stalls:
        rows, causes, lengths, inside = [], [], [], []
        unknown: list[np.ndarray] = []

        def add(row: np.ndarray, cause: np.ndarray, length: np.ndarray, *, in_transfer: bool) -> None:
            rows.append(row)
            causes.append(cause)
            lengths.append(length)
            inside.append(np.full(len(row), in_transfer))

        for session, (outward, inward), mine in self._sessions_with_pauses():
            for stream, direction in ((outward, OUT), (inward, IN)):
                add(*self._in_transfer(stream, mine[self._made.direction[mine] == direction]), in_transfer=True)
            waits = self._waits_of(mine)
            row, length, doubtful = self._asked_in_vain(session, outward, *waits)
            add(row, np.full(len(row), AGAIN), length, in_transfer=False)
            unknown.append(doubtful)
            row, length = self._not_taken(session, outward, *waits)
            add(row, np.full(len(row), SHUT), length, in_transfer=False)
        if not rows:
            empty = np.empty(0, np.int64)
            return _Stalls(empty, np.empty((len(CAUSES), 0), np.int64), empty, empty)
        every, place = np.unique(np.concatenate(rows), return_inverse=True)
        count = len(every)
        cause, length, within = (np.concatenate(one) for one in (causes, lengths, inside))
        by_cause, in_transfer = np.zeros((len(CAUSES), count), np.int64), np.zeros(count, np.int64)
        np.add.at(by_cause, (cause, place), length)
        np.add.at(in_transfer, place[within], length[within])
        return _Stalls(every, by_cause, in_transfer, np.concatenate(unknown))

    def _in_transfer(self, stream: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The pauses of a stream within the data of transactions: rows, causes, lengths."""
        began, ended = self._all.began[rows], self._all.ended[rows]
        rows = rows[(began != NO_TIME) & (ended != NO_TIME) & (began <= ended)]
        pauses = self._pauses_of(stream)
        begin, end = self._waited.pauses[1][pauses], self._waited.pauses[2][pauses]
        at = _containing(self._all.began[rows], self._all.ended[rows], begin, end)
        cause = np.where(self._again[pauses], AGAIN, SILENCE)
        cause[self._shut_half(stream ^ 1, begin, end)] = SHUT
        hit = at >= 0
        return rows[at[hit]], cause[hit], (end - begin)[hit]

    def _shut_half(self, stream: int, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Was the window of a stream's sender closed for at least half of the time from one moment to another?"""
        shut, opened = self._closed_of(stream)
        if len(shut) == 0 or len(begin) == 0:
            return np.zeros(len(begin), bool)
        opened = np.minimum(opened, max(int(end.max()), int(shut[-1])))
        closed_for = np.append(0, np.cumsum(opened - shut))

        def closed_until(moment: np.ndarray) -> np.ndarray:
            """For how long it had been closed by then, in all."""
            count = np.searchsorted(shut, moment, "right")
            still = np.where(count > 0, np.maximum(opened[count - 1] - moment, 0), 0)
            return closed_for[count] - still

        return 2 * (closed_until(end) - closed_until(begin)) >= end - begin

    def _waits_of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The transactions that are known to wait for the responder, from when and until when."""
        direction, times = self._made.direction[rows], self._all
        begin = np.where(direction == OUT, times.ended[rows], times.asked[rows])
        end = np.where(direction == IN, times.began[rows], times.answered[rows])
        known = (begin != NO_TIME) & (end != NO_TIME) & (begin <= end)
        return rows[known], begin[known], end[known]

    def _asked_in_vain(
        self, session: int, outward: int, rows: np.ndarray, begin: np.ndarray, end: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pauses until a request, or the last of the data, was sent again, and was answered only then: rows, lengths;
        and the rows of which nobody can say whether that was why.
        """
        pauses = self._pauses_of(outward)
        pauses = pauses[self._again[pauses]]
        low, high = self._waited.pauses[1][pauses], self._waited.pauses[2][pauses]
        at = _containing(begin, end, low, high)
        low, high, at = low[at >= 0], high[at >= 0], at[at >= 0]
        tap = self.taps[session]
        if tap.at == "responder" or len(at) == 0:  # the first copy had as good as arrived
            at = at[:0]
            return rows[at], at, at
        if tap.to_responder is None:
            return rows[at[:0]], at[:0], rows[at]
        received = self._acknowledged(rows[at], moments := self.moments(rows[at]))
        in_vain = end[at] - high >= tap.to_responder
        # Of data that the initiator sends, the acknowledgment of the request says nothing.
        sends = self._made.direction[rows[at]] == OUT
        in_vain &= sends | (received == NO_TIME) | (moments.asked + received > high)
        return rows[at[in_vain]], (high - low)[in_vain], rows[at[:0]]

    def _not_taken(
        self, session: int, outward: int, rows: np.ndarray, begin: np.ndarray, end: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Time in which the initiator took nothing, and right behind which the answer came: rows, lengths."""
        shut, opened = self._closed_of(outward)
        at = _containing(begin, end, opened - 1, opened)
        shut, opened, at = shut[at >= 0], opened[at >= 0], at[at >= 0]
        length = opened - np.maximum(shut, begin[at])
        trip = self.taps[session].to_responder or 0
        good = (length >= PAUSE_NS) & (end[at] - opened <= PAUSE_NS + trip)
        return rows[at[good]], length[good]


def _device(moments: Moments, direction: np.ndarray, status: np.ndarray) -> np.ndarray:
    asked, answered, began, ended = moments
    bare = direction == NONE
    first, transfer, last, whole = began - asked, ended - began, answered - ended, answered - asked
    ordered = (first >= 0) & (transfer >= 0) & (last >= 0) & (began != NO_TIME) & (ended != NO_TIME)
    known = (ordered | bare) & (whole >= 0) & (asked != NO_TIME) & (answered != NO_TIME)
    for spoilt in (*_HOLED, _DISORDERED):
        known &= status != spoilt
    device = np.where(bare, whole, last)
    return np.where(known, np.where(direction == IN, first + last, device), NO_TIME)


def _containing(low: np.ndarray, high: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """For each time from ``begin`` to ``end``, the place of the one from ``low`` to ``high`` that holds it; -1: none.

    Of several that overlap the one is asked that begins last.
    """
    if len(low) == 0:
        return np.full(len(begin), -1)
    order = np.argsort(low, kind="stable")
    at = np.searchsorted(low[order], begin, "right") - 1
    holds = (at >= 0) & (high[order[np.maximum(at, 0)]] >= end)
    return np.where(holds, order[at], -1)
