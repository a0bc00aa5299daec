"""What a cell of a list says, and what its colour means; for a row, and for the rows of a folded loop.

Promises that a cell is one printable line. Refuses to know the screen: colours are named by what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.describe import bar, count, human_bytes, human_seconds, safe_text
from ptpip_analyze.facts.named import DEVICE_BUSY, OK
from ptpip_analyze.facts.packets import NO_TRANSACTION
from ptpip_analyze.tables.calls import Beginning, calls
from ptpip_analyze.tables.cells import cell_text, status_style
from ptpip_analyze.tables.schema import columns as all_columns

from .faces import TIMES

MEANINGS: Final = ("", "error", "warning", "good", "quiet", "title")
"""What a cell's colour says: nothing, wrong, doubtful, as it should be, of little interest, a name."""

_LEVELS: Final = {"must": "error", "should": "warning"}
_ROLES: Final = {"set": "title", "refused": "error", "unanswered": "warning", "allowed": "quiet"}
_DIRECTIONS: Final = {"to-responder": "▸", "to-initiator": "◂"}


Settings = Callable[[int], Sequence[tuple[str, str]]]
"""The properties that a transaction sets, by its number: the name of each, and its value in words."""

Comment = Callable[[str | None, int | None], str]
"""What a person noted of a frame of a capture; "" for nothing."""


class Cell(NamedTuple):
    """The text of a cell, and what its colour means (of ``MEANINGS``)."""

    text: str
    meaning: str = ""


