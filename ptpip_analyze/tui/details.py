"""One transaction: its messages and what its data phase says as a tree, beside the bytes; each shows the other's place.

Promises that a payload is read by the range that is on the screen.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from ptpip_analyze.capture import CaptureError
from ptpip_analyze.describe import clock_time, human_seconds, safe_text, time_spent

from .hex import Hex
from .lines import Lines
from .parts import Bytes, Node, Part, node_at, node_pieces, nodes_of, parts_of
from .pieces import Piece
from .searching import Hit
from .view import View


class DetailsView(View):
    """The linked panes."""

    DEFAULT_CSS = """
    DetailsView > #about { height: auto; max-height: 5; padding: 0 1; background: $panel; }
    DetailsView > Container { layout: horizontal; height: 1fr; }
    DetailsView #tree { width: 1fr; }
    DetailsView #hex { width: 80; border-left: solid $panel; }
    DetailsView.narrow > Container { layout: vertical; }
    DetailsView.narrow #tree { width: 100%; height: 1fr; }
    DetailsView.narrow #hex { width: 100%; height: 1fr; border-left: none; border-top: solid $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "other(1)", "Next"),
        Binding("b", "other(-1)", "Before"),
        Binding("tab", "panes", "Other pane"),
        Binding("z", "fold", "Fold"),
        Binding("v", "picture", "Picture"),
        Binding("d", "ladder", "Ladder"),
    ]
    title = "Details"

    def __init__(self) -> None:
        super().__init__(id="details")
        self.transaction: int | None = None
        self.record: dict[str, Any] = {}
        self._parts: list[Part] = []
        self._folded: frozenset[tuple[int, ...]] = frozenset()
        self._tree: list[tuple[tuple[int, ...], Node]] = []
        self._shown_part = -1
        self._hit: Hit | None = None
        self._from_hex = False

    def compose(self) -> ComposeResult:
        """What it is, the tree, the bytes."""
        yield Static("", id="about")
        with Container():
            yield Lines(id="tree")
            yield Hex(id="hex")

    @property
    def fields(self) -> Lines:
        """The tree."""
        return self.query_one("#tree", Lines)

    @property
    def hex(self) -> Hex:
        """The bytes."""
        return self.query_one(Hex)

    @property
    def crumb(self) -> str:
        """Which transaction."""
        if self.transaction is None:
            return self.title
        return f"#{self.transaction} {safe_text(self.record.get('operation') or 'request not captured')}"

    def on_resize(self) -> None:
        """Side by side where there is room for a tree beside 80 letters of bytes."""
        self.set_class(self.size.width < 128, "narrow")

    def arrive(self) -> None:
        """The tree has the keys first."""
        self.fields.focus()

    def show(self, transaction: int, hit: Hit | None = None) -> None:
        """Show a transaction of the analysis; the bytes that were searched for, where some were found in it."""
        listing = self.inspector.transactions
        if listing is None or not 0 <= transaction < listing.rows.num_rows:
            return
        self.transaction, self.record = transaction, listing.record(transaction)
        self._folded, self._shown_part, self._hit = frozenset(), -1, hit
        self.query_one("#about", Static).update(self._about(listing.call(transaction)))
        self.read(transaction)
        self.inspector.moved(self)

    def _about(self, call: str) -> Content:
        row = self.record
        answer = row["response"] or "no response"
        good = {"OK": "$text-success"}.get(answer, "$text-error")
        facts = [f"session {row['session']}", f"id {row['transaction_id']}", row["status"]]
        if row["latency_s"] is not None:
            facts.append(f"answered after {human_seconds(row['latency_s'])}")
        if row["request_time"] is not None:
            facts.append(f"{clock_time(row['request_time'], digits=6)} UTC")
        facts.append(f"frames {row['first_frame']:,}-{row['last_frame']:,}")
        if row.get("findings"):
            facts.append(f"breaks {row['findings']}")
        return Content.assemble(
            (call or "(request not captured)", "bold"),
            " → ",
            (answer, good),
            "\n",
            "\n".join(filter(None, (safe_text(" · ".join(map(str, facts))), time_spent(row)))),
        )

    @work(thread=True, exclusive=True, group="details")
    def read(self, transaction: int) -> None:
        """Read and decode, in a thread."""
        loading = self.held
        try:
            if loading.analysis is None:
                return
            if loading.complete:
                parts = parts_of(loading.analysis, transaction)
            else:
                with loading.lock:
                    parts = parts_of(loading.analysis, transaction)
        except (CaptureError, OSError, ValueError) as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        self.app.call_from_thread(self._take, transaction, parts)

    def _failed(self, fault: str) -> None:
        self._parts, self._tree = [], []
        self.fields.show(1, lambda line: [(safe_text(f"The bytes can't be read: {fault}"), "error")])
        self.hex.hold(Bytes([], lambda position, length: b""), 0, 0)

    def _take(self, transaction: int, parts: list[Part]) -> None:
        if transaction == self.transaction:
            self._parts = parts
            self._grow(0)
            if self._hit is not None:
                self._reveal(self._hit)

    def _reveal(self, hit: Hit) -> None:
        """Show what was searched for: its bytes, and the line of the tree that tells of them."""
        part = next((number for number, one in enumerate(self._parts) if one.message == hit.message), None)
        if part is not None:
            line = node_at(self._tree, part, hit.offset)
            self._from_hex = line not in (None, self.fields.cursor)
            self.fields.cursor = line or 0
            self._shown_part = part
            self.hex.hold(self._parts[part].bytes, hit.offset, hit.offset + hit.length)

    def _grow(self, cursor: int) -> None:
        """Draw the tree."""
        self._tree = nodes_of(self._parts, self._folded)
        width = max((len(node.text) + len(node.name) + 2 * node.depth for _, node in self._tree), default=0) + 6
        self.fields.show(len(self._tree), self._line, width, cursor)
        self._follow(self.fields.cursor)

    def _line(self, line: int) -> list[Piece]:
        path, node = self._tree[line]
        sign = "  " if not node.opens else "▸ " if path in self._folded else "▾ "
        return node_pieces(node, sign)

    def _follow(self, line: int) -> None:
        """The bytes of a line of the tree."""
        if not 0 <= line < len(self._tree):
            return
        node = self._tree[line][1]
        self._shown_part = node.part
        self.hex.hold(self._parts[node.part].bytes, node.start, node.end if node.depth else node.start)

    def on_lines_moved(self, event: Lines.Moved) -> None:
        """Tree to bytes."""
        if event.lines is self.fields:
            event.stop()
            if not self._from_hex:
                self._follow(event.line)
            self._from_hex = False

    def on_hex_byte_moved(self, event: Hex.ByteMoved) -> None:
        """Bytes to tree."""
        event.stop()
        line = node_at(self._tree, self._shown_part, event.line)
        if line is None:
            return
        node = self._tree[line][1]
        self.hex.select(node.start, node.end if node.depth else node.start)
        if line != self.fields.cursor:
            self._from_hex = True
            self.fields.cursor = line

    def on_lines_opened(self, event: Lines.Opened) -> None:
        """Enter folds, as z does."""
        event.stop()
        if event.lines is self.fields:
            self.action_fold()

    def action_fold(self) -> None:
        """Fold or unfold what is below the line."""
        line = self.fields.cursor
        if not 0 <= line < len(self._tree) or not self._tree[line][1].opens:
            return
        self._folded = self._folded ^ {self._tree[line][0]}
        self._grow(line)

    def action_picture(self) -> None:
        """The picture that the data phase carries."""
        data = next((part for part in self._parts if part.is_payload), None)
        if data is None:
            self.notify("This transaction carries no data.")
        else:
            self.inspector.show_picture(data.bytes)

    def action_panes(self) -> None:
        """The keys go to the other pane."""
        (self.hex if self.fields.has_focus else self.fields).focus()

    def action_other(self, by: int) -> None:
        """The next transaction of the list, or the one before."""
        number = self.inspector.neighbour(self.transaction, by)
        if number is not None:
            self.show(number)

    def action_ladder(self) -> None:
        """The same place in the ladder."""
        place = self.frame()
        if place is not None and place[1] is not None:
            self.inspector.open_ladder([place[1]], place[0])

    def frame(self) -> tuple[int, int | None] | None:
        """The transaction's first frame and its session."""
        return (self.record["first_frame"], self.record["session"]) if self.record else None
