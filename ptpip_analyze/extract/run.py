"""What a capture carried, written to files. Promises memory that does not grow with the objects, and a manifest that
says of every file whose it is, where it came from and what is missing. Refuses to guess at bytes: a hole is zeros.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from ptpip_analyze import facts
from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.carried import Carried
from ptpip_analyze.describe import iso_time
from ptpip_analyze.facts.named import ASSOCIATION
from ptpip_analyze.facts.objects import OBJECT
from ptpip_analyze.liveview import NO_PICTURE, Frame, live_view_frames, pace
from ptpip_analyze.objects import Objects
from ptpip_analyze.ptp.objects import MissingRange
from ptpip_analyze.ptp.pictures import kind_text
from ptpip_analyze.result import Result

from .folder import ExtractError, Folder
from .names import PARTIAL, SUFFIXES, Names, key, parted, safe_name

KINDS: Final = ("objects", "thumbnails", "previews", "uploads", "live-view")
MANIFEST: Final = "manifest.json"
LIVE_VIEW: Final = "live-view-"
MOST_ZEROS: Final = 1 << 32
"""Zeros in one file that stand for missing bytes; what lies behind more of them is not written: not every file system
stores zeros for nothing.
"""

_BEGINNING_BYTES: Final = 64


def extract(
    results: Sequence[Result], folder: str | os.PathLike[str], kinds: Collection[str] = KINDS, *, force: bool = False
) -> dict[str, Any]:
    """Write what the captures carried into a folder, which is made if missing, with ``manifest.json``; returns that.

    ``kinds`` are of ``KINDS``. Files that are there keep their names: the new ones get others. A folder that has a
    manifest already is refused; with ``force``, files of the same names are replaced. A file that can't be written is
    null in the manifest, with the ``error``; ExtractError when folder or manifest can't be, ValueError for a kind that
    is not known.
    """
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise ValueError(f"nothing is called {unknown[0]!r}; there are {', '.join(KINDS)}")
    with Folder(folder, force=force) as place:
        place.refuse(MANIFEST)
        taken = (Path(result.path).name for result in results) if force else place.names()
        names = Names((MANIFEST, *taken))  # a capture may lie there
        files: list[dict[str, Any]] = []
        paces: dict[int, dict[str, Any]] = {}
        for result in results:
            objects = Objects(result)
            for one in objects.found:
                if ("uploads" if one.upload else f"{one.kind}s") in kinds and not _is_bare_folder(one):
                    name = names.give(_name(objects, one), "" if one.complete else PARTIAL)
                    digest, beyond = None, 0
                    with _kept_from_the_rest() as failure, place.file(name) as stream:
                        digest, beyond = _write(objects, one, stream)
                    files.append(_entry(objects, one, name, digest, beyond) | _failed(failure))
            if "live-view" in kinds:
                paces |= _live_view(result, place, names, files)
        manifest = {
            "captures": [result.path for result in results],
            "files": files,
            "live_view": list(paces.values()),
        }
        with place.file(MANIFEST) as stream:
            stream.write(json.dumps(manifest, ensure_ascii=True, indent=1).encode() + b"\n")
    return manifest


def suggested_name(results: Sequence[Result], row: int) -> str:
    """The file name that ``extract`` gives to the object of a row of the objects table. IndexError for none."""
    objects, one = _row(results, row)
    return _name(objects, one) + ("" if one.complete else PARTIAL)


def write_object(results: Sequence[Result], row: int, stream: BinaryIO) -> int:
    """Write the object of a row of the objects table, zeros for what is missing; returns the bytes that are there.

    IndexError for no such row; CaptureError or OSError as in reading the capture and writing.
    """
    objects, one = _row(results, row)
    _write(objects, one, stream)
    return int(one.canvas.bytes)


def _row(results: Sequence[Result], row: int) -> tuple[Objects, Carried]:
    for result in results:
        objects = Objects(result)
        if row < len(objects.found):
            return objects, objects.found[row]
        row -= len(objects.found)
    raise IndexError("no such object")


@contextlib.contextmanager
def _kept_from_the_rest() -> Iterator[list[str]]:
    """What can't be written costs one file; the list then has the reason."""
    failure: list[str] = []
    try:
        yield failure
    except ExtractError as error:
        failure.append(str(error))


def _failed(failure: Sequence[str]) -> dict[str, Any]:
    """What the manifest says instead where a file could not be written."""
    return {"file": None, "sha256": None, "error": failure[0]} if failure else {}


def _is_bare_folder(one: Carried) -> bool:
    """A folder is no file; one that was asked for like a file, and had no bytes, is listed among the objects only."""
    return one.format == ASSOCIATION and not one.canvas.bytes


def _name(objects: Objects, one: Carried) -> str:
    """The name of an object's file: the camera's, made safe, else by its handle and what it begins like."""
    told = safe_name(one.info.filename if one.info else None)
    if told is not None and key(told).startswith(LIVE_VIEW):
        told = f"_{told}"  # pictures of live view keep their numbers
    if told is not None and one.kind == OBJECT:
        return told
    begins = next((data for at, data in objects.chunks(one, _BEGINNING_BYTES) if at == 0), b"")
    suffix = SUFFIXES.get(kind_text(begins) or "", "" if one.kind == OBJECT else ".jpg")
    if told is not None:
        return f"{parted(told)[0]}-{one.kind}{suffix}"
    stem = "upload" if one.upload else one.kind
    return (stem if one.handle is None else f"{stem}-{one.handle:08X}") + suffix


