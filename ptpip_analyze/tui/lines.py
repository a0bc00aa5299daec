"""A widget that shows lines, however many: it asks for those on the screen, and only for them.

Promises that wire text can't become markup or an escape code: lines are segments of printable text, styles are named
by what they mean. Refuses to know what its lines are about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .pieces import Piece

_SIDEWAYS: Final = 10  # letters that are scrolled at a time


class Lines(ScrollView, can_focus=True):
    """Lines with a cursor. ``Moved`` when the cursor is on another line, ``Opened`` for Enter or a second click."""

    DEFAULT_CSS = """
    Lines {
        height: 1fr; background: $surface; scrollbar-gutter: stable;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1;
    }
    Lines .lines--error { color: $text-error; }
    Lines .lines--warning { color: $text-warning; }
    Lines .lines--good { color: $text-success; }
    Lines .lines--quiet { color: $quiet; }
    Lines .lines--title { color: $text-primary; }
    Lines .lines--head { background: $panel; color: $foreground; text-style: bold; }
    Lines .lines--cursor { background: $panel; }
    Lines:focus .lines--cursor { background: $primary-muted; text-style: bold; }
    Lines .lines--selected { background: $secondary-muted; color: $foreground; text-style: bold; }
    Lines:nocolor .lines--selected { text-style: bold reverse; }
    Lines:nocolor .lines--error { text-style: bold underline; }
    Lines:nocolor .lines--warning { text-style: underline; }
    Lines .lines--marked { color: $text-accent; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"lines--{name}"
        for name in ("error", "warning", "good", "quiet", "title", "head", "cursor", "selected", "marked")
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("left,h", "sideways(-1)", "Left", show=False),
        Binding("right,l", "sideways(1)", "Right", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "to_line(0)", "First line", show=False),
        Binding("end,G", "to_line(-1)", "Last line", show=False),
        Binding("enter", "open", "Open"),
    ]

    cursor = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor is on another line."""

        def __init__(self, lines: Lines, line: int) -> None:
            super().__init__()
            self.lines, self.line = lines, line

        @property
        def control(self) -> Lines:
            """The widget."""
            return self.lines

    class Opened(Moved):
        """A line was chosen."""

    class Resized(Moved):
        """The widget has another size: what was drawn for its width is drawn anew."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.count = 0
        self.head: list[Piece] | None = None
        self._line: Callable[[int], Sequence[Piece]] = lambda line: []
        self._styles: dict[str, Style] = {}

    def show(self, count: int, line: Callable[[int], Sequence[Piece]], width: int = 0, cursor: int = 0) -> None:
        """Show ``count`` lines; ``line(n)`` says line n when it is needed. ``width`` is that of the longest one.

        Whoever has turned the wheel away from the cursor stays there, unless the cursor goes to another line.
        """
        away = self.count and self.cursor == cursor and not self.top <= cursor < self.top + self.room
        self.count, self._line = count, line
        self._resize(width)
        self.cursor = max(min(cursor, count - 1), 0)
        if not away:
            self.reveal()
        self.refresh()

    def _resize(self, width: int) -> None:
        self.virtual_size = Size(width, self.count + (self.head is not None))

    @property
    def top(self) -> int:
        """The first line that is on the screen."""
        return round(self.scroll_offset.y)

    @property
    def room(self) -> int:
        """How many lines there is room for."""
        return max(self.scrollable_content_region.height - (self.head is not None), 1)

    def reveal(self) -> None:
        """Scroll until the cursor's line is on the screen."""
        top = self.top
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True, immediate=True)
        elif self.cursor >= top + self.room:
            self.scroll_to(y=self.cursor - self.room + 1, animate=False, force=True, immediate=True)

    def validate_cursor(self, line: int) -> int:
        """A line that there is."""
        return max(min(line, self.count - 1), 0)

    def watch_cursor(self, before: int, line: int) -> None:
        """Tell where the cursor is. Only what looks different is drawn anew: over ssh a whole screen takes its time."""
        top = self.top
        self.reveal()
        if self.top == top:
            self.redraw(before)
            self.redraw(line)
        else:
            self.refresh()
        if self.count:
            self.post_message(self.Moved(self, line))

    def redraw(self, line: int) -> None:
        """Draw one line anew, where it is on the screen."""
        y = line - self.top
        if 0 <= y < self.room:
            self.refresh(Region(0, y + (self.head is not None), self.size.width, 1))

    def on_resize(self) -> None:
        """The cursor's line stays on the screen."""
        self.call_after_refresh(self.reveal)
        self.post_message(self.Resized(self, self.cursor))

    def notify_style_update(self) -> None:
        """Another theme: styles are looked up anew."""
        super().notify_style_update()
        self._styles = {}

    # Keys and mouse

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.cursor += by

    def action_sideways(self, by: int) -> None:
        """Scroll to what has no room."""
        self.scroll_to(x=self.scroll_offset.x + by * _SIDEWAYS, animate=False, immediate=True)

    def action_page(self, by: int) -> None:
        """Move the cursor by a screen."""
        self.cursor += by * self.room

    def action_to_line(self, line: int) -> None:
        """Move the cursor to a line; -1 is the last one."""
        self.cursor = self.count - 1 if line < 0 else line

    def action_open(self) -> None:
        """Choose the line under the cursor."""
        if self.count:
            self.post_message(self.Opened(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """The cursor goes where the mouse is; a second click chooses."""
        at = event.get_content_offset(self)
        if at is None:
            return
        line, letter = self.top + at.y - (self.head is not None), at.x + round(self.scroll_offset.x)
        if at.y < (self.head is not None):
            self.head_clicked(letter)
        elif line < self.count:
            again = line == self.cursor and event.chain == 2
            self.cursor = line
            self.clicked_at(letter)
            if again:
                self.action_open()

    def head_clicked(self, x: int) -> None:
        """The heading was clicked at a column of letters."""

    def clicked_at(self, x: int) -> None:
        """The cursor's line was clicked at a column of letters."""

    # Drawing

    def style_of(self, name: str) -> Style:
        """The style of a meaning in this theme; for "" that of the widget, which takes long to be found out."""
        found = self._styles.get(name)
        if found is None:
            found = self.get_component_rich_style(f"lines--{name}", partial=True) if name else self.rich_style
            self._styles[name] = found
        return found

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width
        left = round(self.scroll_offset.x)
        if self.head is not None:
            if y == 0:
                return self._strip(self.head, left, width, self.style_of("head"))
            y -= 1
        line = self.top + y
        if line >= self.count:
            return Strip.blank(width, self.style_of(""))
        behind = self.style_of("cursor") if line == self.cursor else Style()
        return self._strip(self._line(line), left, width, behind)

    def _strip(self, pieces: Sequence[Piece], left: int, width: int, behind: Style) -> Strip:
        base = self.style_of("") + behind
        segments, taken = [], 0
        for text, meaning in pieces:
            segments.append(Segment(text, base + self.style_of(meaning) if meaning else base))
            taken += cell_len(text)
        if taken < left + width:
            segments.append(Segment(" " * (left + width - taken), base))
        return Strip(segments).crop(left, left + width)
