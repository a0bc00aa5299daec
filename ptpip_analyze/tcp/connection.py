"""What is remembered of one TCP connection and its two directions. Plain state: decides nothing.

A connection is numbered as Wireshark numbers ``tcp.stream``; its directions are streams ``2 * number`` (from the lower
endpoint to the higher) and ``2 * number + 1``. "Lower" is only an order of (address, port): who is the initiator is
decided by what is said, on a higher floor. Times are those of the packets: ns since the epoch, or NO_TIME.
"""

from __future__ import annotations

import marshal
import zlib

import numpy as np

from ..capture import NO_TIME
from .numbering import FlowKey

Endpoint = tuple[int, int]  # (128-bit address, port); IPv4 is mapped as ::ffff:a.b.c.d

FIN, SYN, RST, ACK_FLAG = 1, 2, 4, 16
SEQUENCE_MASK = 0xFFFFFFFF
_HALF = (1 << 64) - 1  # of an address


def signed32(difference: int) -> int:
    """A difference of two 32-bit sequence numbers as the signed distance that TCP means (RFC 9293 3.4)."""
    return ((difference + 0x80000000) & SEQUENCE_MASK) - 0x80000000


class Stream:
    """One direction of a connection, as the reassembler fills it.

    ``base`` is the sequence number of stream offset 0 (None until known), ``front`` the offset up to which everything
    was delivered, ``high`` the highest offset seen, ``last`` the latest that is to be believed (to unwrap sequence
    numbers), ``pending`` the stretches beyond a hole as (start, end, rows) in order of offset.
    """

    __slots__ = (
        "acknowledged",
        "acknowledging",
        "base",
        "fin",
        "first_acknowledgment",
        "first_acknowledgment_time",
        "front",
        "high",
        "keep_alives",
        "last",
        "last_time",
        "number",
        "out_of_order",
        "pending",
        "pending_rows",
        "retransmissions",
        "syn",
        "unsettled",
        "unsettled_rows",
    )

    def __init__(self, number: int) -> None:
        self.number = number
        self.base: int | None = None
        self.syn = False
        self.front = 0
        self.high = 0
        self.last = 0
        self.fin: int | None = None  # offset of the FIN
        self.pending: list[tuple[int, int, np.ndarray]] = []
        self.pending_rows = 0
        self.unsettled: list[np.ndarray] = []
        self.unsettled_rows = 0
        self.first_acknowledgment: int | None = None  # raw number of the first ACK sent in this direction
        self.first_acknowledgment_time = NO_TIME  # of that ACK, where it carried no payload
        self.retransmissions = self.out_of_order = self.keep_alives = 0  # segments that were seen to be one
        self.last_time = NO_TIME  # of the latest packet in this direction, with or without payload
        self.acknowledging = 0  # latest ACK sent, unwrapped: first_acknowledgment plus the distance since
        self.acknowledged = 0  # highest ACK sent, unwrapped the same way

    def acknowledged_offset(self, opposite: Stream) -> int | None:
        """The highest offset of ``opposite`` that this direction has acknowledged; None when it can't be known."""
        shift = self.acknowledgment_shift(opposite)
        return None if shift is None else self.acknowledged + shift

    def acknowledgment_shift(self, opposite: Stream) -> int | None:
        """What turns an unwrapped ACK number of this direction into an offset of ``opposite``; None if unknown."""
        if self.first_acknowledgment is None or opposite.base is None:
            return None
        return signed32(self.first_acknowledgment - opposite.base) - self.first_acknowledgment


