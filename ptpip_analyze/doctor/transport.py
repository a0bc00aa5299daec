"""What the network did: retransmissions, keep-alives, holes in the capture. Tells a lossy link from a lossy capture."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from ..capture import NO_TIME
from ..describe import counted, human_bytes, human_seconds
from ..grouped import Grouped, group_starts, stable_order
from ..ptpip import messages as m
from ..ptpip.pairing import Handshake
from ..result import Result
from ..tcp import AGAIN, RETRANSMISSION, ZERO_WINDOW
from .patient import Patient, S
from .saying import Saying

STORM_SHARE = 0.01  # of the segments with payload in one direction
STORM_LEAST = 5
NAMED = 6
DEAF_LEAST, DEAF_S = 3, 2.0  # copies without an acknowledgment, and for how long


class Marks:
    """What was odd about the segments of each stream, counted in one pass over the packets.

    ``carrying`` are segments with payload, ``repeated`` those that came again or out of order, ``shut`` how often a
    receive window was closed (int64, by stream). ``places`` are the first frames, by stream and mark.
    """

    def __init__(self, result: Result) -> None:
        streams = 2 * len(result.connections)
        self._result = result
        self.carrying = np.zeros(streams, np.int64)
        self.repeated = np.zeros(streams, np.int64)
        self.shut = np.zeros(streams, np.int64)
        self.places: dict[tuple[int, int], list[int]] = {}
        self._first, self._last = np.full(streams, -1, np.int64), np.full(streams, -1, np.int64)
        was_shut = np.zeros(streams, bool)
        late = np.array([packet for packet, mark in result.late_marks if mark & AGAIN], np.int64)
        first = 0
        for chunk in result.packet_rows.chunks("stream", "payload", "marks") if result.packet_rows is not None else ():
            stream, marks = chunk["stream"], chunk["marks"].copy()
            marks[late[(late >= first) & (late < first + len(marks))] - first] |= RETRANSMISSION
            carrying = (stream >= 0) & (chunk["payload"] > 0)
            np.add.at(self.carrying, stream[carrying], 1)
            self._bounds(stream, first)
            shut = (stream >= 0) & (marks & ZERO_WINDOW > 0)
            closed = self._closed(stream, shut, was_shut)
            for mark, counts, mask in (
                (AGAIN, self.repeated, carrying & (marks & AGAIN > 0)),
                (ZERO_WINDOW, self.shut, closed),
            ):
                rows = np.flatnonzero(mask)
                np.add.at(counts, stream[rows], 1)
                for row in rows.tolist():
                    frames = self.places.setdefault((int(stream[row]), mark), [])
                    if len(frames) < NAMED:
                        frames.append(first + row + 1)
            first += len(marks)

    def _bounds(self, stream: np.ndarray, first: int) -> None:
        """Note the first and the last packet of each stream."""
        rows = np.flatnonzero(stream >= 0)
        self._last[stream[rows]] = rows + first
        began = np.full(len(self._first), -1, np.int64)
        began[stream[rows[::-1]]] = rows[::-1] + first
        fresh = (self._first < 0) & (began >= 0)
        self._first[fresh] = began[fresh]

    @staticmethod
    def _closed(stream: np.ndarray, shut: np.ndarray, was_shut: np.ndarray) -> np.ndarray:
        """Packets by which a window that was open is closed; a closed one is told again and again until it opens."""
        closed = np.zeros(len(stream), bool)
        if shut.any() or was_shut.any():
            rows = np.flatnonzero(stream >= 0)
            order = rows[stable_order(stream[rows])]
            numbers, now = stream[order], shut[order]
            before = np.append(False, now[:-1])
            begins = group_starts(numbers)
            before[begins] = was_shut[numbers[begins]]
            closed[order] = now & ~before
            was_shut[stream[rows]] = shut[rows]
        return closed

    def first_frame(self, stream: int) -> int:
        """The first frame of a stream, from 1; 0 where it has none."""
        return int(self._first[stream]) + 1

    def last_frame(self, stream: int) -> int:
        """The last frame of a stream, from 1; 0 where it has none."""
        return int(self._last[stream]) + 1

    def carrying_from(self, stream: int, packet: int) -> tuple[np.ndarray, int]:
        """The packets of a stream with payload, from one on (int64, from 0), and their bytes in all."""
        numbers, _, payload = self._carriers
        rows = self._by_stream.of(stream)
        rows = rows[np.searchsorted(numbers[rows], packet) :]
        return numbers[rows], int(payload[rows].sum())

    @cached_property
    def _by_stream(self) -> Grouped:
        return Grouped(self._carriers[1], len(self._first))

    @cached_property
    def _carriers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All packets with payload: their number, their stream, their bytes (int64)."""
        parts, first = [np.empty((3, 0), np.int64)], 0
        rows = self._result.packet_rows
        for chunk in rows.chunks("stream", "payload") if rows is not None else ():
            mine = np.flatnonzero((chunk["stream"] >= 0) & (chunk["payload"] > 0))
            parts.append(np.stack([mine + first, chunk["stream"][mine], chunk["payload"][mine]]))
            first += len(chunk["stream"])
        numbers, streams, payload = np.concatenate(parts, axis=1)
        return numbers, streams, payload


