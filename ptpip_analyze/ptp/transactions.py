"""Transactions out of message rows: request, data phase and response belong together by TransactionID and order.

Invents none and loses none: what does not fit gets a row and a status that says so.

Two ways to the same answer. A group of messages from one request up to the next that reads request, data phase,
response without any flaw is taken by array operations; every other group goes through ``walk``, message by message,
along the table in ``transitions``. The identity of a transaction is its row: ids repeat in the field.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..capture import NO_TIME
from ..facts.named import OK, TRANSACTION_CANCELED
from ..grouped import stable_order
from ..ptpip import Pair
from ..ptpip import messages as m
from .order import Side, merge
from .walk import NO_ROW, Message, Outcome, Status, walk

STATUSES = tuple(status.value for status in Status)
NONE, IN, OUT = 0, 1, 2
DIRECTIONS = ("none", "in", "out")

_PHASE = (m.START_DATA, m.DATA, m.END_DATA)
_TYPES = (m.OPERATION_REQUEST, m.OPERATION_RESPONSE, m.CANCEL, *_PHASE)

# [type before, type]: what may follow what inside a flawless transaction (2.3.6 to 2.3.11).
_FOLLOWS = np.zeros((16, 16), bool)
for _before, _after in (
    (m.OPERATION_REQUEST, m.START_DATA),
    (m.OPERATION_REQUEST, m.OPERATION_RESPONSE),
    (m.START_DATA, m.DATA),
    (m.START_DATA, m.END_DATA),
    (m.DATA, m.DATA),
    (m.DATA, m.END_DATA),
    (m.END_DATA, m.OPERATION_RESPONSE),
):
    _FOLLOWS[_before, _after] = True

# Columns of messages that walking needs, in the order in which Message has them.
_WALKED = (
    "type",
    "transaction_id",
    "code",
    "status",
    "known",
    "length",
    "lost",
    "total",
    "reason",
    "data_phase_info",
)


@dataclass(slots=True)
class Transactions:
    """Columns of all transactions, in order of first packet; all int64, one element per transaction.

    ``request``, ``response``, ``start`` (what announces the data: Start Data, or the container of a dialect),
    ``first_data`` and ``last_data`` are row numbers of messages or NO_ROW; ``session`` is an index into the pairs given
    to ``build``; ``transaction_id`` is -1 when not captured; ``direction`` an index of DIRECTIONS; ``status`` of
    STATUSES; ``first`` and ``last`` are packet numbers from 0.
    ``of_message`` has one element per message row: the transaction it belongs to, or NO_ROW.
    ``flawless`` (bool): request, data phase and response as the standard has them, nothing odd or missing in between.
    ``sequence``: the message rows of the command connections, session by session, each in conversation order; of
    types that take part in transactions, and the stretches in which none could be framed.
    """

    session: np.ndarray
    transaction_id: np.ndarray
    request: np.ndarray
    response: np.ndarray
    start: np.ndarray
    first_data: np.ndarray
    last_data: np.ndarray
    direction: np.ndarray
    data_bytes: np.ndarray
    data_messages: np.ndarray
    status: np.ndarray
    first: np.ndarray
    last: np.ndarray
    of_message: np.ndarray
    flawless: np.ndarray
    sequence: np.ndarray

    def __len__(self) -> int:
        return len(self.session)


_FIELDS = (
    "session",
    "transaction_id",
    "request",
    "response",
    "start",
    "first_data",
    "last_data",
    "direction",
    "data_bytes",
    "data_messages",
    "status",
    "first",
    "last",
)


def build(columns: dict[str, np.ndarray], pairs: list[Pair], *, careful: bool = False) -> Transactions:
    """All transactions of the sessions ``pairs``, from the whole message table (arrays by column name).

    With ``careful`` every message takes the careful way; the result is the same (and tested to be). So do all
    messages of Fujifilm's dialect.
    """
    kinds = columns["type"]
    columns = {**columns, "type": m.roles(kinds)}
    sequence, session, outward, early = _sequence(columns, pairs)
    fast, group_of = _regular(columns, sequence, session, outward, early, careful)
    of_message = np.full(len(columns["type"]), NO_ROW, np.int64)
    parts = [fast]
    irregular = np.flatnonzero(group_of == NO_ROW)
    count = len(fast["session"])
    taken = group_of != NO_ROW
    of_message[sequence[taken]] = group_of[taken]
    if len(irregular):
        rows = sequence[irregular]
        has_id = m.carries_transaction_id(kinds[rows], columns["known"][rows], columns["length"][rows])
        outcomes = _walk_all(
            columns, pairs, irregular, rows, session[irregular], outward[irregular], early[irregular], has_id
        )
        parts.append(_columns_of(outcomes, columns))
        for number, outcome in enumerate(outcomes, count):
            of_message[outcome.messages] = number
    joined = {name: np.concatenate([part[name] for part in parts]) for name in _FIELDS}
    order = np.lexsort((joined["request"], joined["first"]))
    rank = np.empty(len(order) + 1, np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = NO_ROW  # what belongs to no transaction still does not
    built = Transactions(
        **{name: joined[name][order] for name in _FIELDS},
        of_message=rank[of_message],
        flawless=order < count,
        sequence=sequence,
    )
    _cancel_by_event(built, columns, pairs)
    return built


def _sequence(
    columns: dict[str, np.ndarray], pairs: list[Pair]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Message rows of all command connections in conversation order, their session, do they go to the responder, and
    are they early: sent before the first byte of the other side that was captured, and not all in between was.
    """
    wanted = np.zeros(m.LAST_TYPE + 2, bool)
    wanted[list(_TYPES)] = True
    wanted[m.UNFRAMED] = True  # index -1: holes and nonsense take part in the story
    kind = columns["type"]
    rows = np.flatnonzero(wanted[np.where(kind <= m.LAST_TYPE, kind, 0)] | (kind == m.CONTAINER_DATA))
    rows = rows[stable_order(columns["stream"][rows])]  # within a stream the table is in stream order already
    streams = columns["stream"][rows]
    ordered, sessions, outwards, earlies = [], [], [], []
    for index, pair in enumerate(pairs):
        if pair.command is None:
            continue
        tcp, initiator = pair.command.tcp, pair.command.initiator
        sides, keys, early = [], [], []
        for direction in (initiator, 1 - initiator):
            low, high = np.searchsorted(streams, [2 * tcp.number + direction, 2 * tcp.number + direction + 1])
            side = rows[low:high]
            shift = tcp.streams[direction].acknowledgment_shift(tcp.streams[1 - direction])
            acknowledged = columns["acknowledgment"][side]
            known = (acknowledged >= 0) & (shift is not None)
            hole = (kind[side] == m.UNFRAMED) & (columns["status"][side] == m.GAP)
            # A message has been received when its last byte was; a lost request is answered from its first byte on.
            offset = columns["offset"][side]
            end = offset + np.where(hole & (direction == initiator), 1, columns["length"][side])
            # A lying length word does not move what follows.
            end[:-1] = np.minimum(end[:-1], offset[1:])
            acknowledged = acknowledged + (shift or 0)
            sides.append(side)
            early.append(known & (acknowledged < 0))
            keys.append(
                Side(
                    end,
                    np.where(known, acknowledged, -1),
                    columns["first"][side].astype(np.int64),
                    hole,
                )
            )
        both = np.concatenate(sides)
        order = merge(keys[0], keys[1])
        ordered.append(both[order])
        outwards.append(order < len(sides[0]))
        earlies.append(np.concatenate(early)[order])
        sessions.append(np.full(len(both), index))
    if not ordered:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, bool), np.empty(0, bool)
    return np.concatenate(ordered), np.concatenate(sessions), np.concatenate(outwards), np.concatenate(earlies)


