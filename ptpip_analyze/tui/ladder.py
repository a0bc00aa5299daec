"""Sessions as a ladder: three lanes each (initiator, responder's command, responder's event), an arrow per message.

Several sessions stand side by side, their messages in the order of the capture. Data messages between the first and the
last of a data phase are told by the last one; a polling loop is one line.
Promises the same lines on the screen, as text, as Mermaid and as SVG. Refuses to order what the capture does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.cells import cell_len

from ptpip_analyze.analysis import Analysis
from ptpip_analyze.describe import counted, human_bytes, human_seconds, safe_text
from ptpip_analyze.facts.containers import BASE

from .pieces import Piece, fitted
from .rows import Listing

INITIATOR, COMMAND, EVENT = 0, 1, 2
LANES: Final = ("initiator", "command", "event")
_COLUMNS: Final = (
    "message", "connection", "direction", "type", "code_name", "transaction_id", "length", "time", "first_frame",
    "status", "reason", "type_code",
)  # fmt: skip
_MARGIN, _NARROW_MARGIN = 24, 13  # with the time since the line before, and without it where there is no room
_LEAST_LANES: Final = 36  # cells that the lanes of a session want
_EVENT_LANE: Final = 12
_DRAWN: Final = (150, 620, 780)  # the lanes of a picture


class Arrow(NamedTuple):
    """One line: from lane to lane, what it says and means, when, in which frame, of which row of the transactions,
    which row of the messages it is, and of which of the sessions, by place.
    """

    source: int
    target: int
    text: str
    meaning: str
    time: int | None
    frame: int
    transaction: int | None
    message: int
    block: int = 0


class Ladder:
    """The lines of some sessions. ``transactions`` is the listing of the whole analysis' transactions."""

    def __init__(self, analysis: Analysis, sessions: Sequence[int], transactions: Listing) -> None:
        self.sessions, self._listing = tuple(sessions), transactions
        tables, owners = [], []
        wanted = pa.array(self.sessions, pa.int64())
        for result, batches in analysis.batches_by_capture("messages"):
            if not any(0 <= one - result.first_session < len(result.pairs) for one in self.sessions):
                continue
            for batch in batches:
                rows = pa.Table.from_batches([batch.select([*_COLUMNS, "session"])])
                rows = rows.filter(pc.is_in(rows["session"].cast(pa.int64()), wanted))
                numbers = rows["message"].to_numpy() - result.first_message
                owner = result.transactions.of_message[result.order[numbers]]
                # One container is a whole data phase; of PTP-IP's own messages the last one tells of it.
                inner = (rows["type"].cast(pa.string()).to_numpy() == "Data") & (rows["type_code"].to_numpy() < BASE)
                kept = ~inner | (owner < 0)
                tables.append(rows.filter(pa.array(kept)))
                owners.append(np.where(owner >= 0, owner + result.first_transaction, -1)[kept])
        self._rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks() if tables else None
        self._owner = np.concatenate(owners) if owners else np.empty(0, np.int64)
        of = np.empty(0, np.int64) if self._rows is None else self._rows["session"].to_numpy()
        self._block = np.searchsorted(np.sort(self.sessions), of)
        self._block = np.argsort(np.array(self.sessions), kind="stable")[self._block] if len(of) else self._block
        self.folded = True
        self._lay_out()

    def _lay_out(self) -> None:
        row = self._rows_of_owners()
        of_row = np.append(self._listing.loops.of_row, -1)  # the last one is what row -1 finds
        loop = of_row[row]
        self.has_loops = bool((loop >= 0).any())
        if not self.folded:
            loop = np.full(len(row), -1)
        first = np.zeros(len(loop), bool)
        first[np.unique(loop, return_index=True)[1]] = True
        self._lines = np.flatnonzero((loop < 0) | first)
        self._loop = loop[self._lines]

    def _rows_of_owners(self) -> np.ndarray:
        """By message the row of the listing's table that it belongs to: transactions are numbered as their rows."""
        return np.where(self._owner < self._listing.rows.num_rows, self._owner, -1)

    def fold(self, folded: bool) -> None:
        """Fold polling loops, or show every message."""
        self.folded = folded
        self._lay_out()

    @property
    def folds(self) -> bool:
        """Does a line stand for a loop?"""
        return self.folded and self.has_loops

    def __len__(self) -> int:
        return len(self._lines)

    def arrow(self, line: int) -> Arrow:
        """What a line says."""
        assert self._rows is not None
        at, loop = int(self._lines[line]), int(self._loop[line])
        row = {name: self._value(name, at) for name in _COLUMNS}
        owner = int(self._owner[at])
        outward = row["direction"] == "to-responder"
        lane = EVENT if row["connection"] == "event" else COMMAND
        source, target = (INITIATOR, lane) if outward else (lane, INITIATOR)
        if loop >= 0:
            members = np.flatnonzero(self._listing.loops.of_row == loop)
            text, meaning = self._listing.loop_text(loop, members), "quiet"
        else:
            text, meaning = self._said(row, owner if owner >= 0 else None)
        return Arrow(
            source, target, text, meaning, row["time"], row["first_frame"], owner if owner >= 0 else None,
            row["message"], int(self._block[at]),
        )  # fmt: skip

    def _value(self, name: str, at: int) -> Any:
        assert self._rows is not None
        scalar = self._rows[name][at]
        return scalar.value if pa.types.is_timestamp(scalar.type) else scalar.as_py()

    def _said(self, row: dict[str, Any], owner: int | None) -> tuple[str, str]:
        """The text of a message and its meaning."""
        kind, name = row["type"] or "bytes in which no message was found", row["code_name"]
        odd = row["status"] not in (None, "complete")
        if kind == "OperationRequest" and owner is not None:
            text, meaning = self._listing.call(owner) or kind, "title"
        elif kind == "OperationResponse" and name:
            late = self._listing.value("latency_s", owner) if owner is not None else None
            text = name if late is None else f"{name} after {human_seconds(late)}"
            meaning = "good" if name == "OK" else "error"
        elif kind in ("EndData", "Data") and owner is not None:
            size, many = (self._listing.value(column, owner) for column in ("data_bytes", "data_messages"))
            text, meaning = f"data: {human_bytes(size or 0)} in {counted(many or 0, 'message')}", ""
        elif name:
            text, meaning = (name if kind == "Event" else f"{kind} {name}"), "title"
        else:
            text, meaning = kind, "quiet" if kind == "StartData" else ""
        if odd:
            text, meaning = f"{text} [{row['status']}{': ' + row['reason'] if row['reason'] else ''}]", "warning"
        return safe_text(text), meaning

    def line_of_frame(self, frame: int) -> int | None:
        """The last line that begins in a frame or before it; None where there is none."""
        if self._rows is None:
            return None
        frames = self._rows["first_frame"].to_numpy()[self._lines]
        there = np.flatnonzero(frames <= frame)
        return int(there[-1]) if len(there) else None

    # As text

    def head(self, width: int) -> list[Piece]:
        """The names of the lanes."""
        line = [" "] * self.width(width)
        for block, session in enumerate(self.sessions):
            low, high, command, event = self._places(width, block)
            first = LANES[0] if len(self.sessions) == 1 else f"session {session}"
            end = high - 1
            for name, at in ((LANES[EVENT], event), (LANES[COMMAND], command), (first, low)):
                begin = min(max(at - len(name) // 2, low), end - len(name))  # no name reaches into the one behind it
                line[begin : begin + len(name)] = name
                end = begin - 1
        return [("".join(line), "title")]

    def width(self, width: int) -> int:
        """Letters of a line where there is room for ``width``: more where the lanes would be too narrow."""
        return self._places(width, len(self.sessions) - 1)[1]

    def pieces(self, line: int, width: int, begins: int | None) -> list[Piece]:
        """A line in ``width`` letters: time, time since the line before, the arrow with its text."""
        arrow = self.arrow(line)
        before = self.arrow(line - 1).time if line else None
        time = "" if arrow.time is None or begins is None else f"{(arrow.time - begins) / 1e9:.6f}"
        delta = "" if arrow.time is None or before is None else f"+{human_seconds((arrow.time - before) / 1e9)}"
        margin = self._margin(width)
        pieces: list[Piece] = [(f"{time:>12} {delta:>9}  "[:margin].ljust(margin), "quiet")]
        for block in range(len(self.sessions)):
            pieces += self._lanes(block, arrow if arrow.block == block else None, width)
        return pieces

    def _lanes(self, block: int, arrow: Arrow | None, width: int) -> list[Piece]:
        """The lanes of one session, with an arrow where it has one in this line."""
        low, high, command, event = self._places(width, block)
        tail = " " * (high - event - 1)
        if arrow is None:
            return [("│" + " " * (command - low - 1) + "│" + " " * (event - command - 1) + "│" + tail, "quiet")]
        end = event if EVENT in (arrow.source, arrow.target) else command
        room = end - low - 1
        text = arrow.text if cell_len(arrow.text) <= room - 6 else fitted(arrow.text, max(room - 6, 1))
        shaft = _centered(f" {text} ", room - 1)
        drawn = f"{shaft}▶" if arrow.target != INITIATOR else f"◀{shaft}"
        rest = "│" + (" " * (event - end - 1) + "│" if end < event else "")
        return [("│", "quiet"), (drawn, arrow.meaning), (rest + tail, "quiet")]

    def _margin(self, width: int) -> int:
        """Cells before the lanes."""
        return _MARGIN if width - _MARGIN >= _LEAST_LANES * len(self.sessions) else _NARROW_MARGIN

    def _places(self, width: int, block: int) -> tuple[int, int, int, int]:
        """Where a session's lanes begin and end, and where those of command and event stand."""
        margin = self._margin(width)
        share = max((width - margin) // len(self.sessions), _LEAST_LANES - (_MARGIN - margin) // 2)
        low = margin + share * block
        high = low + share if block + 1 < len(self.sessions) else max(width, low + share)
        event = high - 2
        return low, high, event - min(_EVENT_LANE, share // 4), event

    def text(self, begins: int | None, width: int = 110) -> Iterator[str]:
        """All lines as plain text."""
        yield "".join(text for text, _ in self.head(width)).rstrip()
        for line in range(len(self)):
            yield "".join(text for text, _ in self.pieces(line, width, begins)).rstrip()

    def mermaid(self) -> Iterator[str]:
        """All lines as a Mermaid sequence diagram."""
        yield "sequenceDiagram"
        several = len(self.sessions) > 1
        for block, session in enumerate(self.sessions):
            of = f" of session {session}" if several else ""
            for short, name in zip("ICE", ("Initiator", "Responder (command)", "Responder (event)"), strict=True):
                yield f"    participant {short}{block if several else ''} as {name}{of}"
        for line in range(len(self)):
            arrow = self.arrow(line)
            ends = [f"{'ICE'[lane]}{arrow.block if several else ''}" for lane in (arrow.source, arrow.target)]
            # Mermaid ends a text at a semicolon and reads # as the beginning of an entity.
            text = arrow.text.replace("#", "#35;").replace(";", "#59;").replace("<", "#lt;").replace(">", "#gt;")
            yield f"    {ends[0]}->>{ends[1]}: {text}"

    def svg(self, begins: int | None) -> Iterator[str]:
        """All lines as an SVG picture."""
        step, block_width = 22, 720
        height, width = 60 + step * (len(self) + 1), 140 + block_width * len(self.sessions)
        yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="monospace">'
        yield '<defs><marker id="a" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        yield '<path d="M0,0 L8,4 L0,8 z"/></marker></defs><rect width="100%" height="100%" fill="white"/>'
        for block, session in enumerate(self.sessions):
            first = LANES[0] if len(self.sessions) == 1 else f"session {session}"
            for name, place in zip((first, *LANES[1:]), _DRAWN, strict=True):
                x = place + block_width * block
                yield f'<text x="{x}" y="24" text-anchor="middle" font-size="13">{name}</text>'
                yield f'<line x1="{x}" y1="32" x2="{x}" y2="{height - 10}" stroke="#999"/>'
        for line in range(len(self)):
            arrow, y = self.arrow(line), 56 + step * line
            left, right, middle = (
                place + block_width * arrow.block
                for place in (_DRAWN[arrow.source], _DRAWN[arrow.target], (_DRAWN[0] + _DRAWN[1]) // 2)
            )
            time = "" if arrow.time is None or begins is None else f"{(arrow.time - begins) / 1e9:.6f}"
            colour = {"error": "#b3261e", "warning": "#8a6100", "quiet": "#666"}.get(arrow.meaning, "#000")
            yield f'<text x="10" y="{y + 4}" font-size="11" fill="#666">{time}</text>'
            yield (
                f'<line x1="{left}" y1="{y}" x2="{right}" y2="{y}" stroke="{colour}" marker-end="url(#a)"/>'
                f'<text x="{middle}" y="{y - 4}" text-anchor="middle" font-size="11" '
                f'fill="{colour}">{escape(arrow.text)}</text>'
            )
        yield "</svg>"


def _centered(text: str, width: int) -> str:
    """A text in the middle of a shaft of ``width`` cells."""
    spare = width - cell_len(text)
    if spare < 0:
        return fitted(text.strip(), width)
    return "─" * (spare // 2) + text + "─" * (spare - spare // 2)
