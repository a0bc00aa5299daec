"""What the network did: retransmissions, keep-alives, holes in the capture. Tells a lossy link from a lossy capture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..describe import counted, human_bytes
from ..ptpip import messages as m
from ..result import Result
from ..tcp import OUT_OF_ORDER, RETRANSMISSION, ZERO_WINDOW
from .patient import Patient
from .saying import Saying

AGAIN = RETRANSMISSION | OUT_OF_ORDER  # behind the place where a packet is lost only the second copy is seen, late
STORM_SHARE = 0.01  # of the segments with payload in one direction
STORM_LEAST = 5
NAMED = 6


class Marks:
    """What was odd about the segments of each stream, counted in one pass over the packets."""

    def __init__(self, result: Result) -> None:
        streams = 2 * len(result.connections)
        self.carrying = np.zeros(streams, np.int64)
        self.repeated = np.zeros(streams, np.int64)
        self.shut = np.zeros(streams, np.int64)
        self.places: dict[tuple[int, int], list[int]] = {}  # by stream and mark, the first frames
        late = np.array([packet for packet, mark in result.late_marks if mark & AGAIN], np.int64)
        first = 0
        for chunk in result.packet_rows.chunks("stream", "payload", "marks") if result.packet_rows is not None else ():
            stream, marks = chunk["stream"], chunk["marks"].copy()
            marks[late[(late >= first) & (late < first + len(marks))] - first] |= RETRANSMISSION
            carrying = (stream >= 0) & (chunk["payload"] > 0)
            np.add.at(self.carrying, stream[carrying], 1)
            for mark, counts, mask in (
                (AGAIN, self.repeated, carrying & (marks & AGAIN > 0)),
                (ZERO_WINDOW, self.shut, (stream >= 0) & (marks & ZERO_WINDOW > 0)),
            ):
                rows = np.flatnonzero(mask)
                np.add.at(counts, stream[rows], 1)
                for row in rows.tolist():
                    frames = self.places.setdefault((int(stream[row]), mark), [])
                    if len(frames) < NAMED:
                        frames.append(first + row + 1)
            first += len(marks)


def transport(patient: Patient, marks: Marks) -> Iterator[Saying]:
    """What can be said of the network under a session, and of what the capture lacks."""
    for part in patient.pair.parts:
        for direction in (0, 1):
            stream = 2 * part.tcp.number + direction
            repeated, carrying = int(marks.repeated[stream]), int(marks.carrying[stream])
            if repeated >= STORM_LEAST and repeated >= STORM_SHARE * carrying:
                who, kind = patient.side(part, direction), "event" if part.is_event else "command"
                share = f"{repeated / carrying:.1%}"
                says = (
                    f"{repeated:,} of {counted(carrying, 'segment')} that {who} sent on the {kind} connection came "
                    f"again or out of order ({share}): lost or late in the network, or captured twice."
                )
                yield Saying("problem", "network", says, tuple(marks.places.get((stream, AGAIN), ())))
            if marks.shut[stream]:
                who = patient.side(part, direction, begins=True)
                often = counted(int(marks.shut[stream]), "time")
                says = f"{who} closed its receive window {often}: it was slow to take data."
                yield Saying("slow", "window", says, tuple(marks.places[stream, ZERO_WINDOW]))
    if patient.missing_bytes:
        rows = np.concatenate([patient.rows_of(part) for part in patient.pair.parts])
        holes = rows[patient.columns["lost"][rows] > 0]
        frames = sorted({patient.frame(int(row)) for row in holes[:NAMED]})
        says = (
            f"{human_bytes(patient.missing_bytes)} of the conversation were acknowledged or passed over and are not in "
            "the capture: the capture lost them, not the peers. What was said there can't be known."
        )
        yield Saying("unknown", "capture", says, tuple(frames))
    unframed = sum(
        int((patient.columns["status"][patient.rows_of(part)] == m.MALFORMED).sum()) for part in patient.pair.parts
    )
    if unframed:
        broken = "1 message breaks its" if unframed == 1 else f"{unframed:,} messages break their"
        says = f"{broken} layout: messages --where 'status == \"malformed\"' lists them."
        yield Saying("problem", "messages", says)
