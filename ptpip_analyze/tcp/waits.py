"""What passed between segments: pauses, receive windows that were closed, and turns that were acknowledged at once.

Promises the same rows however the capture is cut into batches, and few of them: one for each pause, each change of a
window and each time that the other side begins to speak. Says how long, never who was to blame: that is decided where
transactions are known (``ptp.timing``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..capture import NO_TIME
from ..grouped import stable_order
from ..store import Columns
from .connection import SEQUENCE_MASK
from .reassemble import OUT_OF_ORDER, RETRANSMISSION

PAUSE_NS = 50_000_000
"""Time without payload in one direction that is a pause: longer than the 40 ms for which Linux delays an ACK."""

AGAIN = RETRANSMISSION | OUT_OF_ORDER  # behind the place where a packet is lost only the second copy is seen, late
FOREVER = (1 << 63) - 1

_PAUSES = {"stream": "i4", "begin": "i8", "end": "i8", "packet": "i8", "again": "u1"}
_WINDOWS = {"stream": "i4", "time": "i8", "shut": "u1", "packet": "i8"}
_TURNS = {"stream": "i4", "packet": "i8", "time": "i8"}


class Told(NamedTuple):
    """What was found so far, as arrays.

    ``pauses``: stream, begin and end (ns: of the two packets with payload around it), number of the packet behind it,
    and is that a segment that came again or late (bool); in order of packets within each stream. ``closed``: stream,
    begin and end of the time in which the sender of a stream took no data (FOREVER where it did not open again);
    ordered by stream, then by begin. ``turns``: number of the packet with the first payload of one side after the other
    one's, and time of the segment behind it, if that is one of the other side that acknowledges it and carries nothing;
    in order of packets.
    """

    pauses: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    closed: tuple[np.ndarray, np.ndarray, np.ndarray]
    turns: tuple[np.ndarray, np.ndarray]


class Segments(NamedTuple):
    """The segments of one batch. In packet order and as on the wire: all but the last four.

    ``shut``: those with a closed window. ``order``: the segments to look at, sorted by stream, in packet order within
    each; ``starts``: where in it each stream begins; ``ordered_time`` and ``loud``: times in that order, and which of
    them carry payload.
    """

    stream: np.ndarray
    packet: np.ndarray
    time: np.ndarray
    length: np.ndarray
    sequence: np.ndarray
    acknowledgment: np.ndarray
    shut: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    ordered_time: np.ndarray
    loud: np.ndarray


class Waits:
    """Gathers them for one capture. State is per stream and per connection, a few numbers each."""

    def __init__(self) -> None:
        self._pauses, self._windows, self._turns = Columns(_PAUSES), Columns(_WINDOWS), Columns(_TURNS)
        self._spoke = np.full(0, NO_TIME, np.int64)  # by stream, time of its last payload
        self._shut = np.zeros(0, bool)  # by stream
        self._any_shut = False
        self._side = np.zeros(0, np.int8)  # by connection, which side (0, 1; -1: none) sent payload last
        self._open_turns: dict[int, _Turn] = {}  # by connection, where its last segment was one

    def take(self, segments: Segments, marks: np.ndarray) -> None:
        """Take the next batch. ``marks`` (uint8) is what reassembly found of each segment of ``order``."""
        streams = segments.stream[segments.order[segments.starts]]
        self._room_for(int(streams[-1]) + 1)
        self._note_pauses(segments, streams, marks)
        if self._any_shut or len(segments.shut):
            self._note_windows(segments)
        self._note_turns(segments, streams)

    def _room_for(self, streams: int) -> None:
        have = len(self._spoke)
        if streams > have:
            more = max(streams + streams % 2, 2 * have) - have
            self._spoke = np.append(self._spoke, np.full(more, NO_TIME))
            self._shut = np.append(self._shut, np.zeros(more, bool))
            self._side = np.append(self._side, np.full(more // 2, -1, np.int8))

    def _note_pauses(self, segments: Segments, streams: np.ndarray, marks: np.ndarray) -> None:
        loud = np.flatnonzero(segments.loud)
        time = segments.ordered_time[loud]
        first, last = _bounds(loud, segments.starts)
        before = np.empty_like(time)
        before[1:] = time[:-1]
        there = first <= last
        first, last, which = first[there], last[there], streams[there]
        before[first] = self._spoke[which]
        self._spoke[which] = time[last]
        paused = np.flatnonzero(time - before >= PAUSE_NS)
        paused = paused[(before[paused] != NO_TIME) & (time[paused] != NO_TIME)]
        if len(paused):
            at = segments.order[loud[paused]]
            self._pauses.append(
                stream=segments.stream[at],
                begin=before[paused],
                end=time[paused],
                packet=segments.packet[at],
                again=marks[loud[paused]] & AGAIN != 0,
            )

    def _note_windows(self, segments: Segments) -> None:
        now = np.zeros(len(segments.stream), bool)
        now[segments.shut] = True
        now, stream = now[segments.order], segments.stream[segments.order]
        first = segments.starts
        last = np.append(first[1:], len(now)) - 1
        before = np.append(False, now[:-1])
        before[first] = self._shut[stream[first]]
        self._shut[stream[last]] = now[last]
        self._any_shut = bool(self._shut.any())
        changed = np.flatnonzero(now != before)
        self._windows.append(
            stream=stream[changed],
            time=segments.ordered_time[changed],
            shut=now[changed],
            packet=segments.packet[segments.order[changed]],
        )

    def _note_turns(self, segments: Segments, streams: np.ndarray) -> None:
        """Look at the segments of each connection in packet order: who spoke, and what came right behind."""
        # Of each: does the higher endpoint send it (1), does it carry payload (2)?
        kind = (segments.length > 0).view(np.int8) << 1
        kind |= segments.stream.astype(np.int8) & 1
        if len(segments.order) == len(segments.stream):
            rows = stable_order(segments.stream >> 1)
        else:
            rows = np.sort(segments.order)
            rows = rows[stable_order(segments.stream[rows] >> 1)]
        kind = kind[rows]
        # Streams in order are connections in order, too.
        fresh = np.append(True, (streams[1:] >> 1) != (streams[:-1] >> 1))
        starts, connections = segments.starts[fresh], streams[fresh] >> 1
        found = self._carried_on(segments, rows[starts], connections) if self._open_turns else []
        loud = np.flatnonzero(kind >= 2)
        speaker = kind[loud] & 1
        first, last = _bounds(loud, starts)
        before = np.empty_like(speaker)
        before[1:] = speaker[:-1]
        there = first <= last
        first, last, which = first[there], last[there], connections[there]
        before[first] = self._side[which]
        self._side[which] = speaker[last]
        turned = loud[speaker != before]
        ends = np.append(starts[1:], len(rows)) - 1
        is_end = np.zeros(len(rows), bool)
        is_end[ends] = True
        for at in turned[is_end[turned]].tolist():
            row = int(rows[at])
            reached = int(segments.sequence[row]) + int(segments.length[row])
            stream = int(segments.stream[row])
            self._open_turns[stream >> 1] = _Turn(int(segments.packet[row]), stream, reached)
        turned = turned[~is_end[turned]]
        turned = turned[kind[turned + 1] == 3 - kind[turned]]  # the other side, without payload
        turn, answer = rows[turned], rows[turned + 1]
        good = _reaches(segments.acknowledgment[answer], segments.sequence[turn] + segments.length[turn])
        turn, answer = turn[good], answer[good]
        found.append(np.stack([segments.stream[turn], segments.packet[turn], segments.time[answer]]))
        stream, packet, time = found[0] if len(found) == 1 else np.concatenate(found, axis=1)
        self._turns.append(stream=stream, packet=packet, time=time)

    def _carried_on(self, segments: Segments, first: np.ndarray, connections: np.ndarray) -> list[np.ndarray]:
        """The turns with which earlier batches ended, where this one shows what came behind: the ``first`` segment."""
        found = []
        here = np.flatnonzero(np.isin(connections, list(self._open_turns)))
        for row, connection in zip(first[here].tolist(), connections[here].tolist(), strict=True):
            turn = self._open_turns.pop(connection)
            good = segments.length[row] == 0 and int(segments.stream[row]) != turn.stream
            if good and _reaches(segments.acknowledgment[row : row + 1], np.array([turn.reached]))[0]:
                found.append(np.array([[turn.stream], [turn.packet], [int(segments.time[row])]], np.int64))
        return found

    def told(self) -> Told:
        """What was found so far, and not forgotten; what comes later changes nothing in it."""
        pauses, windows, turns = self._pauses.whole(), self._windows.whole(), self._turns.whole()
        order = np.argsort(turns["packet"], kind="stable")
        return Told(
            (pauses["stream"], pauses["begin"], pauses["end"], pauses["packet"], pauses["again"] != 0),
            _closed(windows["stream"], windows["time"], windows["shut"] != 0),
            (turns["packet"][order], turns["time"][order]),
        )

    def forget(self, first: np.ndarray, late: np.ndarray) -> None:
        """Let go of what nobody will ask for: of each stream what came before packet ``first[stream]`` (FOREVER: all).

        ``late`` are packets that turned out later to have come again.
        """
        pauses = self._pauses.whole()
        again = pauses["again"] | np.isin(pauses["packet"], late)
        wanted = pauses["packet"] >= first[pauses["stream"]]
        kept = {name: values[wanted] for name, values in {**pauses, "again": again}.items()}
        self._pauses.close()
        self._pauses.append(**kept)

        windows = self._windows.whole()
        before = np.flatnonzero(windows["packet"] < first[windows["stream"]])
        wanted = np.ones(len(windows["stream"]), bool)
        wanted[before] = False
        # What the last change before made of a window holds until the next one.
        _, last = np.unique(windows["stream"][before[::-1]], return_index=True)
        holds = before[::-1][last]
        wanted[holds[first[windows["stream"][holds]] != FOREVER]] = True
        self._windows.keep(wanted)

        turns = self._turns.whole()
        self._turns.keep(turns["packet"] >= first[turns["stream"]])
        gone = [number for number, turn in self._open_turns.items() if first[turn.stream] == FOREVER]
        for number in gone:
            del self._open_turns[number]

    def close(self) -> None:
        """Give the memory and temporary files back."""
        for table in (self._pauses, self._windows, self._turns):
            table.close()


class _Turn(NamedTuple):
    """A segment with the first payload after the other side's, behind which nothing has come yet."""

    packet: int
    stream: int
    reached: int  # sequence number behind its payload


def _bounds(places: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of sorted places, the first and the last one in each group that begins at ``starts``; last < first: none."""
    first = np.searchsorted(places, starts)
    return first, np.append(first[1:], len(places)) - 1


def _reaches(acknowledgment: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Do ACK numbers reach these sequence numbers (RFC 9293 3.4)?"""
    return (acknowledgment.astype(np.int64) - reached) & SEQUENCE_MASK < 1 << 31


def _closed(stream: np.ndarray, time: np.ndarray, shut: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Changes of windows, of one stream in turn, as the times between shut and open."""
    order = np.argsort(stream, kind="stable")
    stream, time, shut = stream[order], time[order], shut[order]
    begins = np.flatnonzero(shut)
    after = np.minimum(begins + 1, max(len(stream) - 1, 0))
    opened = (after > begins) & (stream[after] == stream[begins])
    return stream[begins], time[begins], np.where(opened, time[after], FOREVER)