class Connection:
    """One TCP connection: endpoints, handshake, how it ended, and its two streams."""

    __slots__ = (
        "closed_at",
        "end_acknowledgments",
        "end_flags",
        "end_packets",
        "end_times",
        "ends",
        "first_end",
        "first_packet",
        "first_time",
        "flow",
        "high",
        "last_packet",
        "last_time",
        "low",
        "number",
        "streams",
        "syn_again",
        "syn_from",
        "syn_sequence",
        "syn_times",
    )

    def __init__(self, number: int, low: Endpoint, high: Endpoint, packet: int, time: int) -> None:
        self.number = number
        self.flow = 0  # number of its four addresses, which it may share with earlier and later connections
        self.low = low
        self.high = high
        self.first_packet = packet
        self.first_time = time
        self.last_packet = packet
        self.last_time = time
        self.syn_sequence: list[int | None] = [None, None]  # raw sequence number of the SYN, by direction
        self.syn_times = [NO_TIME, NO_TIME]  # time of that SYN, by direction
        self.syn_again = False  # did a SYN come a second time?
        self.syn_from: int | None = None  # direction whose SYN opened the connection (no ACK flag, or answered)
        self.closed_at: int | None = None  # time of the first FIN or RST, ns
        self.first_end: int | None = None  # direction of that one: by the clock alone
        self.ends: list[int | None] = [None, None]  # raw sequence number of the first FIN or RST, by direction
        self.end_times = [NO_TIME, NO_TIME]  # time and packet number of it
        self.end_packets: list[int | None] = [None, None]
        self.end_flags = [0, 0]  # its flags, and its raw ACK number: what its sender had received
        self.end_acknowledgments = [0, 0]
        self.streams = (Stream(2 * number), Stream(2 * number + 1))

    @property
    def over_at(self) -> int:
        """Time of the last FIN or RST that ended one of the directions first, ns; NO_TIME before."""
        return max(self.end_times)

    @property
    def is_over(self) -> bool:
        """Have both sides ended it, or one of them at once?"""
        if self.first_end is None:
            return False
        return bool((self.end_flags[0] | self.end_flags[1]) & RST) or None not in self.ends

    @property
    def closed_by(self) -> int | None:
        """Direction of the first FIN or RST: by ACK numbers where these tell, else by the clock; None for none."""
        for direction in (0, 1):
            if self.end_acknowledges(direction):
                return 1 - direction
        return self.first_end

    @property
    def close_kind(self) -> str | None:
        """How it was closed first: "fin" or "reset"; None while it is open."""
        by = self.closed_by
        if by is None:
            return None
        return "reset" if self.end_flags[by] & RST else "fin"

    def end_acknowledges(self, direction: int) -> bool:
        """Does the first FIN or RST in a direction acknowledge the FIN of the other one, and so come second?"""
        other = self.streams[1 - direction]
        if not self.end_flags[direction] & ACK_FLAG or other.fin is None or other.base is None:
            return False
        return signed32(self.end_acknowledgments[direction] - other.base - other.fin) > 0

    def round_trip(self, direction: int) -> int | None:
        """From the place of capture to who sends in a direction and back, by the handshake, in ns; None if unknown.

        Of who was called, from SYN to SYN and ACK; of the caller, from there to its ACK, if that carried nothing. A
        kernel answers both at once. A SYN that came twice leaves open which one was answered.
        """
        caller = self.syn_from
        if caller is None or self.syn_again or NO_TIME in self.syn_times:
            return None
        if direction != caller:
            begin, end = self.syn_times[caller], self.syn_times[direction]
        else:
            answered, own = self.syn_sequence[1 - caller], self.streams[caller]
            if answered is None or own.first_acknowledgment != (answered + 1) & SEQUENCE_MASK:
                return None
            begin, end = self.syn_times[1 - caller], own.first_acknowledgment_time
        return end - begin if end >= begin else None

    @property
    def key(self) -> FlowKey:
        """Its four addresses, as flows are known by them."""
        (low, low_port), (high, high_port) = self.low, self.high
        return low >> 64, low & _HALF, high >> 64, high & _HALF, low_port << 16 | high_port

    def endpoint(self, direction: int) -> Endpoint:
        """Who sends in ``direction`` (0 or 1)."""
        return self.high if direction else self.low


GONE = Connection(-1, (0, 0), (0, 0), -1, NO_TIME)
"""Stands where a connection was put away (``Flows.put_away``)."""

_OF_STREAM = tuple(name for name in Stream.__slots__ if name not in ("pending", "unsettled"))
_OF_CONNECTION = tuple(name for name in Connection.__slots__ if name != "streams")


def packed(connection: Connection) -> bytes:
    """A connection in a tenth of its memory. Of its streams none may have segments that wait for others."""
    values = [getattr(connection, name) for name in _OF_CONNECTION]
    for stream in connection.streams:
        values += [getattr(stream, name) for name in _OF_STREAM]
    return zlib.compress(marshal.dumps(values), 1)  # times and numbers resemble each other: half of it


def unpacked(data: bytes) -> Connection:
    """What ``packed`` was given."""
    values = iter(marshal.loads(zlib.decompress(data)))
    connection = Connection(0, (0, 0), (0, 0), 0, 0)
    for name in _OF_CONNECTION:
        setattr(connection, name, next(values))
    for stream in connection.streams:
        for name in _OF_STREAM:
            setattr(stream, name, next(values))
    return connection
