"""What every view of a capture is: something with a title, which the application shows one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.containers import Vertical

from .loading import Loading

if TYPE_CHECKING:
    from .app import Inspector


class View(Vertical):
    """One view. ``title`` is its name in the breadcrumb."""

    title = ""

    @property
    def inspector(self) -> Inspector:
        """The application."""
        return cast("Inspector", self.app)

    @property
    def held(self) -> Loading:
        """The captures that are shown."""
        return self.inspector.held

    def arrive(self) -> None:
        """The view is shown now."""

    def outdate(self) -> None:
        """More is known than the view was made of: what it shows stays until it arrives again."""

    @property
    def crumb(self) -> str:
        """What the breadcrumb says of it."""
        return self.title

    def frame(self) -> tuple[int, int | None] | None:
        """Frame and session of what the cursor is on; None where it is on nothing with a frame."""
        return None

    def interrupt(self) -> bool:
        """Escape was pressed: end what goes on in the view. Was there anything?"""
        return False
