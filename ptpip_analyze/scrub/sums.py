"""The checksum of IP, TCP, UDP and ICMP (RFC 1071)."""

from __future__ import annotations

import numpy as np

_LONG = 128  # bytes from which on an array is quicker


def sum_of(data: bytes | memoryview, more: int = 0) -> int:
    """The ones' complement sum of 16-bit words, big-endian, from 1 to 0xFFFF; 0 where all of them are 0.

    ``more`` is added to it. Words of any number of bits that 16 divides have the same sum modulo 0xFFFF, and with their
    bytes in the other order the sum has them so, too (RFC 1071 2).
    """
    if len(data) < _LONG:
        total = (int.from_bytes(data, "big") << 8 * (len(data) & 1)) + more
        return (total - 1) % 0xFFFF + 1 if total else 0
    words = len(data) & ~3
    total = int(np.add.reduce(np.frombuffer(data[:words], "<u4"), dtype=np.uint64))
    total += int.from_bytes(data[words:], "little")
    if not total + more:
        return 0
    little = total % 0xFFFF
    return ((little << 8 & 0xFF00 | little >> 8) + more - 1) % 0xFFFF + 1
