"""A cursor over the bytes of a dataset.

Never reads beyond the end and never raises: what is not there is None, and everything behind it stays None too, so a
lying length costs the rest of a dataset but nothing else.
"""

from __future__ import annotations


class Reader:
    """Reads little-endian values (ISO 15740 5.2.1) from ``data`` one behind the other; ``at`` is the next byte."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0
        self.failed = False

    def _take(self, size: int) -> bytes | None:
        if self.failed or size > len(self._data) - self.at:
            self.failed = True
            return None
        taken = self._data[self.at : self.at + size]
        self.at += size
        return taken

    def unsigned(self, size: int) -> int | None:
        """An unsigned integer of ``size`` bytes."""
        taken = self._take(size)
        return None if taken is None else int.from_bytes(taken, "little")

    def string(self) -> str | None:
        """A PTP string (5.3.6): a count of UTF-16 units with the final NUL, then the units; "" for a count of 0.

        Ends at the first NUL, wherever it stands; a lone surrogate becomes U+FFFD.
        """
        count = self.unsigned(1)
        units = None if count is None else self._take(2 * count)
        return None if units is None else units.decode("utf-16-le", "replace").split("\0", 1)[0]

    def array(self, size: int) -> list[int] | None:
        """An array (5.3.3) of unsigned integers of ``size`` bytes, counted by 32 bits."""
        count = self.unsigned(4)
        taken = None if count is None else self._take(count * size)
        if taken is None:
            return None
        return [int.from_bytes(taken[place : place + size], "little") for place in range(0, len(taken), size)]
