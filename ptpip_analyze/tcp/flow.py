"""From segments to numbered connections.

Same four addresses are one connection until a new SYN says otherwise; never drops a segment.

Numbers count up in order of first packet, as Wireshark's ``tcp.stream`` does.
"""

from __future__ import annotations

import numpy as np

from .connection import ACK_FLAG, FIN, RST, SEQUENCE_MASK, SYN, Connection, signed32

# How far below the first sequence number seen a late SYN may lie and still open the same connection: packets are
# written out of order within a receive window, not beyond.
LATE_SYN_BYTES = 1 << 20

_MIX_1 = np.uint64(0x9E3779B97F4A7C15)
_MIX_2 = np.uint64(0xC2B2AE3D27D4EB4F)
_MIX_3 = np.uint64(0x165667B19E3779F9)


class Flows:
    """Numbers the TCP connections of one capture.

    ``connections[n]`` is connection n. ``assign`` maps segments to streams (``2 * connection + direction``).
    """

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self._known = np.empty(0, np.uint64)  # sorted hashes of the four addresses
        self._known_flow = np.empty(0, np.int64)  # flow number of each
        self._flow_keys: list[tuple[int, ...]] = []
        self._flow_of_key: dict[tuple[int, ...], int] = {}
        self._flow_connection = np.empty(16, np.int64)  # the connection that a flow is in at present
        self._key_columns = np.empty((5, 16), np.uint64)

    def assign(
        self,
        source: tuple[np.ndarray, np.ndarray],
        destination: tuple[np.ndarray, np.ndarray],
        ports: tuple[np.ndarray, np.ndarray],
        sequence: np.ndarray,
        acknowledgment: np.ndarray,
        flags: np.ndarray,
        packet: np.ndarray,
        time: np.ndarray,
    ) -> np.ndarray:
        """Stream number (int64) of each segment, segments given in packet order.

        ``source`` and ``destination`` are (high, low) uint64 halves of the addresses, ``ports`` is (source,
        destination); ``packet`` and ``time`` (ns) are absolute. Records SYN, FIN and RST on the connections.
        """
        if len(sequence) == 0:
            return np.empty(0, np.int64)
        key, swapped = _keys(source, destination, ports)
        flow = self._flow_numbers(key, packet, time)
        special = np.flatnonzero(flags & (SYN | FIN | RST))
        connection = self._flow_connection[flow]
        stream = connection * 2 + swapped
        for row in special[(flags[special] & SYN) != 0].tolist():
            self._synchronise(row, flow, stream, sequence, acknowledgment, flags, packet, time)
        for row in special[(flags[special] & (FIN | RST)) != 0].tolist():
            closed = self.connections[int(stream[row]) >> 1]
            # The earlier one by its clock: two that cross may be written in either order.
            if closed.closed_at is None or int(time[row]) < closed.closed_at:
                closed.closed_at = int(time[row])
                closed.closed_by = int(stream[row]) & 1
                closed.close_kind = "reset" if flags[row] & RST else "fin"
        self._note_bounds(stream, packet, time)
        return stream

    def _note_bounds(self, stream: np.ndarray, packet: np.ndarray, time: np.ndarray) -> None:
        """Earliest and latest time of the connections seen, and their last packet."""
        connection = stream >> 1
        order = stable_order(connection)
        starts = np.flatnonzero(np.diff(connection[order], prepend=-1))
        times = time[order]
        last = order[np.append(starts[1:], len(order)) - 1]
        bounds = zip(
            connection[last].tolist(),
            np.minimum.reduceat(times, starts).tolist(),
            np.maximum.reduceat(times, starts).tolist(),
            packet[last].tolist(),
            strict=True,
        )
        for number, earliest, latest, at in bounds:
            known = self.connections[number]
            known.first_time = min(known.first_time, earliest)
            known.last_time = max(known.last_time, latest)
            known.last_packet = at

    def _flow_numbers(self, key: np.ndarray, packet: np.ndarray, time: np.ndarray) -> np.ndarray:
        hashed = (key[0] ^ (key[1] * _MIX_1)) + ((key[2] ^ (key[3] * _MIX_2)) ^ (key[4] * _MIX_3)) * _MIX_2
        flow = self._look_up(hashed)
        missing = flow < 0
        if missing.any():
            rows = np.flatnonzero(missing)
            fresh, first = np.unique(hashed[rows], return_index=True)
            flows = np.empty(len(fresh), np.int64)
            for which in np.argsort(first, kind="stable").tolist():  # number in order of first packet
                flows[which] = self._flow_at(key, int(rows[first[which]]), packet, time)
            merged = np.concatenate([self._known, fresh])
            order = np.argsort(merged, kind="stable")
            self._known, self._known_flow = merged[order], np.concatenate([self._known_flow, flows])[order]
            flow = self._look_up(hashed)
        if any((self._key_columns[row][flow] != key[row]).any() for row in range(5)):
            # Two sets of addresses share a hash: rare or hostile, so decide by the addresses themselves.
            flow = self._by_address(key, packet, time)
        return flow

    def _look_up(self, hashed: np.ndarray) -> np.ndarray:
        if len(self._known) == 0:
            return np.full(len(hashed), -1, np.int64)
        at = np.minimum(np.searchsorted(self._known, hashed), len(self._known) - 1)
        return np.where(self._known[at] == hashed, self._known_flow[at], -1)

    def _by_address(self, key: np.ndarray, packet: np.ndarray, time: np.ndarray) -> np.ndarray:
        return np.array([self._flow_at(key, row, packet, time) for row in range(key.shape[1])], np.int64)

    def _flow_at(self, key: np.ndarray, row: int, packet: np.ndarray, time: np.ndarray) -> int:
        columns = tuple(key[:, row].tolist())
        flow = self._flow_of_key.get(columns)
        if flow is None:
            flow = len(self._flow_of_key)
            self._flow_of_key[columns] = flow
            if flow == len(self._flow_connection):
                self._flow_connection = np.concatenate([self._flow_connection, self._flow_connection])
                self._key_columns = np.concatenate([self._key_columns, self._key_columns], axis=1)
            self._key_columns[:, flow] = columns
            self._flow_connection[flow] = self._open(columns, packet[row], time[row])
        return flow

    def _open(self, columns: tuple[int, ...], packet: int, time: int) -> int:
        low = ((columns[0] << 64) | columns[1], columns[4] >> 16)
        high = ((columns[2] << 64) | columns[3], columns[4] & 0xFFFF)
        self.connections.append(Connection(len(self.connections), low, high, int(packet), int(time)))
        return len(self.connections) - 1

    def _synchronise(
        self,
        row: int,
        flow: np.ndarray,
        stream: np.ndarray,
        sequence: np.ndarray,
        acknowledgment: np.ndarray,
        flags: np.ndarray,
        packet: np.ndarray,
        time: np.ndarray,
    ) -> None:
        """Let the SYN at ``row`` open a connection, confirm the present one, or start a new one on the same ports."""
        number = int(stream[row])
        connection, direction = self.connections[number >> 1], number & 1
        syn = int(sequence[row])
        opened_here = connection.first_packet == int(packet[row])
        if not opened_here and not self._belongs(connection, direction, row, stream, sequence, acknowledgment, flags):
            columns = tuple(self._key_columns[:, flow[row]].tolist())
            fresh = self._open(columns, packet[row], time[row])
            self._flow_connection[flow[row]] = fresh
            later = np.flatnonzero(flow[row:] == flow[row]) + row
            stream[later] = fresh * 2 + (stream[later] & 1)
            connection = self.connections[fresh]
        if connection.syn_sequence[direction] is None:
            connection.syn_sequence[direction] = syn
        if connection.syn_from is None:
            connection.syn_from = 1 - direction if flags[row] & ACK_FLAG else direction
        opposite = connection.streams[1 - direction]
        if flags[row] & ACK_FLAG and opposite.base is None:
            # The answer to a SYN names the first byte that it expects, should the SYN itself not be captured.
            opposite.base = int(acknowledgment[row])
            opposite.syn = True

    def _belongs(
        self,
        connection: Connection,
        direction: int,
        row: int,
        stream: np.ndarray,
        sequence: np.ndarray,
        acknowledgment: np.ndarray,
        flags: np.ndarray,
    ) -> bool:
        syn = int(sequence[row])
        known = connection.syn_sequence[direction]
        if known is not None:
            return known == syn  # the same SYN again, or the ports are used anew
        own = connection.streams[direction]
        rows = np.flatnonzero(stream[:row] == 2 * connection.number + direction)
        if own.base is not None or own.unsettled or len(rows):
            # Packets of this direction came before its SYN: late by reordering, or an older connection.
            if own.base is not None:
                first = own.base
            elif own.unsettled:
                first = int(own.unsettled[0][0, 0]) & SEQUENCE_MASK
            else:
                first = int(sequence[rows[0]])
            return -LATE_SYN_BYTES <= signed32(first - syn - 1) <= LATE_SYN_BYTES
        other = connection.syn_sequence[1 - direction]
        if flags[row] & ACK_FLAG:
            if other is not None:
                return (other + 1) & SEQUENCE_MASK == int(acknowledgment[row]) & SEQUENCE_MASK or (
                    connection.close_kind is None
                )
            return connection.close_kind is None
        opposite = np.flatnonzero(stream[:row] == 2 * connection.number + 1 - direction)
        if len(opposite):
            return abs(signed32(int(acknowledgment[opposite[0]]) - syn - 1)) <= LATE_SYN_BYTES
        seen = connection.streams[1 - direction]
        if seen.first_acknowledgment is not None:
            return abs(signed32(seen.first_acknowledgment - syn - 1)) <= LATE_SYN_BYTES
        return other is None or connection.close_kind is None


