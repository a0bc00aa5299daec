"""A table on the screen: the lines of a ``Listing`` under headings, with a cursor on one cell.

Promises that only lines on the screen are made, so that a key costs the same with ten rows and with a million.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from .faces import Shown
from .lines import Lines
from .pieces import Piece, fitted
from .rows import Listing

_LEAST, _MOST, _MOST_ROOMY, _MOST_WIDE = 3, 26, 40, 400
_ROOMY = 120  # cells in which a column that is not wide may take more
_SAMPLE, _LAST = 60, 10
_LEAST_NAME = 12  # cells of a name from which others still take some
_LEAST_WIDE = 32  # cells of a long text for which others make room


class Grid(Lines):
    """The lines of a listing. The cursor's cell is ``cursor`` and ``column``; ``marked`` are rows of the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "column(-1)", "Column left", show=False),
        Binding("right,l", "column(1)", "Column right", show=False),
        Binding("space", "mark", "Mark", show=False),
    ]
    column = reactive(0)

    class Marked(Message):
        """Rows of the table were marked, or are no longer."""

        def __init__(self, rows: set[int], marked: bool) -> None:
            super().__init__()
            self.rows, self.marked = rows, marked

    class HeadClicked(Message):
        """A heading was clicked; its column has the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.listing: Listing | None = None
        self.marked: set[int] = set()
        self._shown: list[Shown] = []
        self._widths: list[int] = []
        self._all = False  # no column makes room for others
        self._places: list[int] = []  # of the shown columns among those of the listing

    def present(self, listing: Listing, cursor: int | None = None) -> None:
        """Show a listing, or what became of it; the cursor stays where it is unless it is told where to go."""
        self.listing = listing
        self._measure()
        self.column = min(self.column, len(self._shown) - 1)
        self.show(len(listing), self._pieces, sum(self._widths) + 2 * len(self._widths),
                  self.cursor if cursor is None else cursor)  # fmt: skip

    def _measure(self) -> None:
        """Widths by the lines on the screen and the last ones, whose numbers are the longest; what is left goes to the
        columns that can use it. Columns that nobody asked for make room for the others where there is little.
        """
        listing = self.listing
        assert listing is not None
        arrow = listing.sorted_by[0] if listing.sorted_by else None
        sample = max(_SAMPLE, self.room)
        low = max(min(self.top, len(listing) - sample), 0)
        near = range(low, min(low + sample, len(listing)))
        lines = [listing.cells(line) for line in (*near, *range(max(near.stop, len(listing) - _LAST), len(listing)))]
        room = max(self.scrollable_content_region.width - 2, 20)
        most = _MOST if room < _ROOMY else _MOST_ROOMY
        widths = []
        for at, one in enumerate(listing.columns):
            needed = max((cell_len(cells[at].text) for cells in lines), default=0)
            needed = max(needed, cell_len(one.title) + 2 * (one.name == arrow), _LEAST)
            widths.append(min(needed, _MOST_WIDE if one.wide else most))
        kept = set(range(len(widths)))
        for name in () if self._all else listing.expendable:
            least = [min(widths[at], _LEAST_WIDE) if listing.columns[at].wide else widths[at] for at in kept]
            if sum(least) + 2 * len(kept) <= room:
                break
            kept -= {at for at, one in enumerate(listing.columns) if one.name == name and name != arrow}
        self._places = sorted(kept)
        self._shown = [listing.columns[at] for at in self._places]
        self._widths = [widths[at] for at in self._places]
        wide = [at for at, one in enumerate(self._shown) if one.wide]
        rest = room - 2 * len(kept) - sum(width for at, width in enumerate(self._widths) if at not in wide)
        for left, at in zip(range(len(wide), 0, -1), sorted(wide, key=lambda at: self._widths[at]), strict=True):
            self._widths[at] = min(self._widths[at], max(max(rest, 20) // left, 12))
            rest -= self._widths[at]
        if not self._all:
            self._tighten(sum(self._widths) + 2 * len(kept) - room)
        self.head = self._heading()

    def _tighten(self, over: int) -> None:
        """Take so many cells from the longest names, if any: none shall push a number off the screen."""
        texts = [at for at, one in enumerate(self._shown) if not (one.right or one.wide)]
        for at in sorted(texts, key=lambda at: -self._widths[at]):
            spare = self._widths[at] - max(_LEAST_NAME, cell_len(self._shown[at].title) + 2)
            cut = max(min(over, spare), 0)
            self._widths[at] -= cut
            over -= cut

    def _heading(self) -> list[Piece]:
        sorted_by = self.listing.sorted_by if self.listing else None
        pieces: list[Piece] = [("  ", "")]
        for at, (column, width) in enumerate(zip(self._shown, self._widths, strict=True)):
            arrow = "" if sorted_by is None or sorted_by[0] != column.name else " ▾" if sorted_by[1] else " ▴"
            pieces.append((fitted(column.title + arrow, width, column.right), "selected" if at == self.column else ""))
            pieces.append(("  ", ""))
        return pieces

    def _pieces(self, line: int) -> list[Piece]:
        listing = self.listing
        assert listing is not None
        row = int(listing.lines[line])
        sign = "●" if row in self.marked else "▸" if listing.loop_at(line) is not None else " "
        pieces: list[Piece] = [(f"{sign} ", "marked")]
        made = listing.cells(line)
        cells = [made[at] for at in self._places]
        for at, (cell, column, width) in enumerate(zip(cells, self._shown, self._widths, strict=True)):
            meaning = "selected" if line == self.cursor and at == self.column else cell.meaning
            pieces += [(fitted(cell.text, width, column.right), meaning), ("  ", "")]
        return pieces

    def on_resize(self) -> None:
        """Another width: columns are measured anew."""
        if self.listing is not None:
            self.present(self.listing)
        super().on_resize()

    def watch_column(self) -> None:
        """The heading shows the column, and it is on the screen."""
        if self.listing is None:
            return
        self.head = self._heading()
        left = 2 + sum(self._widths[: self.column]) + 2 * self.column
        right = left + self._widths[self.column] if self._widths else left
        x, width = round(self.scroll_offset.x), self.scrollable_content_region.width
        if left - 2 < x:
            self.scroll_to(x=left - 2, animate=False, immediate=True)
        elif right > x + width:
            self.scroll_to(x=right - width, animate=False, immediate=True)
        self.refresh()

    @property
    def column_name(self) -> str | None:
        """The name of the column under the cursor."""
        return self._shown[self.column].name if self._shown else None

    @property
    def row(self) -> int | None:
        """The row of the table under the cursor; of a folded loop its first; None where there is none."""
        if self.listing is None or not len(self.listing):
            return None
        return int(self.listing.lines[self.cursor])

    def action_column(self, by: int) -> None:
        """Move the cursor to another column; beyond the last one are those that made room for the others."""
        if (
            self.listing is not None
            and self._all != (by > 0)
            and self.column == (len(self._shown) - 1 if by > 0 else 0)
        ):
            self._all, name = by > 0, self.column_name
            self.present(self.listing)
            self.column = next((at for at, one in enumerate(self._shown) if one.name == name), 0)
        self.column = max(min(self.column + by, len(self._shown) - 1), 0)

    def action_mark(self) -> None:
        """Mark or unmark what the line stands for, and go on to the next one."""
        if self.listing is None or not len(self.listing):
            return
        rows = set(self.listing.rows_at(self.cursor).tolist())
        marked = not rows <= self.marked
        self.marked = self.marked | rows if marked else self.marked - rows
        self.post_message(self.Marked(rows, marked))
        self.cursor += 1
        self.refresh()

    def head_clicked(self, x: int) -> None:
        """The column whose heading was clicked gets the cursor, and whoever has the rows is told."""
        if (column := self._column_at(x)) is not None:
            self.column = column
            self.post_message(self.HeadClicked())

    def clicked_at(self, x: int) -> None:
        """The column that was clicked gets the cursor."""
        if (column := self._column_at(x)) is not None:
            self.column = column

    def _column_at(self, x: int) -> int | None:
        """The column at a letter of a line; None for none."""
        ends = np.cumsum([2, *(width + 2 for width in self._widths)])
        at = int(np.searchsorted(ends, x, "right")) - 1
        return at if 0 <= at < len(self._widths) else None
