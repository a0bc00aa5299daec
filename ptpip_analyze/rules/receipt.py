"""When one side is known to have received what the other one said: out of the ACK numbers of all packets.

Messages carry the ACK of the packet they begin in; most acknowledgments travel in packets without payload, of which no
row is kept. So the headers are read once more, of the stretches of the capture that are asked about, and only when
somebody asks. An ACK proves that a kernel has a message, not that anybody read it: ``surely_read`` asks for more, and
says no wherever anything else may explain what happened.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..capture import NO_TIME
from ..tcp import Connection
from ..tcp.connection import ACK_FLAG, RST, SYN
from ..tcp.numbering import FlowKey
from .evidence import Evidence

SEND_BUFFER = 4 << 20  # bytes: more than a kernel keeps of what was written and not sent yet (Linux tcp_wmem: 4 MiB)


class Span(NamedTuple):
    """A stretch of the capture that is asked about: packets ``first`` to ``last`` of one TCP connection."""

    connection: int
    first: int
    last: int


class _Said(NamedTuple):
    """What the packets of one stream told, in order: the highest offset acknowledged and sent so far, and when."""

    acknowledged: np.ndarray
    sent: np.ndarray
    time: np.ndarray


class Receipts:
    """The acknowledgments in some stretches of a capture. Times are ns, or NO_TIME."""

    def __init__(self, seen: Evidence, spans: Iterable[Span]) -> None:
        self._seen = seen
        self._said: dict[int, _Said] = {}
        self._gather(list(spans))

    def received_at(self, row: int) -> int | None:
        """When the capture shows for the first time that the kernel of its receiver has a message; None if never."""
        return self.acknowledged_at(
            int(self._seen.columns["stream"][row]), int(self._seen.offset[row] + self._seen.length[row])
        )

    def acknowledged_at(self, stream: int, offset: int) -> int | None:
        """When the other side is known for the first time to have a stream up to an offset; None if never."""
        said = self._said.get(stream ^ 1)
        if said is None:
            return None
        at = int(np.searchsorted(said.acknowledged, offset))
        return None if at == len(said.time) or said.time[at] == NO_TIME else int(said.time[at])

    def surely_read(self, cause: int, effect: int) -> bool:
        """Had the sender of message ``effect`` read message ``cause`` when it wrote that? False: it may not have."""
        return self.first_surely_read(cause, np.array([effect])) is not None

    def first_surely_read(self, cause: int, effects: np.ndarray) -> int | None:
        """The first of some messages of one stream (rows, in order) that was surely written after ``cause`` was read.

        The kernel of its sender had acknowledged the cause, and all that it had sent before had arrived, so that
        nothing waited in its send buffer: what comes later than it takes to read (``app_read_grace_ms``), or to send
        a lost packet again (``resend_ms``), was written afterwards. So was what more than a send buffer separates from
        what was sent until then.
        """
        seen = self._seen
        received = self.received_at(cause)
        stream = int(seen.columns["stream"][effects[0]]) if len(effects) else -1
        said, heard = self._said.get(stream), self._said.get(stream ^ 1)
        if received is None or said is None or heard is None:
            return None
        start, began = seen.offset[effects], seen.columns["began"][effects]
        until = int(np.searchsorted(said.time, received, "right"))
        far = start - said.sent[until - 1] > SEND_BUFFER if until else np.zeros(len(effects), bool)
        never = np.iinfo(np.int64).max
        arrived = np.append(heard.time, never)[np.searchsorted(heard.acknowledged, start)]
        # The first packet that shows it, or what follows it.
        sent = np.minimum(began, np.append(said.time, never)[np.searchsorted(said.sent, start, "right")])
        waited = seen.limit_ns("app_read_grace_ms") + seen.limit_ns("resend_ms")
        late = (arrived < never) & (arrived != NO_TIME) & (began != NO_TIME)
        late &= sent > np.maximum(received, np.where(late, arrived, 0)) + waited
        found = np.flatnonzero(far | late)
        return int(effects[found[0]]) if len(found) else None

    def _gather(self, spans: list[Span]) -> None:
        """Read the headers of the packets in the spans, and keep what each stream acknowledged and sent."""
        if not spans:
            return
        seen = self._seen
        wanted = {span.connection: seen.connections[span.connection] for span in spans}
        keys = {tcp.key for tcp in wanted.values()}
        lows, highs = _joined(spans)
        flow_of: dict[FlowKey, int] = {}
        chosen = np.zeros(0, bool)  # by flow
        parts = []
        for headers in seen.headers():
            if headers.fresh:
                flow_of.update((key, len(chosen) + at) for at, key in enumerate(headers.fresh) if key in keys)
                chosen = np.append(chosen, [key in keys for key in headers.fresh])
            if headers.first > highs[-1]:
                break
            packet = headers.row + headers.first
            at = np.searchsorted(lows, packet, "right") - 1
            usable = chosen[headers.flow] & (at >= 0) & (packet <= highs[at])
            usable &= headers.flags & (ACK_FLAG | SYN | RST) == ACK_FLAG
            rows = np.flatnonzero(usable)
            shut = np.zeros(len(usable), np.int64)
            shut[headers.shut] = 1
            if len(rows):
                parts.append(
                    np.stack(
                        [
                            2 * headers.flow[rows] + headers.swapped[rows],
                            packet[rows],
                            headers.time[headers.row[rows]],
                            headers.sequence[rows].astype(np.int64) + headers.length[rows],
                            headers.acknowledgment[rows],
                            shut[rows],
                        ]
                    )
                )
        if not parts:
            return
        found = np.concatenate(parts, axis=1)
        found = found[:, np.lexsort((found[1], found[0]))]
        begins = np.searchsorted(found[0], np.arange(2 * len(chosen) + 1))
        for number, tcp in wanted.items():
            flow = flow_of.get(tcp.key)
            if flow is None:
                continue
            for direction in (0, 1):
                side = found[:, begins[2 * flow + direction] : begins[2 * flow + direction + 1]]
                low, high = np.searchsorted(side[1], [tcp.first_packet, tcp.last_packet + 1])
                said = self._read(tcp, direction, side[:, low:high])
                if said is not None:
                    self._said[2 * number + direction] = said

    def _read(self, tcp: Connection, direction: int, side: np.ndarray) -> _Said | None:
        """The raw numbers of one stream's packets (6, n) as offsets."""
        base, opposite = tcp.streams[direction].base, tcp.streams[1 - direction].base
        if side.shape[1] == 0 or base is None or opposite is None:
            return None
        sent = self._offsets(2 * tcp.number + direction, side[1], side[3], base)
        acknowledged = self._offsets(2 * tcp.number + 1 - direction, side[1], side[4], opposite)
        acknowledged[side[5] > 0] = 0  # while a window is closed, what is written has to wait all the same
        return _Said(np.maximum.accumulate(acknowledged), np.maximum.accumulate(sent), np.maximum.accumulate(side[2]))

    def _offsets(self, stream: int, packet: np.ndarray, raw: np.ndarray, base: int) -> np.ndarray:
        """Sequence numbers as offsets of a stream: those nearest to the message that it had come to."""
        seen, near = self._seen, np.zeros(len(packet), np.int64)
        rows = seen.of_stream(stream)
        if len(rows):
            reached = np.searchsorted(np.maximum.accumulate(seen.columns["first"][rows]), packet, "right") - 1
            near = seen.offset[rows[np.maximum(reached, 0)]]
        distance = raw - base - near
        return near + ((distance + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def _joined(spans: list[Span]) -> tuple[np.ndarray, np.ndarray]:
    """Spans of packets that do not overlap, in order: where each begins, and ends."""
    lows: list[int] = []
    highs: list[int] = []
    for _, first, last in sorted(spans, key=lambda span: span.first):
        if lows and first <= highs[-1] + 1:
            highs[-1] = max(highs[-1], last)
        else:
            lows.append(first)
            highs.append(last)
    return np.array(lows, np.int64), np.array(highs, np.int64)
