"""A cursor over the bytes of a dataset.

Never reads beyond its end and never raises: what is not there is None, and everything behind it stays None too, so a
lying length costs the rest of a dataset but nothing else.
"""

from __future__ import annotations

from typing import Literal


class Reader:
    """Reads values (ISO 15740 5.2.1: little-endian) from ``data`` one behind the other, from ``start`` up to ``end``.

    ``at`` is the next byte.
    """

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self.data = data
        self.end = len(data) if end is None else min(end, len(data))
        self.at = min(start, self.end)
        self.failed = False

    @property
    def left(self) -> int:
        """Bytes between here and the end."""
        return self.end - self.at

    def raw(self, size: int) -> bytes | None:
        """The next ``size`` bytes as they are."""
        if self.failed or not 0 <= size <= self.left:
            self.failed = True
            return None
        taken = self.data[self.at : self.at + size]
        self.at += size
        return taken

    def unsigned(self, size: int, order: Literal["little", "big"] = "little") -> int | None:
        """An unsigned integer of ``size`` bytes."""
        taken = self.raw(size)
        return None if taken is None else int.from_bytes(taken, order)

    def signed(self, size: int, order: Literal["little", "big"] = "little") -> int | None:
        """A two's complement integer of ``size`` bytes."""
        taken = self.raw(size)
        return None if taken is None else int.from_bytes(taken, order, signed=True)

    def units(self) -> str | None:
        """All UTF-16 units that a PTP string (5.3.6) counts, NULs and what stands behind them included.

        A lone surrogate becomes U+FFFD.
        """
        count = self.unsigned(1)
        taken = None if count is None else self.raw(2 * count)
        return None if taken is None else taken.decode("utf-16-le", "replace")

    def string(self) -> str | None:
        """A PTP string (5.3.6): a count of UTF-16 units with the final NUL, then the units; "" for a count of 0.

        Ends at the first NUL, wherever it stands; a lone surrogate becomes U+FFFD.
        """
        units = self.units()
        return None if units is None else units.split("\0", 1)[0]

    def array(self, size: int) -> list[int] | None:
        """An array (5.3.3) of unsigned integers of ``size`` bytes, counted by 32 bits."""
        count = self.unsigned(4)
        taken = None if count is None else self.raw(count * size)
        if taken is None:
            return None
        return [int.from_bytes(taken[place : place + size], "little") for place in range(0, len(taken), size)]
