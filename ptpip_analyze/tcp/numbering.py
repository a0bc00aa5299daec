"""Which four addresses a segment belongs to: a flow, numbered in order of first packet.

Promises that equal addresses get equal numbers, in whatever batches they come, hostile hashes included. Knows nothing
of connections: of those one flow may carry several in turn (``flow``).
"""

from __future__ import annotations

import numpy as np

# Of the lower endpoint and of the higher one the halves of the address, then both ports (16 bits each).
FlowKey = tuple[int, int, int, int, int]
Halves = tuple[np.ndarray, np.ndarray]

_MIX_1 = np.uint64(0x9E3779B97F4A7C15)
_MIX_2 = np.uint64(0xC2B2AE3D27D4EB4F)
_MIX_3 = np.uint64(0x165667B19E3779F9)


class FlowNumbers:
    """Numbers the flows of one capture. Keeps all state that depends on addresses, so that it can run ahead."""

    def __init__(self) -> None:
        self._known = np.empty(0, np.uint64)  # sorted hashes of the four addresses
        self._known_flow = np.empty(0, np.int64)  # flow number of each
        self._flow_of_key: dict[FlowKey, int] = {}
        self._key_columns = np.empty((5, 16), np.uint64)
        self._fresh: list[FlowKey] = []

    def number(
        self, source: Halves, destination: Halves, ports: tuple[np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, list[FlowKey]]:
        """Flow number (int64) of each segment, whether the higher endpoint sends it (bool), keys of the new flows.

        ``source`` and ``destination`` are (high, low) uint64 halves of the addresses, ``ports`` is (source,
        destination); segments are given in packet order.
        """
        key, swapped = _keys(source, destination, ports)
        flow = self._numbers(key)
        fresh, self._fresh = self._fresh, []
        return flow, swapped, fresh

    def _numbers(self, key: np.ndarray) -> np.ndarray:
        hashed = (key[0] ^ (key[1] * _MIX_1)) + ((key[2] ^ (key[3] * _MIX_2)) ^ (key[4] * _MIX_3)) * _MIX_2
        flow = self._look_up(hashed)
        missing = flow < 0
        if missing.any():
            rows = np.flatnonzero(missing)
            fresh, first = np.unique(hashed[rows], return_index=True)
            flows = np.empty(len(fresh), np.int64)
            for which in np.argsort(first, kind="stable").tolist():  # number in order of first packet
                flows[which] = self._flow_at(key, int(rows[first[which]]))
            merged = np.concatenate([self._known, fresh])
            order = np.argsort(merged, kind="stable")
            self._known, self._known_flow = merged[order], np.concatenate([self._known_flow, flows])[order]
            flow = self._look_up(hashed)
        known = self._key_columns[:, flow]
        if (known != key).any():
            # Two sets of addresses share a hash: rare or hostile, so decide by the addresses themselves.
            flow = np.array([self._flow_at(key, row) for row in range(key.shape[1])], np.int64)
        return flow

    def _look_up(self, hashed: np.ndarray) -> np.ndarray:
        if len(self._known) == 0:
            return np.full(len(hashed), -1, np.int64)
        at = np.minimum(np.searchsorted(self._known, hashed), len(self._known) - 1)
        return np.where(self._known[at] == hashed, self._known_flow[at], -1)

    def _flow_at(self, key: np.ndarray, row: int) -> int:
        columns: FlowKey = tuple(key[:, row].tolist())
        flow = self._flow_of_key.get(columns)
        if flow is None:
            flow = len(self._flow_of_key)
            if flow == self._key_columns.shape[1]:
                self._key_columns = np.concatenate([self._key_columns, self._key_columns], axis=1)
            self._key_columns[:, flow] = columns
            self._flow_of_key[columns] = flow
            self._fresh.append(columns)
        return flow


def _keys(source: Halves, destination: Halves, ports: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
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
