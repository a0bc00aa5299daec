"""Who ended a connection first. Claimed only where an acknowledgment proves it, or the clocks leave no doubt.

A FIN takes a number of its own (RFC 9293 3.4), so the ACK number of the other side's FIN or RST tells whether its
sender had received it. The order of packets in a file proves nothing: two directions may be written in either order.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..capture import NO_TIME
from ..tcp import Connection
from ..tcp.connection import ACK_FLAG, FIN, RST, SEQUENCE_MASK, signed32

APART_S = 1.0  # two ends without proof: more than a round trip, and than what two points of capture usually differ by
NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Closing:
    """How a connection ended first.

    ``direction`` is the side that ended it first, None where that can't be known or both did at once (``crossed``:
    neither had received the other's FIN). ``reset``: with a RST. ``hidden``: its FIN is not in the capture, but the
    other side acknowledged it. ``by_clock``: nothing proves who was first but times far apart. ``packets`` (from 0)
    show it, the one that ended it first in front; ``time`` (ns, or NO_TIME) is that of the earliest.
    """

    direction: int | None
    reset: bool
    packets: tuple[int, ...]
    time: int
    crossed: bool = False
    hidden: bool = False
    by_clock: bool = False


def closing(tcp: Connection, doubt_s: float = 0.0, holes: tuple[bool, bool] = (False, False)) -> Closing | None:
    """How a connection ended; None where the capture shows no end.

    ``doubt_s``: what its clocks are known to be off by. ``holes``: is something of a direction missing from the
    capture? A FIN may be in it.
    """
    ended = [direction for direction in (0, 1) if tcp.end_packets[direction] is not None]
    if not ended:
        # That one FIN was acknowledged does not say that there was no other one before it.
        hidden = any(_hidden(tcp, direction) for direction in (0, 1))
        return Closing(None, False, (tcp.last_packet,), tcp.last_time, hidden=True) if hidden else None
    if len(ended) == 2:
        return _of_two(tcp, doubt_s)
    (mine,) = ended
    other = 1 - mine
    if _beyond(tcp, other, tcp.end_acknowledgments[mine], tcp.end_flags[mine]) == 1:
        return Closing(other, False, _packets(tcp, mine), tcp.end_times[mine], hidden=True)
    unseen = tcp.streams[other].first_acknowledgment is None  # nothing of that side was captured, maybe not its FIN
    unseen |= holes[other] or _lost_behind(tcp, other)
    unseen |= tcp.end_flags[mine] & (RST | ACK_FLAG) == RST  # such a one answers a packet (RFC 9293 3.10.7.1)
    first = None if unseen else mine
    return Closing(first, _is_reset(tcp, mine), _packets(tcp, mine), tcp.end_times[mine])


def _of_two(tcp: Connection, doubt_s: float) -> Closing:
    proved = [direction for direction in (0, 1) if _acknowledges_end(tcp, 1 - direction)]
    if len(proved) == 1:
        return _first(tcp, proved[0])
    times = tcp.end_times
    apart = 0 if NO_TIME in times else abs(times[0] - times[1])
    if apart > max(APART_S, 10 * doubt_s) * NANO:
        return _first(tcp, 0 if times[0] < times[1] else 1, by_clock=True)
    packets = tuple(sorted((*_packets(tcp, 0), *_packets(tcp, 1))))
    # A FIN of one that knew nothing of the other's; a RST may answer what it does not acknowledge.
    crossed = not proved and all(flags & (ACK_FLAG | FIN | RST) == ACK_FLAG | FIN for flags in tcp.end_flags)
    return Closing(None, any(_is_reset(tcp, one) for one in (0, 1)), packets, min(times), crossed=crossed)


def _first(tcp: Connection, direction: int, *, by_clock: bool = False) -> Closing:
    packets = (*_packets(tcp, direction), *_packets(tcp, 1 - direction))
    return Closing(direction, _is_reset(tcp, direction), packets, tcp.end_times[direction], by_clock=by_clock)


def _packets(tcp: Connection, direction: int) -> tuple[int, ...]:
    packet = tcp.end_packets[direction]
    return () if packet is None else (packet,)


def _is_reset(tcp: Connection, direction: int) -> bool:
    return bool(tcp.end_flags[direction] & RST)


def _acknowledges_end(tcp: Connection, direction: int) -> bool:
    """Had a side received the other one's FIN, which no reset preceded, when it ended the connection itself?"""
    return not _is_reset(tcp, 1 - direction) and tcp.end_acknowledges(direction)


def _beyond(tcp: Connection, direction: int, acknowledgment: int, flags: int) -> int:
    """How much more of a direction an ACK number confirms than the capture has; a FIN is 1, messages are more."""
    stream = tcp.streams[direction]
    if stream.base is None or not flags & ACK_FLAG:
        return 0
    return signed32(acknowledgment - ((stream.base + stream.high) & SEQUENCE_MASK))


def _hidden(tcp: Connection, direction: int) -> bool:
    """Was a FIN acknowledged at any time that is not in the capture?"""
    stream, other = tcp.streams[direction], tcp.streams[1 - direction]
    reached = other.acknowledged_offset(stream)
    return tcp.end_packets[direction] is None and reached is not None and reached == stream.high + 1


def _lost_behind(tcp: Connection, direction: int) -> bool:
    """Was more acknowledged than the capture has? A FIN may be in it, or be all of it."""
    stream, other = tcp.streams[direction], tcp.streams[1 - direction]
    reached = other.acknowledged_offset(stream)
    return reached is not None and reached > stream.high
