"""What rules may look at: one capture as columns for the crowd, and what can be known of each place in it.

Promises that each guard says "can't know" where bytes are missing, cut or of uncertain framing; judges nothing. Only
sessions of the standard's dialect are evidence: a dialect follows rules of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from ..among import among
from ..capture import NO_TIME
from ..facts import name_of
from ..grouped import Grouped, group_starts, stable_order
from ..ptp.transactions import Transactions
from ..ptp.walk import NO_ROW
from ..ptpip import Pair
from ..ptpip import messages as m
from ..ptpip.recognise import Dialect
from ..tcp import Connection
from .case import Case
from .rule import INITIATOR, NOWHERE, RESPONDER

if TYPE_CHECKING:
    from ..headers import Headers
    from ..ptp.camera import DeviceInfo
    from ..ptpip.discovery import Discovered
    from .clock import Clock

T = TypeVar("T")

COMMAND, EVENT = 0, 1
CONNECTIONS = ("command", "event")
NOT_JUDGED = -2  # kind of the rows that are no evidence: those of a dialect, and of no session

SWAPPED_WORDS = (0x01000000, 0x02000000, 0x03000000)  # of Data Phase Info and of the reason of Init Fail

FEW_ROWS = 4096  # so many are kept for whoever asks again: more take memory, and of few the asking is what costs

NOT_HEARD = np.iinfo(np.int64).min  # what had been acknowledged is not known

MS = 1_000_000  # ns
S = 1_000_000_000


class Evidence:
    """One capture, as rules see it. Arrays have one element per message row unless they say otherwise.

    ``columns`` are the message columns (``ptpip.messages.COLUMNS``), ``pairs`` the sessions, ``connections`` all TCP
    connections of the capture, ``greetings`` the bytes of the Init messages by row. ``data(transaction, most)`` reads
    the head of a data phase and says whether that is all of it; ``head(row, most)`` reads the first bytes of a message
    as far as they are captured. ``last_time`` (ns) is when the capture ends, or
    NO_TIME. ``thresholds`` are those of the catalogue, by name. ``vendors`` has the vendor of each session, or None.
    ``strangers`` has the first bytes of the connections to a PTP-IP port that are not PTP-IP, by their number.
    ``headers`` reads the headers of all packets once more, from the first, for the few questions that messages leave
    open; ``clock`` knows of steps of the capture's clock from so many ns on. ``one_interface``: the file has no other.
    ``discovery`` has what was announced in UDP, ``stations`` the Ethernet addresses of a connection's lower and higher
    endpoint (0: not known), ``cameras`` the DeviceInfo of sessions that asked for it.
    """

    def __init__(
        self,
        columns: Mapping[str, np.ndarray],
        pairs: list[Pair],
        transactions: Transactions,
        connections: list[Connection],
        greetings: Mapping[int, bytes],
        data: Callable[[int, int], tuple[bytes, bool]],
        head: Callable[[int, int], bytes],
        first_time: int,
        last_time: int,
        thresholds: Mapping[str, float],
        vendors: Callable[[], list[str | None]],
        strangers: Mapping[int, tuple[bytes | None, bytes | None]],
        headers: Callable[[], Iterable[Headers]],
        *,
        clock: Callable[[int], Clock],
        one_interface: bool,
        discovery: Callable[[], Discovered],
        stations: Callable[[Connection], tuple[int, int]],
        cameras: Callable[[], Mapping[int, DeviceInfo]],
    ) -> None:
        self.columns = columns
        self.pairs = pairs
        self.transactions = transactions
        self.connections = connections
        self.greetings = greetings
        self.data = data
        self.head = head
        self.first_time, self.last_time = first_time, last_time
        self.thresholds = thresholds
        self._vendors = vendors
        self._clock, self.one_interface = clock, one_interface
        self._discovery, self.stations, self._cameras = discovery, stations, cameras
        self._made: dict[Callable[[Evidence], Any], Any] = {}
        self._rows: dict[tuple[tuple[int, ...], int | None, int | None], np.ndarray] = {}
        self.strangers = strangers
        self.headers = headers
        self.offset: np.ndarray = columns["offset"]
        self.length: np.ndarray = columns["length"]
        self.status: np.ndarray = columns["status"]
        self.known: np.ndarray = columns["known"]
        self.code: np.ndarray = columns["code"]
        self.identity: np.ndarray = columns["transaction_id"]
        self.time: np.ndarray = columns["time"]

    def limit(self, name: str) -> float:
        """A threshold in its own unit. KeyError for one that the catalogue does not have."""
        return float(self.thresholds[name])

    def limit_ns(self, name: str) -> int:
        """A threshold whose name ends in ``_s`` or ``_ms``, in nanoseconds."""
        return round(self.limit(name) * (MS if name.endswith("_ms") else S))

    @cached_property
    def clock(self) -> Clock:
        """Whether the clock of the capture ran evenly."""
        return self._clock(self.limit_ns("margin_s"))

    @cached_property
    def vendors(self) -> list[str | None]:
        """By session, the vendor whose codes it uses; None where that is not known."""
        return self._vendors()

    @cached_property
    def discovery(self) -> Discovered:
        """What was announced and asked for in UDP."""
        return self._discovery()

    @cached_property
    def cameras(self) -> Mapping[int, DeviceInfo]:
        """By session, what its responder said of itself, where GetDeviceInfo was answered."""
        return self._cameras()

    def once(self, make: Callable[[Evidence], T]) -> T:
        """What a function makes of this evidence; made once, for all rules that ask."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast("T", self._made[make])

    def named(self, kind: str, code: int, session: int) -> str:
        """A code of a kind of ``facts.KINDS`` with the name that it has in a session: DeviceBusy (0x2019)."""
        number, name = f"0x{code:04X}", name_of(kind, code, self.vendors[session])
        return number if name == number else f"{name} ({number})"

    # Who said it, and where

    @cached_property
    def cases(self) -> list[Case]:
        """The sessions, by index; those of a dialect too: ``Case.judged`` tells."""
        return [Case(self, index, pair) for index, pair in enumerate(self.pairs)]

    @cached_property
    def judged(self) -> list[Case]:
        """The sessions that are evidence."""
        return [case for case in self.cases if case.judged]

    @cached_property
    def _places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        streams = 2 * len(self.connections) + 1  # the last one is what stream -1 finds
        session = np.full(streams, NOWHERE, np.int64)
        connection, side = np.zeros(streams, np.int64), np.zeros(streams, np.int64)
        judged = np.zeros(streams, bool)
        for index, pair in enumerate(self.pairs):
            for part in pair.parts:
                numbers = [2 * part.tcp.number, 2 * part.tcp.number + 1]
                session[numbers] = index
                connection[numbers] = EVENT if part.is_event else COMMAND
                side[2 * part.tcp.number + part.initiator] = INITIATOR
                side[2 * part.tcp.number + 1 - part.initiator] = RESPONDER
                judged[numbers] = part.conversation.dialect is Dialect.STANDARD
        stream = self.columns["stream"]
        return session[stream], connection[stream], side[stream], judged[stream]

    @property
    def session(self) -> np.ndarray:
        """int64: index of the session, or NOWHERE."""
        return self._places[0]

    @property
    def connection(self) -> np.ndarray:
        """int64: COMMAND or EVENT."""
        return self._places[1]

    @property
    def side(self) -> np.ndarray:
        """int64: who sent the message, INITIATOR or RESPONDER."""
        return self._places[2]

    @cached_property
    def sender(self) -> np.ndarray:
        """int64: ``session`` and ``side`` as one number, 3 * (session + 1) + side."""
        return (self.session - NOWHERE) * 3 + self.side

    @cached_property
    def kind(self) -> np.ndarray:
        """int64: the type of the message (``ptpip.messages``), UNFRAMED for bytes without one, or NOT_JUDGED."""
        return np.where(self._places[3], self.columns["type"], NOT_JUDGED)

    @cached_property
    def _by_kind(self) -> tuple[np.ndarray, np.ndarray]:
        kind = np.clip(self.kind, NOT_JUDGED, m.LAST_TYPE + 1) - NOT_JUDGED  # those beyond the last one are all alike
        order = stable_order(kind)
        return order, np.searchsorted(kind[order], np.arange(m.LAST_TYPE + 5))

    def rows(self, *kinds: int, connection: int | None = None, side: int | None = None) -> np.ndarray:
        """The message rows (int64, ascending) of some types, on one connection and from one side if that is said.

        Rows of one stream are in stream order. Not to be written to.
        """
        asked = kinds, connection, side
        found = self._rows.get(asked)
        if found is None:
            found = self._find_rows(kinds, connection, side)
            found.flags.writeable = False  # whoever asks again may get the same array
            if len(found) <= FEW_ROWS:
                self._rows[asked] = found
        return found

    def _find_rows(self, kinds: tuple[int, ...], connection: int | None, side: int | None) -> np.ndarray:
        order, begins = self._by_kind
        parts = [order[begins[kind - NOT_JUDGED] : begins[kind - NOT_JUDGED + 1]] for kind in kinds]
        found = parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts))
        if connection is not None:
            found = found[self.connection[found] == connection]
        if side is not None:
            found = found[self.side[found] == side]
        return found

    def by_session(self, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Message rows session by session, those of one in the order given."""
        rows = rows[np.argsort(self.session[rows], kind="stable")]
        session = self.session[rows]
        for low, high in pairwise([*group_starts(session).tolist(), len(rows)]):
            yield int(session[low]), rows[low:high]

    # What can be known of a place

    @property
    def stream_order(self) -> np.ndarray:
        """int64: all message rows, stream by stream, those of a stream in stream order."""
        return self._by_stream.order

    @cached_property
    def stream_place(self) -> np.ndarray:
        """int64: where a message row stands in ``stream_order``."""
        place = np.empty(len(self.stream_order), np.int64)
        place[self.stream_order] = np.arange(len(place))
        return place

    @cached_property
    def _by_stream(self) -> Grouped:
        return Grouped(self.columns["stream"], 2 * len(self.connections))

    def of_stream(self, stream: int) -> np.ndarray:
        """int64: the message rows of a stream, in stream order."""
        return self._by_stream.of(stream)

    @cached_property
    def _transactions_by_session(self) -> Grouped:
        return Grouped(self.transactions.session, len(self.pairs))

    def transactions_of(self, session: int) -> np.ndarray:
        """int64: the transaction rows of a session, in order of first packet."""
        return self._transactions_by_session.of(session)

    @cached_property
    def _runs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        order = self.stream_order
        stream, kind = self.columns["stream"][order], self.kind[order]
        offset, length, lost = self.offset[order], self.length[order], self.columns["lost"][order]
        count = len(order)
        first = np.ones(count, bool)
        first[1:] = stream[1:] != stream[:-1]
        broken = first.copy()  # something is missing or was not understood right before the row
        # Bytes that are no message, but are all there, begin at the boundary that the message before them gave.
        unknown = (kind < 0) & (self.status[order] != m.MALFORMED)
        broken[1:] |= (kind[:-1] < 0) | unknown[1:] | (lost[:-1] > 0) | (offset[1:] != offset[:-1] + length[:-1])
        run = np.cumsum(broken)
        # A run is anchored if it begins with the first byte behind a SYN.
        syn = np.zeros(2 * len(self.connections) + 1, bool)
        for tcp in self.connections:
            for side in tcp.streams:
                syn[side.number] = side.syn
        begins = np.flatnonzero(broken)
        anchored_run = first[begins] & (offset[begins] == 0) & syn[stream[begins]] & ~unknown[begins]
        anchored = anchored_run[run - 1] if count else np.zeros(0, bool)
        fine = (self.status[order] == m.COMPLETE) & (kind > 0)
        before = np.cumsum(fine) - fine  # complete messages in front of the row, in all
        synced = anchored | (before > before[begins][run - 1] if count else np.zeros(0, bool))
        out = tuple(np.empty(count, dtype) for dtype in (np.int64, bool, bool, np.int64))
        previous = np.full(count, NO_ROW, np.int64)
        previous[1:] = np.where(broken[1:], NO_ROW, order[:-1])
        for target, values in zip(out, (run, anchored, synced, previous), strict=True):
            target[order] = values
        return out  # type: ignore[return-value]

    @property
    def run(self) -> np.ndarray:
        """int64: rows of one stream with the same number have no missing or unframed byte between them."""
        return self._runs[0]

    @property
    def anchored(self) -> np.ndarray:
        """bool: every byte of the stream from its SYN up to the message is in the capture and was framed."""
        return self._runs[1]

    @property
    def synced(self) -> np.ndarray:
        """bool: the message begins at a boundary that is known: anchored, or right behind a complete message."""
        return self._runs[2]

    @property
    def previous(self) -> np.ndarray:
        """int64: the row in front of a message in its stream, or NO_ROW where it is the first or bytes are missing."""
        return self._runs[3]

    @cached_property
    def garbled(self) -> np.ndarray:
        """bool: bytes of a message that its receiver can't have taken as it was meant.

        It could not be framed though it is all there, its type is none of the standard's, or a number of a fixed set is
        a valid one with its bytes swapped. What the receiver does upon it is not held against it.
        """
        kind = self.kind
        found = (kind == m.UNFRAMED) & (self.status == m.MALFORMED)
        found |= (kind == 0) | (kind > m.LAST_TYPE)
        asks = kind == m.OPERATION_REQUEST
        return found | (asks & among(self.columns["data_phase_info"], SWAPPED_WORDS))

    @cached_property
    def garbled_before(self) -> np.ndarray:
        """int64: how many messages of a conversation, up to this one, follow upon garbled ones; 0 outside of any."""
        sequence = self.transactions.sequence
        result, count = np.zeros(len(self.offset), np.int64), np.append(0, np.cumsum(self._disturbed))
        result[sequence] = count[1:] - count[self.conversations[self.session[sequence]]]
        return result

    @cached_property
    def _disturbed(self) -> np.ndarray:
        """bool by place in the conversations: a garbled message stands right in front of it."""
        sequence = self.transactions.sequence
        result = np.zeros(len(sequence), bool)
        session = self.session[sequence]
        result[1:] = self.garbled[sequence][:-1] & (session[1:] == session[:-1])
        outside = np.flatnonzero(self.garbled & (self.rank < 0) & (self.session >= 0) & (self.connection == COMMAND))
        for row in outside.tolist():
            low, high = self.conversations[int(self.session[row]) : int(self.session[row]) + 2].tolist()
            behind = np.flatnonzero(self.columns["first"][sequence[low:high]] > self.columns["last"][row])
            if len(behind):
                result[low + int(behind[0])] = True
        return result

    @cached_property
    def roles_sure(self) -> np.ndarray:
        """bool: it is certain which side is the initiator: the SYN was captured, or two types of messages say so."""
        sure = np.zeros(2 * len(self.connections) + 1, bool)
        for case in self.judged:
            for line in case.lines:
                sure[[2 * line.tcp.number, 2 * line.tcp.number + 1]] = line.roles_sure
        return sure[self.columns["stream"]]

    @cached_property
    def place_sure(self) -> np.ndarray:
        """bool: it is certain on which of the two connections the message is: its greeting is in the capture."""
        sure = np.zeros(2 * len(self.connections) + 1, bool)
        for case in self.judged:
            for line in case.lines:
                sure[[2 * line.tcp.number, 2 * line.tcp.number + 1]] = line.place_sure
        return sure[self.columns["stream"]]

    def has(self, rows: np.ndarray, size: int) -> np.ndarray:
        """bool per given row: the first ``size`` bytes of the message are in the capture and inside its length."""
        return np.minimum(self.known[rows], self.length[rows]) >= size

    @cached_property
    def rank(self) -> np.ndarray:
        """int64: place of a message in the conversation of its command connection; -1 for what takes no part in one."""
        rank = np.full(len(self.offset), -1, np.int64)
        sequence = self.transactions.sequence
        rank[sequence] = np.arange(len(sequence))
        return rank

    @cached_property
    def stretch(self) -> np.ndarray:
        """int64: rows of a conversation with the same number, not -1, have nothing missing between them, either way.

        What the other side said while bytes were missing has -1: a lost message may belong anywhere in between.
        """
        sequence = self.transactions.sequence
        result = np.full(len(self.offset), -1, np.int64)
        if len(sequence) == 0:
            return result
        session, side, run = self.session[sequence], self.side[sequence], self.run[sequence]
        cut = np.zeros(len(sequence) + 1, np.int64)  # +1 where a torn stretch begins, -1 where it ends
        border = np.zeros(len(sequence), bool)
        border[0] = True
        border[1:] = session[1:] != session[:-1]
        for sender in (INITIATOR, RESPONDER):
            places = np.flatnonzero(side == sender)
            torn = np.flatnonzero((run[places][1:] != run[places][:-1]) & (session[places][1:] == session[places][:-1]))
            cut[places[torn] + 1] += 1
            cut[places[torn + 1]] -= 1
            border[places[torn + 1]] = True
            # What a side said first is missing: the other side may have heard it at any time until then.
            begins = np.ones(len(places), bool)
            begins[1:] = session[places][1:] != session[places][:-1]
            lost = places[begins][self.kind[sequence[places[begins]]] == m.UNFRAMED]
            cut[self.conversations[session[lost]]] += 1
            cut[lost] -= 1
        inside = np.cumsum(cut[:-1]) > 0
        garbled = self.garbled[sequence]
        border |= self._disturbed  # what its receiver made of it is not known
        inside |= (self.kind[sequence] == m.UNFRAMED) | garbled
        # What had been acknowledged lies before all that is captured of the other side: bytes behind it are missing.
        inside |= self.heard[sequence] < 0
        border[1:] |= inside[1:] != inside[:-1]
        result[sequence] = np.where(inside, -1, np.cumsum(border))
        return result

    @cached_property
    def conversations(self) -> np.ndarray:
        """int64 by session, and one more: where its messages begin in the order that ``rank`` gives."""
        return np.searchsorted(self.session[self.transactions.sequence], np.arange(len(self.pairs) + 1))

    def conversation(self, session: int) -> np.ndarray:
        """int64: the message rows of a session's command connection in conversation order, as in ``rank``."""
        low, high = self.conversations[session : session + 2]
        return self.transactions.sequence[low:high]

    @cached_property
    def settled(self) -> np.ndarray:
        """bool: it is known which transactions are open in front of the message, on its command connection.

        Nothing is missing since the connection began; or nothing since a request that got its response, and what had
        begun before that is over, because a responder answers in turn. False as well for what takes no part in a
        conversation, and as soon as a side says what only the other one may.
        """
        sequence, result = self.transactions.sequence, np.zeros(len(self.offset), bool)
        if len(sequence) == 0:
            return result
        session, side, kind, stretch = (
            column[sequence] for column in (self.session, self.side, self.kind, self.stretch)
        )
        begins = np.concatenate([[True], session[1:] != session[:-1]])
        first = np.maximum.accumulate(np.where(begins, np.arange(len(sequence)), 0))
        syn = np.zeros(2 * len(self.connections) + 1, bool)
        for tcp in self.connections:
            syn[2 * tcp.number : 2 * tcp.number + 2] = tcp.streams[0].syn and tcp.streams[1].syn
        torn = ~(self.anchored[sequence] & syn[self.columns["stream"][sequence]]) | self.garbled[sequence]
        torn |= self._disturbed
        odd = ((kind == m.OPERATION_REQUEST) & (side == RESPONDER)) | (
            (kind == m.OPERATION_RESPONSE) & (side == INITIATOR)
        )
        odd |= ~self.roles_sure[sequence]

        def none_so_far(mask: np.ndarray) -> np.ndarray:
            count = np.cumsum(mask)
            return count == count[first] - mask[first]

        request, response = self.transactions.request, self.transactions.response
        pairs = np.flatnonzero((request != NO_ROW) & (response != NO_ROW))
        of_pair = self.stretch[request[pairs]]
        same = (of_pair == self.stretch[response[pairs]]) & (of_pair >= 0)
        known_from = np.full(int(stretch.max(initial=-1)) + 2, len(sequence))  # the last one is what stretch -1 finds
        np.minimum.at(known_from, of_pair[same], self.rank[response[pairs[same]]])
        known = none_so_far(torn) | (np.arange(len(sequence)) > known_from[stretch])
        result[sequence] = known & none_so_far(odd) & (stretch >= 0)
        return result

    def transaction_of(self, row: int) -> int | None:
        """The transaction a message belongs to, None for none."""
        number = int(self.transactions.of_message[row])
        return None if number == NO_ROW else number

    @cached_property
    def _steps(self) -> Grouped:
        return Grouped(self.transactions.of_message[self.transactions.sequence], len(self.transactions))

    def steps(self, transaction: int) -> np.ndarray:
        """The message rows of a transaction on its command connection, in conversation order."""
        return self.transactions.sequence[self._steps.of(transaction)]

    def timed(self, *rows: int) -> bool:
        """Do the packets of these messages have a time?"""
        return all(int(self.time[row]) != NO_TIME for row in rows)

    def surely_before(self, row: int, other: int) -> bool:
        """Was message ``row`` sent before ``other`` for certain?

        By stream, by conversation, by what was acknowledged; else the clock and the order of packets have to agree, and
        leave as much as ``skew_ms`` between them.
        """
        streams = int(self.columns["stream"][row]), int(self.columns["stream"][other])
        if streams[0] == streams[1]:
            return bool(self.offset[row] < self.offset[other])
        if streams[0] >> 1 == streams[1] >> 1:
            if min(self.rank[row], self.rank[other]) >= 0:
                return bool(self.rank[row] < self.rank[other])
            if self.heard[other] >= self.end(row) or self.heard[row] > self.offset[other]:
                return bool(self.heard[other] >= self.end(row))
        if not self.timed(row, other) or self.columns["last"][row] >= self.columns["last"][other]:
            return False
        return int(self.time[other]) - int(self.time[row]) > self.limit_ns("skew_ms")

    @cached_property
    def heard(self) -> np.ndarray:
        """int64: offset of the other direction up to which the sender had received when a message began.

        NOT_HEARD where that is not known; below 0 where it lies before the first byte that was captured. A copy that
        was sent again may say more than was true when the message was first sent, never less.
        """
        shifts = np.full(2 * len(self.connections) + 1, NOT_HEARD)
        for tcp in self.connections:
            for own, other in (tcp.streams, tcp.streams[::-1]):
                shift = own.acknowledgment_shift(other)
                shifts[own.number] = NOT_HEARD if shift is None else shift
        shift, value = shifts[self.columns["stream"]], self.columns["acknowledgment"]
        known = (shift != NOT_HEARD) & (value >= 0)
        return np.where(known, value + np.where(known, shift, 0), NOT_HEARD)

    def acknowledged(self, row: int) -> int | None:
        """The stream offset of the other direction that the sender of ``row`` had acknowledged when it began."""
        heard = int(self.heard[row])
        return None if heard == NOT_HEARD else heard

    def acknowledged_by(self, rows: np.ndarray) -> np.ndarray:
        """``heard`` of the given rows (int64), -1 where it is not known."""
        return np.maximum(self.heard[rows], -1)

    def end(self, row: int) -> int:
        """The stream offset behind a message."""
        return int(self.offset[row] + self.length[row])

    def greeting(self, row: int) -> dict[str, Any] | None:
        """GUID, name and version of an Init Command Request or Ack (``messages.greeting``); None if not captured."""
        body = self.greetings.get(row)
        return None if body is None else m.greeting(int(self.kind[row]), body)
