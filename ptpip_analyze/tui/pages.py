"""The views that are pages of lines: overview, doctor. Each line may lead somewhere."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from ptpip_analyze.describe import frames_text, safe_text

from .lines import Lines
from .overview import Known, OverviewLine, page
from .pieces import Piece, wrapped
from .view import View

_MARKS: Final = {
    "problem": ("! ", "error"), "slow": ("~ ", "warning"), "fine": ("✓ ", "good"), "unknown": ("? ", "quiet"),
}  # fmt: skip


class PageView(View):
    """A page of lines."""

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


class OverviewView(PageView):
    """Facts, throughput, sessions, operations. Sessions can be marked, to stand side by side in the ladder."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark session"),
        Binding("d", "ladder", "Ladder"),
    ]
    title = "Overview"

    def __init__(self) -> None:
        super().__init__(id="overview")
        self._known: Known | None = None
        self._lines: list[OverviewLine] = []
        self._fault = ""
        self.marked: list[int] = []
        self._placed = 0  # the line on which the cursor was put, not by a person

    def take(self, known: Known) -> None:
        """Show what is known now."""
        self._known = known
        self._draw()

    def fail(self, fault: str) -> None:
        """Say above everything else why reading has ended."""
        self._fault = fault
        self._draw()

    def on_resize(self) -> None:
        """Another width."""
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        width, height = max(self.size.width - 2, 40), self.size.height
        known = [] if self._known is None else page(self._known, width, self.marked, height)
        before = self._lines
        fault = [OverviewLine([(line, "error")]) for line in wrapped(self._fault, width)] if self._fault else []
        self._lines = [*fault, *known]
        self.lines.show(len(self._lines), lambda line: self._lines[line].pieces, 0, self._place(before))

    def _place(self, before: list[OverviewLine]) -> int:
        """Where the cursor goes when other lines are shown: it stays with its session. Until somebody has moved it, it
        is on the first one, where Enter goes in.
        """
        cursor, firsts = self.lines.cursor, _firsts(self._lines)
        if cursor == self._placed:
            self._placed = next(iter(firsts.values()), 0)
            return self._placed
        session = before[cursor].session if cursor < len(before) else None
        if session is None or session not in firsts:
            return cursor
        return firsts[session] + cursor - _firsts(before)[session]

    def on_lines_opened(self, event: Lines.Opened) -> None:
        """Enter: in."""
        event.stop()
        goal = self._lines[event.line].goal
        if goal is not None:
            self.inspector.open_table(goal.view, goal.where)

    def _session(self) -> int | None:
        """The session whose card the cursor is on."""
        return self._lines[self.lines.cursor].session if self._lines else None

    def action_mark(self) -> None:
        """Mark the session, or no longer; and go on to the next one."""
        session = self._session()
        if session is None:
            self.notify("Go to a session first: its marks let the ladder show several side by side.")
            return
        self.marked = [one for one in self.marked if one != session] + [session] * (session not in self.marked)
        at = self.lines.cursor
        self._draw()
        other = next((line for line in range(at, len(self._lines)) if self._lines[line].session == session + 1), at)
        self.lines.cursor = other

    def action_ladder(self) -> None:
        """The ladder of the marked sessions, else of the one under the cursor."""
        session = self._session()
        chosen = sorted(self.marked) or [0 if session is None else session]
        self.inspector.open_ladder(chosen, None)


def _firsts(lines: list[OverviewLine]) -> dict[int, int]:
    """The first line of each session."""
    found: dict[int, int] = {}
    for at, line in enumerate(lines):
        if line.session is not None:
            found.setdefault(line.session, at)
    return found


class DoctorView(PageView):
    """Plain sentences, with frames that Enter goes to."""

    title = "Doctor"

    def __init__(self) -> None:
        super().__init__(id="doctor")
        self._document: dict[str, Any] | None = None
        self._lines: list[tuple[list[Piece], tuple[int | None, int | None] | None]] = []

    def arrive(self) -> None:
        """The doctor is asked when first visited."""
        super().arrive()
        if self._document is None:
            if not self._lines:
                self.lines.show(1, lambda line: [("examining …", "quiet")])
            self.read()

    def outdate(self) -> None:
        """The doctor is asked anew."""
        self._document = None

    @work(thread=True, exclusive=True, group="doctor")
    def read(self) -> None:
        """Ask, in a thread."""
        from ptpip_analyze.doctor import examined

        loading = self.held
        if not loading.complete or loading.analysis is None:
            text = loading.fault or "The doctor comes when the capture is read to its end."
            self.app.call_from_thread(self.lines.show, 1, lambda line: [(safe_text(text), "quiet")])
            return
        self.app.call_from_thread(self._take, examined(loading.analysis.results))

    def _take(self, document: dict[str, Any]) -> None:
        self._document = document
        self._draw()

    def on_resize(self) -> None:
        """Another width."""
        self._draw()

    def _draw(self) -> None:
        from ptpip_analyze.doctor import heading

        if self._document is None or not self.size.width:
            return  # without a width lines would be others than those that are seen
        first, width = not self._lines, max(self.size.width - 6, 30)  # behind the mark, before the scroll bar
        self._lines = []
        for one in self._document["captures"]:
            self._said(one["capture"], one["sayings"], None, width)
        for one in self._document["sessions"]:
            self._said(heading(self._document, one), one["sayings"], one["session"], width)
        lines = self._lines or [([("There is nothing to say of this capture.", "quiet")], None)]
        self.lines.show(len(lines), lambda line: lines[line][0], 0, self.lines.cursor)
        if first:  # Enter goes to the first place that is told of
            self.lines.cursor = next((at for at, (_, goal) in enumerate(self._lines) if goal and goal[1]), 0)

    def _said(self, head: str, sayings: list[dict[str, Any]], session: int | None, width: int) -> None:
        if not sayings:
            return
        self._lines += [([(line, "title")], (session, None)) for line in wrapped(safe_text(head), width + 3)]
        for one in sayings:
            mark, meaning = _MARKS[one["grade"]]
            goal = (session, one["frames"][0] if one["frames"] else None)
            frames = frames_text(one["frames"][:6], len(one["frames"]))
            text = safe_text(one["says"]) + (f" [{frames}]" if frames else "")
            for number, line in enumerate(wrapped(text, width)):
                self._lines.append(([("    " if number else f"  {mark}", meaning), (line, "")], goal))
        self._lines.append(([], None))

    def on_lines_opened(self, event: Lines.Opened) -> None:
        """Enter: the place that shows it."""
        event.stop()
        goal = self._lines[event.line][1] if event.line < len(self._lines) else None
        if goal is not None and goal[0] is not None:
            self.inspector.open_ladder([goal[0]], goal[1])
