"""Objects that transactions carried: photos, thumbnails and uploads, put together from one transfer or from many parts.

Promises that every byte of an object stands where the operation said it belongs, that what is missing has a place, and
that payloads are read piece by piece. Refuses to call an object complete whose end it does not know.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np

from .facts import Operation, all_rows, row_of
from .ptp import NO_ROW, STATUSES
from .ptp.datasets import LIVE_VIEWS, dataset_name, decode, jpeg_of, live_view_jpeg
from .ptp.parameters import parsed
from .ptp.values import Value
from .ptpip import messages as m
from .result import Result

OK = 0x2001
PIECE_BYTES = 4 << 20
MOST_FRAME = 32 << 20  # bytes of a live-view payload; larger ones are none
_INFO_BYTES = 1 << 20
_UNKNOWN_SIZES = (0xFFFFFFFF, (1 << 64) - 1)

# By the dataset of an operation's row, what it carries.
_KINDS = {
    "Object bytes": "object", "Thumb": "thumbnail", "Large thumbnail JPEG": "thumbnail", "Preview JPEG": "preview",
    "1920-wide JPEG": "preview", "Captured JPEG": "object",
}  # fmt: skip
# Carries a picture made smaller, though its data are called an object's.
_RESIZED = {"GetResizedImageObject"}
_INFOS = frozenset({"ObjectInfo", "ObjectInfo64", "EOSFolderEntryList", "EOSEventList", "FilesystemManifest"})
_SENT_INFOS = ("SendObjectInfo", "SendObjectPropList", "SendFileObjectInfo", "FmSendObjectInfo")


class Plan(NamedTuple):
    """How an operation carries an object: what, which way, and which request parameters say where."""

    kind: str  # "object", "thumbnail", "preview"
    upload: bool
    handle: int | None  # index of the parameter
    offset: int | None
    offset_high: int | None
    most: int | None  # bytes asked for
    partial: bool


class Info(NamedTuple):
    """What a dataset said of an object."""

    transaction: int
    name: str | None
    format: int | None
    size: int | None


@dataclass
class Carried:
    """One object, thumbnail or preview as far as the capture holds it.

    ``parts`` are (offset, length, source position) in order of offset, without overlap; ``end`` the bytes of the whole
    object, None where nothing tells; ``transactions`` the rows that carried it, ``info`` what was said of it.
    """

    session: int
    kind: str
    upload: bool
    handle: int | None
    partial: bool
    transactions: list[int] = field(default_factory=list)
    parts: list[tuple[int, int, int]] = field(default_factory=list)
    end: int | None = None
    info: Info | None = None

    @property
    def carried(self) -> int:
        """Bytes that the capture holds."""
        return sum(length for _, length, _ in self.parts)

    @property
    def size(self) -> int:
        """Bytes of the object as far as known: its end, or the end of what was carried."""
        reached = self.parts[-1][0] + self.parts[-1][1] if self.parts else 0
        return max(reached, self.end or 0)

    def missing(self) -> list[tuple[int, int]]:
        """Ranges (offset, length) that the capture lacks."""
        ranges, at = [], 0
        for offset, length, _ in self.parts:
            if offset > at:
                ranges.append((at, offset - at))
            at = offset + length
        if self.size > at:
            ranges.append((at, self.size - at))
        return ranges

    @property
    def complete(self) -> bool | None:
        """Is every byte here? None when what is here has no hole, and nothing tells where the object ends."""
        if self.missing():
            return False
        return None if self.end is None else True

    def put(self, offset: int, length: int, position: int) -> None:
        """Place bytes; those that are here already stay."""
        at = max(bisect_right(self.parts, offset, key=lambda part: part[0]) - 1, 0)
        end, fresh = offset + length, []
        for known, size, _ in self.parts[at:]:
            if known >= end:
                break
            if known > offset:
                fresh.append((offset, known - offset, position))
            if known + size > offset:
                position += known + size - offset
                offset = known + size
        if offset < end:
            fresh.append((offset, end - offset, position))
        if fresh and (not self.parts or fresh[0][0] > self.parts[-1][0]):
            self.parts += fresh
        elif fresh:
            self.parts = sorted([*self.parts, *fresh])


@cache
def plan_of(code: int, vendor: str | None) -> Plan | None:
    """How an operation of a vendor's camera carries an object; None for one that carries none."""
    row = row_of("operation", code, vendor)
    if not isinstance(row, Operation) or row.dataset not in _KINDS:
        return None
    kinds: dict[str, int] = {}
    for index, written in enumerate(row.request or ()):
        parameter = parsed(written)
        if parameter is not None:
            kinds.setdefault(parameter.kind, index)
    kind = "preview" if row.name in _RESIZED else _KINDS[row.dataset]
    offset = kinds.get("offset", kinds.get("offset_low"))
    partial = offset is not None or "Partial" in row.name
    return Plan(
        kind, row.data == "out", kinds.get("handle"), offset, kinds.get("offset_high"), kinds.get("max_bytes"), partial
    )