def _regular(
    columns: dict[str, np.ndarray],
    sequence: np.ndarray,
    session: np.ndarray,
    outward: np.ndarray,
    early: np.ndarray,
    careful: bool,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The flawless transactions as columns, and for each message of the sequence its transaction or NO_ROW."""
    count = len(sequence)
    group_of = np.full(count, NO_ROW, np.int64)
    empty = {name: np.empty(0, np.int64) for name in _FIELDS}
    if count == 0 or careful:
        return empty, group_of
    kind = columns["type"][sequence]
    identity = columns["transaction_id"][sequence].astype(np.int64)
    begins = (kind == m.OPERATION_REQUEST) & outward
    begins[0] = True
    begins[1:] |= session[1:] != session[:-1]
    starts = np.flatnonzero(begins)
    group = np.cumsum(begins) - 1
    request_at = starts[group]
    fine = (columns["status"][sequence] == m.COMPLETE) & (kind > 0) & (identity == identity[request_at])
    # Shorter requests are cut, or of a dialect.
    fine &= columns["known"][sequence] >= 18 * (kind == m.OPERATION_REQUEST)
    before = np.empty(count, np.int64)
    before[0] = 0
    before[1:] = kind[:-1]
    is_data = (kind == m.DATA) | (kind == m.END_DATA)
    fine &= begins & (kind == m.OPERATION_REQUEST) & outward & ~early | ~begins & _FOLLOWS[before & 15, kind & 15]
    fine[1:] &= ~is_data[1:] | (outward[1:] == outward[:-1])  # one direction for the whole data phase (1.6.4)
    fine &= (kind != m.OPERATION_RESPONSE) | ~outward
    announced_nothing = (kind == m.START_DATA) & (columns["total"][sequence] == 0)
    fine[1:] &= ~(announced_nothing[:-1] & (kind[1:] == m.DATA))
    ends = np.append(starts[1:], count) - 1
    regular = np.logical_and.reduceat(fine, starts) & (kind[ends] == m.OPERATION_RESPONSE)
    if not regular.any():
        return empty, group_of
    number = np.cumsum(regular) - 1
    inside = regular[group]
    group_of[inside] = number[group[inside]]
    starts, ends = starts[regular], ends[regular]
    request, response = sequence[starts], sequence[ends]
    has_data = ends - starts > 1
    after = np.where(has_data, starts + 1, 0)
    last = np.where(has_data, ends - 1, 0)
    payload = np.where(is_data, columns["length"][sequence] - 12 - columns["lost"][sequence], 0)
    cumulative = np.concatenate([[0], np.cumsum(payload)])
    counted = np.concatenate([[0], np.cumsum(is_data)])
    cancelled = columns["code"][response] == TRANSACTION_CANCELED
    first = np.minimum.reduceat(np.append(columns["first"][sequence], 0), np.stack([starts, ends + 1], 1).ravel())[::2]
    final = np.maximum.reduceat(np.append(columns["last"][sequence], 0), np.stack([starts, ends + 1], 1).ravel())[::2]
    fast = {
        "session": session[starts],
        "transaction_id": identity[starts],
        "request": request,
        "response": response,
        "start": np.where(has_data, sequence[after], NO_ROW),
        "first_data": np.where(has_data, sequence[after], NO_ROW),
        "last_data": np.where(has_data, sequence[last], NO_ROW),
        "direction": np.where(has_data, np.where(outward[after], OUT, IN), NONE),
        "data_bytes": cumulative[ends + 1] - cumulative[starts],
        "data_messages": counted[ends + 1] - counted[starts],
        "status": np.where(cancelled, Status.CANCELLED.index, Status.COMPLETE.index),
        "first": first.astype(np.int64),
        "last": final.astype(np.int64),
    }
    return fast, group_of


def _walk_all(
    columns: dict[str, np.ndarray],
    pairs: list[Pair],
    places: np.ndarray,
    rows: np.ndarray,
    session: np.ndarray,
    outward: np.ndarray,
    early: np.ndarray,
    has_id: np.ndarray,
) -> list[Outcome]:
    """Walk the messages that are not part of flawless transactions, session by session."""
    values = [columns[name][rows].tolist() for name in _WALKED]
    messages = [
        Message(row, place, to_responder, is_early, kind, identity if known_id else None, *others)
        for row, place, to_responder, is_early, known_id, kind, identity, *others in zip(
            rows.tolist(), places.tolist(), outward.tolist(), early.tolist(), has_id.tolist(), *values, strict=True
        )
    ]
    outcomes = []
    edges = [0, *(np.flatnonzero(np.diff(session)) + 1).tolist(), len(messages)]
    for low, high in pairwise(edges):
        index = int(session[low])
        command = pairs[index].command
        assert command is not None
        late = not command.tcp.streams[command.initiator].syn
        outcomes.extend(walk(messages[low:high], index, late))
    return outcomes


def _columns_of(outcomes: list[Outcome], columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    def column(values: list[int]) -> np.ndarray:
        return np.array(values, np.int64)

    return {
        "session": column([outcome.session for outcome in outcomes]),
        "transaction_id": column([-1 if outcome.identity is None else outcome.identity for outcome in outcomes]),
        "request": column([outcome.request for outcome in outcomes]),
        "response": column([outcome.response for outcome in outcomes]),
        "start": column([outcome.start for outcome in outcomes]),
        "first_data": column([outcome.first_data for outcome in outcomes]),
        "last_data": column([outcome.last_data for outcome in outcomes]),
        "direction": column(
            [NONE if outcome.outward is None else OUT if outcome.outward else IN for outcome in outcomes]
        ),
        "data_bytes": column([outcome.data_bytes for outcome in outcomes]),
        "data_messages": column([outcome.data_messages for outcome in outcomes]),
        "status": column([outcome.status.index for outcome in outcomes]),
        "first": column([int(columns["first"][outcome.messages].min()) for outcome in outcomes]),
        "last": column([int(columns["last"][outcome.messages].max()) for outcome in outcomes]),
    }


def _cancel_by_event(built: Transactions, columns: dict[str, np.ndarray], pairs: list[Pair]) -> None:
    """Let a Cancel on the event connection (2.7) reach the transaction of its id that was running when it passed.

    Between connections only clocks tell what came first: two queues may be written to the file one after the other.
    Where a packet has no time, the order of packets is asked.
    """
    cancels = np.flatnonzero((columns["type"] == m.CANCEL) & (columns["known"] >= 12))
    of_connection = {pair.event.tcp.number: index for index, pair in enumerate(pairs) if pair.event is not None}
    if len(cancels) == 0 or len(built) == 0:
        return
    timed = not (columns["time"] == NO_TIME).any()
    begins, ends = (columns["began"], columns["time"]) if timed else (columns["first"], columns["last"])
    first_message = np.where(built.request != NO_ROW, built.request, np.maximum(built.start, built.response))
    began = np.where(first_message != NO_ROW, begins[first_message].astype(np.int64), -1)
    # Transactions by session and id, in order of their beginning among equals: the last one that had begun is looked
    # up.
    order = np.lexsort((began, built.transaction_id, built.session))
    keys = list(
        zip(
            built.session[order].tolist(),
            built.transaction_id[order].tolist(),
            began[order].tolist(),
            strict=True,
        )
    )
    for row in cancels.tolist():
        index = of_connection.get(int(columns["stream"][row]) >> 1)
        if index is None:
            continue
        when, identity = int(ends[row]), int(columns["transaction_id"][row])
        place = bisect_right(keys, (index, identity, when)) - 1
        if place < 0 or keys[place][:2] != (index, identity):
            continue
        transaction = int(order[place])
        response = int(built.response[transaction])
        answered_before = response != NO_ROW and int(ends[response]) <= when
        succeeded = response != NO_ROW and int(columns["code"][response]) == OK
        if not answered_before and not succeeded and built.status[transaction] in _CANCELLABLE:
            built.status[transaction] = Status.CANCELLED.index


_CANCELLABLE = (Status.COMPLETE.index, Status.OPEN.index, Status.DISORDERED.index)
