"""The PTP-IP connections among all TCP connections: recognised, fed to framing, the others forgotten.

Decides once per connection and keeps every byte until it has decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ..capture import NOTHING, AtHand, Bytes
from ..facts.containers import EVENT_PORT, LIVE_VIEW_PORT
from ..facts.containers import PORTS as FUJI_PORTS
from ..store import Columns
from ..tcp import ACK, CAPTURED, GONE, HOLE, LENGTH, OFFSET, PACKET, POSITION, TIME, Connection, Reassembler, Stream
from . import containers
from . import messages as m
from .framing import WHOLE, FramedStream, Framer
from .recognise import (
    HEAD_BYTES,
    Dialect,
    header,
    is_cut_short,
    is_plausible,
    is_sound,
    judge_beginning,
    judge_middle,
    may_greet,
)

UNDECIDED, SPOKEN, FOREIGN = 0, 1, 2

# How many payload segments are looked at before a connection that began before the capture is given up.
LATE_SEGMENTS = 256
LATE_SEGMENTS_ON_PORT = 1 << 17

# What is kept of the beginning of a connection to a PTP-IP port that is not PTP-IP: enough for a greeting.
STRANGER_BYTES = 128

SEGMENT_COLUMNS = {"stream": "i4", "offset": "i8", "captured": "u4", "position": "i8"}


class Conversation:
    """A connection that is, or may be, PTP-IP.

    ``dialect`` is None while undecided, ``initiator`` the direction in which the initiator sends, as far as the
    first bytes tell. ``streams`` are the framed directions once decided.
    """

    __slots__ = ("anchors", "dialect", "evidence", "held", "initiator", "looked", "of_fuji", "streams", "tcp")

    def __init__(self, tcp: Connection) -> None:
        self.tcp = tcp
        self.dialect: Dialect | None = None
        self.initiator: int | None = tcp.syn_from
        self.held: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        self.looked = [0, 0]  # segments looked at, for a late beginning
        self.evidence: tuple[list[bytes], list[bytes]] = ([], [])  # those that begin with a sound header
        self.of_fuji: tuple[list[bytes], list[bytes]] = ([], [])  # the same, for Fujifilm's dialect
        self.anchors: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])  # unwrapped ACK numbers when speaking
        self.streams: tuple[FramedStream, FramedStream] | None = None


class Conversations:
    """All connections of one capture, and the messages of those that are PTP-IP.

    ``read(position, length)`` reads the source; ``ports`` are the TCP ports on which PTP-IP is expected.
    ``states[connection]`` tells what a connection is, so that segments of foreign ones can be left out early.
    ``strangers`` has, by connection, the first bytes of both directions of those to a PTP-IP port that began with
    something else; as in ``judge_beginning``.
    """

    def __init__(self, read: Callable[[int, int], bytes], ports: Iterable[int]) -> None:
        self._read = read
        self._ports = frozenset(ports)
        self.framer = Framer(read)
        self.reassembler = Reassembler()
        self.segments = Columns(SEGMENT_COLUMNS)
        self.known: dict[int, Conversation] = {}
        self.states = np.zeros(64, np.uint8)
        self.strangers: dict[int, tuple[bytes | None, bytes | None]] = {}
        self._heard = np.zeros(64, bool)  # by connection, did it carry payload
        # By hosts, connections that carried nothing, to a port where that may be all there is to Fujifilm's dialect.
        self._silent: dict[frozenset[int], dict[int, Connection]] = {}
        self._fuji_hosts: set[frozenset[int]] = set()  # peers that speak Fujifilm's dialect
        self._overdue: dict[int, tuple[int, int]] = {}  # by stream, where a hole ends that won't be filled, since when
        self._finished: set[int] = set()
        self.holes_given_up = 0

    @property
    def spoken(self) -> list[Conversation]:
        """The PTP-IP connections, in order of first packet."""
        return [self.known[number] for number in sorted(self.known) if self.known[number].dialect is not None]

    def silent(self, connections: Sequence[Connection]) -> Callable[[], dict[int, int]]:
        """What counts those of the connections that are to a port on which PTP-IP is expected and have carried no
        payload until now, by port.
        """
        heard = self._heard.copy()

        def counts() -> dict[int, int]:
            found: dict[int, int] = {}
            for tcp in connections:
                expected = [port for _, port in (tcp.low, tcp.high) if port in self._ports]
                if expected and not heard[tcp.number]:
                    found[expected[0]] = found.get(expected[0], 0) + 1
            return found

        return counts

    def room_for(self, connections: int) -> None:
        """Make ``states`` long enough."""
        while len(self.states) < connections:
            self.states = np.concatenate([self.states, np.zeros(len(self.states), np.uint8)])
            self._heard = np.concatenate([self._heard, np.zeros(len(self._heard), bool)])

    def take(
        self,
        tcp: Connection,
        direction: int,
        rows: np.ndarray,
        flags: np.ndarray,
        marks: np.ndarray,
        work: dict[int, list[list[np.ndarray]]],
    ) -> None:
        """Take the segments of one direction in packet order; what can be delivered goes into ``work[connection]``."""
        delivered = self.reassembler.add(tcp.streams[direction], rows, flags, marks)
        conversation = self.known.get(tcp.number)
        if conversation is None:
            if not (rows[LENGTH] > 0).any():
                if self._is_silent(tcp):
                    self._silent.setdefault(self._hosts(tcp), {})[tcp.number] = tcp
                return
            conversation = self.known[tcp.number] = Conversation(tcp)
            self._heard[tcp.number] = True
        self._note_anchors(conversation, direction, rows)
        if delivered:
            work.setdefault(tcp.number, [[], []])[direction] += delivered

    def frame(self, work: dict[int, list[list[np.ndarray]]], at_hand: AtHand, final: bool = False) -> None:
        """Recognise and frame what was delivered. ``at_hand`` is what came along of the source's bytes."""
        parts: list[tuple[FramedStream, list[np.ndarray]]] = []
        for number, sides in work.items():
            conversation = self.known[number]
            if conversation.dialect is None:
                for direction in (0, 1):
                    conversation.held[direction].extend(sides[direction])
                if not self._is_accepted(conversation, final):
                    continue
                sides = list(conversation.held)
                conversation.held = ([], [])
            assert conversation.streams is not None
            for direction in (0, 1):
                arrived = sides[direction]
                stream = conversation.streams[direction]
                self._place_anchors(conversation, direction)
                if arrived or final:
                    self._keep_segments(stream.number, arrived)
                    parts.append((stream, arrived))
        if parts:
            self.framer.feed(parts, Bytes(at_hand, self._read), final)

    def finish(self, connections: list[Connection]) -> None:
        """No more packets come: give up holes, decide what is undecided, frame what is left.

        ``connections`` are all of the capture: some may have delivered nothing yet, their first byte being uncertain.
        """
        work: dict[int, list[list[np.ndarray]]] = {}
        connections = [tcp for tcp in connections if tcp is not GONE]
        for tcp in connections:
            if self.states[tcp.number] == FOREIGN:
                continue
            first, second = tcp.streams
            delivered = [self.reassembler.finish(first, second), self.reassembler.finish(second, first)]
            for rows in (*delivered[0], *delivered[1]):
                # A hole behind the last byte shows in what came after it: put it where the connection ends.
                behind = rows[PACKET] < 0
                rows[PACKET, behind], rows[TIME, behind] = tcp.last_packet, tcp.last_time
            if tcp.number not in self.known:
                if not any(delivered):
                    continue
                self.known[tcp.number] = Conversation(tcp)
            work[tcp.number] = delivered
        self.frame(work, NOTHING, final=True)
        for tcp in connections if self._fuji_hosts else ():
            self._join_in_silence(tcp)

    def release(self, now: int, patience: int) -> list[int]:
        """Go on where a file would be read to its end first, for captures that go on for hours; returns the connections
        that are over, which were finished.

        ``now`` is the time of the capture, ``patience`` how long (both ns) something may still come late: the first
        bytes of a connection whose SYN was not captured, bytes that the other side has acknowledged, what follows the
        end of a connection.
        """
        work: dict[int, list[list[np.ndarray]]] = {}
        over = []
        for hosts in self._fuji_hosts:
            for number, tcp in list(self._silent.get(hosts, {}).items()):
                if tcp.is_over and tcp.last_time < now - patience:
                    del self._silent[hosts][number]
                    self._join_in_silence(tcp)
        for number, conversation in self.known.items():
            tcp = conversation.tcp
            if tcp.is_over and tcp.last_time < now - patience:
                if number not in self._finished:
                    over.append(number)
                continue
            for direction, stream in enumerate(tcp.streams):
                delivered = self._released(stream, tcp.streams[1 - direction], now, patience)
                if delivered:
                    work.setdefault(number, [[], []])[direction] += delivered
        self.frame(work, NOTHING)
        self._finished.update(over)
        self.finish([self.known[number].tcp for number in over])
        return over

    def _released(self, stream: Stream, opposite: Stream, now: int, patience: int) -> list[np.ndarray]:
        """What can be delivered of a stream although something before it is missing."""
        if stream.unsettled:
            return self.reassembler.settle(stream) if stream.unsettled[0][TIME, 0] < now - patience else []
        if not stream.pending:
            self._overdue.pop(stream.number, None)
            return []
        acknowledged, start = opposite.acknowledged_offset(stream), stream.pending[0][0]
        if acknowledged is None or acknowledged < start:
            return []  # its sender will send it again
        hole, since = self._overdue.setdefault(stream.number, (start, now))
        if hole != start:
            self._overdue[stream.number] = start, now
        elif since <= now - patience:
            self.holes_given_up += 1
            del self._overdue[stream.number]
            return self.reassembler.give_up(stream)
        return []

    def keep(self, wanted: np.ndarray) -> None:
        """Let go of all message rows but the wanted ones, and of the places of bytes that belong to none of these."""
        self.framer.keep(wanted)
        self.reassembler.late_marks.clear()
        messages, segments = self.framer.messages.whole(), self.segments.whole()
        order = np.lexsort((messages["offset"], messages["stream"]))
        begin = _line_of(messages["stream"], messages["offset"])[order]
        end = begin + messages["length"].astype(np.int64)[order]
        first = _line_of(segments["stream"], segments["offset"])
        last = first + segments["captured"]
        at = np.searchsorted(begin, last) - 1
        needed = (at >= 0) & (end[at] > first) if len(begin) else np.zeros(len(first), bool)
        for conversation in self.known.values():
            for stream in conversation.streams or ():
                boundary = stream.open.offset if stream.open is not None else stream.boundary
                ends = segments["offset"] + segments["captured"]
                needed |= (segments["stream"] == stream.number) & (ends > boundary)
        self.segments.keep(needed)

    def leave(self, number: int) -> None:
        """Forget a connection that is over: nothing of it is wanted any more."""
        if number in self.known:
            self._dismiss(self.known[number])
        self._finished.discard(number)
        self._overdue.pop(2 * number, None)
        self._overdue.pop(2 * number + 1, None)

    def wants(self, tcp: Connection) -> bool:
        """May a connection of which nothing comes any more still be told of? It is PTP-IP, or its place may say so."""
        return tcp.number in self.known or self._is_silent(tcp)

    def _is_silent(self, tcp: Connection) -> bool:
        """Has it carried nothing, and was nothing decided of it, though its place may tell what it is?"""
        undecided = self.states[tcp.number] == UNDECIDED and not self._heard[tcp.number]
        return undecided and not {tcp.low[1], tcp.high[1]}.isdisjoint((EVENT_PORT, LIVE_VIEW_PORT))

    def _join_in_silence(self, tcp: Connection) -> None:
        """Take in a connection that carried nothing, because in Fujifilm's dialect its place alone tells what it is."""
        if not self._is_silent(tcp) or tcp.syn_from is None or self._hosts(tcp) not in self._fuji_hosts:
            return
        port = tcp.endpoint(1 - tcp.syn_from)[1]
        if port in (EVENT_PORT, LIVE_VIEW_PORT) and all(stream.syn for stream in tcp.streams):
            conversation = self.known[tcp.number] = Conversation(tcp)
            form = containers.CONTAINERS if port == EVENT_PORT else containers.FRAMES
            self._accept(conversation, Dialect.FUJI, tcp.syn_from, form)

    def _note_anchors(self, conversation: Conversation, direction: int, rows: np.ndarray) -> None:
        """Remember what a side had received whenever it spoke: offsets in the other direction."""
        spoken = rows[ACK][rows[LENGTH] > 0]
        if len(spoken):
            changed = np.empty(len(spoken), bool)
            changed[0] = True
            np.not_equal(spoken[1:], spoken[:-1], out=changed[1:])
            conversation.anchors[1 - direction].append(spoken[changed])

    def _place_anchors(self, conversation: Conversation, direction: int) -> None:
        """Hand the anchors of one direction to its stream, as stream offsets, and drop those framing has passed."""
        assert conversation.streams is not None
        noted = conversation.anchors[direction]
        opposite = conversation.tcp.streams[1 - direction]
        shift = opposite.acknowledgment_shift(conversation.tcp.streams[direction])
        if not noted or shift is None:
            return
        stream = conversation.streams[direction]
        placed = np.concatenate([*stream.anchors, *(values + shift for values in noted)])
        stream.anchors = [placed[placed >= stream.boundary]]
        noted.clear()

    def _keep_segments(self, stream: int, arrived: list[np.ndarray]) -> None:
        for rows in arrived:
            held = rows if (rows[POSITION] != HOLE).all() else rows[:, rows[POSITION] != HOLE]
            self.segments.append(
                stream=np.full(held.shape[1], stream),
                offset=held[OFFSET],
                captured=held[CAPTURED],
                position=held[POSITION],
            )

    def _is_accepted(self, conversation: Conversation, final: bool) -> bool:
        """Decide what the connection is, if that can be decided: True when it is PTP-IP from now on."""
        tcp = conversation.tcp
        if not any(conversation.held):
            return False
        expected = tcp.low[1] in self._ports or tcp.high[1] in self._ports
        opener = tcp.syn_from
        if opener is None or not any(stream.syn for stream in tcp.streams):
            return self._is_accepted_late(conversation, expected, final)
        heads = [self._head(held) for held in conversation.held]
        trusted = self._is_fuji_place(tcp)
        if not any(heads) and (heads[0] is heads[1] is None or (trusted and None in heads)):
            return self._is_accepted_late(conversation, expected, final)
        held = sum(rows.shape[1] for side in conversation.held for rows in side)
        final |= held > LATE_SEGMENTS_ON_PORT  # an answer that has not come by now will not decide anything
        greeting, answer = heads[opener], heads[1 - opener]
        form: int | None = containers.STANDARD
        if is_cut_short(greeting) if greeting else answer and _is_open(answer):
            form = self._form_by_what_follows(conversation, heads, trusted, final)
        elif answer and not greeting:
            form = containers.judge_responder(answer, trusted, final)
        if form is None:
            return False
        if form != containers.STANDARD:
            self._accept(conversation, Dialect.FUJI, opener, form)
            return True
        dialect = judge_beginning(greeting, answer, expected, final)
        # What looks like an answer's head is none, or a greeting is cut: what follows may tell.
        unsure = may_greet(greeting) if greeting else not tcp.streams[1 - opener].syn
        if dialect is Dialect.FOREIGN and unsure:
            return self._is_accepted_late(conversation, expected, final)
        if dialect is Dialect.FOREIGN or (dialect is None and final):
            if expected and dialect is Dialect.FOREIGN:
                first, second = (None if head is None else head[:STRANGER_BYTES] for head in heads)
                self.strangers[tcp.number] = first, second
            self._dismiss(conversation)
            return False
        if dialect is None:
            return False
        self._accept(conversation, dialect, opener)
        return True

    def _form_by_what_follows(
        self, conversation: Conversation, heads: list[bytes | None], trusted: bool, final: bool
    ) -> int | None:
        """The form of a connection whose greeting is cut before it tells: by the answer, or by what follows either.

        None while something may still come. Where nothing does, the place tells.
        """
        opener = conversation.tcp.syn_from
        assert opener is not None
        answer = heads[1 - opener]
        if answer and len(answer) >= m.HEADER_BYTES and not _is_open(answer):
            return containers.CONTAINERS if containers.is_answer(answer) else containers.STANDARD
        for held, head in zip(conversation.held, heads, strict=True):
            if head and len(head) >= m.HEADER_BYTES:
                form = containers.told_by(self._words_at(held, header(head)[0]))
                if form is not None:
                    return form
        if not final:
            return None
        return containers.CONTAINERS if trusted else containers.STANDARD

    def _words_at(self, held: list[np.ndarray], offset: int) -> bytes:
        """The header words at a stream offset; b"" where one segment does not hold both."""
        for rows in held:
            within = offset - rows[OFFSET]
            if within[0] < 0:
                break
            found = np.flatnonzero((within >= 0) & (within + m.HEADER_BYTES <= rows[CAPTURED]))
            if len(found):
                return self._read(int(rows[POSITION, found[0]] + within[found[0]]), m.HEADER_BYTES)
        return b""

    def _is_fuji_place(self, tcp: Connection) -> bool:
        """Is Fujifilm's dialect to be expected here: on its ports, or between peers that speak it elsewhere?"""
        ports = tcp.low[1], tcp.high[1]
        return any(port in FUJI_PORTS for port in ports) or self._hosts(tcp) in self._fuji_hosts

    def _hosts(self, tcp: Connection) -> frozenset[int]:
        return frozenset((tcp.low[0], tcp.high[0]))

    def _is_accepted_late(self, conversation: Conversation, expected: bool, final: bool) -> bool:
        """The same for a connection whose first bytes are not in the capture."""
        trusted = self._is_fuji_place(conversation.tcp)
        for direction in (0, 1):
            if not conversation.held[direction]:
                continue
            rows = np.concatenate(conversation.held[direction], axis=1)
            for piece in range(conversation.looked[direction], rows.shape[1]):
                head = self._head_at(rows, piece, final)
                if head is None:
                    break
                conversation.looked[direction] += 1
                if containers.evidence(head, trusted):
                    conversation.of_fuji[direction].append(head)
                elif is_sound(head):
                    conversation.evidence[direction].append(head)
        verdict = judge_middle(conversation.evidence, expected)
        if verdict is not None:
            conversation.evidence = ([], [])
            known = conversation.initiator if conversation.initiator is not None else self._by_port(conversation.tcp)
            self._accept(conversation, verdict.dialect, verdict.initiator if known is None else known)
            return True
        fuji = containers.judge_middle(conversation.of_fuji, trusted)
        if fuji is not None:
            conversation.of_fuji = ([], [])
            known = conversation.initiator
            self._accept(conversation, Dialect.FUJI, fuji.initiator if known is None else known, fuji.form)
            return True
        if final or sum(conversation.looked) > (LATE_SEGMENTS_ON_PORT if expected or trusted else LATE_SEGMENTS):
            self._dismiss(conversation)
        return False

    def _head(self, held: list[np.ndarray]) -> bytes | None:
        """The first bytes of a direction: b"" while nothing came, None when they are lost."""
        head = bytearray()
        for rows in held:
            for piece in range(rows.shape[1]):
                offset, length, captured, position = rows[:4, piece].tolist()
                if position == HOLE or offset != len(head):
                    return bytes(head) if len(head) >= 8 else None
                head += self._read(position, min(captured, HEAD_BYTES))
                if len(head) >= HEAD_BYTES or captured < length:
                    return bytes(head)
        return bytes(head)

    def _by_port(self, tcp: Connection) -> int | None:
        """The direction in which the initiator sends, if just one side has a port on which PTP-IP is expected."""
        low, high = (endpoint[1] in self._ports for endpoint in (tcp.low, tcp.high))
        return None if low == high else int(low)

    def _head_at(self, rows: np.ndarray, piece: int, final: bool) -> bytes | None:
        """The bytes from the beginning of a row on that a header there would have, also where rows are shorter than it.

        b"" for a hole, None when they have not all come.
        """
        head = bytearray()
        for at in range(piece, rows.shape[1]):
            _, length, captured, position = rows[:4, at].tolist()
            if position == HOLE:
                return bytes(head)
            head += self._read(position, min(captured, HEAD_BYTES))
            wanted = m.HEADER_BYTES
            if len(head) >= wanted and is_plausible(*header(head)):
                size, kind = header(head)
                wanted = min(size, HEAD_BYTES if kind in WHOLE else m.FIXED_BYTES)
            if len(head) >= wanted or captured < length:
                return bytes(head)
        return bytes(head) if final else None

    def _accept(
        self, conversation: Conversation, dialect: Dialect, initiator: int | None, form: int | None = None
    ) -> None:
        tcp, number = conversation.tcp, conversation.tcp.number
        if form is None:
            form = containers.CONTAINERS if dialect is Dialect.FUJI else containers.STANDARD
        if dialect is Dialect.FUJI:
            self._fuji_hosts.add(self._hosts(tcp))
        conversation.dialect, conversation.initiator = dialect, initiator
        self.states[number] = SPOKEN
        conversation.streams = tuple(  # type: ignore[assignment]
            FramedStream(
                2 * number + direction,
                None if initiator is None else direction == initiator,
                m.FINE if tcp.streams[direction].syn else m.BEGAN_EARLIER,
                form=form,
            )
            for direction in (0, 1)
        )

    def _dismiss(self, conversation: Conversation) -> None:
        """Not PTP-IP: forget what was held."""
        number = conversation.tcp.number
        self.states[number] = FOREIGN
        for stream in conversation.tcp.streams:
            stream.unsettled, stream.pending = [], []
        del self.known[number]


def _is_open(answer: bytes) -> bool:
    """Does what the responder said first not tell of which dialect it is?"""
    return len(answer) >= m.HEADER_BYTES and containers.is_answer(answer) is None


def _line_of(stream: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Places in streams as places on one line, on which streams lie one behind the other."""
    line: np.ndarray = (stream.astype(np.int64) << 44) + offset
    return line
