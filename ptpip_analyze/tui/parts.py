"""What a transaction is made of: its messages and its payload, each a tree of values over bytes that are read by range.

Promises that no more of a payload is read than is looked at, and that a hole reads as a hole. Decodes nothing itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from ptpip_analyze.analysis import Analysis
from ptpip_analyze.describe import count, counted, human_bytes, safe_text
from ptpip_analyze.ptp import NO_ROW
from ptpip_analyze.ptp.spelled import message_fields
from ptpip_analyze.ptp.values import Note, Value
from ptpip_analyze.ptpip import messages as m
from ptpip_analyze.result import DataPiece, Result
from ptpip_analyze.tables.expand import said

from .pieces import Piece

MOST_MESSAGE: Final = 4096
"""Bytes of one message that are shown; the payload of a data phase is shown as a whole, and on its own."""

_DATA: Final = frozenset({m.DATA, m.END_DATA, m.CONTAINER_DATA})


class Bytes:
    """Bytes with holes. ``size`` is where the last one that has a place ends."""

    def __init__(self, pieces: Iterable[DataPiece], read: Callable[[int, int], bytes]) -> None:
        placed = [piece for piece in pieces if piece.offset is not None and piece.length]
        self._pieces = [(piece.offset or 0, piece.length or 0, piece.position) for piece in placed]
        self._starts = [offset for offset, _, _ in self._pieces]
        self._read = read
        self.size = max((offset + length for offset, length, _ in self._pieces), default=0)

    def range(self, start: int, length: int) -> list[int | None]:
        """The bytes of a range, None for each that the capture lacks; fewer at the end."""
        found: list[int | None] = [None] * max(min(start + length, self.size) - start, 0)
        for at, held in self._held(start, len(found)):
            found[at : at + len(held)] = held
        return found

    def read(self, start: int, length: int) -> bytes:
        """The bytes of a range, zeros for what the capture lacks; fewer at the end."""
        found = bytearray(max(min(start + length, self.size) - start, 0))
        for at, held in self._held(start, len(found)):
            found[at : at + len(held)] = held
        return bytes(found)

    def _held(self, start: int, length: int) -> Iterator[tuple[int, bytes]]:
        """What the capture holds of a range, and where in it."""
        end = start + length
        for offset, size, position in self._pieces[max(bisect_right(self._starts, start) - 1, 0) :]:
            if offset >= end:
                break
            low, high = max(offset, start), min(offset + size, end)
            if low < high and position is not None:
                yield low - start, self._read(position + low - offset, high - low)

    @property
    def whole(self) -> bool:
        """Does the capture hold all of them?"""
        return all(position is not None for _, _, position in self._pieces)


class Part(NamedTuple):
    """One message, by its row of the messages table; or the payload of the data phase (``message`` None)."""

    title: str
    frame: int | None
    bytes: Bytes
    fields: tuple[Value, ...]
    notes: tuple[Note, ...] = ()
    message: int | None = None

    @property
    def is_payload(self) -> bool:
        """Is this the payload?"""
        return self.message is None


class Node(NamedTuple):
    """A line of the tree: the part and the range of its bytes that it tells of."""

    depth: int
    part: int
    name: str
    text: str
    start: int
    end: int
    opens: bool  # has lines below it


def parts_of(analysis: Analysis, transaction: int) -> list[Part]:
    """The messages of a transaction in order, and its payload where the first of its data messages stands.

    IndexError for no such transaction; CaptureError or OSError when the capture can't be read any more.
    """
    result, number = analysis.place_of(transaction)
    columns = result.messages
    rows = np.flatnonzero(result.transactions.of_message == number)
    rows = rows[np.argsort(columns["first"][rows], kind="stable")]
    parts: list[Part] = []
    told = False
    for row in rows.tolist():
        kind = int(columns["type"][row])
        if kind in _DATA:
            if not told:
                parts.append(_payload(analysis, result, transaction, number))
                told = True
            continue
        parts.append(_message(result, row))
    return parts


def message_part(analysis: Analysis, message: int) -> Part | None:
    """A message by its row of the messages table; None for no such row. Raises as ``parts_of`` does."""
    for result in analysis.results:
        if 0 <= message - result.first_message < result.message_count:
            return _message(result, int(result.order[message - result.first_message]))
    return None


def transaction_of(analysis: Analysis, message: int) -> int | None:
    """The transaction that a message belongs to, both by their rows of the tables; None for none."""
    for result in analysis.results:
        if 0 <= message - result.first_message < result.message_count:
            owner = int(result.transactions.of_message[result.order[message - result.first_message]])
            return None if owner < 0 else owner + result.first_transaction
    return None


def _message(result: Result, row: int) -> Part:
    kind = int(result.messages["type"][row])
    head = result.message_head(row, MOST_MESSAGE)
    # A dialect's own types stand above the word that PTP-IP has for a type; below it, unknown ones are reserved.
    code = kind & m.TYPE_WORD if kind > m.TYPE_WORD else kind if 0 < kind <= m.LAST_TYPE else None
    reserved = "bytes in which no message was found" if kind <= 0 else f"message of the reserved type 0x{kind:08X}"
    title = reserved if code is None else m.type_names().get(code, reserved)
    session, owner = result.session_of(row), int(result.transactions.of_message[row])
    vendor = result.vendors[session] if session is not None else None
    asked = int(result.transactions.request[owner]) if owner >= 0 else NO_ROW
    operation = int(result.messages["code"][asked]) if asked != NO_ROW else None
    fields = message_fields(head, code, vendor, fuji=result.of_fuji(row), operation=operation)
    number = int(result.numbers[row]) + result.first_message
    return Part(title, int(result.messages["last"][row]) + 1, _message_bytes(result, row), fields, (), number)


def _message_bytes(result: Result, row: int) -> Bytes:
    columns = result.messages
    start = int(columns["offset"][row])
    end = start + min(int(columns["length"][row]), MOST_MESSAGE)
    pieces = [DataPiece(*piece) for piece in result.stream_places.pieces(int(columns["stream"][row]), start, end)]
    return Bytes(pieces, result.read)


def _payload(analysis: Analysis, result: Result, transaction: int, number: int) -> Part:
    pieces = result.data_pieces(number)
    dataset = analysis.dataset(transaction)
    made = result.transactions
    messages = counted(int(made.data_messages[number]), "message")
    name = "payload" if dataset is None else dataset.name
    title = f"Data: {name}, {human_bytes(int(made.data_bytes[number]))} in {messages}"
    frame = int(result.messages["last"][made.last_data[number]]) + 1
    notes = () if dataset is None else dataset.notes
    lost = sum(1 for piece in pieces if piece.offset is None)
    if lost:
        notes = (
            *notes,
            Note(0, f"{counted(lost, 'piece')} stand behind a hole of unknown size and have no place here"),
        )
    held = Bytes(pieces, result.read)
    fields = (Value("bytes", None, 0, held.size, "not described"),) if dataset is None else dataset.fields
    return Part(title, frame, held, fields, notes)


def nodes_of(parts: list[Part], closed: frozenset[tuple[int, ...]] = frozenset()) -> list[tuple[tuple[int, ...], Node]]:
    """The lines of the tree, each with its path; what is below a path of ``closed`` is left out."""
    return list(_nodes(parts, closed))


def _nodes(parts: list[Part], closed: frozenset[tuple[int, ...]]) -> Iterator[tuple[tuple[int, ...], Node]]:
    for number, part in enumerate(parts):
        frame = "" if part.frame is None else f"frame {count(part.frame)}"
        yield (number,), Node(0, number, part.title, frame, 0, part.bytes.size, bool(part.fields or part.notes))
        if (number,) in closed:
            continue
        yield from _values(part.fields, number, (number,), closed)
        for at, note in enumerate(part.notes):
            end = min(note.start + 1, part.bytes.size)
            yield (number, -1 - at), Node(1, number, "note", note.text, min(note.start, end), end, False)


def _values(
    values: tuple[Value, ...], part: int, above: tuple[int, ...], closed: frozenset[tuple[int, ...]]
) -> Iterator[tuple[tuple[int, ...], Node]]:
    for at, value in enumerate(values):
        path = (*above, at)
        opens = bool(value.parts)
        yield path, Node(len(above), part, value.name, said(value), value.start, value.end, opens)
        if opens and path not in closed:
            yield from _values(value.parts, part, path, closed)


def node_pieces(node: Node, sign: str = "  ") -> list[Piece]:
    """A line of the tree as it is drawn; ``sign`` says whether it is open."""
    meaning = "title" if node.depth == 0 else "warning" if node.name == "note" else ""
    pieces: list[Piece] = [("  " * node.depth + sign, "quiet"), (safe_text(node.name), meaning)]
    if node.text:
        pieces += [(": ", "quiet"), (safe_text(node.text), "quiet" if node.depth == 0 else "good")]
    return pieces


def node_at(nodes: list[tuple[tuple[int, ...], Node]], part: int, byte: int) -> int | None:
    """The line that tells most closely of a byte of a part; None where none does."""
    fitting = [
        (node.end - node.start, -node.depth, line)
        for line, (_, node) in enumerate(nodes)
        if node.part == part and node.start <= byte < node.end
    ]
    return min(fitting)[2] if fitting else None
