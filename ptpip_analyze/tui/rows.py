"""What a list shows: how many lines there are, the cells of line n, and which rows of its table line n stands for.

Promises that filter, order and folding only choose among the rows of the table. What a cell says is made in ``cells``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.tables.calls import Beginning
from ptpip_analyze.tables.cells import READABLE
from ptpip_analyze.tables.schema import columns as all_columns
from ptpip_analyze.tables.schema import on_demand

from .cells import Cell, Cells, Comment, Settings
from .faces import DERIVED, EXPENDABLE, FACE, MEANT, SOURCES, TIMES, TITLES, WIDE, Shown
from .loops import Loops, loops_of, no_loops

LEVELS: Final = ("must", "should", "may", "info")
VERDICTS: Final = ("violation", "known-vendor-deviation", "inconclusive", "pass")
_CACHED: Final = 2000  # lines whose cells are kept


class Listing:
    """One table as lines. ``table`` is its name, ``rows`` the table, ``begins`` the time that ``at`` counts from (ns).

    ``vendors`` are those of the sessions and ``beginning`` reads payloads, for calls; ``settings`` says what a
    transaction sets. Lines are numbered from 0.
    """

    def __init__(
        self,
        table: str,
        rows: pa.Table,
        begins: int | None = None,
        vendors: Sequence[str | None] = (),
        beginning: Beginning = lambda transaction, most: b"",
        settings: Settings = lambda transaction: (),
    ) -> None:
        self.table, self.rows = table, rows
        self._cells, self._sessions = Cells(table, rows, begins, vendors, beginning, settings), len(vendors)
        self.chosen: tuple[str, ...] = self._usual_columns
        self.sorted_by: tuple[str, bool] | None = None
        self.mask: np.ndarray | None = None
        self.folded = table == "transactions"
        self.without_loops = False
        self.unfolded: set[int] = set()
        self._cache: dict[int, list[Cell]] = {}
        self._shown: tuple[tuple[str, ...], bool, list[Shown]] | None = None
        self._arrange()

    # Columns

    @property
    def _usual_columns(self) -> tuple[str, ...]:
        return FACE.get(self.table) or READABLE[self.table]

    @cached_property
    def available(self) -> tuple[str, ...]:
        """Names of all columns that can be chosen."""
        derived = DERIVED.get(self.table, ("at",))
        there = derived if self._cells.times is not None else derived[2:]
        return (*there, *self.rows.column_names)

    @property
    def meanings(self) -> dict[str, str]:
        """What each column means, in a sentence."""
        return {column.name: column.sentence for column in all_columns(self.table)} | MEANT

    @property
    def columns(self) -> list[Shown]:
        """The columns that are shown: without those that this table can't have yet, or that would be empty."""
        noted = self.comment is not None
        if self._shown is None or self._shown[:2] != (self.chosen, noted):
            there = [
                Shown(name, TITLES.get(name, name.removesuffix("_s")), self._cells.is_number(name), name in WIDE)
                for name in self.chosen
                if (name in self.available and not self._says_nothing(name)) or (name == "note" and noted)
            ]
            self._shown = (self.chosen, noted, there)
        return self._shown[2]

    def _says_nothing(self, name: str) -> bool:
        """Is this a column that makes room for others, and has no value in any row, or only that of the one session?"""
        if name not in self.expendable or name not in self.rows.column_names or not self.rows.num_rows:
            return False
        return self._sessions == 1 if name == "session" else _is_empty(self.rows[name])

    @property
    def expendable(self) -> tuple[str, ...]:
        """Columns that make room for others, the first one first; none where the user chose the columns."""
        return EXPENDABLE.get(self.table, ()) if self.chosen == self._usual_columns else ()

    @property
    def comment(self) -> Comment | None:
        """What a person noted, by capture and first frame; None where there is nothing: then there is no column."""
        return self._cells.comment

    @comment.setter
    def comment(self, comment: Comment | None) -> None:
        self._cells.comment = comment
        self._cache.clear()

    def rows_of_frames(self, capture: str, frames: Collection[int]) -> list[int]:
        """The rows of a capture that begin in one of some frames."""
        first = np.flatnonzero(np.isin(self._cells.integers("first_frame"), list(frames)))
        return [row for row in first.tolist() if self.value("capture", row) == capture]

    def choose(self, names: Sequence[str]) -> None:
        """Show these columns, in this order. ValueError for one that there is not, or for none."""
        unknown = [name for name in names if name not in self.available and name not in on_demand(self.table)]
        if unknown or not names:
            raise ValueError(f"no such column: {unknown[0]}" if unknown else "no column is named")
        self.chosen = (*dict.fromkeys(names), *(("note",) if "note" in self.chosen and "note" not in names else ()))
        self._cache.clear()

    # Lines

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def chosen_rows(self) -> np.ndarray:
        """The rows that the filter leaves, in the order of the list, folded or not (int64)."""
        return self._order

    def _arrange(self) -> None:
        """Lay out order and lines anew."""
        self._cache.clear()
        order = self._usual if self.sorted_by is None else self._sorted(*self.sorted_by)
        if self.mask is not None:
            order = order[self.mask[order]]
        if self.without_loops and len(self.loops.period):
            order = order[~self.loops.fine[order]]
        self._order = order
        self.lines = order
        if not self.folded or not self.loops.period:
            return
        loop = self.loops.of_row[order]
        if self.unfolded:
            loop[np.isin(loop, list(self.unfolded))] = -1
        kept = (loop < 0) | _first(loop, len(self.loops.period))
        self.lines = order[kept]
        self._loop_of_line = loop[kept]

    @cached_property
    def _usual(self) -> np.ndarray:
        """The order of the table; of findings, violations first, and the most binding of these."""
        if self.table != "findings":
            return np.arange(self.rows.num_rows)
        ranks = [
            pc.fill_null(pc.index_in(self.rows[name].cast(pa.string()), pa.array(names)), len(names)).to_numpy()
            for name, names in (("level", LEVELS), ("verdict", VERDICTS))
        ]
        return np.lexsort(ranks)

    @cached_property
    def loops(self) -> Loops:
        """The polling loops of a table of transactions; of any other table there are none."""
        if self.table != "transactions":
            return no_loops(self.rows.num_rows)
        return loops_of(self.rows)

    def loop_at(self, line: int) -> int | None:
        """The loop that a line stands for; None where it stands for a row."""
        if not self.folded or not self.loops.period or not 0 <= line < len(self.lines):
            return None
        loop = int(self._loop_of_line[line])
        return loop if loop >= 0 else None

    def rows_at(self, line: int) -> np.ndarray:
        """The rows of the table that a line stands for, those that the filter leaves."""
        loop = self.loop_at(line)
        if loop is None:
            return self.lines[line : line + 1]
        return self._order[self.loops.of_row[self._order] == loop]

    def line_of(self, row: int) -> int | None:
        """The line in which a row of the table is shown; None where the filter left it out."""
        found = np.flatnonzero(self.lines == row)
        if len(found):
            return int(found[0])
        loop = int(self.loops.of_row[row]) if 0 <= row < self.rows.num_rows else -1
        if loop < 0 or not self.folded or not (self._order == row).any():
            return None
        return int(np.flatnonzero(self._loop_of_line == loop)[0])

    def row_of_frame(self, frame: int, first: str = "first_frame") -> int | None:
        """The last row that begins in a frame or before it; None where all begin later."""
        starts = self._cells.integers(first)
        there = np.flatnonzero((starts >= 0) & (starts <= frame))
        return int(there[np.argmax(starts[there])]) if len(there) else None

    def row_of_time(self, nanoseconds: int) -> int | None:
        """The first row at a time or after it; the last one where all are earlier; None where there are no times."""
        times = self._cells.times
        if times is None or not len(times):
            return None
        later = np.flatnonzero((times >= nanoseconds) & (times != NO_TIME))
        return int(later[0]) if len(later) else len(times) - 1

    # What the user does

    @property
    def manner(self) -> tuple[object, ...]:
        """How the rows are shown, but for a filter: columns, order, what is folded or left out."""
        return self.chosen, self.sorted_by, self.folded, self.without_loops, frozenset(self.unfolded)

    def like(self, other: Listing) -> None:
        """Show these rows as those of another listing of the same table are shown, without its filter."""
        if self.manner != other.manner:
            self.chosen, self.sorted_by, self.folded, self.without_loops = (
                other.chosen, other.sorted_by, other.folded, other.without_loops,
            )  # fmt: skip
            self.unfolded = set(other.unfolded)
            self._arrange()

    def filter(self, mask: np.ndarray | None) -> None:
        """Show only rows of a mask (bool, by row of the table); None shows all."""
        self.mask = mask
        self._arrange()

    def sort(self, name: str, descending: bool = False) -> None:
        """Order by a column. ValueError for one that has no order."""
        if self._source(name) is None:
            raise ValueError(f"{name} has no order of its own")
        self.sorted_by = (name, descending)
        self._arrange()

    def unsort(self) -> None:
        """The order of the table again: that of frames."""
        self.sorted_by = None
        self._arrange()

    def fold(self, folded: bool) -> None:
        """Fold all loops, or none."""
        self.folded, self.unfolded = folded, set()
        self._arrange()

    def toggle_fold(self, line: int) -> None:
        """Unfold the loop of a line, or fold again the one that its row is in."""
        loop = self.loop_at(line)
        if loop is not None:
            self.unfolded.add(loop)
        elif 0 <= line < len(self.lines):
            self.unfolded.discard(int(self.loops.of_row[self.lines[line]]))
        self._arrange()

    def hide_loops(self, hidden: bool) -> None:
        """Leave out what is in loops altogether, or not; refusals stay."""
        self.without_loops = hidden
        self._arrange()

    def line_among(self, found: np.ndarray, line: int, by: int) -> int | None:
        """The next line (``by`` 1) or the one before (-1) that stands for a row of a mask (bool, by row of the table),
        all the way round; None for no such line.
        """
        hits = found[self.lines]
        if self.folded and self.loops.period:
            loops = np.zeros(len(self.loops.period), bool)
            inside = self._order[found[self._order]]
            loops[self.loops.of_row[inside][self.loops.of_row[inside] >= 0]] = True
            hits = hits | ((self._loop_of_line >= 0) & loops[self._loop_of_line])
        lines = np.flatnonzero(hits)
        if not len(lines):
            return None
        place = np.searchsorted(lines, line, "right") if by > 0 else np.searchsorted(lines, line) - 1
        return int(lines[place % len(lines)])

    # Cells

    def cells(self, line: int) -> list[Cell]:
        """The cells of a line, one per shown column."""
        found = self._cache.get(line)
        if found is None:
            if len(self._cache) > _CACHED:
                self._cache.clear()
            found = self._cache[line] = self._made(line)
        return found

    def _made(self, line: int) -> list[Cell]:
        loop, row = self.loop_at(line), int(self.lines[line])
        names = [column.name for column in self.columns]
        before = self.rows_at(line - 1)[-1:].tolist() if line else []
        since = before[0] if before else None
        if loop is not None:
            return self._cells.folded(names, self.rows_at(line), self.loops.period[loop], since)
        cells = [self._cells.cell(name, row, since) for name in names]
        return [cell._replace(meaning="quiet") for cell in cells] if self.loops.fine[row] else cells

    def value(self, name: str, row: int) -> Any:
        """A value of the table; times in ns, None for null."""
        return self._cells.value(name, row)

    def record(self, row: int) -> dict[str, Any]:
        """A row of the table with all its columns."""
        return {name: self.value(name, row) for name in self.rows.column_names}

    def call(self, row: int) -> str:
        """What a transaction's row asked; "" where that was not captured."""
        return self._cells.call(row)

    def loop_text(self, loop: int, rows: np.ndarray) -> str:
        """A loop in words, of which these are the rows."""
        return self._cells.loop_text(rows, self.loops.period[loop])

    # Order

    def _source(self, name: str) -> str | None:
        """The column of the table that orders a shown one."""
        of = {"at": TIMES.get(self.table, "time"), **SOURCES}
        source = name if name in self.rows.column_names else of.get(name)
        if source not in self.rows.column_names or pa.types.is_list(self.rows[source].type):
            return None
        return source

    def _sorted(self, name: str, descending: bool) -> np.ndarray:
        source = self._source(name)
        assert source is not None
        column = self.rows[source]
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        places = pc.sort_indices(
            pa.table({"value": column}),
            sort_keys=[("value", "descending" if descending else "ascending")],
        )
        return places.to_numpy().astype(np.int64)


def _first(loop: np.ndarray, count: int) -> np.ndarray:
    """Mask of the first place of each of ``count`` numbers; -1 is none of them."""
    place = np.full(count + 1, -1)
    place[loop[::-1]] = np.arange(len(loop) - 1, -1, -1)  # of several the last one stays: that is the first place
    first = np.zeros(len(loop), bool)
    first[place[:count][place[:count] >= 0]] = True
    return first


def _is_empty(column: pa.ChunkedArray) -> bool:
    """Has no row a value? Of lists an empty one is none."""
    if pa.types.is_list(column.type):
        return not any(len(chunk.flatten()) for chunk in column.chunks)
    return column.null_count == len(column)
