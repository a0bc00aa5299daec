"""Keys: what they are called, the line at the bottom that shows the important ones, and the page that shows all.

Promises that the line costs one widget: Textual's own footer mounts a dozen whenever another view gets the keys, which
takes longer than to draw the view.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.cells import cell_len
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

_NAMES: Final = {
    "question_mark": "?", "slash": "/", "left_square_bracket": "[", "right_square_bracket": "]", "escape": "Esc",
    "space": "Space", "enter": "Enter", "tab": "Tab", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home",
    "end": "End", "up": "↑", "down": "↓", "left": "←", "right": "→", "semicolon": ";", "quotation_mark": '"',
    "full_stop": ".", "comma": ",",
}  # fmt: skip
_LAST: Final = ("escape", "question_mark", "q")
"""Keys that are shown to the right, and whenever there is room for anything."""

_COMMON: Final = ("filter_value", "sort", "columns", "search", "save", "go_to")
"""Actions of every list, behind what only the view at hand can do: there may be no room for all."""


def key_name(binding: Binding) -> str:
    """How a person calls the keys of a binding."""
    return " ".join(_NAMES.get(key, key.replace("ctrl+", "^")) for key in binding.key.split(","))


def bindings_of(owner: type[Any]) -> list[Binding]:
    """The bindings that a class has itself or from those it is made of, of this package, in order."""
    found = []
    for one in reversed(owner.__mro__):
        if one.__module__.startswith("ptpip_analyze"):
            found += [binding for binding in one.__dict__.get("BINDINGS", ()) if isinstance(binding, Binding)]
    return found


def help_content(chapters: Iterable[tuple[str, Sequence[type[Any]]]]) -> Content:
    """All keys, by chapter."""
    lines = [
        Content.styled("ptpip-analyze: keys", "bold"),
        Content(
            "Enter goes in, Escape goes back. The mouse works, too: click (on a heading: sort), double-click, wheel."
        ),
        Content("ctrl+p finds every action by its name. A filter is what --where takes."),
    ]
    for title, owners in chapters:
        lines += [Content(""), Content.styled(title, "bold $text-primary")]
        for owner in owners:
            for binding in owner.__dict__["BINDINGS"]:
                lines.append(Content.assemble((f"  {key_name(binding):<14}", "bold"), binding.description))
    return Content("\n").join(lines)


class KeyLine(Static):
    """The important keys of what has them now, each to be clicked; as many as there is room for."""

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; background: $panel; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__("", id="keys")
        self._shown: list[tuple[str, str, str]] = []

    def on_mount(self) -> None:
        """Follow whatever gets the keys."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self._changed(self.screen)

    def _changed(self, screen: Screen[Any]) -> None:
        if screen is not self.screen or not self.is_attached:
            return
        found: dict[str, Binding] = {}  # of several keys for one action the first is shown
        for one in screen.active_bindings.values():
            if one.binding.show and one.enabled and one.binding.description:
                found.setdefault(one.binding.action, one.binding)
        ordered = sorted(found.values(), key=lambda one: (one.key in _LAST, one.action in _COMMON))
        shown = [(key_name(binding), binding.description, binding.key) for binding in ordered]
        if shown != self._shown:
            self._shown = shown
            self._draw()

    def on_resize(self) -> None:
        """Another width."""
        self._draw()

    def _draw(self) -> None:
        room = self.size.width - 1
        kept = []
        for one in (*reversed(self._shown[-len(_LAST) :]), *self._shown[: -len(_LAST)]):
            room -= cell_len(one[0]) + cell_len(one[1]) + 3
            if room < 0:
                break
            kept.append(one)
        pieces = []
        for name, words, key in sorted(kept, key=self._shown.index):
            click = f" @click=app.simulate('{key}')"
            pieces.append(
                Content.assemble(Content.styled(f" {name}", f"bold $text-accent{click}"), (f" {words} ", click.strip()))
            )
        self.update(Content("").join(pieces), layout=False)