def _write(objects: Objects, one: Carried, stream: BinaryIO) -> tuple[str | None, int]:
    """Write an object; its SHA-256 where it is complete, and how many of its bytes are there, but were not written.

    What is missing behind the last byte is not written: the manifest says so.
    """
    digest, written, beyond, complete = hashlib.sha256(), 0, 0, one.complete
    for at, data in objects.chunks(one):
        if at - written > MOST_ZEROS:
            beyond += len(data)
            continue
        stream.seek(at)  # what is leapt over reads as zeros
        stream.write(data)
        written += len(data)
        if complete:
            digest.update(data)
    return (digest.hexdigest() if complete else None), beyond


def _entry(objects: Objects, one: Carried, name: str, digest: str | None, beyond: int) -> dict[str, Any]:
    """What the manifest says of an object's file."""
    result, vendor = objects.result, objects.result.vendors[one.session]
    return {
        "file": name,
        "capture": result.path,
        "session": one.session + result.first_session,
        "kind": "upload" if one.upload else one.kind,
        "handle": one.handle,
        "name": one.info.filename if one.info else None,
        "format": None if one.format is None else facts.name_of("format", one.format, vendor),
        "declared_bytes": one.size if one.declared is None else one.declared,
        "carried_bytes": one.canvas.bytes,
        "complete": one.complete,
        "note": one.note,
        "missing": _ranges(one.missing),
        "unplaced_bytes": one.unplaced,
        "unwritten_bytes": beyond,
        "sha256": digest,
        "transactions": [_source(result, number, offset) for number, offset in one.pieces],
    }


def _ranges(missing: Iterable[MissingRange]) -> list[dict[str, int | None]]:
    """Missing ranges; null bytes where it is not known how many."""
    return [{"offset": start, "bytes": None if end is None else end - start} for start, end in missing]


def _source(result: Result, number: int, offset: int | None) -> dict[str, Any]:
    """Where bytes came from: a transaction, its frames and times."""
    made, columns = result.transactions, result.messages
    row, vendor = int(made.request[number]), result.vendors[made.session[number]]
    first, last, identity = (int(column[number]) for column in (made.first_data, made.last_data, made.transaction_id))
    return {
        "transaction": number + result.first_transaction,
        "transaction_id": identity if identity >= 0 else None,
        "operation": facts.name_of("operation", int(columns["code"][row]), vendor),
        "offset": offset,
        "first_frame": int(made.first[number]) + 1,
        "last_frame": int(made.last[number]) + 1,
        "start_time": _time(int(columns["began"][first])) if first >= 0 else None,
        "end_time": _time(int(columns["time"][last])) if last >= 0 else None,
    }


def _time(nanoseconds: int | None) -> str | None:
    return None if nanoseconds in (None, NO_TIME) else iso_time(nanoseconds)


@dataclass
class _Shown:
    """What came of one session's live view."""

    times: list[int | None] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    incomplete: int = 0
    files: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)  # pictures without a file, by reason


def _live_view(result: Result, place: Folder, names: Names, files: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Write the pictures of live view, numbered within each session; how they came, by session."""
    seen: dict[int, _Shown] = {}
    for frame in live_view_frames(result):
        session = frame.session + result.first_session
        shown = seen.setdefault(session, _Shown())
        if frame.left_out != NO_PICTURE:
            shown.times.append(frame.time(result))
        if frame.left_out is not None:
            shown.left_out[frame.left_out] += 1
            continue
        name = f"{LIVE_VIEW}{session}-{len(shown.sizes) + 1:06d}.jpg"
        name = names.give(name, PARTIAL if frame.missing else "")
        with _kept_from_the_rest() as failure, place.file(name) as stream:
            stream.write(frame.jpeg)
        shown.sizes.append(len(frame.jpeg))
        shown.incomplete += bool(frame.missing)
        shown.files += [] if failure else [name]
        files.append(_frame_entry(result, frame, name, session) | _failed(failure))
    return {
        session: {
            "capture": result.path,
            "session": session,
            **pace(shown.times, shown.sizes, shown.incomplete)._asdict(),
            "left_out": dict(shown.left_out),
            "files": shown.files,
        }
        for session, shown in seen.items()
    }


def _frame_entry(result: Result, frame: Frame, name: str, session: int) -> dict[str, Any]:
    source = (
        {"transaction": None, "first_frame": frame.first + 1, "end_time": _time(frame.time(result))}
        if frame.transaction is None
        else _source(result, frame.transaction, None)
    )
    return {
        "file": name,
        "capture": result.path,
        "session": session,
        "kind": "live-view",
        "carried_bytes": len(frame.jpeg) - sum((end or start) - start for start, end in frame.missing),
        "complete": not frame.missing,
        "missing": _ranges(frame.missing),
        "sha256": None if frame.missing else hashlib.sha256(frame.jpeg).hexdigest(),
        "transactions": [source],
    }
