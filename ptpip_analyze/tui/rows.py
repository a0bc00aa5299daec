"""What a list shows: how many lines there are, the cells of line n, and which rows of its table line n stands for.

Promises that filter, order and folding only choose among the rows of the table, and that a cell is one printable line.
Refuses to know the screen: colours are named by what they mean (``MEANINGS``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.describe import bar, count, human_bytes, human_seconds, safe_text
from ptpip_analyze.tables.calls import Beginning, calls
from ptpip_analyze.tables.cells import READABLE, cell_text, status_style
from ptpip_analyze.tables.columns import OK
from ptpip_analyze.tables.schema import columns as all_columns
from ptpip_analyze.tables.schema import on_demand

from .loops import Loops, loops_of

MEANINGS: Final = ("", "error", "warning", "good", "quiet", "title")
"""What a cell's colour says: nothing, wrong, doubtful, as it should be, of little interest, a name."""

_FACE: Final = {
    "transactions": (
        "transaction", "at", "delta", "call", "data", "response", "latency_s", "bar", "findings", "status",
        "note",
    ),
    "events": ("session", "at", "text", "source", "transaction_id", "frame"),
    "objects": ("session", "filename", "kind", "complete", "carried_bytes", "declared_bytes", "format", "missing"),
    "properties": ("session", "at", "property", "text", "role", "changed", "source", "frame"),
    "findings": ("level", "verdict", "rule", "subject", "says", "session", "frame"),
    "messages": ("message", "at", "direction", "connection", "type", "code_name", "transaction_id", "length", "status"),
}  # fmt: skip
"""The columns of a list, until the user chooses others."""

_EXPENDABLE: Final = {
    "transactions": ("bar", "findings", "delta", "status"),
    "events": ("session", "transaction_id"),
    "objects": ("missing", "declared_bytes", "kind", "session", "format"),
    "properties": ("session", "changed", "source", "at"),
    "findings": ("session", "subject", "frame"),
    "messages": ("connection", "message", "direction", "status"),
}  # fmt: skip
"""Which of these make room for the others where there is little, in this order."""

_TIMES: Final = {"transactions": "request_time", "sessions": "start_time"}  # else "time"
_TITLES: Final = {
    "transaction": "#", "message": "#", "at": "time", "delta": "delta", "latency_s": "latency", "bar": "",
    "data": "data", "session": "sess", "carried_bytes": "carried", "declared_bytes": "declared", "code_name": "code",
    "transaction_id": "id", "request_time": "request time",
}  # fmt: skip
_WIDE: Final = frozenset({"call", "text", "says", "value", "note"})
"""Columns that take the room that is left."""

LEVELS: Final = ("must", "should", "may", "info")
_VERDICTS: Final = ("violation", "known-vendor-deviation", "inconclusive", "pass")
_LEVELS: Final = {"must": "error", "should": "warning"}
_ROLES: Final = {"set": "title", "refused": "error", "unanswered": "warning", "allowed": "quiet"}
_NO_TIME: Final = -(1 << 63)
_CACHED: Final = 2000  # lines whose cells are kept
_BUSY: Final = 0x2019  # DeviceBusy: to be asked again, not wrong


Comment = Callable[[str | None, int | None], str]
"""What a person noted of a frame of a capture; "" for nothing."""


class Cell(NamedTuple):
    """The text of a cell, and what its colour means (of ``MEANINGS``)."""

    text: str
    meaning: str = ""


class Shown(NamedTuple):
    """A column of a list: name, heading, whether its values stand to the right, and whether it takes what is left."""

    name: str
    title: str
    right: bool = False
    wide: bool = False


