"""The views that are pages of lines: overview, ladder, doctor. Each line may lead somewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ptpip_analyze.describe import counted, frames_text, safe_text
from ptpip_analyze.tables.export import ExportError, replacing

from . import saving
from .dialogs import AskScreen, exists
from .ladder import Ladder
from .lines import Lines, Piece
from .overview import Known, OverviewLine, page
from .views import View

_MARKS: Final = {
    "problem": ("! ", "error"), "slow": ("~ ", "warning"), "fine": ("✓ ", "good"), "unknown": ("? ", "quiet"),
}  # fmt: skip
_LADDERS: Final = (".txt", ".mmd", ".svg")


class OverviewView(View):
    """Facts, throughput, sessions, operations."""

    title = "Overview"

    def __init__(self) -> None:
        super().__init__(id="overview")
        self._known: Known | None = None
        self._lines: list[OverviewLine] = []
        self._fault: list[OverviewLine] = []

    def compose(self) -> ComposeResult:
        """The page."""
        yield Lines()

    @property
    def lines(self) -> Lines:
        """The page on the screen."""
        return self.query_one(Lines)

    def arrive(self) -> None:
        """The page has the keys."""
        self.lines.focus()

    def take(self, known: Known) -> None:
        """Show what is known now."""
        self._known = known
        self._draw()

    def fail(self, fault: str) -> None:
        """Say above everything else why reading has ended."""
        self._fault = [OverviewLine([(line, "error")]) for line in _wrapped(fault, max(self.size.width - 2, 40))]
        self._draw()

    def on_resize(self) -> None:
        """Another width."""
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        known = [] if self._known is None else page(self._known, max(self.size.width - 2, 40))
        self._lines = [*self._fault, *known]
        self.lines.show(len(self._lines), lambda line: self._lines[line].pieces, 0, self.lines.cursor)

    def on_lines_opened(self, event: Lines.Opened) -> None:
        """Enter: in."""
        event.stop()
        goal = self._lines[event.line].goal
        if goal is not None:
            self.inspector.open_table(goal.view, goal.where)


class LadderView(View):
    """The messages of a session between three lanes."""

    DEFAULT_CSS = """
    LadderView > #status { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "fold", "Fold"),
        Binding("left_square_bracket", "session(-1)", "Session before", show=False),
        Binding("right_square_bracket", "session(1)", "Next session"),
        Binding("w", "save", "Save"),
    ]
    title = "Ladder"

    def __init__(self) -> None:
        super().__init__(id="ladder")
        self._ladder: Ladder | None = None
        self.session = 0
        self._frame: int | None = None

    def compose(self) -> ComposeResult:
        """Lanes, status line."""
        yield Lines()
        yield Static("", id="status")

    @property
    def lines(self) -> Lines:
        """The lanes."""
        return self.query_one(Lines)

    @property
    def crumb(self) -> str:
        """Which session."""
        return f"Ladder of session {self.session}"

    def arrive(self) -> None:
        """Messages are asked for when they are first looked at."""
        self.lines.focus()
        if self._ladder is None:
            self.show(self.session, None)

    def show(self, session: int, frame: int | None) -> None:
        """Show a session, the cursor at a frame."""
        self._frame = frame
        if self._ladder is not None and self._ladder.session == session:
            self._draw()
            return
        self.session = session
        self.say("reading …")
        self.read(session)
        self.inspector.moved(self)

    def say(self, text: str) -> None:
        """Something for the status line."""
        self.query_one("#status", Static).update(Content(text))

    @work(thread=True, exclusive=True, group="ladder")
    def read(self, session: int) -> None:
        """Take the messages of a session, in a thread."""
        loading, listing = self.held, self.inspector.transactions
        if not loading.complete or loading.analysis is None or listing is None:
            self.app.call_from_thread(self.say, "The ladder comes when the capture is read to its end.")
            return
        self.app.call_from_thread(self._take, Ladder(loading.analysis, session, listing))

    def _take(self, ladder: Ladder) -> None:
        if ladder.session == self.session:
            self._ladder = ladder
            self._draw()

    def _draw(self) -> None:
        ladder = self._ladder
        if ladder is None:
            return
        width = max(self.lines.scrollable_content_region.width, 60)
        self.lines.head = ladder.head(width)
        cursor = self.lines.cursor if self._frame is None else ladder.line_of_frame(self._frame)
        self.lines.show(len(ladder), lambda line: ladder.pieces(line, width, self.held.begins), width, cursor or 0)
        self._frame = None
        self.say(f"{counted(len(ladder), 'line')}{', loops folded (z)' if ladder.folded else ''} · [ ] other session")

    def on_resize(self) -> None:
        """Another width."""
        self.call_after_refresh(self._draw)

    def on_lines_opened(self, event: Lines.Opened) -> None:
        """Enter: the transaction of a message."""
        event.stop()
        number = self._ladder.arrow(event.line).transaction if self._ladder else None
        if number is None:
            self.notify("This message belongs to no transaction.")
        else:
            self.inspector.open_transaction(number)

    def frame(self) -> tuple[int, int | None] | None:
        """Frame of the message under the cursor."""
        if self._ladder is None or not len(self._ladder):
            return None
        return self._ladder.arrow(self.lines.cursor).frame, self.session

    def action_fold(self) -> None:
        """Fold polling loops, or show every message."""
        if self._ladder is not None:
            place = self.frame()
            self._ladder.fold(not self._ladder.folded)
            self._frame = place[0] if place else None
            self._draw()

    def action_session(self, by: int) -> None:
        """Another session."""
        other = self.session + by
        if 0 <= other < self.inspector.session_count:
            self.show(other, None)

    def action_save(self) -> None:
        """Save the ladder."""
        if self._ladder is None:
            return

        def check(path: str) -> str:
            try:
                saving.checked(path, self.held, _LADDERS)
            except saving.SaveError as error:
                return str(error)
            return ""

        question = "Save the ladder as text (.txt), Mermaid (.mmd) or picture (.svg)"
        self.app.push_screen(AskScreen(question, "ladder.txt", check, exists), self._save)

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


