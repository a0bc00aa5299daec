"""Packets without what is personal: addresses replaced in every header, payload of PTP-IP out of its scrubbed streams,
and zeros for all else.

Promises the same lengths, flags, numbers and times, and checksums that are right where they were right, and wrong where
they were wrong. Refuses to let pass what it does not know: an unknown protocol keeps its number and nothing more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..capture import PacketBatch
from ..capture.inet import TCP
from ..capture.link import ETHERNET, IPV4, IPV6, network_layer
from ..headers import HeaderReader, Headers
from ..result import Result
from ..tcp import Flows, SegmentBatch
from ..tcp.connection import SYN, signed32
from .datagrams import arp, icmp6, scrubbed_datagram
from .many import Many, each_stream
from .plain import Addresses, plain_packets, put_sums
from .pseudonyms import Pseudonyms
from .streams import Streams
from .sums import sum_of

ARP, UDP, ICMP, ICMP6 = 0x0806, 17, 1, 58
_COOKED, _COOKED_2 = 113, 276
_WIFI = frozenset({105, 127, 192})
_NULLS = frozenset({0, 108})
_RAW = frozenset({12, 14, 101, 228, 229})
# TCP options that say nothing of anybody: end, NOP, largest segment, window scale, SACK permitted, SACK, timestamps.
# By kind, how long they may be.
_PLAIN_OPTIONS = {1: {1}, 2: {4}, 3: {3}, 4: {2}, 5: {10, 18, 26, 34}, 8: {10}}
_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})  # of IPv6, whose content is left out; 44 is a fragment's
_FRAGMENT = 44
_MOST_EXTENSIONS = 32
_HALF, _FAR = 1 << 31, 1 << 30  # of the sequence numbers; a step that is no longer the stream's own


class _Sum(NamedTuple):
    """A checksum to be made when all bytes are in place."""

    at: int  # in the batch
    begin: int
    end: int
    pseudo: int  # sum of the pseudo-header before, and after
    new_pseudo: int
    old: int  # what stood there
    known: bool  # the capture holds all that it is about
    none: int = 0  # what stands for a sum of 0: in UDP, where 0 means that there is none, all ones


class Packets:
    """Scrubs the packets of one result, batch by batch, in the order of the capture."""

    def __init__(self, result: Result, pseudonyms: Pseudonyms) -> None:
        self._result, self._pseudonyms = result, pseudonyms
        self._streams = Streams(result, pseudonyms)
        self._many = Many(result, self._streams.phases, pseudonyms)
        self._addresses = Addresses(pseudonyms)
        self._reader = HeaderReader()
        self._flows = Flows()
        self._last: dict[int, int] = {}  # by stream, the latest offset

    def scrub(self, batch: PacketBatch) -> np.ndarray:
        """The bytes of the next batch (uint8), scrubbed in the places of packets; what lies between is as it was."""
        old, out = batch.data, batch.data.copy()
        if not len(batch.position):
            return out
        start, stop = batch.position - batch.base, batch.position - batch.base + batch.captured
        plain = plain_packets(batch, start, stop)
        with_care = np.flatnonzero(~plain.mask)
        types, network = network_layer(old, start[with_care], stop[with_care], batch.link[with_care])
        columns = start[with_care], stop[with_care], batch.original[with_care], batch.link[with_care], types, network
        sums: list[_Sum] = []
        view, before = out.data, old.data
        for low, high, size, link, kind, begin in zip(*(one.tolist() for one in columns), strict=True):
            sums += self._packet(view, before, low, high, low + size, link, kind, begin)
        of_plain = self._addresses.write(out, plain) if len(plain.start) else None
        self._payload(batch, self._reader.read(batch), out)
        for one in sums:
            _put_sum(view, before, one)
        if of_plain is not None:
            put_sums(out, old, of_plain)
        return out

    def _payload(self, batch: PacketBatch, headers: Headers, out: np.ndarray) -> None:
        """Put the scrubbed streams in the places of their segments."""
        row = headers.row
        if not len(row):
            return
        segments = SegmentBatch(
            headers.flow, headers.swapped, headers.sequence, headers.acknowledgment, headers.flags,
            headers.first + row, headers.time if headers.whole else headers.time[row],
        )  # fmt: skip
        stream, _, _ = self._flows.place(headers.fresh, segments)
        offset, at, carried = self._offsets(stream, headers), headers.position - batch.base, headers.carried
        there = np.flatnonzero((carried > 0) & (at >= 0) & (at + carried <= len(out)))
        stream, offset, at, carried = stream[there], offset[there], at[there], carried[there]
        left = np.flatnonzero(~self._many.write(batch, out, at, stream, offset, carried))
        view, columns = out.data, (stream[left], offset[left], at[left], carried[left])
        for number, start, place, size in zip(*(one.tolist() for one in columns), strict=True):
            view[place : place + size] = self._streams.read(number, start, size)

    def _offsets(self, stream: np.ndarray, headers: Headers) -> np.ndarray:
        """Where in its stream each segment begins (int64): sequence numbers of 32 bits, counted on from the last."""
        found = np.zeros(len(stream), np.int64)
        sequence = headers.sequence.astype(np.int64) + (headers.flags & SYN > 0)
        connections = self._result.connections
        for rows in each_stream(stream):
            number = int(stream[rows[0]])
            base = connections[number >> 1].streams[number & 1].base if number >> 1 < len(connections) else None
            place, last = sequence[rows] - (base or 0), self._last.get(number, 0)
            ahead = (np.diff(place, prepend=last) + _HALF & 2 * _HALF - 1) - _HALF
            if (np.abs(ahead) <= _FAR).all():
                place = last + np.cumsum(ahead)
                last = int(place[-1])
            else:  # a stray segment: those behind it are counted on from the one before it
                for at, one in enumerate(place.tolist()):
                    step = signed32(one - last)
                    place[at] = last + step
                    last += step if abs(step) <= _FAR else 0
            found[rows], self._last[number] = place, last
        return found

    def _packet(
        self, out: memoryview, old: memoryview, low: int, high: int, end: int, link: int, kind: int, network: int
    ) -> list[_Sum]:
        """Any packet, with care; what it returns is left to do when the payload is in its place."""
        network = min(max(network, low), high)
        known = kind in (IPV4, IPV6) or (kind == ARP and link not in _RAW)
        behind = self._link(out, old, low, high, link, network if known else high)
        if not known:
            _blank(out, behind, high)
            return []
        if kind == ARP:
            out[network:high] = arp(bytes(old[network:high]), self._pseudonyms)
            return []
        return (self._ipv4 if kind == IPV4 else self._ipv6)(out, old, network, high, end)

    def _link(self, out: memoryview, old: memoryview, low: int, high: int, link: int, network: int) -> int:
        """The link layer's header, up to ``network``; returns where that is, or where what may stay ends."""
        mac = self._pseudonyms.mac
        if link == ETHERNET and high - low >= 12:
            for at in (low, low + 6):
                out[at : at + 6] = mac(bytes(old[at : at + 6]))
            return network if network < high else min(low + 14, high)
        if link in (_COOKED, _COOKED_2) and high - low >= 16:
            size, at = (4, low + 6) if link == _COOKED else (11, low + 12)
            length = int.from_bytes(old[low + size : low + size + 2], "big") if link == _COOKED else old[low + size]
            room = min(at + 8, high)
            _blank(out, at, room)
            if length == 6 and room - at >= 6:
                out[at : at + 6] = mac(bytes(old[at : at + 6]))
            return network if network < high else min(low + (16 if link == _COOKED else 20), high)
        if link in _NULLS:
            return network if network < high else min(low + 4, high)
        if link in _RAW:
            return network if network < high else low
        if link in _WIFI:
            return self._wifi(out, old, low, high, link, network)
        return low

    def _wifi(self, out: memoryview, old: memoryview, low: int, high: int, link: int, network: int) -> int:
        """802.11: the radio's header without its measurements, addresses of data frames; nothing of other frames."""
        begin = low
        if link != 105 and high - low >= 8:
            size = int.from_bytes(old[low + 2 : low + 4], "little")
            begin = min(low + max(size, 8), high)
            if link == 127:
                words = 1
                while words < 32 and low + 4 + 4 * words <= begin and old[low + 7 + 4 * (words - 1)] & 0x80:
                    words += 1
                fields = low + 4 + 4 * words
                flags = fields + (-(4 + 4 * words) % 8 + 8 if old[low + 4] & 1 else 0)
                kept = old[flags] if old[low + 4] & 2 and flags < begin else None
                _blank(out, min(fields, begin), begin)
                if kept is not None:
                    out[flags] = kept
            else:
                _blank(out, min(low + 8, begin), begin)
        if begin + 4 >= high:
            return begin
        data = old[begin] & 0x0C == 0x08
        if not data or high - begin < 24:
            return min(begin + 2, high)
        four = old[begin + 1] & 3 == 3
        for at in (4, 10, 16, *((24,) if four and high - begin >= 30 else ())):
            out[begin + at : begin + at + 6] = self._pseudonyms.mac(bytes(old[begin + at : begin + at + 6]))
        return network if network < high else begin + (30 if four and high - begin >= 30 else 24)

    def _ipv4(self, out: memoryview, old: memoryview, at: int, high: int, end: int) -> list[_Sum]:
        """RFC 791; options are left out."""
        header = (old[at] & 0x0F) * 4
        if high - at < 20 or header < 20 or old[at] >> 4 != 4:
            _blank(out, at, high)
            return []
        for place in (at + 12, at + 16):
            address = int.from_bytes(old[place : place + 4], "big")
            out[place : place + 4] = self._pseudonyms.ipv4(address).to_bytes(4, "big")
        begin = min(at + header, high)
        _blank(out, at + 20, begin)
        total = int.from_bytes(old[at + 2 : at + 4], "big") or end - at
        end = min(at + total, end)
        known = at + header <= high
        sums = [_Sum(at + 10, at, begin, 0, 0, int.from_bytes(old[at + 10 : at + 12], "big"), known)]
        fragment = int.from_bytes(old[at + 6 : at + 8], "big")
        pseudo, new = bytes(old[at + 12 : at + 20]), bytes(out[at + 12 : at + 20])
        return sums + self._transport(
            out, old, old[at + 9], begin, high, max(end, begin), (pseudo, new), fragment & 0x1FFF, fragment & 0x2000 > 0
        )

    def _ipv6(self, out: memoryview, old: memoryview, at: int, high: int, end: int) -> list[_Sum]:
        """RFC 8200; the content of extension headers is left out, but for a fragment's place."""
        if high - at < 40 or old[at] >> 4 != 6:
            _blank(out, at, high)
            return []
        for place in (at + 8, at + 24):
            out[place : place + 16] = self._pseudonyms.ipv6(bytes(old[place : place + 16]))
        length = int.from_bytes(old[at + 4 : at + 6], "big")
        end = min(at + 40 + length, end) if length else end
        following, begin, place, more = old[at + 6], at + 40, 0, False
        for _ in range(_MOST_EXTENSIONS):
            if begin + 8 > min(high, end) or following not in _EXTENSIONS | {_FRAGMENT}:
                break
            if following == _FRAGMENT:
                field = int.from_bytes(old[begin + 2 : begin + 4], "big")
                place, more, size = field >> 3, bool(field & 1), 8
            else:
                size = (old[begin + 1] + 1) * 8
                _blank(out, begin + 2, min(begin + size, high))
            following, begin = old[begin], min(begin + size, high)
            if place:
                break
        pseudo, new = bytes(old[at + 8 : at + 40]), bytes(out[at + 8 : at + 40])
        return self._transport(out, old, following, begin, high, max(end, begin), (pseudo, new), place, more)

    def _transport(
        self, out: memoryview, old: memoryview, protocol: int, begin: int, high: int, end: int,
        ends: tuple[bytes, bytes], place: int, more: bool,
    ) -> list[_Sum]:  # fmt: skip
        """What IP carries. ``ends`` are the two addresses before and after."""
        captured = min(high, end)
        header, at = 0, 0
        if place == 0 and protocol == TCP and captured - begin >= 14:
            header, at = max((old[begin + 12] >> 4) * 4, 14), 16
            self._options(out, old, begin + 20, min(begin + header, captured))
        elif place == 0 and protocol == UDP:
            header, at = 8, 6
        elif place == 0 and protocol in (ICMP, ICMP6):
            header, at = 4, 2
        behind = min(begin + header, captured)
        _blank(out, behind, high)
        if protocol == UDP and header and captured - begin >= 8 and not more:
            ports = int.from_bytes(old[begin : begin + 2], "big"), int.from_bytes(old[begin + 2 : begin + 4], "big")
            told = scrubbed_datagram(ports, bytes(old[behind:captured]), end - behind, self._pseudonyms)
            out[behind : behind + len(told)] = told
        elif protocol == ICMP6 and header and not more:
            told = icmp6(bytes(old[begin:captured]), self._pseudonyms)
            out[begin + 4 : begin + 4 + len(told)] = told
        if not header or begin + at + 2 > captured:
            return []
        length = end - begin
        tail = b"" if protocol == ICMP else length.to_bytes(4, "big") + protocol.to_bytes(4, "big")
        before, after = (sum_of(one + tail) if tail else 0 for one in ends)
        stood = int.from_bytes(old[begin + at : begin + at + 2], "big")
        none = 0xFFFF if protocol == UDP else 0
        return [_Sum(begin + at, begin, end, before, after, stood, captured == end and not more, none)]

    def _options(self, out: memoryview, old: memoryview, at: int, end: int) -> None:
        """TCP options: those that say nothing of anybody; NOP for all others."""
        while at < end:
            kind = old[at]
            size = 1 if kind < 2 else old[at + 1] if at + 1 < end else 0
            if kind == 0 or size == 0 or at + size > end or (kind > 1 and size < 2):
                _blank(out, at, end)
                return
            if size not in _PLAIN_OPTIONS.get(kind, ()):
                out[at : at + size] = b"\1" * size
            at += size


def _put_sum(out: memoryview, old: memoryview, one: _Sum) -> None:
    """A checksum that is right if it was, wrong if it was, none if there was none, or it can't be known."""
    out[one.at : one.at + 2] = b"\0\0"
    if not one.known or one.old == 0:
        return
    was = sum_of(old[one.begin : one.end], one.pseudo)
    right = sum_of(out[one.begin : one.end], one.new_pseudo) ^ 0xFFFF
    if was != 0xFFFF:  # of a segment that the network card was to finish there is the sum of the addresses
        partial = one.pseudo and one.old == sum_of(b"", one.pseudo)
        right = sum_of(b"", one.new_pseudo) if partial else right ^ 1
    out[one.at : one.at + 2] = (right or one.none).to_bytes(2, "big")


def _blank(out: memoryview, low: int, high: int) -> None:
    if low < high:
        out[low:high] = bytes(high - low)
