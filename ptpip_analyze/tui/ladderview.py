"""The ladder as a view: the messages of sessions between their lanes, what the selected one says beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from ptpip_analyze.capture import CaptureError
from ptpip_analyze.describe import counted, safe_text
from ptpip_analyze.tables.export import ExportError, replacing

from . import saving
from .dialogs import AskScreen, exists
from .ladder import Arrow, Ladder
from .lines import Lines
from .parts import message_part, node_pieces, nodes_of, parts_of
from .view import View

_LADDERS: Final = (".txt", ".mmd", ".svg")
_ROOM_BESIDE, _ROOM_MORE = 130, 40  # cells from which on content stands beside one ladder, and more for each other one


class LadderView(View):
    """The messages of sessions between their lanes."""

    DEFAULT_CSS = """
    LadderView > #status { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    LadderView > Container { layout: horizontal; height: 1fr; }
    LadderView #lanes { width: 1fr; height: 100%; }
    LadderView #beside { width: 52; height: 100%; border-left: solid $panel; }
    LadderView.narrow > Container { layout: vertical; }
    LadderView.narrow #lanes { width: 100%; height: 1fr; }
    LadderView.narrow #beside { width: 100%; height: 7; border-left: none; border-top: solid $panel; }
    LadderView.alone #beside { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "fold", "Fold"),
        Binding("i", "beside", "Content"),
        Binding("left_square_bracket", "session(-1)", "Session before", show=False),
        Binding("right_square_bracket", "session(1)", "Next session"),
        Binding("w", "save", "Save"),
    ]
    title = "Ladder"

    def __init__(self) -> None:
        super().__init__(id="ladder")
        self._ladder: Ladder | None = None
        self.sessions: tuple[int, ...] = (0,)
        self._frame: int | None = None

    def compose(self) -> ComposeResult:
        """Lanes, content, status line."""
        with Container():
            yield Lines(id="lanes")
            yield Lines(id="beside")
        yield Static("", id="status")

    @property
    def lines(self) -> Lines:
        """The lanes."""
        return self.query_one("#lanes", Lines)

    @property
    def content(self) -> Lines:
        """What the selected message says."""
        return self.query_one("#beside", Lines)

    @property
    def crumb(self) -> str:
        """Which sessions."""
        several = len(self.sessions) > 1
        return f"Ladder of session{'s' if several else ''} {', '.join(map(str, self.sessions))}"

    def arrive(self) -> None:
        """Messages are asked for when they are first looked at."""
        self.lines.focus()
        if self._ladder is None:
            self.show(self.sessions, self._frame)

    def outdate(self) -> None:
        """Messages are asked for anew when they are looked at; the cursor stays at its frame."""
        place = self.frame()
        if self._ladder is not None and place is not None:
            self._frame = place[0]
        self._ladder = None

    def show(self, sessions: Sequence[int], frame: int | None) -> None:
        """Show some sessions, the cursor at a frame."""
        self._frame = frame
        if self._ladder is not None and self._ladder.sessions == tuple(sessions):
            self._draw()
            return
        self.sessions = tuple(sessions)
        self.on_resize()
        self.say("reading …")
        self.read(self.sessions)
        self.inspector.moved(self)

    def say(self, text: str) -> None:
        """Something for the status line."""
        self.query_one("#status", Static).update(Content(text), layout=False)

    @work(thread=True, exclusive=True, group="ladder")
    def read(self, sessions: tuple[int, ...]) -> None:
        """Take the messages of the sessions, in a thread."""
        loading, listing = self.held, self.inspector.transactions
        if not loading.complete or loading.analysis is None or listing is None:
            why = loading.fault or "The ladder comes when the capture is read to its end."
            self.app.call_from_thread(self.say, safe_text(why))
            return
        self.app.call_from_thread(self._take, Ladder(loading.analysis, sessions, listing))

    def _take(self, ladder: Ladder) -> None:
        if ladder.sessions == self.sessions:
            self._ladder = ladder
            self._draw()

    def _draw(self) -> None:
        ladder = self._ladder
        if ladder is None:
            return
        width = max(self.lines.scrollable_content_region.width, 60)
        self.lines.head = ladder.head(width)
        cursor = self.lines.cursor if self._frame is None else ladder.line_of_frame(self._frame)
        begins = self.held.begins
        self.lines.show(len(ladder), lambda line: ladder.pieces(line, width, begins), ladder.width(width), cursor or 0)
        self._frame = None
        said = counted(len(ladder), "line") + (", polling folded (z)" if ladder.folds else "")
        if self.inspector.session_count > 1:
            said += " · [ ] other session · 1, space, d: several side by side"
        self.say(said)
        self.refresh_bindings()
        self._follow()

    def on_resize(self) -> None:
        """Another width: content stands beside the lanes, or below them."""
        self.set_class(self.size.width < _ROOM_BESIDE + _ROOM_MORE * (len(self.sessions) - 1), "narrow")
        self.call_after_refresh(self._draw)

    def on_lines_resized(self, event: Lines.Resized) -> None:
        """Another width of the lanes."""
        event.stop()
        if event.lines is self.lines:
            self._draw()

    def action_beside(self) -> None:
        """Show the content of the selected message, or the lanes alone."""
        self.toggle_class("alone")
        self.call_after_refresh(self._draw)

    def on_lines_moved(self, event: Lines.Moved) -> None:
        """Another message: its content."""
        event.stop()
        if event.lines is self.lines:
            self._follow()

    def _follow(self) -> None:
        if self._ladder is None or not len(self._ladder) or self.has_class("alone"):
            return
        arrow = self._ladder.arrow(min(self.lines.cursor, len(self._ladder) - 1))
        self.tell(arrow)

    @work(thread=True, exclusive=True, group="beside")
    def tell(self, arrow: Arrow) -> None:
        """Read and decode the selected message, in a thread, with the others of its transaction."""
        analysis, parts = self.held.analysis, []
        try:
            if analysis is not None and arrow.transaction is not None:
                parts = parts_of(analysis, arrow.transaction)
            elif analysis is not None and (part := message_part(analysis, arrow.message)) is not None:
                parts = [part]
        except (CaptureError, OSError, ValueError) as error:
            fault = f"The bytes can't be read: {error}"
            self.app.call_from_thread(self.content.show, 1, lambda line: [(safe_text(fault), "error")])
            return
        nodes = [node for _, node in nodes_of(parts)]
        lines = [node_pieces(node) for node in nodes]
        width = max((sum(len(text) for text, _ in line) for line in lines), default=0)
        chosen = max((at for at, one in enumerate(parts) if (one.frame or 0) <= arrow.frame), default=0)
        cursor = next((at for at, node in enumerate(nodes) if node.part == chosen), 0)
        self.app.call_from_thread(self.content.show, len(lines), lambda line: lines[line], width, cursor)

    def on_lines_opened(self, event: Lines.Opened) -> None:
        """Enter: the transaction of a message."""
        event.stop()
        ladder = self._ladder
        number = ladder.arrow(self.lines.cursor).transaction if ladder is not None and len(ladder) else None
        if number is None:
            self.notify("This message belongs to no transaction.")
        else:
            self.inspector.open_transaction(number)

    def frame(self) -> tuple[int, int | None] | None:
        """Frame of the message under the cursor, and its session."""
        if self._ladder is None or not len(self._ladder):
            return None
        arrow = self._ladder.arrow(self.lines.cursor)
        return arrow.frame, self.sessions[arrow.block]

    def action_fold(self) -> None:
        """Fold polling loops, or show every message."""
        if self._ladder is not None:
            place = self.frame()
            self._ladder.fold(not self._ladder.folded)
            self._frame = place[0] if place else None
            self._draw()

    def action_session(self, by: int) -> None:
        """Another session."""
        if self._has_session(by):
            self.show([self.sessions[0] + by], None)

    def _has_session(self, by: int) -> bool:
        return 0 <= self.sessions[0] + by < self.inspector.session_count

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what has loops is folded; and there may be no other session."""
        if action == "fold":
            return self._ladder is not None and self._ladder.has_loops
        if action == "session" and isinstance(by := parameters[0], int):
            return self._has_session(by)
        return super().check_action(action, parameters)

    def action_save(self) -> None:
        """Save the ladder."""
        if self._ladder is None:
            return

        question = "Save the ladder as text (.txt), Mermaid (.mmd) or picture (.svg)"
        self.app.push_screen(
            AskScreen(question, "ladder.txt", lambda path: saving.fault_of(path, self.held, _LADDERS), exists),
            self._save,
        )

    def _save(self, path: str | None) -> None:
        ladder, begins = self._ladder, self.held.begins
        if path is None or ladder is None:
            return

        def write() -> str:
            target = saving.checked(path, self.held, _LADDERS)
            suffix = target.suffix.lower()
            lines = ladder.mermaid() if suffix == ".mmd" else ladder.text(begins)
            lines = ladder.svg(begins) if suffix == ".svg" else lines
            try:
                with replacing(target) as stream:
                    stream.writelines(f"{line}\n".encode() for line in lines)
            except ExportError as error:
                raise saving.SaveError(str(error)) from error
            return f"{counted(len(ladder), 'line')} of the ladder written to {target}"

        self.inspector.save(write)
