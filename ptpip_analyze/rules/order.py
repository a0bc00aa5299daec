"""Whether two connections of a session stand in a capture in the order in which their packets were sent.

They do where one tap saw both. No file proves that there was one, but a second one shows: as another interface, in
times that run back, in a message that was acknowledged before it was there, in an event connection that was established
out of turn. Good enough to name what happened; too little to accuse anybody of it, since the queues of one card may
still change two packets that are microseconds apart. Judges nothing.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..capture import NO_TIME
from ..ptpip import messages as m
from .case import Case, Line
from .evidence import NOT_HEARD, Evidence
from .rule import INITIATOR, RESPONDER


class Order:
    """What is known of the order of packets in one capture."""

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        self._known: dict[int, bool] = {}
        self._skewed: dict[int, bool] = {}

    def trusted(self, case: Case) -> bool:
        """Does nothing in the capture contradict that the packets of a session are in order?"""
        if case.index not in self._known:
            self._known[case.index] = (
                case.paired
                and self._seen.one_interface
                and self._seen.clock.in_order()
                and all(self._heard_in_turn(line) for line in case.lines)
                and self._established_in_turn(case)
            )
        return self._known[case.index]

    def skewed(self, case: Case) -> bool:
        """Do the clocks of two taps show in a session, by more than ``skew_ms``?

        They do where something comes behind what it has caused: bytes behind a message that acknowledges them, a SYN
        behind its answer, that behind what the initiator says on the connection, Init Command Ack behind the Init
        Event Request that repeats its number.
        """
        if case.index not in self._skewed:
            self._skewed[case.index] = any(map(self._late_by_acknowledgment, case.lines)) or self._late_greeting(case)
        return self._skewed[case.index]

    def _late_by_acknowledgment(self, line: Line) -> bool:
        seen, near = self._seen, self._seen.limit_ns("skew_ms")
        asked, answered = (line.tcp.syn_times[line.direction(side)] for side in (INITIATOR, RESPONDER))
        if NO_TIME not in (asked, answered) and answered < asked - near:
            return True
        spoke = seen.columns["began"][line.rows[INITIATOR][:1]]
        if answered != NO_TIME and ((spoke != NO_TIME) & (spoke < answered - near)).any():
            return True
        return self._behind_its_acknowledgment(line, seen.time, seen.columns["began"], near)

    def _late_greeting(self, case: Case) -> bool:
        if case.both is None:
            return False
        command, event = case.both
        ack, request = command.first(m.INIT_COMMAND_ACK, RESPONDER), event.first(m.INIT_EVENT_REQUEST, INITIATOR)
        if ack is None or request is None or not self._seen.timed(ack, request):
            return False
        return int(self._seen.time[ack]) > int(self._seen.time[request]) + self._seen.limit_ns("skew_ms")

    def _heard_in_turn(self, line: Line) -> bool:
        """Is every message of a connection in front of those that acknowledge it?"""
        columns = self._seen.columns
        return not self._behind_its_acknowledgment(line, columns["last"], columns["first"], 0)

    def _behind_its_acknowledgment(self, line: Line, ends: np.ndarray, begins: np.ndarray, near: int) -> bool:
        """Does a message of a connection end more than ``near`` behind the begin of one that acknowledges it?

        ``ends`` and ``begins`` are by message row: times in ns, or numbers of packets.
        """
        seen = self._seen
        for rows, others in (line.rows, line.rows[::-1]):
            rows = rows[(seen.heard[rows] != NOT_HEARD) & (begins[rows] != NO_TIME)]
            latest = np.maximum.accumulate(ends[others])  # NO_TIME is the least of all
            count = np.searchsorted(seen.offset[others] + seen.length[others], seen.heard[rows], "right")
            rows, count = rows[count > 0], count[count > 0]
            if (latest[count - 1] > begins[rows] + near).any():
                return True
        return False

    def _established_in_turn(self, case: Case) -> bool:
        """Do Init Command Ack, Init Event Request, Init Event Ack and the first request follow on one another?"""
        seen = self._seen
        if case.command is None or case.event is None:
            return False
        requests = case.requests[:1].tolist()
        steps = [
            case.command.first(m.INIT_COMMAND_ACK, RESPONDER),
            case.event.first(m.INIT_EVENT_REQUEST, INITIATOR),
            case.event.first(m.INIT_EVENT_ACK, RESPONDER),
            requests[0] if requests else None,
        ]
        if None in steps:
            return False
        packets = seen.columns["last"][np.array(steps, np.int64)].tolist()
        return all(before < after for before, after in pairwise(packets))
