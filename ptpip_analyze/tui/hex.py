"""Bytes in rows of 16, a range of them selected, the cursor on a byte.

Promises that no more is read than is on the screen, and that a byte that the capture lacks shows as none.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from ptpip_analyze.capture import CaptureError

from .lines import Lines
from .parts import Bytes
from .pieces import Piece

ROW: Final = 16


class Hex(Lines):
    """Bytes. ``byte`` is where the cursor is; ``ByteMoved`` when it is elsewhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "byte(-1)", "Byte left", show=False),
        Binding("right,l", "byte(1)", "Byte right", show=False),
    ]
    byte = reactive(0, repaint=False)

    class ByteMoved(Lines.Moved):
        """The cursor is on another byte; ``line`` is its number."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._bytes = Bytes([], lambda position, length: b"")
        self._range = (0, 0)

    def hold(self, held: Bytes, start: int, end: int) -> None:
        """Show bytes with a range of them selected, and scrolled to."""
        self._bytes, self._range = held, (start, end)
        self.set_reactive(Hex.byte, start)
        self.show((held.size + ROW - 1) // ROW, self._pieces, 78, start // ROW)

    def validate_byte(self, byte: int) -> int:
        """A byte that there is."""
        return max(min(byte, self._bytes.size - 1), 0)

    def action_byte(self, by: int) -> None:
        """Go to another byte."""
        self._go(self.byte + by)

    def action_move(self, by: int) -> None:
        """Go to another row."""
        self._go(self.byte + by * ROW)

    def action_page(self, by: int) -> None:
        """Go on by a screen."""
        self._go(self.byte + by * self.room * ROW)

    def action_to_line(self, line: int) -> None:
        """To the first byte, or the last one."""
        self._go(0 if line == 0 else self._bytes.size - 1)

    def clicked_at(self, x: int) -> None:
        """The byte that was clicked."""
        at = x - 10
        column = (at - (at >= 25)) // 3 if at < 50 else x - 60
        self._go(self.cursor * ROW + max(min(column, ROW - 1), 0))

    def _go(self, byte: int) -> None:
        self.byte = byte
        self.cursor = self.byte // ROW
        self.refresh()
        self.post_message(self.ByteMoved(self, self.byte))

    def select(self, start: int, end: int) -> None:
        """Select a range where the cursor is; nothing is scrolled."""
        self._range = (start, end)
        self.refresh()

    def _pieces(self, line: int) -> list[Piece]:
        start = line * ROW
        try:
            found = self._bytes.range(start, ROW)
        except (CaptureError, OSError, ValueError):
            found = [None] * ROW
        low, high = self._range
        digits: list[Piece] = [(f"{start:08x}  ", "quiet")]
        letters: list[Piece] = []
        for at in range(ROW):
            byte = found[at] if at < len(found) else None
            place = start + at
            meaning = "cursor" if place == self.byte and self.has_focus else "selected" if low <= place < high else ""
            if at >= len(found):
                text, letter, meaning = "  ", " ", ""
            elif byte is None:
                text, letter, meaning = "··", "·", meaning or "warning"
            else:
                text, letter = f"{byte:02x}", chr(byte) if 0x20 <= byte < 0x7F else "."
                meaning = meaning or ("quiet" if byte == 0 else "")
            joint = meaning if meaning == "selected" and place + 1 < high and at < ROW - 1 else ""
            digits += [(text, meaning), ("  " if at == ROW // 2 - 1 else " ", joint)]
            letters.append((letter, meaning))
        return [*digits, (" ", ""), *letters]