class DoctorView(View):
    """Plain sentences, with frames that Enter goes to."""

    title = "Doctor"

    def __init__(self) -> None:
        super().__init__(id="doctor")
        self._document: dict[str, Any] | None = None
        self._lines: list[tuple[list[Piece], tuple[int | None, int] | None]] = []

    def compose(self) -> ComposeResult:
        """The page."""
        yield Lines()

    @property
    def lines(self) -> Lines:
        """The page on the screen."""
        return self.query_one(Lines)

    def arrive(self) -> None:
        """The doctor is asked when first visited."""
        self.lines.focus()
        if self._document is None:
            self.lines.show(1, lambda line: [("examining …", "quiet")])
            self.read()

    @work(thread=True, exclusive=True, group="doctor")
    def read(self) -> None:
        """Ask, in a thread."""
        from ptpip_analyze.doctor import examined

        loading = self.held
        if not loading.complete or loading.analysis is None:
            text = "The doctor comes when the capture is read to its end."
            self.app.call_from_thread(self.lines.show, 1, lambda line: [(text, "quiet")])
            return
        self.app.call_from_thread(self._take, examined(loading.analysis.results))

    def _take(self, document: dict[str, Any]) -> None:
        self._document = document
        self._draw()

    def on_resize(self) -> None:
        """Another width."""
        self._draw()

    def _draw(self) -> None:
        if self._document is None:
            return
        width = max(self.size.width - 4, 30)
        self._lines = []
        for one in self._document["captures"]:
            self._said(one["capture"], one["sayings"], None, width)
        for one in self._document["sessions"]:
            who = f"{one['responder'] or 'the camera'} with {one['initiator'] or 'the initiator'}"
            self._said(f"Session {one['session']}: {who}", one["sayings"], one["session"], width)
        lines = self._lines or [([("There is nothing to say of this capture.", "quiet")], None)]
        self.lines.show(len(lines), lambda line: lines[line][0], 0, self.lines.cursor)

    def _said(self, head: str, sayings: list[dict[str, Any]], session: int | None, width: int) -> None:
        if not sayings:
            return
        self._lines.append(([(safe_text(head), "title")], None))
        for one in sayings:
            mark, meaning = _MARKS[one["grade"]]
            goal = (session, one["frames"][0]) if one["frames"] else None
            frames = frames_text(one["frames"][:6], len(one["frames"]))
            text = safe_text(one["says"]) + (f" [{frames}]" if frames else "")
            for number, line in enumerate(_wrapped(text, width)):
                self._lines.append(([("    " if number else f"  {mark}", meaning), (line, "")], goal))
        self._lines.append(([], None))

    def on_lines_opened(self, event: Lines.Opened) -> None:
        """Enter: the place that shows it."""
        event.stop()
        goal = self._lines[event.line][1] if event.line < len(self._lines) else None
        if goal is not None and goal[0] is not None:
            self.inspector.open_ladder(goal[0], goal[1])


def _wrapped(text: str, width: int) -> Iterable[str]:
    """A text in lines of at most ``width`` letters, broken between words."""
    import textwrap

    return textwrap.wrap(text, width) or [""]
