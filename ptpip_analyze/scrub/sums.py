"""Checksums of IP, TCP, UDP and ICMP (RFC 1071), of many packets at once. Promises the sum over any range of bytes;
refuses to say what a sum ought to be.
"""

from __future__ import annotations

import numpy as np

PADDING = 4
"""Bytes that ``range_sums`` needs behind the last one that counts."""


def folded(total: np.ndarray) -> np.ndarray:
    """Sums of 16-bit words (uint64) as ones' complement sums of 16 bits."""
    for _ in range(3):
        total = (total & np.uint64(0xFFFF)) + (total >> np.uint64(16))
    return total


def range_sums(data: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The ones' complement sum (uint64, at most 0xFFFF, big-endian) of the bytes between each begin and end.

    ``data`` is uint8, with PADDING bytes behind the last that counts; ``begin`` climbs, and ranges don't overlap.
    """
    total = np.zeros(len(begin), np.uint64)
    for parity in (0, 1):
        rows = np.flatnonzero((begin & 1 == parity) & (end - begin >= 2))
        if not len(rows):
            continue
        words = data[parity : parity + (len(data) - parity) // 2 * 2].view("<u2")
        low = (begin[rows] - parity) >> 1
        places = np.stack([low, low + (end[rows] - begin[rows] >> 1)], axis=1).ravel()
        total[rows] = np.add.reduceat(words, places, dtype=np.uint64)[::2]
    odd = np.flatnonzero((end - begin) & 1 & (end > begin))
    total[odd] += data[end[odd] - 1]
    total = folded(total)
    return (total >> np.uint64(8)) | ((total & np.uint64(0xFF)) << np.uint64(8))


def sum_of(data: bytes) -> int:
    """The ones' complement sum of some bytes, at most 0xFFFF."""
    whole = data + b"\0" if len(data) & 1 else data
    total = int(np.frombuffer(whole, ">u2").sum(dtype=np.uint64))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
