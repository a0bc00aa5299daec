"""What a capture carried, written to files. Promises memory that does not grow with the objects, and a manifest that
says of every file whose it is, where it came from and what is missing. Refuses to guess at bytes: a hole is zeros.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from ptpip_analyze import facts
from ptpip_analyze.capture import NO_TIME
from ptpip_analyze.describe import iso_time
from ptpip_analyze.facts.objects import OBJECT
from ptpip_analyze.liveview import Frame, live_view_frames, pace
from ptpip_analyze.objects import Carried, Objects
from ptpip_analyze.ptp.objects import MissingRange
from ptpip_analyze.ptp.pictures import kind_text
from ptpip_analyze.result import Result

from .folder import Folder
from .names import SUFFIXES, Names, key, parted, safe_name

KINDS: Final = ("objects", "thumbnails", "previews", "uploads", "live-view")
MANIFEST: Final = "manifest.json"
LIVE_VIEW: Final = "live-view-"
PARTIAL: Final = ".partial"
FARTHEST: Final = 1 << 40
"""Bytes of an object behind this are not written: no camera has such files, and few file systems take them."""

_BEGINNING_BYTES: Final = 64


def extract(
    results: Sequence[Result], folder: str | os.PathLike[str], kinds: Collection[str] = KINDS, *, force: bool = False
) -> dict[str, Any]:
    """Write what the captures carried into a folder, which is made if missing, with ``manifest.json``; returns that.

    ``kinds`` are of ``KINDS``. Files that are there keep their names: the new ones get others. A folder that has a
    manifest already is refused; with ``force``, files of the same names are replaced. ExtractError when something can't
    be written, ValueError for a kind that is not known.
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
                if ("uploads" if one.upload else f"{one.kind}s") in kinds:
                    name = names.give(_name(objects, one), "" if one.complete else PARTIAL)
                    with place.file(name) as stream:
                        digest, beyond = _write(objects, one, stream)
                    files.append(_entry(objects, one, name, digest, beyond))
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
    if one.size is not None and one.size <= FARTHEST and stream.tell() < one.size:
        stream.truncate(one.size)  # what is missing at the end reads as zeros, too
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


def _live_view(result: Result, place: Folder, names: Names, files: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Write the pictures of live view, numbered within each session; how they came, by session."""
    seen: dict[int, tuple[list[int | None], list[int], list[str]]] = {}
    for frame in live_view_frames(result):
        session = frame.session + result.first_session
        times, sizes, written = seen.setdefault(session, ([], [], []))
        name = f"{LIVE_VIEW}{session}-{len(sizes) + 1:06d}.jpg"
        name = names.give(name, PARTIAL if frame.missing else "")
        with place.file(name) as stream:
            stream.write(frame.jpeg)
        times.append(frame.time(result))
        sizes.append(len(frame.jpeg))
        written.append(name)
        files.append(_frame_entry(result, frame, name, session))
    return {
        session: {
            "capture": result.path,
            "session": session,
            **pace(times, sizes, sum(name.endswith(PARTIAL) for name in written))._asdict(),
            "files": written,
        }
        for session, (times, sizes, written) in seen.items()
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