def transport(patient: Patient, marks: Marks) -> Iterator[Saying]:
    """What can be said of the network under a session, and of what the capture lacks."""
    for part in patient.pair.parts:
        for direction in (0, 1):
            deaf = _deaf(patient, part, direction, marks)
            if deaf is not None:
                yield deaf
                continue
            stream = 2 * part.tcp.number + direction
            repeated, carrying = int(marks.repeated[stream]), int(marks.carrying[stream])
            if repeated >= STORM_LEAST and repeated >= STORM_SHARE * carrying:
                who, kind = patient.side(part, direction), patient.kind(part)
                share = f"{repeated / carrying:.1%}"
                says = (
                    f"{repeated:,} of {counted(carrying, 'segment')} that {who} sent on the {kind} connection came "
                    f"again or out of order ({share}): lost or late in the network, or captured twice."
                )
                yield Saying("problem", "network", says, tuple(marks.places.get((stream, AGAIN), ())))
            if marks.shut[stream]:
                who = patient.side(part, direction, begins=True)
                often = "" if marks.shut[stream] == 1 else f" {int(marks.shut[stream]):,} times"
                says = f"{who} closed its receive window{often}: it was slow to take data."
                yield Saying("slow", "window", says, tuple(marks.places[stream, ZERO_WINDOW]))
    yield from _lost(patient)


def _deaf(patient: Patient, part: Handshake, direction: int, marks: Marks) -> Saying | None:
    """Is nothing more of the other side in the capture, though a side went on and sent the same again?

    That it was sent again shows that no acknowledgment arrived, wherever it was captured.
    """
    tcp, columns = part.tcp, patient.columns
    own, other = tcp.streams[direction], tcp.streams[1 - direction]
    reached, heard = other.acknowledged_offset(own), marks.last_frame(other.number)
    if reached is None or reached >= own.front or not marks.repeated[own.number]:
        return None
    rows = patient.result.by_stream.of(own.number)
    left = rows[columns["offset"][rows] + columns["length"][rows].astype(np.int64) > reached]
    packets, size = marks.carrying_from(own.number, heard)
    began = int(columns["began"][left[0]]) if len(left) else NO_TIME
    if len(packets) < DEAF_LEAST or size <= own.high - reached or NO_TIME in (began, own.last_time):
        return None
    lasted = (own.last_time - began) / S
    if lasted < DEAF_S or not patient.trusts(lasted):
        return None
    silent = patient.side(part, 1 - direction, begins=True)
    says = (
        f"{silent} stopped acknowledging on the {patient.kind(part)} connection: its last packet in the capture is "
        f"frame {heard}, and {counted(len(packets), 'segment')} with data that {patient.side(part, direction)} sent "
        f"after it, some of them again and again ({patient.message(int(left[0]))} first), were not acknowledged for "
        f"{human_seconds(lasted)}."
    )
    frames = (heard, *(packet + 1 for packet in packets[:NAMED].tolist()))
    return Saying("problem", "network", says, frames, began)


def _lost(patient: Patient) -> Iterator[Saying]:
    """What the capture lacks, and what breaks its layout."""
    if patient.missing_bytes:
        rows = np.concatenate([patient.rows_of(part) for part in patient.pair.parts])
        holes = rows[patient.columns["lost"][rows] > 0]
        frames = sorted({patient.frame(int(row)) for row in holes[:NAMED]})
        says = (
            f"{human_bytes(patient.missing_bytes)} of the conversation were acknowledged or passed over and are not in "
            "the capture: the capture lost them, not the peers. What was said there can't be known."
        )
        yield Saying("unknown", "capture", says, tuple(frames))
    rows = np.concatenate([patient.rows_of(part) for part in patient.pair.parts])
    broken = rows[patient.columns["status"][rows] == m.MALFORMED]
    if len(broken):
        what = "1 message breaks its" if len(broken) == 1 else f"{len(broken):,} messages break their"
        says = f"{what} layout: messages --where 'status == \"malformed\"' lists them."
        yield Saying("problem", "messages", says, tuple(patient.frame(int(row)) for row in broken[:NAMED]))
