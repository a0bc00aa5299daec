"""What can be done, by name: the command palette, and the page that shows all keys by view."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual.actions import parse
from textual.app import SystemCommand
from textual.content import Content
from textual.dom import DOMNode

from .details import DetailsView
from .filtering import FilterInput
from .grid import Grid
from .hex import Hex
from .keys import bindings_of, help_content, key_name
from .ladderview import LadderView
from .lines import Lines
from .lists import FindingsView, ObjectsView, PropertiesView, TransactionsView
from .pages import OverviewView
from .views import TableView

if TYPE_CHECKING:
    from .app import Inspector


def commands(app: Inspector) -> Iterator[SystemCommand]:
    """What can be done now: every view, every action of the one that is shown and of its lines, what is always there.

    An action that has no sense now (``check_action``) is none of them.
    """
    from .app import VIEWS

    for key, (one, (name, _)) in enumerate(VIEWS.items(), 1):
        yield SystemCommand(f"View: {name}", f"Key {key}", lambda one=one: app.action_view(one))
    view = app.view
    lines = next(iter(view.query(Lines)), None)
    owners: list[DOMNode] = [view, *([lines] if lines is not None else []), app]
    for owner in owners:
        for binding in bindings_of(type(owner)):
            action = binding.action
            _, name, parameters = parse(action)
            if name != "view" and owner.check_action(name, parameters):
                yield SystemCommand(
                    binding.description, f"Key {key_name(binding)}",
                    lambda action=action, owner=owner: app.call_later(app.run_action, action, owner),
                )  # fmt: skip


def help_page() -> Content:
    """All keys, by view."""
    from .app import Inspector

    chapters: list[tuple[str, list[type[Any]]]] = [
        ("Everywhere", [Inspector]), ("Lines", [Lines]), ("Overview", [OverviewView]),
        ("Lists", [TableView]), ("Rows", [Grid]),
        ("Transactions", [TransactionsView]), ("Details", [DetailsView]), ("Bytes", [Hex]), ("Ladder", [LadderView]),
        ("Properties", [PropertiesView]), ("Objects", [ObjectsView]), ("Findings", [FindingsView]),
        ("Filter line", [FilterInput]),
    ]  # fmt: skip
    return help_content(chapters)