class Cells:
    """The cells of a table. ``begins`` is the time that ``at`` counts from (ns); ``comment`` what a person noted."""

    def __init__(
        self,
        table: str,
        rows: pa.Table,
        begins: int | None,
        vendors: Sequence[str | None],
        beginning: Beginning,
        settings: Settings,
    ) -> None:
        self.table, self.rows, self.begins = table, rows, begins
        self.comment: Comment | None = None
        self._vendors, self._beginning, self._settings = vendors, beginning, settings
        self._known = {column.name: column for column in all_columns(table)}
        self._columns = {name: rows[name] for name in rows.column_names}
        self._arrays: dict[str, np.ndarray] = {}
        self._derived: dict[str, Callable[[int, int | None], Cell]] = {
            "at": self._at, "delta": self._delta, "call": self._call, "data": self._data, "bar": self._bar,
            "note": self._note,
        }  # fmt: skip

    def is_number(self, name: str) -> bool:
        """Do the values of a column stand to the right?"""
        column = self._known.get(name)
        return name in ("at", "delta", "data") or (column is not None and column.kind in ("int", "uint", "float"))

    # Values

    def value(self, name: str, row: int) -> Any:
        """A value of the table; times in ns, None for null."""
        scalar = self._columns[name][row]
        return scalar.value if pa.types.is_timestamp(scalar.type) else scalar.as_py()

    def call(self, row: int) -> str:
        """What a transaction's row asked; "" where that was not captured."""
        return calls(self.rows.slice(row, 1).to_batches()[0], self._vendors, self._beginning)[0] or ""

    @cached_property
    def times(self) -> np.ndarray | None:
        """By row its time in ns, ``NO_TIME`` for none (int64); None for a table without times."""
        name = TIMES.get(self.table, "time")
        if name not in self._columns:
            return None
        return self.rows[name].cast(pa.int64()).fill_null(NO_TIME).to_numpy()

    def integers(self, name: str) -> np.ndarray:
        """A column of whole numbers, -1 for null (int64)."""
        if name not in self._arrays:
            self._arrays[name] = self.rows[name].cast(pa.int64()).fill_null(-1).to_numpy()
        return self._arrays[name]

    # A row

    def cell(self, name: str, row: int, before: int | None) -> Cell:
        """The cell of a column; ``before`` is the row from which the time since then counts."""
        if name in self._derived and name not in self._columns:
            return self._derived[name](row, before)
        value = self.value(name, row)
        if name == "direction" and value in _DIRECTIONS:
            return Cell(_DIRECTIONS[value], "quiet")
        if name == "transaction_id" and value == NO_TRANSACTION:
            return Cell("none", "quiet")
        if name == "verdict" and value == "known-vendor-deviation":
            return Cell("known deviation")
        return Cell(cell_text(self._known[name], value), self._meaning(name, value, row))

    def _meaning(self, name: str, value: Any, row: int) -> str:
        if value is None:
            return ""
        if name == "status":
            return {"green": "good", "red": "error", "yellow": "warning"}[status_style(value)]
        if name == "response":
            code = self.value("response_code", row)
            return "good" if code == OK else "warning" if code == DEVICE_BUSY else "error"
        if name == "findings":
            return "error"
        if name == "level":
            return _LEVELS.get(value, "") if self.value("verdict", row) == "violation" else "quiet"
        if name == "role":
            return _ROLES.get(value, "")
        if name == "complete":
            return "good" if value else "error"
        return "title" if name in ("rule", "filename", "property", "type") else ""

    def _at(self, row: int, _before: int | None) -> Cell:
        time = NO_TIME if self.times is None else int(self.times[row])
        if time == NO_TIME or self.begins is None:
            return Cell("")
        return Cell(f"{(time - self.begins) / 1e9:.6f}", "quiet")

    def _delta(self, row: int, before: int | None) -> Cell:
        if before is None or self.times is None:
            return Cell("")
        times = self.times[[before, row]]
        return Cell("" if NO_TIME in times else human_seconds(float(times[1] - times[0]) / 1e9), "quiet")

    def _call(self, row: int, _before: int | None) -> Cell:
        said = self.call(row)
        if said and self.value("data_direction", row) == "out":
            for name, text in self._settings(self.value("transaction", row)):
                before, found, behind = said.partition(f"({name}")
                if found and behind.startswith((",", ")")):  # of others it says nothing that a value could stand beside
                    said = f"{before}({name} = {safe_text(text)}{behind}"
        return Cell(said, "title") if said else Cell("(request not captured)", "warning")

    def _data(self, row: int, _before: int | None) -> Cell:
        direction, size = self.value("data_direction", row), self.value("data_bytes", row)
        if direction is None:
            return Cell("?", "warning")
        if direction == "none":
            return Cell("")
        return Cell(f"{'◂' if direction == 'in' else '▸'} {human_bytes(size or 0)}")

    def _bar(self, row: int, _before: int | None) -> Cell:
        return Cell(_latency_bar(self.value("latency_s", row)), "quiet")

    def _note(self, row: int, _before: int | None) -> Cell:
        said = "" if self.comment is None else self.comment(self.value("capture", row), self.value("first_frame", row))
        return Cell(safe_text(said), "title")

    # A folded loop

    def folded(self, names: Sequence[str], rows: np.ndarray, period: int, before: int | None) -> list[Cell]:
        """One line for the rows of a loop, ``period`` of which are a round."""
        first = int(rows[0])
        answer, meaning = self.value("response", first), self._meaning("response", "", first)
        said = {
            "transaction": Cell(f"{self.value('transaction', first)}…", "quiet"),
            "session": Cell(f"{self.value('session', first)}", "quiet"),
            "at": self._at(first, None),
            "delta": self._delta(first, before),
            "call": Cell(self.loop_text(rows, period), "quiet"),
            "data": Cell(f"Σ {human_bytes(int(self.integers('data_bytes')[rows].clip(0).sum()))}", "quiet"),
            "response": Cell(safe_text(answer or ""), "quiet" if meaning == "good" else meaning),
            "status": Cell("folded", "quiet"),
        }
        latency = pc.drop_null(self.rows["latency_s"].take(pa.array(rows))).to_numpy()
        if len(latency):
            middle = float(np.median(latency))
            said["latency_s"] = Cell(f"~{human_seconds(middle)}", "quiet")
            said["bar"] = Cell(_latency_bar(middle), "quiet")
        return [said.get(name, Cell("")) for name in names]

    def loop_text(self, rows: np.ndarray, period: int) -> str:
        """A loop in words: GetEvent ×412, every 203 ms, 37 with more than 8 B."""
        members = np.sort(rows)
        names = list(dict.fromkeys(self.value("operation", int(row)) or "?" for row in members[:period]))
        rounds = len(members) // period
        text = f"{' + '.join(names)} ×{count(max(rounds, 1))}"
        if self.times is not None:
            starts = self.times[members[::period]]
            steps = np.diff(starts[starts != NO_TIME])
            if len(steps):
                text += f", every {human_seconds(float(np.median(steps)) / 1e9)}"
        sizes = self.integers("data_bytes")[members]
        if period == 1 and (sizes > 0).any():
            least = int(sizes.min())
            more = int((sizes > least).sum())
            text += f", {count(more)} with more than {human_bytes(least)}" if more else f", {human_bytes(least)} each"
        return text


def _latency_bar(seconds: float | None) -> str:
    """A bar over four decades, 100 µs to 1 s: what is ten times slower is longer by two characters."""
    if seconds is None or seconds < 0:
        return ""
    share = (np.log10(max(seconds, 1e-4)) + 4) / 4
    return bar(max(float(share), 0.01), 8)
