"""The lists that can do more than a table: transactions, properties, objects, findings."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar, Final

import pyarrow as pa
from textual.binding import Binding, BindingType
from textual.content import Content

from ptpip_analyze.describe import counted, human_bytes, safe_text

from . import saving
from .dialogs import AskScreen, PageScreen, exists
from .grid import Grid
from .history import history
from .lines import Lines
from .notes import SUFFIX, NotesError
from .parts import Bytes, transaction_of
from .rows import Listing
from .searching import Hit, Look, in_message, in_transaction
from .views import TableView


class TransactionsView(TableView):
    """The main table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "fold", "Fold"),
        Binding("Z", "fold_all", "Fold all", show=False),
        Binding("p", "hide_loops", "Hide polling"),
        Binding("d", "ladder", "Ladder"),
        Binding("semicolon", "comment", "Comment"),
    ]

    @property
    def look(self) -> Look:
        """In request, data and response."""
        return in_transaction

    def take(self, listing: Listing) -> None:
        """Show other rows, with the marks and comments of a person."""
        notes = self.inspector.notes
        listing.comment = notes.of if notes.any else None
        self.grid.marked = {
            row for capture, frames in notes.marks.items() if frames for row in listing.rows_of_frames(capture, frames)
        }
        super().take(listing)

    def on_grid_marked(self, event: Grid.Marked) -> None:
        """Marks are kept."""
        event.stop()
        listing, notes = self.listing, self.inspector.notes
        if listing is not None:
            frames: dict[str, set[int]] = {}
            for row in event.rows:
                frames.setdefault(listing.value("capture", row), set()).add(listing.value("first_frame", row))
            for capture, some in frames.items():
                self._keep(functools.partial(notes.mark, capture, some, event.marked))
            self.say_rows()

    def _keep(self, change: Callable[[], object]) -> None:
        try:
            change()
        except NotesError as error:
            self.notify(safe_text(str(error)), title="Notes", severity="warning", markup=False)

    def action_comment(self) -> None:
        """Comment on a transaction; the text is kept beside the capture."""
        record, notes = self.record(), self.inspector.notes
        if record is None or self.listing is None:
            return
        listing, capture, frame = self.listing, record["capture"], record["first_frame"]

        def comment(text: str | None) -> None:
            if text is not None:
                self._keep(lambda: notes.comment(capture, frame, text))
                listing.comment = notes.of if notes.any else None
                self.show(self.grid.row)

        question = f"Comment on transaction #{record['transaction']} (kept in {capture}{SUFFIX}; nothing: no comment)"
        self.app.push_screen(AskScreen(safe_text(question), notes.of(capture, frame), lambda text: ""), comment)

    def action_fold(self) -> None:
        """Unfold the loop under the cursor, or fold it again."""
        self._change(lambda listing: listing.toggle_fold(self.grid.cursor))

    def action_fold_all(self) -> None:
        """Fold all loops, or none."""
        self._change(lambda listing: listing.fold(not listing.folded))

    def action_hide_loops(self) -> None:
        """Leave out polling altogether, or not."""
        self._change(lambda listing: listing.hide_loops(not listing.without_loops))

    def _change(self, change: Callable[[Listing], None]) -> None:
        if self.listing is not None:
            row = self.grid.row
            change(self.listing)
            self.show(row)

    def action_ladder(self) -> None:
        """The same place in the ladder."""
        place = self.frame()
        if place is not None and place[1] is not None:
            self.inspector.open_ladder([place[1]], place[0])


class MessagesView(TableView):
    """Every message."""

    @property
    def look(self) -> Look:
        """In its own bytes."""
        return in_message

    def opened(self, record: dict[str, Any]) -> None:
        """To its bytes in the transaction that it belongs to; else to its frame in the ladder."""
        analysis, row = self.held.analysis, self.grid.row
        owner = None if analysis is None or row is None else transaction_of(analysis, row)
        if owner is None or row is None:
            super().opened(record)
        else:
            self.inspector.open_transaction(owner, self.search.hit_in(row) or Hit("messages", row, "", 0, 0, row))