def _keys(
    source: tuple[np.ndarray, np.ndarray],
    destination: tuple[np.ndarray, np.ndarray],
    ports: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """The endpoints of segments, lower one first, as (5, n) uint64, and whether the sender is the higher one."""
    source_port, destination_port = (port.astype(np.uint64) for port in ports)
    higher = source[1] > destination[1]
    equal = source[1] == destination[1]
    if equal.any():
        higher |= equal & (source_port > destination_port)
    narrow = not (source[0].any() or destination[0].any())  # IPv4 only: the upper halves are zero
    if not narrow:
        higher = (source[0] > destination[0]) | ((source[0] == destination[0]) & higher)
    key = np.zeros((5, len(higher)), np.uint64)
    if not narrow:
        key[0] = np.where(higher, destination[0], source[0])
        key[2] = np.where(higher, source[0], destination[0])
    key[1] = np.where(higher, destination[1], source[1])
    key[3] = np.where(higher, source[1], destination[1])
    both = (source_port << np.uint64(16)) | destination_port
    turned = (destination_port << np.uint64(16)) | source_port
    key[4] = np.where(higher, turned, both)
    return key, higher


def stable_order(numbers: np.ndarray) -> np.ndarray:
    """Indices that sort small non-negative numbers, equal ones in the order given; 16 bits are sorted by radix."""
    small = len(numbers) and int(numbers.max()) < 1 << 16
    return np.argsort(numbers.astype(np.uint16) if small else numbers, kind="stable")
