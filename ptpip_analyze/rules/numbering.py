"""The requests of all sessions in order, with what is known of the session around each and of its TransactionID.

Promises "not known" where a hole, or an answer that is missing, may hide that a session was opened or closed; judges
nothing (CIPA DC-X005-2005 1.6.2, 1.6.5).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..among import among
from ..facts.named import CLOSE_SESSION, OK, OPEN_SESSION, RESET_DEVICE, SESSION_ALREADY_OPEN, SESSION_NOT_OPEN
from ..grouped import stable_order
from ..ptp.walk import NO_ROW
from ..ptpip import messages as m
from .rule import INITIATOR, RESPONDER

if TYPE_CHECKING:
    from .evidence import Evidence

NO_ID = 0xFFFFFFFF  # "not applicable"
LAST_ID = 0xFFFFFFFE
IN_SESSION = (CLOSE_SESSION + 1, 0x1FFF)  # standard operations that need a session
UNKNOWN, CLOSED, OPEN = 0, 1, 2
_AS_BEFORE = -1
_COMMAND = 0


class Asked(NamedTuple):
    """The requests of one session, in stream order; arrays of one length, int64.

    ``request`` and ``response`` are message rows, NO_ROW for none; ``number`` the transaction; ``code`` is -1 where the
    request is cut off, ``answer`` (the ResponseCode) where none was captured. ``state`` is what was known of the
    session when the request was sent: OPEN, CLOSED or UNKNOWN; ``since`` the response that last decided it, or NO_ROW:
    the beginning.
    """

    number: np.ndarray
    request: np.ndarray
    response: np.ndarray
    code: np.ndarray
    answer: np.ndarray
    state: np.ndarray
    since: np.ndarray


class Numbering:
    """Operation Requests of the initiators on command connections, session by session, in stream order.

    Arrays have one element per request: ``row`` (message), ``number`` (transaction), ``session``, ``code`` (-1 where it
    is cut off), ``identity``; ``usable``: all its fixed fields are captured and its boundary is known; ``response``
    (row) and ``answer`` (its code, -1 as well where bytes are missing between the two), NO_ROW where there is none.
    ``shown`` is the state of the session (UNKNOWN, CLOSED, OPEN) in front of the request, by what opened or ended it;
    ``since`` the response that last did, or NO_ROW; ``state`` the same, proven as well by what was served. ``segment``
    has the same number for requests between which nothing is missing and no session was opened or closed.
    """

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        self._asked: dict[int, Asked] = {}
        rows = seen.rows(m.OPERATION_REQUEST, connection=_COMMAND, side=INITIATOR)
        self.row = rows[stable_order(seen.session[rows])]
        self.session = seen.session[self.row]
        self.code = np.where(seen.has(self.row, 18), seen.code[self.row].astype(np.int64), -1)
        self.identity = seen.identity[self.row].astype(np.int64)
        self.usable = (self.code >= 0) & seen.synced[self.row] & seen.roles_sure[self.row] & ~seen.garbled[self.row]
        self.number = seen.transactions.of_message[self.row]
        response = np.where(self.number == NO_ROW, NO_ROW, seen.transactions.response[self.number])
        response[seen.side[response] != RESPONDER] = NO_ROW
        self.response = response
        stretch = seen.stretch[self.row]
        coded = (response != NO_ROW) & seen.has(response, 10) & (stretch >= 0) & (stretch == seen.stretch[response])
        self.answer = np.where(coded, seen.code[response].astype(np.int64), NO_ROW)
        self._begins = np.ones(len(rows), bool)
        self._begins[1:] = self.session[1:] != self.session[:-1]
        self._follow()

    def _follow(self) -> None:
        """ISO 15740: OpenSession opens a session; CloseSession ends it, and ResetDevice all that the device has."""
        code, answer = self.code, self.answer
        ok = answer == OK
        after = np.full(len(self.row), _AS_BEFORE)
        after[(code == OPEN_SESSION) & (ok | (answer == SESSION_ALREADY_OPEN))] = OPEN
        after[among(code, (CLOSE_SESSION, RESET_DEVICE)) & ok] = CLOSED
        lost = among(code, (OPEN_SESSION, CLOSE_SESSION, RESET_DEVICE)) & (answer == NO_ROW)
        after[lost | ~self.usable] = UNKNOWN
        torn = self._torn()
        self.shown, _ = self._carried(after, torn)
        # The responder knows of no session where one was opened: when it ended, and how, does not show.
        after[(answer == SESSION_NOT_OPEN) & (self.shown == OPEN)] = UNKNOWN
        self.shown, self.segment = self._carried(after, torn)
        decided = self._begins.copy()
        decided[1:] |= (after[:-1] == OPEN) | (after[:-1] == CLOSED)
        last = np.maximum.accumulate(np.where(decided, np.arange(len(decided)), 0))
        self.since = np.where(self._begins[last], NO_ROW, self.response[last - 1])
        # Who does not wait for the answer has not heard it.
        early = (self.since != NO_ROW) & (self._seen.rank[self.since] > self._seen.rank[self.row])
        self.shown = np.where(early, UNKNOWN, self.shown)
        needs = (code >= IN_SESSION[0]) & (code <= IN_SESSION[1]) & ok & (self.shown == UNKNOWN)
        needs &= (self.identity != 0) & (self.identity != NO_ID)  # those have no session even if it is answered so
        proven = np.zeros(len(self.row), bool)
        proven[self.segment[needs]] = True  # it was open, and nothing in the segment has opened it
        self.state = np.where((self.shown == UNKNOWN) & proven[self.segment], OPEN, self.shown)

    def _carried(self, after: np.ndarray, torn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The state in front of each request, and the number of its segment, of what each request leaves behind."""
        change = np.append(_AS_BEFORE, after)[:-1]
        change[torn | ~self.usable] = UNKNOWN
        fresh = self._seen.anchored[self.row] & (self._seen.garbled_before[self.row] == 0)
        change[self._begins & self.usable & fresh] = CLOSED
        segment = np.maximum.accumulate(np.where(change >= 0, np.arange(len(after)), 0))
        return change[segment], segment

    def _torn(self) -> np.ndarray:
        """bool: between a request and the one before, what happened to the session may not show; so for the first."""
        torn = self._begins.copy()
        for number in (self._seen.run[self.row], self._seen.garbled_before[self.row], self._resets()):
            torn[1:] |= number[1:] != number[:-1]
        return torn

    def _resets(self) -> np.ndarray:
        """int64: how often another session of the responder had reset it, or may have, when a request came."""
        resets = (self.code == RESET_DEVICE) & ((self.answer == OK) | (self.answer == NO_ROW))
        packet = self._seen.columns["first"][self.row].astype(np.int64)
        hosts: dict[object, int] = {}
        host = np.array(
            [hosts.setdefault(pair.command and pair.command.responder[0], len(hosts)) for pair in self._seen.pairs],
            np.int64,
        )[self.session]
        return _earlier(host, packet, resets) - _earlier(self.session, packet, resets)

    def of(self, session: int) -> Asked:
        """The requests of one session; none for a session that is not judged."""
        if session not in self._asked:
            mine = slice(*np.searchsorted(self.session, [session, session + 1]).tolist())
            names = ("number", "row", "response", "code", "answer", "shown", "since")
            self._asked[session] = Asked(*(getattr(self, name)[mine] for name in names))
        return self._asked[session]

    @cached_property
    def counted(self) -> np.ndarray:
        """int64: the requests that take part in the numbering of an open session, as places in the arrays."""
        takes = self.usable & (self.identity != 0) & (self.identity != NO_ID) & (self.code != OPEN_SESSION)
        return np.flatnonzero(takes & (self.state == OPEN))

    @cached_property
    def following(self) -> tuple[np.ndarray, np.ndarray]:
        """int64 pairs of places: requests that follow one another in the numbering of one session."""
        places = self.counted
        same = self.segment[places[1:]] == self.segment[places[:-1]]
        return places[:-1][same], places[1:][same]

    @cached_property
    def beginnings(self) -> tuple[np.ndarray, np.ndarray]:
        """int64 pairs of places: OpenSession that was answered OK, and the first request of its session that counts."""
        places = self.counted
        first = np.ones(len(places), bool)
        first[1:] = self.segment[places[1:]] != self.segment[places[:-1]]
        first_of = places[first]
        opener = self.segment[first_of] - 1
        known = (opener >= 0) & (self.shown[first_of] == OPEN)
        known[known] &= (self.session[opener[known]] == self.session[first_of[known]]) & (
            (self.code[opener[known]] == OPEN_SESSION) & (self.answer[opener[known]] == OK)
            & self.usable[opener[known]]
        )  # fmt: skip
        return opener[known], first_of[known]


def _earlier(group: np.ndarray, packet: np.ndarray, marked: np.ndarray) -> np.ndarray:
    """int64: how many marked rows of the same group come in an earlier packet, by row."""
    place = group * (int(packet.max(initial=0)) + 1) + packet
    found = np.sort(place[marked])
    return np.searchsorted(found, place) - np.searchsorted(found, place - packet)
