"""Questions in front of the view: where to save, where to go, which columns; pages to read; is it to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Input, SelectionList, Static
from textual.widgets.selection_list import Selection

Check = Callable[[str], str]
"""What is wrong with an answer, in a sentence; "" for nothing."""


class AskScreen(ModalScreen[str | None]):
    """One line is asked for. Answers with it, or None when it was left."""

    DEFAULT_CSS = """
    AskScreen { align: center middle; }
    AskScreen > Vertical { width: 76; max-width: 95%; height: auto; padding: 1 2; background: $panel; }
    AskScreen Input { margin-top: 1; }
    AskScreen #fault { color: $text-warning; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Leave")]

    def __init__(self, question: str, value: str, check: Check, again: Check | None = None) -> None:
        super().__init__()
        self._question, self._value, self._check, self._again = question, value, check, again
        self._warned = ""

    def compose(self) -> ComposeResult:
        """Question, line, what is wrong with it."""
        with Vertical():
            yield Static(Content(self._question))
            yield Input(self._value)
            yield Static("", id="fault")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer, unless something is wrong; what only needs a second thought is said once."""
        fault = self._check(event.value)
        if not fault and self._again is not None and self._warned != event.value:
            fault, self._warned = self._again(event.value), event.value
        if fault:
            self.query_one("#fault", Static).update(Content(fault))
        else:
            self.dismiss(event.value)


class KeepScreen(AskScreen):
    """Shall what was captured be kept? Answers with the file, "" for no, or None when it goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+d", "dismiss('')", "Throw it away", priority=True),
        Binding("escape", "dismiss", "Go on"),
    ]

    def __init__(self, size: str, name: str, check: Check, again: Check) -> None:
        question = (
            f"What was captured ({size}) is in no file of yours. Enter keeps it as the file below and quits, ctrl+d "
            "throws it away and quits, Escape goes on."
        )
        super().__init__(question, name, check, again)


def exists(path: str) -> str:
    """A second thought about a file that is there."""
    there = Path(path).expanduser().exists()
    return "This file is there already: Enter once more replaces it." if there else ""


class _Choice(SelectionList[str]):
    """Which of several; a cross stands only before what is chosen, since not every terminal has colours."""

    def render_line(self, y: int) -> Strip:
        """One line. Its second segment is the cross, which Textual draws in another colour where nothing is chosen."""
        segments = list(super().render_line(y))
        at = self.scroll_offset.y + y
        if at < self.option_count and self.get_option_at_index(at).value not in self.selected:
            segments[1] = Segment(" " * len(segments[1].text), segments[1].style)
        return Strip(segments)


class ColumnsScreen(ModalScreen[list[str] | None]):
    """Which columns are shown: those that are, first and in their order, then the others; and what each one means."""

    DEFAULT_CSS = """
    ColumnsScreen { align: center middle; }
    ColumnsScreen > Vertical { width: 76; max-width: 95%; height: 80%; padding: 1 2; background: $panel; }
    ColumnsScreen SelectionList { height: 1fr; }
    ColumnsScreen #meaning { height: 5; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "done", "Show these", priority=True),
        Binding("escape", "dismiss", "Leave"),
    ]

    def __init__(self, shown: Sequence[str], others: Sequence[str], meanings: Mapping[str, str]) -> None:
        super().__init__()
        self._shown, self._others, self._meanings = list(shown), list(others), meanings

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical():
            yield Static("Columns: space chooses, Enter shows them, Escape leaves them as they are")
            yield _Choice(
                *(Selection(name, name, True) for name in self._shown),
                *(Selection(name, name, False) for name in self._others),
            )
            yield Static("", id="meaning", markup=False)

    def on_selection_list_selection_highlighted(self, event: SelectionList.SelectionHighlighted[str]) -> None:
        """What the column under the cursor means."""
        self.query_one("#meaning", Static).update(self._meanings.get(event.selection.value, ""))

    def action_done(self) -> None:
        """Answer with the chosen ones in the order of the list."""
        chosen = set(self.query_one(SelectionList).selected)
        self.dismiss([name for name in (*self._shown, *self._others) if name in chosen] or None)


class PageScreen(ModalScreen[None]):
    """A page to read."""

    DEFAULT_CSS = """
    PageScreen { align: center middle; }
    PageScreen > VerticalScroll { width: 100; max-width: 96%; height: 90%; padding: 1 2; background: $panel; }
    PageScreen Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,question_mark", "dismiss", "Back")]

    def __init__(self, content: Content) -> None:
        super().__init__()
        self._content = content

    def compose(self) -> ComposeResult:
        """The page."""
        with VerticalScroll():
            yield Static(self._content)


class PictureScreen(ModalScreen[None]):
    """A picture, drawn in cells."""

    DEFAULT_CSS = """
    PictureScreen { align: center middle; }
    PictureScreen > Vertical { width: auto; height: auto; padding: 1 2 0 2; background: $panel; }
    PictureScreen Static { width: auto; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,v", "dismiss", "Back")]

    def __init__(self, caption: str, drawn: Text) -> None:
        super().__init__()
        self._caption, self._drawn = caption, drawn

    def compose(self) -> ComposeResult:
        """The picture above what it is."""
        with Vertical():
            yield Static(self._drawn)
            yield Static(Content(self._caption))
