"""The messages of the transactions that are not flawless, transaction by transaction, as columns.

Promises array work however many there are; says what can be known of each message, and judges nothing. Flawless
transactions (``Transactions.flawless``) are only counted here: of them everything but totals, codes and the data phase
that was announced is known to be right.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..among import among
from ..facts.named import OK
from ..grouped import stable_order
from ..ptp.transactions import IN, OUT, STATUSES
from ..ptp.walk import NO_ROW, Status
from ..ptpip import messages as m
from .rule import INITIATOR, RESPONDER

if TYPE_CHECKING:
    from .evidence import Evidence
    from .rule import Ruling

DATA_TYPES = (m.START_DATA, m.DATA, m.END_DATA)
_CANCELLED = STATUSES.index(Status.CANCELLED.value)
_FAR = np.iinfo(np.int64).max


class Phases:
    """The steps of irregular transactions: messages on command connections, in conversation order per transaction.

    Arrays of one element per step: ``row`` (message), ``kind``, ``side`` (sender), ``group`` (index into ``numbers``),
    ``payload`` (bytes of Data and End Data by their length words, 0 for others), ``is_data`` (of the data phase),
    ``starts`` (Start Data), ``ends`` (End Data), ``carries`` (Data or End Data).
    ``numbers`` has the transaction of each group. Masks are bool arrays of one element per step.
    """

    def __init__(self, seen: Evidence) -> None:
        self._seen = seen
        built = seen.transactions
        of_message = built.of_message[built.sequence]
        steps = np.flatnonzero(of_message != NO_ROW)
        steps = steps[~built.flawless[of_message[steps]] & (seen.kind[built.sequence[steps]] > 0)]
        steps = steps[stable_order(of_message[steps])]
        self.row = built.sequence[steps]
        transaction = of_message[steps]
        starts = np.ones(len(steps), bool)
        starts[1:] = transaction[1:] != transaction[:-1]
        self.begins = np.flatnonzero(starts)
        self.numbers = transaction[self.begins]
        self.group = np.cumsum(starts) - 1
        self.kind, self.side = seen.kind[self.row], seen.side[self.row]
        self.is_data = among(self.kind, DATA_TYPES)
        self.starts, self.ends = self.kind == m.START_DATA, self.kind == m.END_DATA
        self.carries = self.ends | (self.kind == m.DATA)
        self.payload = np.where(self.carries, np.maximum(seen.length[self.row] - 12, 0), 0)

    # What came before a step, and what is in its transaction

    def earlier(self, mask: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        """int64: how many steps of its transaction in front of each are in ``mask``; or the sum of their values."""
        amount = mask.astype(np.int64) if values is None else np.where(mask, values, 0)
        before = amount.cumsum() - amount
        return before - before[self.begins][self.group] if len(before) else before

    def earlier_own(self, mask: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        """As ``earlier``, of the steps that the same side sent."""
        asks = self.side == INITIATOR
        return np.where(asks, self.earlier(mask & asks, values), self.earlier(mask & ~asks, values))

    @cached_property
    def started(self) -> np.ndarray:
        """int64: how often the same side sent Start Data before."""
        return self.earlier_own(self.starts)

    @cached_property
    def ended(self) -> np.ndarray:
        """int64: how often the same side sent End Data before."""
        return self.earlier_own(self.ends)

    @cached_property
    def first_data(self) -> np.ndarray:
        """bool: the first message of the data phase that its sender sent."""
        return self.is_data & (self.earlier_own(self.is_data) == 0)

    @cached_property
    def answered(self) -> np.ndarray:
        """int64: how many responses of the responder came before."""
        return self.earlier((self.kind == m.OPERATION_RESPONSE) & (self.side == RESPONDER))

    def total(self, mask: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        """int64 per transaction: how many of its steps are in ``mask``; or the sum of their values."""
        amount = mask.astype(np.int64) if values is None else np.where(mask, values, 0)
        return np.add.reduceat(amount, self.begins) if len(amount) else amount

    def first(self, mask: np.ndarray) -> np.ndarray:
        """int64 per transaction: the row of its first step in ``mask``, or NO_ROW."""
        if len(mask) == 0:
            return np.empty(0, np.int64)
        place = np.minimum.reduceat(np.where(mask, np.arange(len(mask)), _FAR), self.begins)
        return np.where(place == _FAR, NO_ROW, self.row[np.minimum(place, len(mask) - 1)])

    # What can be known

    @cached_property
    def request(self) -> np.ndarray:
        """int64 per transaction: the row of its request, or NO_ROW."""
        return self._seen.transactions.request[self.numbers]

    @cached_property
    def response(self) -> np.ndarray:
        """int64 per transaction: the row of the responder's first response, or NO_ROW."""
        return self.first((self.kind == m.OPERATION_RESPONSE) & (self.side == RESPONDER))

    @cached_property
    def clear(self) -> np.ndarray:
        """bool per transaction: its request is there for certain, and no other of the same id was open at that time."""
        seen, request = self._seen, self.request
        known = (request != NO_ROW) & seen.has(request, 18) & seen.synced[request] & seen.roles_sure[request]
        return known & self._sole

    @cached_property
    def near(self) -> np.ndarray:
        """bool: its id is known, and so is all between it and the request of its transaction, which is ``clear``."""
        seen = self._seen
        stretch, request = seen.stretch[self.row], self.request[self.group]
        named = seen.has(self.row, 14) | (seen.has(self.row, 12) & self.is_data)
        named &= seen.identity[self.row] == seen.identity[request]
        return self.clear[self.group] & named & (stretch >= 0) & (stretch == seen.stretch[request])

    @cached_property
    def _sole(self) -> np.ndarray:
        """bool per transaction: no other one of its session and id was open at the same time."""
        seen, built = self._seen, self._seen.transactions
        if len(self.numbers) == 0:
            return np.zeros(0, bool)
        key = (built.session << 32) | np.maximum(built.transaction_id, 0)
        alike = np.flatnonzero(among(key, np.unique(key[self.numbers])))
        begin = seen.rank[built.request]
        begin[self.numbers] = seen.rank[self.row[self.begins]]  # those without a request, too
        end = np.where(built.response == NO_ROW, len(seen.rank), seen.rank[built.response])
        order = alike[np.lexsort((begin[alike], key[alike]))]
        begin, end, key = begin[order], end[order], key[order]
        alone = np.ones(len(built), bool)
        follows = key[1:] == key[:-1]
        # Spans of different ids are moved far apart, so that the running maximum never leaves its own id.
        apart = np.cumsum(np.concatenate([[True], ~follows])) * (2 * len(seen.rank) + 2)
        reach = np.maximum.accumulate(apart + end)
        alone[order[1:]] &= ~(follows & ((apart + begin)[1:] <= reach[:-1]))
        alone[order[:-1]] &= ~(follows & (begin[1:] <= end[:-1]))
        return alone[self.numbers]

    @cached_property
    def late(self) -> np.ndarray:
        """bool: of a data phase, but behind its sender's End Data, or behind its response."""
        ended = self.ended > 0
        answered = self.earlier_own(self.kind == m.OPERATION_RESPONSE) > 0
        return self.is_data & (ended | answered)

    @cached_property
    def cancelled(self) -> np.ndarray:
        """bool per transaction: a Cancel on either connection has its id, or one that is missing."""
        seen, built = self._seen, self._seen.transactions
        ended = built.status[self.numbers] == _CANCELLED
        rows, session = seen.rows(m.CANCEL), built.session[self.numbers]
        if len(rows) == 0:
            return ended
        known = seen.has(rows, 12)
        named = np.unique((seen.session[rows[known]] << 32) | seen.identity[rows[known]])
        key = (session << 32) | np.maximum(built.transaction_id[self.numbers], 0)
        perhaps = among(key, named) | among(session, seen.session[rows[~known]])
        return perhaps | ended | (self.total(self.kind == m.CANCEL) > 0)

    @cached_property
    def refused(self) -> np.ndarray:
        """bool per transaction: its response is anything but OK, or its code is not captured."""
        return (self.response != NO_ROW) & ~self.succeeded

    @cached_property
    def succeeded(self) -> np.ndarray:
        """bool per transaction: its response is OK."""
        seen, response = self._seen, self.response
        return (response != NO_ROW) & (seen.code[response] == OK) & seen.has(response, 10)

    # Which transactions were open

    @cached_property
    def _open(self) -> tuple[np.ndarray, np.ndarray]:
        """By place in the conversation: how many transactions are open in front of it, and the sum of their numbers."""
        seen, built = self._seen, self._seen.transactions
        asked = np.flatnonzero(built.request != NO_ROW)
        begin = seen.rank[built.request[asked]] + 1
        answered = asked[(built.response[asked] != NO_ROW) & (seen.side[built.response[asked]] == RESPONDER)]
        end = seen.rank[built.response[answered]] + 1
        result = []
        for weight in (np.ones(len(built), np.int64), np.arange(len(built))):
            change = np.zeros(len(seen.transactions.sequence) + 2, np.int64)
            np.add.at(change, begin, weight[asked])
            np.subtract.at(change, end, weight[answered])
            result.append(np.cumsum(change))
        return result[0], result[1]

    def open_before(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """int64: how many requests in front of each message have no response yet; if it is one, its transaction.

        The number is negative where that is not known, and where that one's TransactionID is not or its response may be
        missing.
        """
        seen = self._seen
        if len(rows) == 0:
            return rows, rows
        first = seen.conversations[seen.session[rows]]
        count, total = (column[seen.rank[rows]] - column[first] for column in self._open)
        number = np.where(count == 1, total, NO_ROW)
        request = seen.transactions.request[number]
        # Where bytes are missing behind a request, its response may be among them.
        certain = seen.has(request, 18) & (seen.stretch[request] == seen.stretch[rows])
        known = seen.settled[rows] & ((number == NO_ROW) | certain)
        return np.where(known, count, -1), number

    # The crowd

    @cached_property
    def _flawless(self) -> dict[int, list[tuple[int, int]]]:
        built = self._seen.transactions
        return {
            side: _by_session(built.session[built.flawless & (built.direction == direction)])
            for side, direction in ((INITIATOR, OUT), (RESPONDER, IN))
        }

    def pass_flawless(self, ruling: Ruling) -> None:
        """Flawless data phases keep a rule, each for the side that sent the data."""
        for side, counts in self._flawless.items():
            for session, count in counts:
                ruling.passes(session, side, count)


def _by_session(sessions: np.ndarray) -> list[tuple[int, int]]:
    counts = np.bincount(sessions)
    return [(session, int(counts[session])) for session in np.flatnonzero(counts).tolist()]
