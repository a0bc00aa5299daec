"""A view that is a list: a table with its filter line and what can be done with its rows.

Nothing is computed here: rows come from the loading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ptpip_analyze.describe import counted, safe_text

from . import saving
from .completing import equals, joined
from .dialogs import AskScreen, ColumnsScreen, exists
from .faces import SOURCES
from .filtering import FilterLine
from .grid import Grid
from .lines import Lines
from .rows import Listing
from .search import Search
from .searching import Look
from .view import View

if TYPE_CHECKING:
    import pyarrow as pa


class TableView(View):
    """A table as a list."""

    DEFAULT_CSS = """
    TableView > #status { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter"),
        Binding("f", "filter_value", "Filter to value"),
        Binding("F", "all_rows", "All rows", show=False),
        Binding("s", "sort", "Sort"),
        Binding("c", "columns", "Columns"),
        Binding("ctrl+f", "search", "Search"),
        Binding("n", "again(1)", "Next match", show=False),
        Binding("N", "again(-1)", "Match before", show=False),
        Binding("w", "save", "Save"),
    ]

    def __init__(self, table: str, title: str) -> None:
        super().__init__(id=table)
        self.table, self.title = table, title
        self.listing: Listing | None = None
        self.where = ""
        self._wanted_row: int | None = None
        self._outdated = False
        self.told = ""
        self.search = Search(self)

    def compose(self) -> ComposeResult:
        """Rows, filter line, status line."""
        yield Grid()
        yield FilterLine(self.table, self.held)
        yield Static("", id="status")

    @property
    def grid(self) -> Grid:
        """The rows on the screen."""
        return self.query_one(Grid)

    @property
    def crumb(self) -> str:
        """The title, with the filter."""
        return f"{self.title} [{self.where}]" if self.where else self.title

    @property
    def look(self) -> Look | None:
        """How the bytes that a row stands for are searched; None where they are not."""
        return None

    # Rows

    def arrive(self) -> None:
        """Rows are asked for when they are first looked at."""
        if self.listing is None:
            self.say("reading …")
        if self.listing is None or self._outdated:
            self._outdated = False
            self.fetch()
        self.grid.focus()

    def outdate(self) -> None:
        """The rows are made anew when they are next looked at."""
        self._outdated = self.table != "transactions"

    def wanted_rows(self) -> pa.Table:
        """The rows to show; asked for in a thread. ValueError where there are none to be had."""
        return self.held.table(self.table)

    @work(thread=True, exclusive=True, group="rows")
    def fetch(self) -> None:
        """Make the table, in a thread."""
        try:
            rows = self.wanted_rows()
        except ValueError as error:
            self.app.call_from_thread(self.say, safe_text(str(error)))
            return
        listing = self.inspector.listing_of(self.table, rows)
        self.app.call_from_thread(self.take, listing)

    def alike(self, listing: Listing) -> Listing:
        """Other rows of the same table, shown as the ones before are; may be made in another thread."""
        if self.listing is not None:
            listing.like(self.listing)
        return listing

    def take(self, listing: Listing) -> None:
        """Show other rows of the same table, as the ones before were shown."""
        row = self.grid.row
        # Whoever looks at the last row of what grows wants to see the next one.
        if self.inspector.follow and self.listing is not None and self.grid.cursor == len(self.listing) - 1:
            row = int(listing.lines[-1]) if len(listing) else None
        self.listing = self.alike(listing)
        if self.where:
            self.apply(self.where)
        else:
            self.show(self._wanted_row if self._wanted_row is not None else row)

    def show(self, row: int | None = None) -> None:
        """Draw the listing; the cursor goes to a row of the table, where that is shown."""
        if self.listing is None:
            return
        line = self.listing.line_of(row) if row is not None else None
        self.grid.present(self.listing, line)
        if row is not None and line is not None:
            self._wanted_row = None
        self.say_rows()

    def say(self, text: str) -> None:
        """Something for the status line."""
        self.told = text
        self.query_one("#status", Static).update(Content(text), layout=False)

    def say_rows(self) -> None:
        """The status line: how many rows of how many, and how they are shown."""
        listing = self.listing
        if listing is None:
            return
        shown, whole = len(listing.chosen_rows), listing.rows.num_rows
        said = [f"{shown:,} of {counted(whole, 'row')}" if shown != whole else counted(whole, "row")]
        if not whole:
            said = [f"There are no {self.table} here{' so far' if self.inspector.follow else ''}."]
        if len(listing) != shown:
            said.append(f"{counted(len(listing), 'line')}: loops are folded, z unfolds")
        if self.where:
            said.append(f"where {self.where} (F: all)")
        if listing.sorted_by:
            said.append(f"by {listing.sorted_by[0]}{', largest first' if listing.sorted_by[1] else ''}")
        if self.grid.marked:
            said.append(f"{len(self.grid.marked):,} marked")
        if found := self.search.said_of(self.grid.row):
            said = [found]
        self.say(safe_text(" · ".join(said)))

    def go_to(self, row: int) -> None:
        """Put the cursor on a row of the table, now or as soon as it is there."""
        self._wanted_row = row
        if self.listing is None:
            return
        if self.listing.line_of(row) is None and self.where:
            self.where = ""
            self.listing.filter(None)
        if self.listing.without_loops and self.listing.line_of(row) is None:
            self.listing.hide_loops(False)
        self.show(row)

    def record(self) -> dict[str, Any] | None:
        """The row under the cursor."""
        row = self.grid.row
        return None if row is None or self.listing is None else self.listing.record(row)

    def frame(self) -> tuple[int, int | None] | None:
        """Frame and session of the row under the cursor."""
        record = self.record() or {}
        frames = [record.get("first_frame"), record.get("frame"), *(record.get("frames") or ())]
        frame = next((one for one in frames if one is not None), None)
        return None if frame is None else (frame, record.get("session"))

    def on_lines_moved(self, event: Lines.Moved) -> None:
        """The breadcrumb and what follows the cursor."""
        self.inspector.moved(self)

    def on_lines_opened(self, event: Lines.Opened) -> None:
        """Enter: where the row leads."""
        event.stop()
        record = self.record()
        if record is not None:
            self.opened(record)

    def opened(self, record: dict[str, Any]) -> None:
        """Go where a row leads: to the transaction that it names, else to its frame in the ladder."""
        for name in ("transaction", "polled_by", "caused_by"):
            if record.get(name) is not None:
                hit = self.search.hit_in(self.grid.row) if name == "transaction" else None
                self.inspector.open_transaction(record[name], hit)
                return
        place, session = self.frame(), record.get("session")
        if session is None:
            self.notify("This row belongs to no transaction and no session.")
        else:
            self.inspector.open_ladder([session], None if place is None else place[0])

    # Filter

    def action_filter(self) -> None:
        """Write a filter."""
        self.query_one(FilterLine).open(self.where)

    def on_filter_line_left(self) -> None:
        """The filter line was left."""
        self.query_one(FilterLine).display = False
        self.grid.focus()

    def on_filter_line_asked(self, event: FilterLine.Asked) -> None:
        """A filter was entered."""
        event.stop()
        self.grid.focus()
        self.apply(event.text)

    def apply(self, text: str) -> None:
        """Show the rows for which an expression holds; all for ""."""
        self.where = text
        if self.listing is None:
            return
        if text:
            self.say("filtering …")
            self._filter(text, self.listing)
        else:
            row = self.grid.row
            self.listing.filter(None)
            self.show(row)
            self.inspector.moved(self)

    @work(thread=True, exclusive=True, group="filter")
    def _filter(self, text: str, listing: Listing) -> None:
        from ptpip_analyze.tables.where import WhereError, parse_where

        try:
            mask = self.held.mask(parse_where(text, self.table), self.table, listing.rows)
        except (WhereError, ValueError) as error:
            self.app.call_from_thread(self._no_filter, str(error))
            return
        self.app.call_from_thread(self._filtered, text, listing, mask)

    def _no_filter(self, fault: str) -> None:
        self.where = ""
        self.say_rows()
        self.notify(Content(fault).plain, title="Filter", severity="warning", markup=False)

    def _filtered(self, text: str, listing: Listing, mask: np.ndarray) -> None:
        if listing is not self.listing or text != self.where:
            return
        row = self._wanted_row if self._wanted_row is not None else self.grid.row
        listing.filter(mask)
        self.show(row)
        self.inspector.moved(self)

    def action_filter_value(self) -> None:
        """Filter to the value under the cursor."""
        name, row = self.grid.column_name, self.grid.row
        if name is None or row is None or self.listing is None:
            return
        name = SOURCES.get(name, name)
        expression = equals(name, self.listing.value(name, row)) if name in self.listing.rows.column_names else None
        if expression is None or name.endswith("time"):
            self.notify("There is no filter for this column's values; / takes a comparison.")
        else:
            self.apply(joined(self.where, expression))

    def action_all_rows(self) -> None:
        """Without filter."""
        self.apply("")

    # Order, columns, search, save

    def action_sort(self) -> None:
        """Sort by the cursor's column: upward, downward, as it was."""
        listing, name, row = self.listing, self.grid.column_name, self.grid.row
        if listing is None or name is None:
            return
        try:
            if listing.sorted_by == (name, True):
                listing.unsort()
            else:
                listing.sort(name, listing.sorted_by == (name, False))
        except ValueError as error:
            self.notify(f"{error}", markup=False)
            return
        self.show(row)

    def on_grid_head_clicked(self, event: Grid.HeadClicked) -> None:
        """A click on a heading sorts, as it does everywhere."""
        event.stop()
        self.action_sort()

    def action_columns(self) -> None:
        """Choose columns."""
        if self.listing is None:
            return
        shown = [name for name in self.listing.chosen if name in self.listing.available]
        others = [name for name in self.listing.available if name not in shown]
        self.app.push_screen(ColumnsScreen(shown, others, self.listing.meanings), self._choose)

    def _choose(self, names: list[str] | None) -> None:
        if names and self.listing is not None:
            self.listing.choose(names)
            self.show(self.grid.row)

    def action_search(self) -> None:
        """Search for a text in the rows that are shown."""
        self.search.ask()

    def action_again(self, by: int) -> None:
        """Go to the next line that has the text, or the one before."""
        self.search.again(by)

    def interrupt(self) -> bool:
        """Escape ends a search that goes on."""
        return self.search.interrupt()

    def action_save(self) -> None:
        """Save what is marked, else what the filter leaves."""
        if self.listing is None:
            return
        marked = len(self.grid.marked)
        what = counted(marked, "marked row") if marked else counted(len(self.listing.chosen_rows), "row")
        question = f"Save {what} of {self.table} as {', '.join(saving.SUFFIXES)} (pcapng: their frames)"

        self.app.push_screen(
            AskScreen(question, f"{self.table}.csv", lambda path: saving.fault_of(path, self.held), exists), self._save
        )

    def _save(self, path: str | None) -> None:
        listing, held = self.listing, self.held
        if path is None or listing is None:
            return
        rows = np.array(sorted(self.grid.marked), np.int64) if self.grid.marked else listing.chosen_rows
        notes = self.inspector.notes
        self.inspector.save(lambda: saving.save(listing, rows, saving.checked(path, held), held, notes))
