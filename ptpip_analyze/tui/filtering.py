"""The filter line: an expression as ``--where`` takes it, held against the table while it is typed."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Static

from .asked import Asked
from .completing import completions
from .loading import Loading

if TYPE_CHECKING:
    from .app import Inspector

_JUDGING = threading.Lock()  # one at a time: the first one loads pandas, and many would load it together


class _Completing(Suggester):
    """Shows the first completion behind the cursor."""

    def __init__(self, table: str, loading: Loading) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._table, self._loading = table, loading

    async def get_suggestion(self, value: str) -> str | None:
        """The first way to complete what is written."""
        found = completions(value, self._table, lambda column: self._loading.texts(self._table, column))
        return found[0] if found else None


class FilterInput(Input):
    """The line itself. Tab takes the completion, up and down go through what was asked before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", priority=True),
        Binding("up", "history(-1)", "Earlier", show=False),
        Binding("down", "history(1)", "Later", show=False),
        Binding("escape", "leave", "Leave"),
    ]

    def __init__(self, table: str, loading: Loading) -> None:
        super().__init__(
            placeholder='operation == "GetObject" and latency_s > 0.5',
            suggester=_Completing(table, loading),
            compact=True,
        )
        self._table = table
        self._at: int | None = None  # among what was asked before; None: a line of its own
        self._own = ""

    def open(self) -> None:
        """What is written now is a line of its own."""
        self._at = None

    def action_complete(self) -> None:
        """Take the completion that is shown."""
        self.action_cursor_right()

    @property
    def _asked(self) -> Asked:
        return cast("Inspector", self.app).asked

    def action_history(self, by: int) -> None:
        """Another expression that was asked before, in this run or another; below the last one is what was written."""
        before = self._asked.of(self._table)
        if self._at is None:
            self._own = self.value
        at = max((len(before) if self._at is None else self._at) + by, 0)
        self._at = at if at < len(before) else None
        self.value = self._own if self._at is None else before[self._at]
        self.cursor_position = len(self.value)

    def remember(self, text: str) -> None:
        """This was asked."""
        if text:
            self._asked.add(self._table, text)
        self._at = None

    def action_leave(self) -> None:
        """Back to the rows, the filter as it was."""
        self.post_message(FilterLine.Left())


class FilterLine(Vertical):
    """The line with what is to be said of it. ``Asked`` when an expression that holds up is entered, "" for all."""

    DEFAULT_CSS = """
    FilterLine { height: auto; display: none; }
    FilterLine Input { border: none; height: 1; padding: 0 1; background: $boost; }
    FilterLine Horizontal { height: 1; }
    FilterLine #sign { width: 4; padding: 0 1; }
    FilterLine #verdict { height: 1; padding: 0 1; color: $text-muted; }
    FilterLine.valid #sign { color: $text-success; }
    FilterLine.invalid #sign, FilterLine.invalid #verdict { color: $text-error; }
    """

    class Asked(Message):
        """An expression was entered."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The line is left as it was."""

    def __init__(self, table: str, loading: Loading) -> None:
        super().__init__()
        self.table, self._loading = table, loading
        self._verdict: tuple[str, str] | None = None  # what was judged last, and what is wrong with it

    def compose(self) -> ComposeResult:
        """The line and the verdict below it."""
        with Horizontal():
            yield Static("/", id="sign")
            yield FilterInput(self.table, self._loading)
        yield Static("", id="verdict")

    @property
    def input(self) -> FilterInput:
        """The line itself."""
        return self.query_one(FilterInput)

    def open(self, text: str) -> None:
        """Show the line with an expression, and let it be edited."""
        self.display = True
        self.input.open()
        self.input.value = text
        self.input.cursor_position = len(text)
        self.screen.set_focus(self.input)  # at once: whoever types fast must not reach the rows
        self.judge(text, False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Hold what is written against the table."""
        event.stop()
        if "pandas" not in sys.modules:  # which takes its time to load, and what was said is of another text
            self.query_one("#verdict", Static).update("checking …")
        self.judge(event.value, False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: filter, if it holds up. At once where that is known, so that the next key is for the rows."""
        event.stop()
        if self._verdict is not None and self._verdict[0] == event.value:
            self._judged(*self._verdict, True)
        else:
            self.judge(event.value, True)

    @work(thread=True, exclusive=True, group="judge")
    def judge(self, text: str, enter: bool) -> None:
        """Is this an expression over the table? In a thread: what decides it takes its time to load."""
        fault = ""
        with _JUDGING:
            if text != self.input.value and not enter:
                return  # more was typed meanwhile
            from ptpip_analyze.tables.where import WhereError, parse_where

            if text.strip():
                try:
                    parse_where(text, self.table)
                except WhereError as error:
                    fault = str(error)
        self.app.call_from_thread(self._judged, text, fault, enter)

    def _judged(self, text: str, fault: str, enter: bool) -> None:
        if text != self.input.value:
            return
        self._verdict = (text, fault)
        self.set_class(bool(fault), "invalid")
        self.set_class(not fault and bool(text.strip()), "valid")
        self.query_one("#sign", Static).update("✗" if fault else "✓" if text.strip() else "/")
        offered = completions(text, self.table, lambda column: self._loading.texts(self.table, column))
        ways = "  ".join(one[len(text) :] and one.split()[-1] for one in offered[:8])
        told = ways or fault or ("Enter filters" if text.strip() else "Enter shows all rows; Tab completes")
        self.query_one("#verdict", Static).update(Content(told))
        if enter and not fault:
            self.input.remember(text.strip())
            self.display = False
            self.post_message(self.Asked(text.strip()))