class PropertiesView(TableView):
    """What was revealed of properties; or their values at the moment of the transaction that was looked at last."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("m", "moment", "At the moment")]

    def __init__(self, table: str, title: str) -> None:
        super().__init__(table, title)
        self.moment: int | None = None

    @property
    def crumb(self) -> str:
        """The title, with the moment."""
        return super().crumb if self.moment is None else f"{super().crumb} at frame {self.moment:,}"

    def say_rows(self) -> None:
        """The status line tells of the property under the cursor, too."""
        super().say_rows()
        row = self.grid.row
        if self.listing is not None and row is not None and (said := history(self.listing.rows, row)):
            self.say(f"{self.told} · {said}")

    def on_lines_moved(self, event: Lines.Moved) -> None:
        """Another property."""
        super().on_lines_moved(event)
        self.say_rows()

    def action_moment(self) -> None:
        """Only the values that properties have at the selected transaction, or all that was told."""
        place = self.inspector.moment()
        if self.moment is None and place is None:
            self.notify("Select a transaction first: its first frame is the moment.")
            return
        self.moment = None if self.moment is not None else place
        self.where, self.listing = "", None
        self.fetch()
        self.inspector.moved(self)

    def wanted_rows(self) -> pa.Table:
        """All rows; at a moment, the state that they tell."""
        rows = super().wanted_rows()
        if self.moment is None:
            return rows
        from ptpip_analyze.tables.moments import Moment, state_at

        return state_at(rows.to_batches(), Moment(frame=self.moment))


class ObjectsView(TableView):
    """Photos, thumbnails and uploads."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "save_object", "Save object"),
        Binding("x", "extract", "Extract all"),
        Binding("v", "picture", "Picture"),
    ]

    def action_picture(self) -> None:
        """The picture, as far as one transaction carried it."""
        record, analysis = self.record(), self.held.analysis
        if record is not None and analysis is not None and record["transaction"] is not None:
            result, number = analysis.place_of(record["transaction"])
            self.inspector.show_picture(Bytes(result.data_pieces(number), result.read))

    def action_save_object(self) -> None:
        """Write the object under the cursor to a file."""
        row, analysis = self.grid.row, self.held.analysis
        if row is None or analysis is None:
            return
        from ptpip_analyze.extract import suggested_name, write_object
        from ptpip_analyze.tables.export import ExportError, replacing

        def write(path: str) -> str:
            target = saving.checked(path, self.held, None)
            try:
                with replacing(target) as stream:
                    size = write_object(analysis.results, row, stream)
            except ExportError as error:
                raise saving.SaveError(str(error)) from error
            return f"{human_bytes(size)} written to {target}"

        def to(path: str | None) -> None:
            if path is not None:
                self.inspector.save(functools.partial(write, path))

        question, name = "Save this object as (what is missing of it is zeros)", suggested_name(analysis.results, row)
        self.app.push_screen(AskScreen(question, name, lambda path: saving.fault_of(path, self.held, None), exists), to)

    def action_extract(self) -> None:
        """Write all objects to a folder."""
        question = "Write all objects, thumbnails and live-view frames, with manifest.json, to the folder"
        self.app.push_screen(AskScreen(question, "photos", lambda text: "" if text.strip() else "no folder"), self._to)

    def _to(self, folder: str | None) -> None:
        if folder is None or self.held.analysis is None:
            return
        analysis = self.held.analysis

        def write() -> str:
            from ptpip_analyze.extract import ExtractError

            try:
                manifest = analysis.extract(folder)
            except ExtractError as error:
                raise saving.SaveError(str(error)) from error
            return f"{counted(len(manifest['files']), 'file')} written to {folder}"

        self.inspector.save(write)


_VERDICTS: Final = {
    "violation": ("violation", "violations"), "known-vendor-deviation": ("known deviation", "known deviations"),
    "inconclusive": ("inconclusive", "inconclusive"), "pass": ("passed", "passed"),
}  # fmt: skip
"""Verdicts with how one and many of them are counted."""


class FindingsView(TableView):
    """Where the standard was not kept."""

    DEFAULT_CSS = """
    FindingsView > #status { height: 3; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "explain", "Explain")]

    def say_rows(self) -> None:
        """The status line counts verdicts, and says the whole of the finding under the cursor: rows have no room."""
        super().say_rows()
        listing, record = self.listing, self.record()
        if listing is None or record is None:
            return
        verdicts = Counter(listing.rows["verdict"].take(pa.array(listing.chosen_rows)).to_pylist())
        found = [counted(verdicts[name], *words) for name, words in _VERDICTS.items() if verdicts[name]]
        if not verdicts["violation"]:
            found.insert(0, "no violation")
        self.say(f"{self.told}: {', '.join(found)} · {safe_text(record['says'] or '')}")

    def on_lines_moved(self, event: Lines.Moved) -> None:
        """Another finding."""
        super().on_lines_moved(event)
        self.say_rows()

    def action_explain(self) -> None:
        """What the rule demands, and why it stays silent where it does."""
        record = self.record()
        if record is None:
            return
        from ptpip_analyze.conformance.explained import explained

        lines = [Content.styled(record["rule"], "bold"), Content(safe_text(record["says"] or ""))]
        lines += [Content("")]
        lines += [Content.assemble((f"{label}: ", "bold"), text) for label, text in explained(record["rule"])]
        self.app.push_screen(PageScreen(Content("\n").join(lines)))


def table_views() -> list[TableView]:
    """The views that are lists, in the order of their keys."""
    return [
        TransactionsView("transactions", "Transactions"),
        TableView("events", "Events"),
        PropertiesView("properties", "Properties"),
        ObjectsView("objects", "Objects"),
        FindingsView("findings", "Findings"),
        MessagesView("messages", "Messages"),
    ]
