"""What a capture carried, written to files. Promises memory that does not grow with the objects, and a manifest that says
of every file whose it is, where it came from and what is missing. Refuses to guess at bytes: a hole is zeros, and named.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from ptpip_analyze import facts
from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.carried import Carried, Objects, direction_of
from ptpip_analyze.describe import iso_time
from ptpip_analyze.facts.objects import OBJECT, PREVIEW, THUMBNAIL
from ptpip_analyze.liveview import Frame, Pace, live_view_frames, pace
from ptpip_analyze.ptp.objects import MissingRange
from ptpip_analyze.ptp.pictures import kind_text
from ptpip_analyze.result import Result

from .folder import Folder
from .names import SUFFIXES, Names, key, parted, safe_name

WHAT: Final = ("photos", "thumbnails", "previews", "uploads", "liveview")
MANIFEST: Final = "manifest.json"
LIVE_VIEW: Final = "live-view-"
PARTIAL: Final = ".partial"
FARTHEST: Final = 1 << 40
"""Bytes of an object behind this are not written: no camera has such files, and few file systems take them."""

_CONTENTS: Final = {OBJECT: "photos", THUMBNAIL: "thumbnails", PREVIEW: "previews"}
_BEGINNING_BYTES: Final = 64


class Written(NamedTuple):
    """One file."""

    name: str
    what: str  # one of WHAT
    bytes: int  # of the object that were carried
    complete: bool | None


class Extracted(NamedTuple):
    """What was written: the folder, the files without the manifest, how live view came by session."""

    folder: Path
    files: tuple[Written, ...]
    live_view: dict[int, Pace]


def extract(
    results: Sequence[Result],
    folder: str | os.PathLike[str],
    what: Sequence[str] | None = None,
    *,
    force: bool = False,
) -> Extracted:
    """Write the objects and live-view pictures of analysed captures to a folder, with a manifest.

    ``what``: some of WHAT, None for all. ExtractError for what can't be written; files that were complete by then stay.
    ValueError for a word that is not in WHAT.
    """
    wanted = frozenset(WHAT if what is None else what)
    if unknown := sorted(wanted - set(WHAT)):
        raise ValueError(f"nothing is called {unknown[0]!r}; there are {', '.join(WHAT)}")
    with Folder(folder, force=force) as place:
        names = Names((MANIFEST, *(Path(result.path).name for result in results)))  # a capture may lie there
        chosen = []
        place.refuse(MANIFEST)
        for result in results:
            objects = Objects(result)
            chosen.append([
                (objects, one, names.give(_name(objects, one), "" if one.complete else PARTIAL))
                for one in objects.all
                if _what(one) in wanted
            ])  # fmt: skip
        for name in (name for part in chosen for _, _, name in part):
            place.refuse(name)
        if "liveview" in wanted:
            for name in place.names():
                if name.startswith(LIVE_VIEW):
                    place.refuse(name)
        files: list[Written] = []
        entries: list[dict[str, Any]] = []
        paces: dict[int, Pace] = {}
        for result, part in zip(results, chosen, strict=True):
            for objects, one, name in part:
                with place.file(name) as stream:
                    digest, beyond = _write(objects, one, stream)
                entries.append(_entry(objects, one, name, digest, beyond))
                files.append(Written(name, _what(one), one.canvas.bytes, one.complete))
            if "liveview" in wanted:
                paces |= _live_view(result, place, files, entries)
        manifest = {
            "captures": [result.path for result in results],
            "files": entries,
            "live_view": [{"session": session, **told._asdict()} for session, told in paces.items()],
        }
        with place.file(MANIFEST) as stream:
            stream.write(json.dumps(manifest, ensure_ascii=True, indent=1).encode() + b"\n")
    return Extracted(Path(folder), tuple(files), paces)


def _what(one: Carried) -> str:
    return "uploads" if one.outward else _CONTENTS[one.content]


def _name(objects: Objects, one: Carried) -> str:
    """The name of an object's file: the camera's, made safe, else by its handle and what it begins like."""
    told = safe_name(one.info.filename if one.info else None)
    if told is not None and key(told).startswith(LIVE_VIEW):
        told = f"_{told}"
    if told is not None and one.content == OBJECT:
        return told
    begins = next((data for at, data in objects.chunks(one, _BEGINNING_BYTES) if at == 0), b"")
    suffix = SUFFIXES.get(kind_text(begins) or "", ".bin")
    if told is not None:
        return f"{parted(told)[0]}-{one.content}{suffix}"
    stem = "upload" if one.outward else one.content
    return (stem if one.handle is None else f"{stem}-{one.handle:08X}") + suffix


def _write(objects: Objects, one: Carried, stream: BinaryIO) -> tuple[str | None, int]:
    """Write an object; its SHA-256 where it is complete, and how many of its bytes lie too far off to be written."""
    digest, beyond, complete = hashlib.sha256(), 0, one.complete
    for at, data in objects.chunks(one):
        if at + len(data) > FARTHEST:
            beyond += len(data)
            continue
        stream.seek(at)  # what is leapt over reads as zeros
        stream.write(data)
        if complete:
            digest.update(data)
    return (digest.hexdigest() if complete else None), beyond


def _entry(objects: Objects, one: Carried, name: str, digest: str | None, beyond: int) -> dict[str, Any]:
    """What the manifest says of an object's file."""
    result, vendor = objects.result, objects.result.vendors[one.session]
    return {
        "file": name,
        "what": _what(one),
        "capture": result.path,
        "session": one.session + result.first_session,
        "handle": one.handle,
        "filename": one.info.filename if one.info else None,
        "format": None if one.format is None else facts.name_of("format", one.format, vendor),
        "direction": direction_of(one),
        "declared_bytes": one.declared,
        "carried_bytes": one.canvas.bytes,
        "complete": one.complete,
        "ranges_missing": _ranges(one.missing),
        "unplaced_bytes": one.unplaced + beyond,
        "sha256": digest,
        "transactions": [_source(result, number, offset) for number, offset in one.pieces],
    }


