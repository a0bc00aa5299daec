"""The headers of plain packets, many at once: TCP over IPv4 over Ethernet, whole, with the usual options.

Promises what ``Packets`` does with such a packet alone. Refuses to sum a packet that carries nothing: its checksums
follow from its headers, which are at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from ..capture import PacketBatch
from ..capture.batch import header_rows, layout
from ..capture.inet import TCP
from ..capture.link import ETHERNET, IPV4
from ..grouped import distinct
from .pseudonyms import Pseudonyms
from .sums import folded, sums_of

_HEAD = layout(
    54, to_high=(0, ">u2"), to_low=(2, ">u4"), from_high=(6, ">u2"), from_low=(8, ">u4"), type=(12, ">u2"),
    version=(14, "u1"), total=(16, ">u2"), fragment=(20, ">u2"), protocol=(23, "u1"), sum=(24, ">u2"),
    source=(26, ">u4"), destination=(30, ">u4"), offset=(46, "u1"), tcp_sum=(50, ">u2"),
    **{f"word{at}": (at, ">u4") for at in range(14, 54, 4)},
)  # fmt: skip
_OPTIONS = layout(12, word0=(0, ">u4"), word4=(4, ">u4"), word8=(8, ">u4"))
_TIMESTAMPS = 0x0101080A  # NOP, NOP, timestamps: the options of nearly every segment
_IP_BYTES, _TCP_BYTES = 20, 20
_ENDS = ("source", "destination")


class Plain(NamedTuple):
    """The plain packets of a batch: which they are (bool per packet), where they begin, their headers and options."""

    mask: np.ndarray
    start: np.ndarray
    head: np.ndarray
    options: np.ndarray


class Sums(NamedTuple):
    """The TCP checksums of plain packets, to be made when all bytes are in place (int64)."""

    at: np.ndarray
    begin: np.ndarray  # where the payload begins
    size: np.ndarray  # of the payload
    header: np.ndarray  # sum of TCP's header
    pseudo: np.ndarray  # sum of the pseudo-header before, and after
    new_pseudo: np.ndarray
    old: np.ndarray  # what stood there


class Addresses:
    """Stand-ins of the addresses of many packets, found again without asking for each."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._macs = _Known(6, lambda value: pseudonyms.mac(value.to_bytes(6, "big")))
        self._ips = _Known(4, lambda value: pseudonyms.ipv4(value).to_bytes(4, "big"))

    def write(self, out: np.ndarray, plain: Plain) -> Sums:
        """Put other addresses in the places of those of plain packets, and go on with the checksums of IP."""
        start, head = plain.start, plain.head
        for place, end in ((0, "to"), (6, "from")):
            value = head[f"{end}_high"].astype(np.uint64) << np.uint64(32) | head[f"{end}_low"]
            _put(out, start + place, self._macs.of(value))
        size = head["total"].astype(np.int64) - _IP_BYTES
        was = now = TCP + size
        for place, name in zip((26, 30), _ENDS, strict=True):
            new = self._ips.of(head[name].astype(np.uint64))
            _put(out, start + place, new)
            was, now = was + _halves(head[name]), now + _halves(new.view(">u4"))
        old, whole = head["sum"].astype(np.int64), _words(head, range(14, 34, 4))
        right = folded(whole + (old ^ 0xFFFF) + (folded(was) ^ 0xFFFF) + now) ^ 0xFFFF
        new = np.where(old == 0, 0, np.where(folded(whole) == 0xFFFF, right, right ^ 1))
        _put(out, start + 24, new.astype(">u2"))
        length, header = 4 * (head["offset"] >> 4).astype(np.int64), _words(head, range(34, 54, 4))
        header += np.where(length > _TCP_BYTES, _words(plain.options, (0, 4, 8)), 0)
        return Sums(start + 50, start + 34 + length, size - length, header, was, now, head["tcp_sum"].astype(np.int64))


class _Known:
    """Addresses of as many bytes as ``width`` in order, and what stands for each."""

    def __init__(self, width: int, new: Callable[[int], bytes]) -> None:
        self._form, self._ask = f"V{width}", new
        self._old, self._new = np.empty(0, np.uint64), np.empty(0, self._form)

    def of(self, values: np.ndarray) -> np.ndarray:
        """What stands for each of these addresses (uint64), as bytes."""
        at = self._places(values)
        fresh = distinct(values[self._old[at] != values] if len(self._old) else values)
        if len(fresh):
            told = np.frombuffer(b"".join(self._ask(one) for one in fresh.tolist()), self._form)
            old = np.append(self._old, fresh)
            order = np.argsort(old)
            self._old, self._new = old[order], np.append(self._new, told)[order]
            at = self._places(values)
        return self._new[at]

    def _places(self, values: np.ndarray) -> np.ndarray:
        return np.minimum(self._old.searchsorted(values), max(len(self._old) - 1, 0))


def plain_packets(batch: PacketBatch, start: np.ndarray, stop: np.ndarray) -> Plain:
    """The plain packets of a batch."""
    data = batch.data
    head = header_rows(data, start, stop, _HEAD)
    size = (head["offset"] >> 4).astype(np.int64)
    options = header_rows(data, start + 54, stop, _OPTIONS)
    total = head["total"].astype(np.int64)
    found = (batch.link == ETHERNET) & (stop - start >= 54) & (head["type"] == IPV4) & (head["version"] == 0x45)
    found &= (head["protocol"] == TCP) & (head["fragment"] & 0x3FFF == 0) & (batch.captured == batch.original)
    found &= (total + 14 == batch.captured) & (total >= _IP_BYTES + 4 * size)
    found &= (size == 5) | ((size == 8) & (options["word0"] == _TIMESTAMPS))
    if found.all():
        return Plain(found, start, head, options)
    return Plain(found, start[found], head[found], options[found])


def put_sums(out: np.ndarray, old: np.ndarray, sums: Sums) -> None:
    """Checksums of TCP that are right if they were, wrong if they were, and none if there was none."""
    was, now = sums.header + sums.pseudo, sums.header + (sums.old ^ 0xFFFF) + sums.new_pseudo
    rows = np.flatnonzero(sums.size)
    begin, size, none = sums.begin[rows], sums.size[rows], np.zeros(len(rows), np.int64)
    was[rows] += sums_of(old, begin, size, none)
    now[rows] += sums_of(out, begin, size, none)
    right = folded(now) ^ 0xFFFF
    partial = sums.old == folded(sums.pseudo)  # of a segment that the network card was to finish
    unfinished = np.where(partial, folded(sums.new_pseudo), right ^ 1)
    new = np.where(folded(was) == 0xFFFF, right, unfinished)
    _put(out, sums.at, np.where(sums.old == 0, 0, new).astype(">u2"))


def _words(rows: np.ndarray, places: Iterable[int]) -> np.ndarray:
    """The sum of words of 32 bits, which is that of their halves modulo 0xFFFF."""
    return np.asarray(sum(rows[f"word{place}"].astype(np.int64) for place in places))


def _halves(address: np.ndarray) -> np.ndarray:
    value = address.astype(np.int64)
    return (value >> 16) + (value & 0xFFFF)


def _put(out: np.ndarray, at: np.ndarray, values: np.ndarray) -> None:
    """Put as many bytes as a value has in each place, whatever its alignment."""
    np.ndarray((len(out) - values.itemsize + 1,), values.dtype, out, strides=(1,))[at] = values