@cache
def _codes() -> tuple[np.ndarray, np.ndarray]:
    """Codes of operations that carry objects with some vendor's camera, and of those that describe objects."""
    operations = [row for row in all_rows() if isinstance(row, Operation)]
    carrying = {row.code for row in operations if row.dataset in _KINDS}
    telling = {row.code for row in operations if dataset_name(row.code, row.vendor) in _INFOS}
    return np.array(sorted(carrying)), np.array(sorted(telling))


class Objects:
    """The objects of one result: ``found``, in order of first packet."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.found: list[Carried] = []
        self._infos: dict[tuple[int, int], list[Info]] = {}
        self._open: dict[tuple[int, str, bool, int | None], Carried] = {}
        self._sent: dict[int, tuple[int | None, Info | None]] = {}  # by session, what the next SendObject carries
        made, columns = result.transactions, result.messages
        code = np.where(made.request != NO_ROW, columns["code"][made.request], 0)
        carrying, telling = _codes()
        for number in np.flatnonzero(np.isin(code, carrying) | np.isin(code, telling)).tolist():
            self._take(number, int(code[number]))
        for one in self.found:
            self._describe(one)

    def _take(self, number: int, code: int) -> None:
        result, made = self.result, self.result.transactions
        session = int(made.session[number])
        vendor = result.vendors[session]
        words = words_of(result, int(made.request[number]))
        response = int(made.response[number])
        answered = response != NO_ROW
        fine = answered and int(result.messages["code"][response]) == OK
        name = dataset_name(code, vendor, None, words)
        if name in _INFOS:
            self._note_infos(number, session, code, vendor, words, response if fine else None)
            return
        plan = plan_of(code, vendor)
        if plan is None or name in LIVE_VIEWS or (answered and not fine):
            return
        if int(made.data_messages[number]) == 0:
            return
        self._place(number, session, plan, words)

    def _note_infos(
        self, number: int, session: int, code: int, vendor: str | None, words: list[int], response: int | None
    ) -> None:
        head = self.result.data_head(number, _INFO_BYTES)
        row = row_of("operation", code, vendor)
        read = decode(head.data, operation=code, vendor=vendor, parameters=words, size=head.size)
        if read is None or row is None:
            return
        if row.name in _SENT_INFOS:
            told = words_of(self.result, response) if response is not None else []
            handle = told[2] if len(told) > 2 else None
            info = next((info for _, info in _told(read.fields, number, handle)), None)
            self._sent[session] = handle, info
            if handle is not None and info is not None:
                self._infos.setdefault((session, handle), []).append(info)
            return
        of_handle = words[0] if read.name.startswith("ObjectInfo") and words else None
        for of, info in _told(read.fields, number, of_handle):
            if of is not None:
                self._infos.setdefault((session, of), []).append(info)

    def _place(self, number: int, session: int, plan: Plan, words: list[int]) -> None:
        def word(index: int | None) -> int | None:
            return words[index] if index is not None and index < len(words) else None

        result, made = self.result, self.result.transactions
        handle, info = word(plan.handle), None
        if plan.upload and plan.handle is None:
            handle, info = self._sent.pop(session, (None, None))
        key = session, plan.kind, plan.upload, handle
        one = self._open.get(key) if plan.partial else None
        offset = word(plan.offset)
        pieces = result.data_pieces(number)
        got = pieces[-1][0] + pieces[-1][1] if pieces else 0
        if offset is not None:
            offset += (word(plan.offset_high) or 0) << 32
        elif plan.partial:  # where it belongs is not said: behind what came before
            offset = one.size if one is not None else 0
        else:
            offset = 0
        if one is None or (one.complete and not offset):
            one = Carried(session, plan.kind, plan.upload, handle, plan.partial, info=info)
            self.found.append(one)
            if plan.partial:
                self._open[key] = one
        one.transactions.append(number)
        for start, length, position in pieces:
            if position is not None and length:
                one.put(offset + start, length, position)
        whole = STATUSES[made.status[number]] == "complete"
        if not plan.partial:
            missing = result.data_missing(number)
            held = sum(length for _, length, position in pieces if position is not None)
            one.end = held + missing if missing is not None else None
        elif whole and (asked := word(plan.most)) is not None and got < asked:
            one.end = offset + got  # less than was asked for: the object ends here

    def _describe(self, one: Carried) -> None:
        if one.info is None and one.handle is not None:
            said = self._infos.get((one.session, one.handle), [])
            before = [info for info in said if info.transaction <= one.transactions[-1]]
            one.info = before[-1] if before else said[0] if said else None
        size = one.info.size if one.info is not None and one.kind == "object" else None
        if one.partial and one.end is None and size is not None and size >= one.size:
            one.end = size


def _told(fields: tuple[Value, ...], number: int, of_handle: int | None) -> Iterator[tuple[int | None, Info]]:
    """What a decoded dataset says of objects: each group of fields with a file name."""
    named = {part.name: part.value for part in fields}
    if "filename" in named:
        handle = named.get("objectHandle", of_handle)
        size = named.get("objectCompressedSize", named.get("size"))
        form, name = named.get("objectFormat"), named["filename"]
        yield (
            handle if isinstance(handle, int) else None,
            Info(
                number,
                name if isinstance(name, str) and name else None,
                form if isinstance(form, int) else None,
                size if isinstance(size, int) and size not in _UNKNOWN_SIZES else None,
            ),
        )
        return
    for part in fields:
        if part.parts:
            yield from _told(part.parts, number, None)


def pieces_of(result: Result, one: Carried) -> Iterator[tuple[int, bytes]]:
    """The bytes of an object with their offsets, at most ``PIECE_BYTES`` at a time."""
    for offset, length, position in one.parts:
        for done in range(0, length, PIECE_BYTES):
            yield offset + done, result.read(position + done, min(PIECE_BYTES, length - done))


def sha256_of(result: Result, one: Carried) -> str | None:
    """SHA-256 of a complete object in hex; None for one that is not."""
    if one.complete is not True:
        return None
    digest = hashlib.sha256()
    for _, data in pieces_of(result, one):
        digest.update(data)
    return digest.hexdigest()


class Frame(NamedTuple):
    """A live-view frame: the transaction that carried it, if one did, its time (ns) and the JPEG."""

    session: int
    transaction: int | None
    time: int
    jpeg: bytes


def live_view_frames(result: Result) -> Iterator[Frame]:
    """Live-view frames of all sessions, those that were asked for first; frames with missing bytes are left out."""
    made, columns = result.transactions, result.messages
    codes = np.where(made.request != NO_ROW, columns["code"][made.request], 0)
    carrying = {code for code in np.unique(codes).tolist() if any(_may_show(code, vendor) for vendor in result.vendors)}
    for number in np.flatnonzero(np.isin(codes, sorted(carrying)) & (made.direction > 0)).tolist():
        session, code = int(made.session[number]), int(codes[number])
        words = words_of(result, int(made.request[number]))
        if dataset_name(code, result.vendors[session], "in", words) not in LIVE_VIEWS:
            continue
        head = result.data_head(number, MOST_FRAME)
        found = live_view_jpeg(head.data, result.vendors[session], code, words)
        last = int(made.last_data[number])
        if found is not None and head.whole and last != NO_ROW:
            yield Frame(session, number, int(columns["time"][last]), head.data[found[0] : found[1]])
    yield from _pushed_frames(result)


def _pushed_frames(result: Result) -> Iterator[Frame]:
    """Frames that the camera sends on a connection of their own, without being asked (Fujifilm)."""
    columns = result.messages
    rows = np.flatnonzero((columns["type"] == m.LIVE_VIEW_FRAME) & (columns["status"] == m.COMPLETE))
    if not len(rows):
        return
    numbers = np.empty(len(result.order), np.int64)
    numbers[result.order] = np.arange(len(result.order))
    for row in rows[columns["length"][rows] <= MOST_FRAME].tolist():
        data = result.message_bytes(int(numbers[row]))
        found = jpeg_of("FujiLiveViewFrame", data)
        session = int(result.places[0][columns["stream"][row]])
        if found is not None and session >= 0:
            yield Frame(session, None, int(columns["time"][row]), data[found[0] : found[1]])


def words_of(result: Result, row: int) -> list[int]:
    """Parameters of a message row."""
    columns = result.messages
    return [int(columns[f"word{index}"][row]) for index in range(int(columns["words"][row]))]


@cache
def _may_show(code: int, vendor: str | None) -> bool:
    return any(dataset_name(code, vendor, "in", first) in LIVE_VIEWS for first in ((), (0xFFFFC002,), (0x80000001,)))