def _ranges(missing: Iterable[MissingRange]) -> list[dict[str, int | None]]:
    return [{"start": start, "end": end} for start, end in missing]


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


def _live_view(result: Result, place: Folder, files: list[Written], entries: list[dict[str, Any]]) -> dict[int, Pace]:
    """Write the pictures of live view, numbered within each session."""
    seen: dict[int, tuple[list[int | None], list[int], list[bool]]] = {}
    for frame in live_view_frames(result):
        session = frame.session + result.first_session
        times, sizes, holed = seen.setdefault(session, ([], [], []))
        times.append(frame.time(result))
        sizes.append(len(frame.data))
        holed.append(bool(frame.missing))
        name = f"{LIVE_VIEW}{session}-{len(sizes):06d}.jpg" + (PARTIAL if frame.missing else "")
        with place.file(name) as stream:
            stream.write(frame.data)
        entries.append(_frame_entry(result, frame, name, session))
        files.append(Written(name, "liveview", len(frame.data), not frame.missing))
    return {session: pace(times, sizes, sum(holed)) for session, (times, sizes, holed) in seen.items()}


def _frame_entry(result: Result, frame: Frame, name: str, session: int) -> dict[str, Any]:
    source = (
        _source(result, frame.transaction, None)
        if frame.transaction is not None
        else {"first_frame": frame.first + 1, "end_time": _time(frame.time(result))}
    )
    return {
        "file": name,
        "what": "liveview",
        "capture": result.path,
        "session": session,
        "carried_bytes": len(frame.data),
        "complete": not frame.missing,
        "ranges_missing": _ranges(frame.missing),
        "sha256": None if frame.missing else hashlib.sha256(frame.data).hexdigest(),
        "transactions": [source],
    }
