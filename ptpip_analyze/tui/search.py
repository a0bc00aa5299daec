"""The search of a list: what is looked for, and how one goes on. First in the rows, then in the bytes they stand for.

Promises that a search can be ended, and that what it says of bytes leads to them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from textual.worker import Worker, get_current_worker

from ptpip_analyze.capture import CaptureError
from ptpip_analyze.describe import safe_text

from .dialogs import AskScreen
from .rows import Listing
from .searching import HEX, Hit, Look, first_hit, in_message, of_no_transaction, patterns

if TYPE_CHECKING:
    from .views import TableView

_TOLD_S: Final = 0.3


class Search:
    """The search of one view."""

    def __init__(self, view: TableView) -> None:
        self._view, self._text = view, ""
        self._worker: Worker[None] | None = None
        self._hit: Hit | None = None

    def ask(self) -> None:
        """Ask what to look for."""
        question = "Search for a text or a number in the rows (n: next, N: the one before)"
        if self._view.look is not None:
            question = (
                "Search for a text or a number in the rows, then for a text, a GUID or hex:ff d8 in the bytes of their "
                "messages (n: next, N: the one before, Escape ends)"
            )

        def check(text: str) -> str:
            try:
                patterns(text)
            except ValueError as error:
                return str(error)
            return ""

        self._view.app.push_screen(AskScreen(question, self._text, check), self._begin)

    def _begin(self, text: str | None) -> None:
        if text:
            self._text, self._hit = text, None
            self._view.say_rows()
            self.again(1)

    def again(self, by: int) -> None:
        """Go to the next line with the text (``by`` 1), or the one before (-1); looked for in a thread."""
        view, text, listing = self._view, self._text, self._view.listing
        if listing is not None and text:
            line = view.grid.cursor
            self._worker = view.run_worker(
                lambda: self._look_in_rows(text, listing, line, by), thread=True, exclusive=True, group="search"
            )

    def _look_in_rows(self, text: str, listing: Listing, line: int, by: int) -> None:
        """In a thread: look into what rows say, then into their bytes."""
        view = self._view
        if view.look is None or not text.lower().startswith(HEX):
            found = listing.line_among(view.held.having(text, view.table, listing.rows), line, by)
            if found is not None:
                if not get_current_worker().is_cancelled:
                    view.app.call_from_thread(setattr, view.grid, "cursor", found)
                return
        if view.look is None:
            view.app.call_from_thread(self._not_found)
        else:
            self._look_in_bytes(text, listing, view.look, line, by)

    def interrupt(self) -> bool:
        """End a search that goes on. Was there one?"""
        worker, self._worker = self._worker, None
        if worker is None or worker.is_finished:
            return False
        worker.cancel()
        self._view.say_rows()
        return True

    def _not_found(self) -> None:
        self._view.say_rows()
        where = "in no row that is shown" + (", and in none of their messages" if self._view.look is not None else "")
        self._view.notify(f"{safe_text(self._text)} is {where}.", markup=False)

    def _look_in_bytes(self, text: str, listing: Listing, look: Look, line: int, by: int) -> None:
        """Look into the bytes of rows all the way round, then of what belongs to no transaction."""
        view, worker, wanted = self._view, get_current_worker(), patterns(text)
        analysis = view.held.analysis
        if analysis is None or not view.held.complete:
            view.app.call_from_thread(view.notify, "Bytes are searched when the capture is read to its end.")
            return
        order = listing.chosen_rows
        places = (order == listing.lines[line]).nonzero()[0] if len(listing) else order
        at = int(places[0]) if len(places) else 0
        rows = np.roll(order, -at - 1) if by > 0 else np.roll(order, -at)[::-1]
        told = 0.0

        def coming() -> Iterator[int]:
            nonlocal told
            for number, one in enumerate(rows.tolist()):
                if time.monotonic() > told + _TOLD_S:
                    told = time.monotonic()
                    view.app.call_from_thread(view.say, f"searching the bytes … {number / len(rows):.0%} (Escape ends)")
                yield one

        def go_on() -> bool:
            return not worker.is_cancelled

        try:
            hit = first_hit(analysis, wanted, coming(), look, go_on)
            if hit is None and view.table == "transactions":
                hit = first_hit(analysis, wanted, of_no_transaction(analysis), in_message, go_on)
        except (CaptureError, OSError) as error:
            view.app.call_from_thread(view.notify, safe_text(f"The bytes can't be read: {error}"), markup=False)
            return
        if go_on():
            view.app.call_from_thread(self._ended, hit)

    def _ended(self, hit: Hit | None) -> None:
        if hit is None:
            self._not_found()
        else:
            self._view.inspector.reveal(hit, self._text)

    def found(self, text: str, hit: Hit) -> None:
        """A text was found in the bytes of a row of this view."""
        self._text, self._hit = text, hit

    def hit_in(self, row: int | None) -> Hit | None:
        """What was found last, if it is in the bytes of a row."""
        return self._hit if self._hit is not None and self._hit.row == row else None

    def said_of(self, row: int | None) -> str:
        """What was found in the bytes of a row; "" for nothing."""
        hit = self.hit_in(row)
        return "" if hit is None else f"{self._text}: byte {hit.offset:,} of {hit.place}; Enter shows it, n goes on"
