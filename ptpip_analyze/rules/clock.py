"""Whether the clock of a capture ran evenly: where it was set, in either direction, times say nothing across the step.

A step back shows in the times themselves. A step forward looks like a pause; it is told by the timestamps that both
kernels write into their segments (RFC 7323), which went on by less than the pause. Where peers write none, a pause is
taken for one. Judges nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ..capture import NO_TIME
from ..headers import Headers, tcp_timestamps
from ..ptpip import Pair
from ..tcp import Connection
from ..tcp.connection import SYN
from ..tcp.numbering import FlowKey
from .evidence import MS, S
from .rule import NOWHERE

STEPPED = "the clock of the capture was set in this time"
TICK_NS = 10 * MS  # of timestamps whose rate does not show: they tick every 1 to 10 ms in the field
TICKS = 20  # so many tell the rate


class Clock:
    """What is known of the clock of one capture; reads its headers once more when it is first asked about a session.

    ``columns`` are the message columns, ``pairs`` the sessions; ``headers`` reads all headers from the first packet. A
    step is one of ``least_ns`` and more.
    """

    def __init__(
        self,
        columns: Mapping[str, np.ndarray],
        pairs: Sequence[Pair],
        headers: Callable[[], Iterable[Headers]],
        least_ns: int,
    ) -> None:
        self._columns, self._pairs, self._headers, self._least = columns, pairs, headers, least_ns
        self._back: list[int] | None = None  # packets before which the clock was set back
        self._in_order = True
        self._ahead: dict[int, list[int]] = {}  # by connection, packets before which it was set forward

    def seems_even(self) -> bool:
        """Do the times of the messages never run back? What one look at the table tells."""
        time = self._columns["time"][np.argsort(self._columns["last"], kind="stable")]
        time = time[time != NO_TIME]
        return bool((np.diff(time) >= -self._least).all())

    def in_order(self) -> bool:
        """Does no packet of the capture have an earlier time than the one in front of it?"""
        if self._back is None:
            self._read()
        return self._in_order

    def stepped(self, session: int) -> bool:
        """Was the clock set while a session lasted, or anywhere in the capture for what belongs to none?"""
        if self._back is None:
            self._read()
        assert self._back is not None
        if session == NOWHERE:
            return bool(self._back)
        parts = [part.tcp for part in self._pairs[session].parts]
        first, last = min(tcp.first_packet for tcp in parts), max(tcp.last_packet for tcp in parts)
        return any(first < packet <= last for packet in self._back) or any(tcp.number in self._ahead for tcp in parts)

    def _read(self) -> None:
        stamps, before, back = _Stamps(self._pairs), NO_TIME, []
        least = self._least
        for headers in self._headers():
            known = np.flatnonzero(headers.time != NO_TIME)
            if len(known):
                times = np.append(headers.time[known[0]] if before == NO_TIME else before, headers.time[known])
                self._in_order &= bool((np.diff(times) >= 0).all())
                back += (headers.first + known[np.flatnonzero(np.diff(times) < -least)]).tolist()
                before = int(times[-1])
            stamps.take(headers)
        self._back = back
        self._ahead = stamps.leaps(least)


class _Stamps:
    """The timestamps of the segments of all sessions, as far as they stand behind a pause, and how fast they tick."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._of_key: dict[FlowKey, list[Connection]] = {}
        for tcp in (part.tcp for pair in pairs for part in pair.parts):
            self._of_key.setdefault(tcp.key, []).append(tcp)
        self._flow_of: dict[int, list[Connection]] = {}  # by flow, its connections that are of sessions
        self._chosen = np.zeros(0, bool)
        self._last = np.zeros((5, 0), np.int64)  # of each stream the last segment: key, packet, time, timestamp, SYN
        self._pauses: list[np.ndarray] = []
        self._ticks: dict[int, tuple[int, int]] = {}  # by stream, ns and ticks that passed between near segments

    def take(self, headers: Headers) -> None:
        """Read one batch."""
        for key in headers.fresh:
            if key in self._of_key:
                self._flow_of[len(self._chosen)] = self._of_key[key]
            self._chosen = np.append(self._chosen, key in self._of_key)
        rows = np.flatnonzero(self._chosen[headers.flow]) if len(headers.flow) else np.empty(0, np.int64)
        time = headers.time[headers.row[rows]]
        rows = rows[time != NO_TIME]
        value, there = tcp_timestamps(headers, rows)
        rows, value = rows[there], value[there]
        packet = headers.row[rows]
        key, opens = 2 * headers.flow[rows] + headers.swapped[rows], headers.flags[rows] & SYN
        found = np.stack([key, packet + headers.first, headers.time[packet], value, opens.astype(np.int64)])
        found = np.concatenate([self._last, found], axis=1)
        if found.shape[1] == 0:
            return
        found = found[:, np.lexsort((found[1], found[0]))]
        last = found[0, 1:] != found[0, :-1]
        same = ~last & (found[4, 1:] == 0)  # the same ports may be used again
        passed = np.diff(found[2])
        ticks = ((np.diff(found[3]) + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
        near = same & (passed >= 0) & (passed <= S) & (ticks >= 0)
        keys, begins = np.unique(found[0, 1:][near], return_index=True)
        sums = (np.add.reduceat(values[near], begins).tolist() for values in (passed, ticks))
        for key, *more in zip(keys.tolist(), *sums, strict=True):
            before = self._ticks.get(key, (0, 0))
            self._ticks[key] = before[0] + more[0], before[1] + more[1]
        far = np.flatnonzero(same & (passed > S))
        self._pauses.append(np.stack([found[0, far], found[1, far + 1], passed[far], np.maximum(ticks[far], 0)]))
        self._last = found[:, np.append(last, True)]

    def leaps(self, least: int) -> dict[int, list[int]]:
        """By connection, the packets behind a pause of which its timestamps say that it was none.

        It was ``least`` ns shorter, and not half as long.
        """
        found: dict[int, list[int]] = {}
        for key, packet, passed, ticks in (row for part in self._pauses for row in part.T.tolist()):
            span, count = self._ticks.get(key, (0, 0))
            tick = min(span / count, S) if count >= TICKS else TICK_NS
            if ticks * tick < min(passed - least, passed / 2):
                for tcp in self._flow_of[key >> 1]:
                    if tcp.first_packet < packet <= tcp.last_packet:
                        found.setdefault(tcp.number, []).append(packet)
        return found
