"""The checksum of IP, TCP, UDP and ICMP (RFC 1071)."""

from __future__ import annotations

import numpy as np

_LONG = 128  # bytes from which on an array is quicker
_FIRST_BYTES = np.array([(1 << 8 * count) - 1 for count in range(9)], np.uint64)  # of a word, as a mask
_HALF = np.uint64(0xFFFFFFFF)
_NARROWEST, _WIDEST = 16, 512  # bytes of stretches that are summed side by side


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


def sums_of(data: np.ndarray, begin: np.ndarray, size: np.ndarray, more: np.ndarray) -> np.ndarray:
    """``sum_of`` many stretches of the same bytes (uint8), as int64."""
    total = np.zeros(len(begin), np.int64)
    width = _NARROWEST
    low = 0
    left = np.ones(len(begin), bool)
    while width <= min(_WIDEST, len(data)):  # as wide as they are, nearly, whatever lies behind
        fits = np.flatnonzero((size > low) & (size <= width) & (begin + width <= len(data)))
        windows = np.ndarray((len(data) - width + 1,), f"V{width}", data, strides=(1,))
        total[fits] = _sums(windows[begin[fits]].view("<u8").reshape(-1, width // 8), size[fits])
        left[fits] = False
        low, width = width, 2 * width
    view = data.data
    for row in np.flatnonzero(left & (size > 0)).tolist():
        total[row] = sum_of(view[int(begin[row]) : int(begin[row] + size[row])])
    return folded(total + more)


def _sums(words: np.ndarray, size: np.ndarray) -> np.ndarray:
    """The sums of the first ``size`` bytes of lines of 64-bit words, one column after the other: lines are short."""
    total = np.zeros(len(words), np.uint64)
    for column in range(words.shape[1]):
        word = words[:, column] & _FIRST_BYTES[np.clip(size - 8 * column, 0, 8)]
        total += (word & _HALF) + (word >> np.uint64(32))
    little = folded(total.astype(np.int64))
    return little << 8 & 0xFF00 | little >> 8


def folded(total: np.ndarray) -> np.ndarray:
    """Plain sums of 16-bit words as sums in ones' complement: from 1 to 0xFFFF, or 0."""
    return np.where(total > 0, (total - 1) % 0xFFFF + 1, 0)