class Listing:
    """One table as lines. ``table`` is its name, ``rows`` the table, ``begins`` the time that ``at`` counts from (ns).

    ``vendors`` are those of the sessions and ``beginning`` reads payloads, for calls. Lines are numbered from 0.
    """

    def __init__(
        self,
        table: str,
        rows: pa.Table,
        begins: int | None = None,
        vendors: Sequence[str | None] = (),
        beginning: Beginning = lambda transaction, most: b"",
    ) -> None:
        self.table, self.rows, self.begins, self.vendors = table, rows, begins, vendors
        self._beginning = beginning
        self._known = {column.name: column for column in all_columns(table)}
        self.chosen: tuple[str, ...] = _FACE.get(table) or READABLE[table]
        self.sorted_by: tuple[str, bool] | None = None
        self.mask: np.ndarray | None = None
        self.folded = table == "transactions"
        self.without_loops = False
        self.unfolded: set[int] = set()
        self._columns = {name: rows[name] for name in rows.column_names}
        self._cache: dict[int, list[Cell]] = {}
        self._shown: tuple[tuple[str, ...], bool, list[Shown]] | None = None
        self._comment: Comment | None = None
        self._arrange()

    # Columns

    @cached_property
    def available(self) -> tuple[str, ...]:
        """Names of all columns that can be chosen."""
        derived = ("at", "delta", "call", "data", "bar") if self.table == "transactions" else ("at",)
        there = tuple(derived if self._time is not None else derived[2:])
        return (*there, *self.rows.column_names)

    @property
    def columns(self) -> list[Shown]:
        """The columns that are shown, without those that this table can't have yet."""
        noted = self._comment is not None
        if self._shown is None or self._shown[:2] != (self.chosen, noted):
            there = [
                Shown(name, _TITLES.get(name, name.removesuffix("_s")), self._is_number(name), name in _WIDE)
                for name in self.chosen
                if name in self.available or (name == "note" and noted)
            ]
            self._shown = (self.chosen, noted, there)
        return self._shown[2]

    @property
    def expendable(self) -> tuple[str, ...]:
        """Columns that make room for others, the first one first; none where the user chose the columns."""
        usual = self.chosen == (_FACE.get(self.table) or READABLE[self.table])
        return _EXPENDABLE.get(self.table, ()) if usual else ()

    @property
    def comment(self) -> Comment | None:
        """What a person noted, by capture and first frame; None where there is nothing: then there is no column."""
        return self._comment

    @comment.setter
    def comment(self, comment: Comment | None) -> None:
        self._comment = comment
        self._cache.clear()

    def rows_of_frames(self, capture: str, frames: Collection[int]) -> list[int]:
        """The rows of a capture that begin in one of some frames."""
        first = np.flatnonzero(np.isin(self._integers("first_frame"), list(frames)))
        return [row for row in first.tolist() if self.value("capture", row) == capture]

    def choose(self, names: Sequence[str]) -> None:
        """Show these columns, in this order. ValueError for one that there is not, or for none."""
        unknown = [name for name in names if name not in self.available and name not in on_demand(self.table)]
        if unknown or not names:
            raise ValueError(f"no such column: {unknown[0]}" if unknown else "no column is named")
        self.chosen = (*dict.fromkeys(names), *(("note",) if "note" in self.chosen and "note" not in names else ()))
        self._cache.clear()

    def _is_number(self, name: str) -> bool:
        column = self._known.get(name)
        return name in ("at", "delta", "data") or (column is not None and column.kind in ("int", "uint", "float"))

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
            order = order[self.loops.of_row[order] < 0]
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
            for name, names in (("level", LEVELS), ("verdict", _VERDICTS))
        ]
        return np.lexsort(ranks)

    @cached_property
    def loops(self) -> Loops:
        """The polling loops of a table of transactions; of any other table there are none."""
        if self.table != "transactions":
            return Loops(np.full(self.rows.num_rows, -1, np.int32), [])
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
        starts = self._integers(first)
        there = np.flatnonzero((starts >= 0) & (starts <= frame))
        return int(there[np.argmax(starts[there])]) if len(there) else None

    def row_of_time(self, nanoseconds: int) -> int | None:
        """The first row at a time or after it; the last one where all are earlier; None where there are no times."""
        if self._time is None or not len(self._time):
            return None
        later = np.flatnonzero((self._time >= nanoseconds) & (self._time != _NO_TIME))
        return int(later[0]) if len(later) else len(self._time) - 1

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
        """Leave out what is in loops altogether, or not."""
        self.without_loops = hidden
        self._arrange()

    def line_with(self, text: str, line: int, by: int) -> int | None:
        """The next line (``by`` 1) or the one before (-1) with a text, all the way round; None for no such line.

        A row has a text when it stands in one of its texts, whatever the case, or is one of its numbers (0x2A too).
        """
        found = self._having(text)
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

    def _having(self, text: str) -> np.ndarray:
        """Mask of the rows with a text."""
        found = np.zeros(self.rows.num_rows, bool)
        try:
            number = int(text, 0)
        except ValueError:
            number = None
        for column in self.rows.columns:
            if pa.types.is_dictionary(column.type):
                found |= np.concatenate([_with_text(chunk, text.lower()) for chunk in column.chunks] or [found])
            elif number is not None and pa.types.is_integer(column.type):
                found |= pc.fill_null(pc.equal(column.cast(pa.int64()), number), False).to_numpy()
            elif number is not None and pa.types.is_list(column.type):
                parents, values = pc.list_parent_indices(column), pc.list_flatten(column)
                found[parents.to_numpy()[pc.equal(values.cast(pa.int64()), number).to_numpy()]] = True
        return found

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
        if loop is not None:
            return self._folded(loop, row, line, names)
        cells = [self._cell(name, row, line) for name in names]
        return [cell._replace(meaning="quiet") for cell in cells] if self.loops.of_row[row] >= 0 else cells

    def value(self, name: str, row: int) -> Any:
        """A value of the table; times in ns, None for null."""
        scalar = self._columns[name][row]
        if pa.types.is_timestamp(scalar.type):
            return scalar.value
        return scalar.as_py()

    def record(self, row: int) -> dict[str, Any]:
        """A row of the table with all its columns."""
        return {name: self.value(name, row) for name in self.rows.column_names}

    def call(self, row: int) -> str:
        """What a transaction's row asked; "" where that was not captured."""
        return calls(self.rows.slice(row, 1).to_batches()[0], self.vendors, self._beginning)[0] or ""

    def _cell(self, name: str, row: int, line: int) -> Cell:
        derived: dict[str, Callable[[int, int], Cell]] = {
            "at": self._at, "delta": self._delta, "call": self._call, "data": self._data, "bar": self._bar,
            "note": self._note,
        }  # fmt: skip
        if name in derived and name not in self._columns:
            return derived[name](row, line)
        value = self.value(name, row)
        return Cell(cell_text(self._known[name], value), self._meaning(name, value, row))

    def _meaning(self, name: str, value: Any, row: int) -> str:
        if value is None:
            return ""
        if name == "status":
            return {"green": "good", "red": "error", "yellow": "warning"}[status_style(value)]
        if name == "response":
            code = self.value("response_code", row)
            return "good" if code == OK else "warning" if code == _BUSY else "error"
        if name == "findings":
            return "error"
        if name == "level":
            return _LEVELS.get(value, "") if self.value("verdict", row) == "violation" else "quiet"
        if name == "role":
            return _ROLES.get(value, "")
        if name == "complete":
            return "good" if value else "error"
        return "title" if name in ("rule", "filename", "property", "type") else ""

    def _at(self, row: int, _line: int) -> Cell:
        time = _NO_TIME if self._time is None else int(self._time[row])
        if time == _NO_TIME or self.begins is None:
            return Cell("")
        return Cell(f"{(time - self.begins) / 1e9:.6f}", "quiet")

    def _delta(self, row: int, line: int) -> Cell:
        if line == 0 or self._time is None:
            return Cell("")
        before = self.rows_at(line - 1)
        times = self._time[[int(before[-1]), row]] if len(before) else np.array([_NO_TIME, 0])
        return Cell("" if _NO_TIME in times else human_seconds(float(times[1] - times[0]) / 1e9), "quiet")

    def _call(self, row: int, _line: int) -> Cell:
        said = self.call(row)
        return Cell(said, "title") if said else Cell("(request not captured)", "warning")

    def _data(self, row: int, _line: int) -> Cell:
        direction, size = self.value("data_direction", row), self.value("data_bytes", row)
        if direction is None:
            return Cell("?", "warning")
        if direction == "none":
            return Cell("")
        return Cell(f"{'◂' if direction == 'in' else '▸'} {human_bytes(size or 0)}")

    def _bar(self, row: int, _line: int) -> Cell:
        return Cell(_latency_bar(self.value("latency_s", row)), "quiet")

    def _note(self, row: int, _line: int) -> Cell:
        comment = self._comment
        said = "" if comment is None else comment(self.value("capture", row), self.value("first_frame", row))
        return Cell(safe_text(said), "title")

    def _folded(self, loop: int, row: int, line: int, names: Sequence[str]) -> list[Cell]:
        """One line for a loop."""
        rows = self.rows_at(line)
        said = {
            "transaction": Cell(f"{self.value('transaction', row)}…", "quiet"),
            "at": self._at(row, line),
            "delta": self._delta(row, line),
            "call": Cell(self.loop_text(loop, rows), "quiet"),
            "data": Cell(f"Σ {human_bytes(int(self._integers('data_bytes')[rows].clip(0).sum()))}", "quiet"),
            "response": Cell("OK", "quiet"),
            "status": Cell("folded", "quiet"),
        }
        latency = pc.drop_null(self.rows["latency_s"].take(pa.array(rows))).to_numpy()
        if len(latency):
            middle = float(np.median(latency))
            said["latency_s"] = Cell(f"~{human_seconds(middle)}", "quiet")
            said["bar"] = Cell(_latency_bar(middle), "quiet")
        return [said.get(name, Cell("")) for name in names]

    def loop_text(self, loop: int, rows: np.ndarray) -> str:
        """A loop in words: GetEvent ×412, every 203 ms, 37 with more than 8 B."""
        period = self.loops.period[loop]
        members = np.sort(rows)
        names = list(dict.fromkeys(self.value("operation", int(row)) or "?" for row in members[:period]))
        rounds = len(members) // period
        text = f"{' + '.join(names)} ×{count(max(rounds, 1))}"
        if self._time is not None:
            starts = self._time[members[::period]]
            steps = np.diff(starts[starts != _NO_TIME])
            if len(steps):
                text += f", every {human_seconds(float(np.median(steps)) / 1e9)}"
        sizes = self._integers("data_bytes")[members]
        if period == 1 and (sizes > 0).any():
            least = int(sizes.min())
            more = int((sizes > least).sum())
            text += f", {count(more)} with more than {human_bytes(least)}" if more else f", {human_bytes(least)} each"
        return text

    # Columns as arrays

    @cached_property
    def _time(self) -> np.ndarray | None:
        name = _TIMES.get(self.table, "time")
        if name not in self.rows.column_names:
            return None
        return self.rows[name].cast(pa.int64()).fill_null(_NO_TIME).to_numpy()

    def _integers(self, name: str) -> np.ndarray:
        if name not in self.__dict__.setdefault("_arrays", {}):
            self.__dict__["_arrays"][name] = self.rows[name].cast(pa.int64()).fill_null(-1).to_numpy()
        return self.__dict__["_arrays"][name]

    def _source(self, name: str) -> str | None:
        """The column of the table that orders a shown one."""
        of = {"at": _TIMES.get(self.table, "time"), "call": "operation", "data": "data_bytes", "bar": "latency_s"}
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


def _latency_bar(seconds: float | None) -> str:
    """A bar over four decades, 100 µs to 1 s: what is ten times slower is longer by two characters."""
    if seconds is None or seconds < 0:
        return ""
    share = (np.log10(max(seconds, 1e-4)) + 4) / 4
    return bar(max(float(share), 0.01), 8)


def _with_text(chunk: pa.DictionaryArray, wanted: str) -> np.ndarray:
    """Mask of the rows of a text column in whose text a text stands; compared in small letters."""
    hits = np.array([value is not None and wanted in value.lower() for value in chunk.dictionary.to_pylist()] + [False])
    return hits[pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False)]
