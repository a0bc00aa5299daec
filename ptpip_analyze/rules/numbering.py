"""The requests of all sessions in order, with what is known of the session around each and of its TransactionID.

Promises "not known" where a hole, or an answer that is missing, may hide that a session was opened or closed; judges
nothing (CIPA DC-X005-2005 1.6.2, 1.6.5).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

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
_COMMAND = 0


class Numbering:
    """Operation Requests of the initiators on command connections, session by session, in stream order.

    Arrays have one element per request: ``row`` (message), ``session``, ``code``, ``identity``; ``usable``: all its
    fixed fields are captured and its boundary is known; ``response`` (row) and ``answer`` (its code), NO_ROW where
    there is none; ``state`` of the session (UNKNOWN, CLOSED, OPEN) in front of the request; ``segment`` has the same
    number for requests between which nothing is missing and no session was opened or closed.
    """

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        rows = seen.rows(m.OPERATION_REQUEST, connection=_COMMAND, side=INITIATOR)
        self.row = rows[stable_order(seen.session[rows])]
        self.session = seen.session[self.row]
        self.code = seen.code[self.row].astype(np.int64)
        self.identity = seen.identity[self.row].astype(np.int64)
        self.usable = seen.has(self.row, 18) & seen.synced[self.row] & seen.roles_sure[self.row]
        self.usable &= ~seen.garbled[self.row]
        transaction = seen.transactions.of_message[self.row]
        response = np.where(transaction == NO_ROW, NO_ROW, seen.transactions.response[transaction])
        response[seen.side[response] != RESPONDER] = NO_ROW
        self.response = response
        coded = (response != NO_ROW) & seen.has(response, 10)
        self.answer = np.where(coded, seen.code[response].astype(np.int64), NO_ROW)
        self._follow()

    def _follow(self) -> None:
        count, code, answer = len(self.row), self.code, self.answer
        ok = answer == OK
        after = np.full(count, -1)
        after[(code == OPEN_SESSION) & (ok | (answer == SESSION_ALREADY_OPEN))] = OPEN
        after[(code == CLOSE_SESSION) & (ok | (answer == SESSION_NOT_OPEN))] = CLOSED
        lost = np.isin(code, (OPEN_SESSION, CLOSE_SESSION)) & (answer == NO_ROW)
        after[lost | ((code == RESET_DEVICE) & (ok | (answer == NO_ROW))) | ~self.usable] = UNKNOWN
        change = np.r_[-1, after[:-1]] if count else after
        torn = np.ones(count, bool)
        run, garbled = self._seen.run[self.row], self._seen.garbled_before[self.row]
        torn[1:] = (run[1:] != run[:-1]) | (garbled[1:] != garbled[:-1])
        change[torn | ~self.usable] = UNKNOWN
        begins = np.ones(count, bool)
        begins[1:] = self.session[1:] != self.session[:-1]
        change[begins & self.usable & self._seen.anchored[self.row]] = CLOSED
        self.segment = np.maximum.accumulate(np.where(change >= 0, np.arange(count), 0))
        self.state = change[self.segment]
        self._shown = self.state  # by OpenSession or CloseSession alone
        needs = (code >= IN_SESSION[0]) & (code <= IN_SESSION[1]) & ok & (self.state == UNKNOWN)
        needs &= (self.identity != 0) & (self.identity != NO_ID)  # those have no session even if it is answered so
        proven = np.zeros(count, bool)
        proven[self.segment[needs]] = True  # it was open, and nothing in the segment has opened it
        self.state = np.where((self.state == UNKNOWN) & proven[self.segment], OPEN, self.state)

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
        known = (opener >= 0) & (self._shown[first_of] == OPEN)
        known[known] &= (self.session[opener[known]] == self.session[first_of[known]]) & (
            (self.code[opener[known]] == OPEN_SESSION) & (self.answer[opener[known]] == OK)
            & self.usable[opener[known]]
        )  # fmt: skip
        return opener[known], first_of[known]
