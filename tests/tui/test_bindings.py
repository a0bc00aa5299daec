"""Every key of every view and what is on the screen then, as a table; a key without a row fails.

Of several keys for one thing the first is pressed; of the others it is asked whether they mean the same there. The keys
of a class are pressed in one run of the application, which is brought back to its beginning between them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from textual.binding import Binding
from textual.widgets import Input

import ptpip_analyze.tui
from ptpip_analyze.tui.app import VIEWS
from ptpip_analyze.tui.grid import Grid
from ptpip_analyze.tui.lines import Lines
from tests.support import ROOT

from .conftest import Seen, running

CAPTURES = ROOT / "captures"
DOWNLOAD, TWO = CAPTURES / "list-and-get.pcapng", CAPTURES / "two-initiators.pcapng"
CANCEL, CONFIG = CAPTURES / "cancel-and-probe.pcapng", CAPTURES / "config.pcap"
FILTER = ("slash", *"latency_s", "space", "greater_than_sign", "space", "0", "enter", "slash")


class Case(NamedTuple):
    """Keys that lead to where a key is pressed, and what is on the screen then and was not before.

    Before a text "cursor: " is for the line under the cursor, "head: " for the heading of the cursor's column, "keys: "
    for what has the keys, "value: " for what is written in a line, "gone: " for what is on the screen no longer;
    "moves: " says where the cursor goes. ``after`` are keys that undo what lasts: the next case is in the same run.
    """

    before: tuple[str, ...]
    then: str
    capture: Path | None = None
    after: tuple[str, ...] = ()


CASES: dict[tuple[str, str], Case] = {
    **{("Inspector", f"view('{name}')"): Case(("2",), f"Transactions › {VIEWS[name][0]}") for name in VIEWS},
    ("Inspector", "view('transactions')"): Case((), "Overview › Transactions"),
    ("Inspector", "help"): Case((), "ptpip-analyze: keys"),
    ("Inspector", "go_back"): Case(("2",), "Throughput over"),
    ("Inspector", "go_to"): Case(("2",), "Go to a frame (120)"),
    ("Inspector", "theme"): Case((), "Theme: light", after=("t", "t", "t")),
    ("Lines", "move(-1)"): Case(("2", "down"), "cursor: OpenSession"),
    ("Lines", "move(1)"): Case(("2",), "cursor: GetDeviceInfo"),
    ("Lines", "sideways(1)"): Case(("2", "down", "enter"), "gone: ▾ OperationRequest", DOWNLOAD),
    ("Lines", "sideways(-1)"): Case(("2", "down", "enter", "right"), "▾ OperationRequest", DOWNLOAD),
    ("Lines", "page(-1)"): Case(("9", "end"), "moves: up"),
    ("Lines", "page(1)"): Case(("9",), "moves: down"),
    ("Lines", "to_line(0)"): Case(("2", "end"), "cursor: OpenSession"),
    ("Lines", "to_line(-1)"): Case(("2",), "cursor: GetObject(handle=0x7)"),
    ("Lines", "open"): Case(("2",), "#0 OpenSession"),
    ("Grid", "column(-1)"): Case(("2", "right", "right"), "head: time"),
    ("Grid", "column(1)"): Case(("2",), "head: time"),
    ("Grid", "mark"): Case(("2",), "● ", after=("up", "space")),
    ("TableView", "filter"): Case(("2",), "Enter shows all rows"),
    ("TableView", "filter_value"): Case(
        ("2", "down", *["right"] * 3), 'where operation == "GetDeviceInfo"', after=("F",)
    ),
    ("TableView", "all_rows"): Case((*"2", "end", "right", "right", "right", "f"), "GetDeviceInfo"),
    ("TableView", "sort"): Case(("2",), "# ▴", after=("s", "s")),
    ("TableView", "columns"): Case(("2",), "Columns: space chooses"),
    ("TableView", "search"): Case(("2",), "Search for a text"),
    ("TableView", "again(1)"): Case(("2", "ctrl+f", *"handle=", "enter"), "cursor: handle=0x7"),
    ("TableView", "again(-1)"): Case(("2", "ctrl+f", *"OpenSession", "enter", "down"), "cursor: OpenSession"),
    ("TableView", "save"): Case(("2",), "Save 16 rows of transactions"),
    ("TransactionsView", "fold"): Case(("2", "down", "down"), "cursor: GetObjectHandles(storage", after=("z",)),
    ("TransactionsView", "fold_all"): Case(("2",), "GetObjectHandles(storage", after=("Z",)),
    ("TransactionsView", "hide_loops"): Case(("2",), "gone: GetObjectHandles", after=("p",)),
    ("TransactionsView", "ladder"): Case(("2", "end"), "Ladder of session 0"),
    ("TransactionsView", "comment"): Case(("2",), "Comment on transaction #0"),
    ("OverviewView", "mark"): Case((), "●─ Session 0", after=("space",)),
    ("OverviewView", "ladder"): Case((), "Ladder of session 0"),
    ("DetailsView", "other(1)"): Case(("2", "enter"), "#1 GetDeviceInfo"),
    ("DetailsView", "other(-1)"): Case(("2", "down", "enter"), "#0 OpenSession"),
    ("DetailsView", "panes"): Case(("2", "enter"), "keys: hex"),
    ("DetailsView", "fold"): Case(("2", "enter"), "gone: operationCode"),
    ("DetailsView", "picture"): Case(("2", "end", "up", "enter"), "This transaction carries no data."),
    ("DetailsView", "ladder"): Case(("2", "enter"), "Ladder of session 0"),
    ("Hex", "byte(-1)"): Case(("2", "enter", "tab", *["right"] * 4), "cursor: length: 22"),
    ("Hex", "byte(1)"): Case(("2", "enter", "tab", *["right"] * 3), "cursor: packetType: 6"),
    ("LadderView", "fold"): Case(("3",), "GetObjectHandles(storage", after=("z",)),
    ("LadderView", "beside"): Case(("3",), "gone: friendlyName", after=("i",)),
    ("LadderView", "session(-1)"): Case(("3", "right_square_bracket"), "Ladder of session 0", TWO),
    ("LadderView", "session(1)"): Case(("3",), "Ladder of session 1", TWO),
    ("LadderView", "save"): Case(("3",), "Save the ladder as text"),
    ("PropertiesView", "moment"): Case(("2", *["down"] * 8, "5"), "Properties at frame", CONFIG),
    ("ObjectsView", "save_object"): Case(("6",), "Save this object as"),
    ("ObjectsView", "extract"): Case(("6",), "Write all objects, thumbnails"),
    ("ObjectsView", "picture"): Case(("6",), "JPEG, ", DOWNLOAD),
    ("FindingsView", "explain"): Case(("7",), "clause:", CANCEL),
    ("FilterInput", "complete"): Case(("2", "slash", *"latenc"), "value: latency_s"),
    ("FilterInput", "history(-1)"): Case(("2", *FILTER, "ctrl+u"), "value: latency_s > 0", after=("escape", "F")),
    ("FilterInput", "history(1)"): Case(("2", *FILTER, "ctrl+u", "up"), "value: ", after=("escape", "F")),
    ("FilterInput", "leave"): Case(("2", "slash"), "gone: Enter shows all rows"),
    ("AskScreen", "dismiss"): Case(("g",), "gone: Go to a frame"),
    ("ColumnsScreen", "done"): Case(("2", "c", "space"), "gone: Columns: space"),
    ("ColumnsScreen", "dismiss"): Case(("2", "c", "space"), "gone: Columns: space"),
    ("PageScreen", "dismiss"): Case(("question_mark",), "gone: ptpip-analyze: keys"),
    ("PictureScreen", "dismiss"): Case(("6", "v"), "gone: JPEG, ", DOWNLOAD),
}  # fmt: skip

ELSEWHERE = {
    ("Inspector", "pause"): "tests.tui.test_app.test_follows_a_capture_that_grows_and_keeps_the_cursor",
    ("Inspector", "quit"): "tests.cli.test_tui.test_is_driven_in_a_real_terminal",
    ("KeepScreen", "dismiss"): "tests.tui.test_incoming.test_is_followed_from_its_first_byte_and_kept_when_one_leaves",
    ("KeepScreen", "dismiss('')"): "tests.tui.test_incoming.test_is_thrown_away_when_that_is_wanted",
}
"""Keys whose effect is no text on the screen, and who presses them."""


def bindings() -> Iterator[tuple[str, Binding]]:
    """All bindings of the application, with the class that has them."""
    for found in pkgutil.iter_modules(ptpip_analyze.tui.__path__):
        module = importlib.import_module(f"ptpip_analyze.tui.{found.name}")
        for owner in vars(module).values():
            if isinstance(owner, type) and owner.__module__ == module.__name__:
                yield from ((owner.__name__, one) for one in owner.__dict__.get("BINDINGS", ()))


KEYS = [(owner, one.action, key) for owner, one in bindings() for key in one.key.split(",")]


def test_every_key_is_in_the_table() -> None:
    known = {(owner, action) for owner, action, _ in KEYS}
    assert known == set(CASES) | set(ELSEWHERE)
    for name in ELSEWHERE.values():
        module, test = name.rsplit(".", 1)
        assert hasattr(importlib.import_module(module), test)


def test_no_key_has_two_meanings_in_one_place() -> None:
    for owner in {owner for owner, _, _ in KEYS}:
        mine = [key for one, _, key in KEYS if one == owner]
        assert len(set(mine)) == len(mine)


def there(seen: Seen, text: str, line: int) -> bool:
    """Does what a row of the table says hold? ``line`` is where the cursor was before."""
    kind, _, rest = text.partition(": ")
    lines = [one for one in seen.app.view.query(Lines) if one.count]
    match kind:
        case "cursor":
            return any(rest in "".join(said for said, _ in one._line(one.cursor)) for one in lines)
        case "head":
            head = seen.app.view.query_one(Grid).head or []
            return [said.strip() for said, meaning in head if meaning == "selected"] == [rest]
        case "keys":
            return seen.app.focused is not None and seen.app.focused.id == rest
        case "value":
            return isinstance(seen.app.focused, Input) and seen.app.focused.value == rest
        case "moves":
            return lines[0].cursor < line if rest == "up" else lines[0].cursor > line
        case "gone":
            return rest not in seen.screen
    return text in seen.screen


def means(seen: Seen, key: str) -> str:
    """The action of a key where the focus is; "" for none."""
    found = seen.app.screen.active_bindings.get(key)
    return "" if found is None else found.binding.action


async def back_to_the_beginning(seen: Seen) -> None:
    """The overview, with no question open, no way back and every cursor at its first place."""
    while len(seen.app.screen_stack) > 1 or isinstance(seen.app.focused, Input):
        await seen.press("escape")
    await seen.press("1")
    seen.app.trail.clear()
    seen.app.on_resize()  # which draws the line that says where one is
    seen.app.clear_notifications()
    for lines in seen.app.query(Lines):
        if lines is not seen.app.view.query_one(Lines):
            lines.cursor = 0
            lines.scroll_to(x=0, animate=False, immediate=True)
    for grid in seen.app.query(Grid):
        grid.column = 0
    await seen.rest()


GROUPS = sorted({(owner, case.capture or Path()) for (owner, _), case in CASES.items()})


@pytest.mark.parametrize(("owner", "capture"), GROUPS, ids=lambda one: one if isinstance(one, str) else one.stem)
async def test_keys_do_what_they_say(polled: Path, owner: str, capture: Path) -> None:
    group = {action: case for (one, action), case in CASES.items() if (one, case.capture or Path()) == (owner, capture)}
    async with running(capture if capture.name else polled, (140, 30)) as seen:
        for action, case in group.items():
            keys = [key for *one, key in KEYS if one == [owner, action]]
            await back_to_the_beginning(seen)
            await seen.press(*case.before)
            line = next((one.cursor for one in seen.app.view.query(Lines)), 0)
            assert not there(seen, case.then, line), f"{action}: {seen.screen}"
            assert {means(seen, key) for key in keys} == {action}
            await seen.press(keys[0])
            await seen.until(lambda then=case.then, line=line: there(seen, then, line))
            await seen.press(*case.after)
