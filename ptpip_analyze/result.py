"""What the analysis of one capture came to. Holds rows and links between them; reads bytes only when asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .capture import NO_TIME, earliest
from .facts.named import GET_DEVICE_INFO
from .grouped import Grouped
from .headers import HeaderReader, Headers
from .ptp import NO_ROW, STATUSES, Transactions, build
from .ptp.placing import Layout, announced, is_ended, lay_out
from .ptp.seen import SeenCodes, seen_codes
from .ptp.timing import Timing
from .ptpip import Conversations, Dialect, Pair, handshakes, pair
from .ptpip import messages as m
from .store import Columns
from .tcp import AGAIN, Connection, Flows, StreamPlaces, Waits

if TYPE_CHECKING:
    from .capture import CaptureError, Source
    from .ptp.camera import DeviceInfo
    from .ptp.vendor import Clue
    from .ptpip.discovery import Discovered
    from .rules import Evidence, Judged
    from .rules.clock import Clock

LAYOUTS_IN_MEMORY = 8
CONNECTIONS = ("command", "event", "live-view")


class CaptureFacts(NamedTuple):
    """What is counted of all packets: how many, and the earliest and latest time (ns since the epoch, or NO_TIME)."""

    packets: int = 0
    first_time: int = NO_TIME
    last_time: int = NO_TIME
    udp_packets: int = 0

    def with_times(self, times: np.ndarray) -> CaptureFacts:
        """These facts with more packets counted, by their times (int64, ns)."""
        if len(times) == 0:
            return self
        first, last = int(times.min()), int(times.max())
        if first == NO_TIME < last:
            first = int(times[times != NO_TIME].min())
        packets = self.packets + len(times)
        return CaptureFacts(packets, earliest(first, self.first_time), max(last, self.last_time), self.udp_packets)


class DataHead(NamedTuple):
    """The beginning of a data phase: what was read of it, and what is known of the rest."""

    data: bytes
    held: int  # bytes up to the first hole, also where fewer were read
    size: int | None  # of the whole payload; None where it can't be known
    hole: tuple[int, int | None] | None  # offset and length of the first hole; None: its length is not known

    @property
    def whole(self) -> bool:
        """Does the capture hold all of it?"""
        return self.held == self.size


class DataPiece(NamedTuple):
    """A part of a data phase. Pieces are in order, without overlap."""

    offset: int | None  # in the payload; None for what stands behind a hole of unknown length
    length: int | None  # in bytes; None for such a hole
    position: int | None  # in the capture; None for a hole


class Result:
    """One analysed capture: packets, messages, sessions and transactions as columns.

    ``messages`` are the message columns (``ptpip.messages.COLUMNS``) in the order of framing: in stream order within
    each stream.

    ``vendor`` is the vendor of all sessions where the user says so; else it is found out.

    ``first_session``, ``first_transaction`` and ``first_message`` are what row numbers start from within the analysis.
    """

    def __init__(
        self,
        source: Source,
        facts: CaptureFacts,
        packets: Columns | None,
        talks: list[tuple[int, ...]],
        flows: Flows,
        conversations: Conversations,
        waits: Waits,
        *,
        owned: bool = True,
        vendor: str | None = None,
        datagrams: Columns | None = None,
        stations: Columns | None = None,
    ) -> None:
        self._owned = owned  # closing closes the files behind the rows
        self.source = source
        self.facts = facts
        self.packet_rows = packets
        self.talks = talks
        self.connections = list(flows.connections)
        self.conversations = conversations.spoken
        self.greetings = conversations.framer.greetings
        self._silent = conversations.silent(self.connections)
        self.strangers = conversations.strangers
        self._clocks: dict[int, Clock] = {}
        self.late_marks = list(conversations.reassembler.late_marks)
        self._messages = conversations.framer.messages
        self.messages: dict[str, np.ndarray] = self._messages.whole()
        self._segments = conversations.segments
        self._waits = waits
        self._waited = waits.told()
        self.stream_places = StreamPlaces(self._segments)
        self._layouts: OrderedDict[int, Layout] = OrderedDict()
        self._camera_rows: dict[int, int] = {}  # by session the request that ``cameras`` was answered to
        self._vendor = vendor
        self._datagrams, self._stations = datagrams, stations
        self._datagram_count = len(datagrams) if datagrams is not None else 0
        self.first_session = self.first_transaction = self.first_message = 0

    def number_from(self, session: int, transaction: int, message: int) -> None:
        """Set the numbers of the first rows within an analysis of several captures."""
        self.first_session, self.first_transaction, self.first_message = session, transaction, message

    @property
    def path(self) -> str:
        """The capture as the user named it."""
        return self.source.path

    @property
    def format(self) -> str:
        """File format: "pcap" or "pcapng"."""
        return self.source.format

    @property
    def size(self) -> int:
        """Bytes of the capture, decompressed."""
        return self.source.size

    @property
    def damage(self) -> CaptureError | None:
        """Why reading stopped before the end of the file, if it did."""
        return self.source.damage

    @property
    def packets(self) -> int:
        """Number of packets."""
        return self.facts.packets

    @property
    def times(self) -> tuple[int, int] | None:
        """Earliest and latest packet time in ns since the epoch; None where no packet has a time."""
        return (self.facts.first_time, self.facts.last_time) if self.facts.last_time != NO_TIME else None

    @cached_property
    def silent_connections(self) -> dict[int, int]:
        """By port on which PTP-IP is expected, how many connections there are without payload in the capture: what they
        would have carried can't be known.
        """
        return self._silent()

    @property
    def other_connections(self) -> int:
        """TCP connections that are not PTP-IP, without the silent ones."""
        return len(self.connections) - len(self.conversations) - sum(self.silent_connections.values())

    @property
    def message_count(self) -> int:
        """Number of message rows."""
        return len(self.messages["type"])

    @cached_property
    def order(self) -> np.ndarray:
        """Rows of ``messages`` by first packet: the n-th row of the messages table is row ``order[n]`` here."""
        return np.argsort(self.messages["first"], kind="stable")

    @cached_property
    def by_stream(self) -> Grouped:
        """The rows of ``messages`` by stream number, those of one in stream order."""
        return Grouped(self.messages["stream"], 2 * len(self.connections))

    @cached_property
    def transactions_by_session(self) -> Grouped:
        """The transaction rows by session, in order of first packet."""
        return Grouped(self.transactions.session, len(self.pairs))

    @cached_property
    def numbers(self) -> np.ndarray:
        """The inverse of ``order``: by row of ``messages``, its number in the messages table (int64)."""
        number = np.empty(len(self.order), np.int64)
        number[self.order] = np.arange(len(number))
        return number

    @cached_property
    def roles(self) -> np.ndarray:
        """By row of ``messages``, its type with those of a dialect as the standard's (``messages.roles``)."""
        return m.roles(self.messages["type"])

    @cached_property
    def pairs(self) -> list[Pair]:
        """The sessions, in order of first packet."""
        columns = self.messages
        found = handshakes(
            self.conversations, columns["stream"], columns["type"], columns["code"], columns["time"], columns["known"]
        )
        return pair([shake for shake in found if shake.rows or shake.conversation.initiator is not None])

    @cached_property
    def transactions(self) -> Transactions:
        """The transactions of all sessions, in order of first packet."""
        return build(self.messages, self.pairs)

    @cached_property
    def timing(self) -> Timing:
        """Where the time of the transactions went."""
        late = np.array([packet for packet, mark in self.late_marks if mark & AGAIN], np.int64)
        return Timing(self.messages, self.transactions, self.pairs, self._waited, late)

    @cached_property
    def cameras(self) -> dict[int, DeviceInfo]:
        """What the responder of a session said of itself, by session index, where GetDeviceInfo was answered."""
        from .ptp.camera import DEVICE_INFO_BYTES, device_info

        made, columns = self.transactions, self.messages
        asked = (made.request != NO_ROW) & (made.direction > 0)
        asked[asked] = columns["code"][made.request[asked]] == GET_DEVICE_INFO
        found: dict[int, DeviceInfo] = {}
        for number in np.flatnonzero(asked).tolist():
            session = int(made.session[number])
            if session in found:
                continue
            said = device_info(self.data_head(number, DEVICE_INFO_BYTES).data)
            if said.model is not None:
                found[session] = said
                self._camera_rows[session] = int(made.request[number])
        return found

    @cached_property
    def vendors(self) -> list[str | None]:
        """By session, the vendor whose code tables apply (a name of ``facts.VENDORS``); None: the standards alone."""
        from .ptp.vendor import decide

        if self._vendor is not None:
            return [self._vendor] * len(self.pairs)
        found: list[str | None] = []
        for index, clues in enumerate(self.clues):
            camera = self.cameras.get(index)
            listed = camera.operations if camera else ()
            found.append(decide(clues, {*listed, *self._seen.operations[index]}, camera.model if camera else None))
        return found

    @cached_property
    def clues(self) -> list[list[Clue]]:
        """By session, the evidence for its vendor; also where the user named one. Rows are those of ``messages``."""
        from .ptp.vendor import Seen, clues

        found = []
        for index, sides in enumerate(self.pairs):
            main = sides.parts[0]
            dialect = main.conversation.dialect
            name, row = self._responder_name(sides)
            seen = Seen(
                self.cameras.get(index),
                self._camera_rows.get(index),
                self._seen.operations[index],
                self._seen.events[index],
                self._seen.properties[index],
                name,
                row,
                self._seen.refused[index],
                main.responder[1],
                dialect.value if dialect else None,
            )
            found.append(clues(seen))
        return found

    @cached_property
    def evidence(self) -> list[str | None]:
        """By session, the evidence for its vendor as one sentence; None where there is none."""
        from .ptp.vendor import told

        if self._vendor is not None:
            return ["named by the user"] * len(self.pairs)
        return [told(clues, vendor) for clues, vendor in zip(self.clues, self.vendors, strict=True)]

    @cached_property
    def _seen(self) -> SeenCodes:
        return seen_codes(self.messages, self.transactions, self.places[0], len(self.pairs))

    @cached_property
    def discovery(self) -> Discovered:
        """How cameras announced themselves and computers asked for them, and the sessions that followed."""
        from .ptpip.discovery import Discovered, Peers, discover

        if not self._datagram_count:
            return Discovered(udp_packets=self.facts.udp_packets)
        peers = []
        for index, sides in enumerate(self.pairs):
            main = sides.parts[0]
            begin = earliest(*(part.tcp.first_time for part in sides.parts))
            said = self.responder_said(sides)[0] or {}
            guid, name = said.get("guid"), said.get("name")
            peers.append(
                Peers(
                    index,
                    main.initiator_address,
                    *main.responder,
                    guid if isinstance(guid, str) else None,
                    name if isinstance(name, str) else None,
                    begin,
                    min(part.tcp.first_packet for part in sides.parts),
                )
            )
        return discover(self._datagram_parts, self.read, peers, self.facts.udp_packets)

    def _datagram_parts(self) -> Iterator[dict[str, np.ndarray]]:
        """The columns of the datagrams that may announce something, without what came after a snapshot."""
        left = self._datagram_count
        for chunk in self._datagrams.chunks() if self._datagrams is not None else ():
            yield {name: values[:left] for name, values in chunk.items()}
            left -= len(chunk["packet"])
            if left <= 0:
                return

    def stations(self, connection: Connection) -> tuple[int, int]:
        """Ethernet addresses of the lower and the higher endpoint of a connection; 0 where they are not known.

        They are those on the link where it was captured: behind a router, the router's.
        """
        if self._stations is None:
            return 0, 0
        columns = self._station_columns
        return int(columns["low"][connection.flow]), int(columns["high"][connection.flow])

    @cached_property
    def _station_columns(self) -> dict[str, np.ndarray]:
        assert self._stations is not None
        return self._stations.whole()

    def _responder_name(self, sides: Pair) -> tuple[str | None, int | None]:
        said, row = self.responder_said(sides)
        name = said["name"] if said else None
        return (name if isinstance(name, str) else None), row

    def responder_said(self, sides: Pair) -> tuple[dict[str, str | int | None] | None, int | None]:
        """What the responder's greeting says, and its row; None where it is not in the capture."""
        row = sides.command.rows.get(m.INIT_COMMAND_ACK) if sides.command else None
        body = self.greetings.get(row) if row is not None else None
        if sides.command is None or body is None:
            return None, None
        return m.greeting(m.INIT_COMMAND_ACK, body, fuji=sides.command.conversation.dialect is Dialect.FUJI), row

    @cached_property
    def places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By stream number: session (-1: none), index of CONNECTIONS, does it carry to the responder."""
        streams = 2 * len(self.connections)
        session = np.full(streams + 1, -1, np.int64)  # the last one is what stream -1 finds
        connection = np.zeros(streams + 1, np.int8)
        outward = np.zeros(streams + 1, bool)
        for index, sides in enumerate(self.pairs):
            for part in sides.parts:
                both = [2 * part.tcp.number, 2 * part.tcp.number + 1]
                session[both] = index
                connection[both] = 2 if part.is_live_view else int(part.is_event)
                outward[2 * part.tcp.number + part.initiator] = True
        return session, connection, outward

    def session_of(self, row: int) -> int | None:
        """The session that a message row belongs to; None for none."""
        session = int(self.places[0][self.messages["stream"][row]])
        return session if session >= 0 else None

    def of_fuji(self, row: int) -> bool:
        """Is a message row of a session in Fujifilm's dialect?"""
        session = self.session_of(row)
        return session is not None and any(
            part.conversation.dialect is Dialect.FUJI for part in self.pairs[session].parts
        )

    @cached_property
    def judged(self) -> Judged:
        """What the rules say of the capture, all of them with their usual thresholds."""
        return self.judge()

    def judge(
        self,
        only: Sequence[str] = (),
        skip: Sequence[str] = (),
        *,
        strict: bool = False,
        thresholds: Mapping[str, float] | None = None,
    ) -> Judged:
        """What the rules say of the capture; arguments as for ``rules.judge``.

        ``thresholds`` replace those of the catalogue, by name.
        """
        from .rules import judge

        return judge(self._evidence(thresholds or {}), only, skip, strict=strict)

    @property
    def clock(self) -> Clock:
        """Whether the clock of the capture ran evenly while a session lasted."""
        from .rules import CATALOGUE

        return self._clock(round(CATALOGUE.thresholds["margin_s"] * 1e9))

    def _clock(self, least_ns: int) -> Clock:
        """The same, where steps of ``least_ns`` count; each is read once, whoever asks."""
        from .rules.clock import Clock

        if least_ns not in self._clocks:
            self._clocks[least_ns] = Clock(self.messages, self.pairs, self._headers_again, least_ns)
        return self._clocks[least_ns]

    def _evidence(self, thresholds: Mapping[str, float]) -> Evidence:
        """What rules are shown of the capture."""
        from .rules import CATALOGUE, Evidence

        first, last = self.times or (NO_TIME, NO_TIME)
        return Evidence(
            self.messages,
            self.pairs,
            self.transactions,
            self.connections,
            self.greetings,
            self._data_for_rules,
            self.message_head,
            first,
            last,
            {**CATALOGUE.thresholds, **thresholds},
            lambda: self.vendors,
            self.strangers,
            self._headers_again,
            clock=self._clock,
            one_interface=self.source.one_interface,
            discovery=lambda: self.discovery,
            stations=self.stations,
            cameras=lambda: self.cameras,
        )

    def _headers_again(self) -> Iterator[Headers]:
        """The headers of all packets, read once more; what reading found out the first time stays."""
        told = self.source.told()
        reader = HeaderReader()
        try:
            for batch in self.source.batches():
                if batch.first >= self.packets:
                    break
                yield reader.read(batch)
        finally:
            self.source.learn(told)

    def message_head(self, row: int, most: int) -> bytes:
        """The first bytes of a message row, up to the first one that is missing."""
        columns, head = self.messages, bytearray()
        start = int(columns["offset"][row])
        end = start + min(most, int(columns["length"][row]))
        for offset, size, position in self.stream_places.pieces(int(columns["stream"][row]), start, end):
            if position is None or offset != len(head):
                break
            head += self.read(position, size)
        return bytes(head)

    def _data_for_rules(self, number: int, most: int) -> tuple[bytes, bool]:
        head = self.data_head(number, most)
        return head.data, head.whole and len(head.data) == head.held

    def message_bytes(self, number: int) -> bytes:
        """The bytes that the capture holds of message ``number`` of the messages table."""
        columns, row = self.messages, self.order[number]
        start, length = int(columns["offset"][row]), int(columns["length"][row])
        begins = columns["offset"][self.by_stream.of(int(columns["stream"][row]))]
        behind = begins[np.searchsorted(begins, start, "right") :]
        if len(behind):  # a lying length word does not reach into the next message
            length = min(length, int(behind[0]) - start)
        return b"".join(
            self.read(position, size)
            for _, size, position in self.stream_places.pieces(int(columns["stream"][row]), start, start + length)
            if position is not None
        )

    @cached_property
    def all_data_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows of data messages by transaction, those of one in stream order, and where those of each begin."""
        kind, of_message = self.messages["type"], self.transactions.of_message
        is_data = (kind == m.DATA) | (kind == m.END_DATA) | (kind == m.CONTAINER_DATA)
        rows = np.flatnonzero((of_message != NO_ROW) & is_data).astype(np.uint32)
        owners = of_message[rows]
        order = np.argsort(owners, kind="stable")  # messages are in stream order already, and nearly in this one
        return rows[order], np.searchsorted(owners[order], np.arange(len(self.transactions) + 1))

    def data_rows(self, number: int) -> np.ndarray:
        """The message rows that carry the data phase of transaction row ``number``, in stream order."""
        all_rows, begin = self.all_data_rows
        rows = all_rows[begin[number] : begin[number + 1]]
        # Of both directions, if it has two.
        return rows[np.lexsort((self.messages["offset"][rows], self.messages["stream"][rows]))]

    def data_layout(self, number: int) -> Layout:
        """Where the data messages of transaction row ``number`` lie in the streams and in the payload."""
        found = self._layouts.get(number)
        if found is None:
            made = self.transactions
            damaged = STATUSES[made.status[number]] in ("gap", "began-earlier")
            found = lay_out(self.messages, self.data_rows(number), int(made.start[number]), damaged=damaged)
            self._layouts[number] = found
            while len(self._layouts) > LAYOUTS_IN_MEMORY:
                self._layouts.popitem(last=False)
        return found

    def data_pieces(self, number: int) -> list[DataPiece]:
        """The data phase of transaction row ``number`` up to its last message."""
        layout = self.data_layout(number)
        places = layout.place.tolist()
        pieces: list[DataPiece] = []
        end: int | None = 0
        for index, (stream, begin, size) in enumerate(zip(*(column.tolist() for column in layout[:3]), strict=True)):
            place = places[index] if index < len(places) else None
            if end is not None and place != end:
                pieces.append(DataPiece(end, None if place is None else place - end, None))
            for offset, length, position in self.stream_places.pieces(stream, begin, begin + size):
                pieces.append(DataPiece(None if place is None else place + offset, length, position))
            end = None if place is None else place + size
        return pieces

    def data_missing(self, number: int) -> int | None:
        """Payload bytes that are missing from the data phase of transaction row ``number``; None if not known.

        Missing from the capture, or from what Start Data announced where the transaction is not complete.
        """
        return self._missing(number, self.data_pieces(number))

    def _missing(self, number: int, pieces: list[DataPiece]) -> int | None:
        held = sum(piece.length or 0 for piece in pieces if piece.position is not None)
        lacking = sum(piece.length or 0 for piece in pieces if piece.position is None)
        if STATUSES[self.transactions.status[number]] == "complete":
            return lacking
        total = announced(self.messages, int(self.transactions.start[number]))
        if total is None:  # where End Data ends it, and all before that has its place, this is all that it had
            rows = self.data_rows(number)
            ended = is_ended(self.messages, rows) and len(self.data_layout(number).place) == len(rows)
            return lacking if ended else None
        return None if total < held + lacking else total - held

    def data_head(self, number: int, most: int) -> DataHead:
        """The data phase of transaction row ``number`` up to its first hole, of it at most ``most`` bytes."""
        pieces = self.data_pieces(number)
        data, held, captured, hole = bytearray(), 0, 0, None
        for _, length, position in pieces:
            if position is None and hole is None:
                hole = held, length
            if position is None or length is None:
                continue
            captured += length
            if hole is None:
                if len(data) < most:
                    data += self.read(position, min(length, most - len(data)))
                held += length
        missing = self._missing(number, pieces)
        return DataHead(bytes(data), held, None if missing is None else captured + missing, hole)

    def read(self, position: int, length: int) -> bytes:
        """Bytes of the source. CaptureError when it has become shorter since it was analysed."""
        from .capture import CaptureError

        found = self.source.read(position, length)
        if len(found) < length:
            raise CaptureError(self.path, position, "the capture has changed since it was analysed")
        return found

    def close(self) -> None:
        """Give back the files behind the rows; a snapshot leaves them to the analysis that goes on."""
        if not self._owned:
            return
        self.source.close()
        for table in (self.packet_rows, self._messages, self._segments, self._datagrams, self._stations):
            if table is not None:
                table.close()
        self._waits.close()
