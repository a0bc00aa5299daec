"""Objects and live-view frames become files.

Promises that a file has its final name only when it is written, that nothing is written outside the folder, that no two
objects share a file, and that memory does not grow with an object. What is missing of an object reads as zeros, its
name ends in ``.partial``, and the manifest names the ranges.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import statistics
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final

from .facts import name_of
from .objects import Carried, Objects, live_view_frames, pieces_of
from .ptp import NO_ROW
from .result import Result

KINDS: Final = ("objects", "thumbnails", "previews", "uploads", "live-view")
MANIFEST: Final = "manifest.json"
MOST_NAME_BYTES: Final = 200

_EXTENSIONS = {0x3801: ".jpg", 0x3808: ".jpg", 0x380D: ".tif", 0x3807: ".gif", 0x380B: ".png", 0x300B: ".avi",
               0x300C: ".mpg", 0x3008: ".wav", 0x300D: ".mov", 0x3004: ".txt"}  # fmt: skip
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}


class ExtractError(Exception):
    """A folder or file that can't be written. ``str`` is one line that names it and the reason."""


def safe_name(name: str | None, fallback: str) -> str:
    """A file name out of a name from the wire: one component, no control characters, none that Windows reserves."""
    kept = "".join(letter if letter.isprintable() and letter not in '/\\\\:*?"<>|' else "_" for letter in name or "")
    kept = kept.strip().rstrip(". ").lstrip(".")
    while len(kept.encode()) > MOST_NAME_BYTES:
        stem, extension = os.path.splitext(kept)
        kept = (stem[:-1] or "_") + extension if len(extension.encode()) < 20 else kept[:-1]
    if not kept:
        return fallback
    return f"_{kept}" if kept.split(".")[0].upper() in _RESERVED else kept


def extract(
    results: Sequence[Result], folder: str | os.PathLike[str], kinds: Collection[str] = KINDS, *, force: bool = False
) -> dict[str, Any]:
    """Write what the captures carried into a folder, which is made if missing, with ``manifest.json``; returns that.

    ``kinds`` are of ``KINDS``. A folder that has a manifest already is refused, or with ``force`` written anew: its
    files of the same names are replaced. ExtractError when something can't be written.
    """
    place = Path(folder)
    with _named(place):
        place.mkdir(parents=True, exist_ok=True)
    if (place / MANIFEST).exists() and not force:
        raise ExtractError(f"{place / MANIFEST}: is there already; choose another folder, or --force")
    taken: set[str] = {MANIFEST} if force else {MANIFEST, *(name.lower() for name in os.listdir(place))}
    manifest: dict[str, Any] = {"files": [], "live_view": []}
    for result in results:
        for one in Objects(result).found:
            group = "uploads" if one.upload else f"{one.kind}s"
            if group in kinds:
                manifest["files"].append(_write_object(result, one, place, taken))
        if "live-view" in kinds:
            manifest["live_view"] += _write_frames(result, place, taken)
    with _replacing(place / MANIFEST) as stream:
        stream.write(json.dumps(manifest, indent=1, ensure_ascii=True).encode() + b"\n")
    return manifest


def _write_object(result: Result, one: Carried, place: Path, taken: set[str]) -> dict[str, Any]:
    info, vendor = one.info, result.vendors[one.session]
    form = info.format if info is not None else None
    handle = "unknown" if one.handle is None else f"0x{one.handle:08X}"
    said = safe_name(info.name if info else None, "")
    if not said:
        said = f"{one.kind}-{handle}" + ("" if one.kind == "object" else ".jpg")
        said += _EXTENSIONS.get(form or 0, "") if one.kind == "object" else ""
    elif one.kind != "object":
        said = f"{os.path.splitext(said)[0]}-{one.kind}.jpg"
    missing, complete = one.missing(), one.complete
    name = _free(said, "" if complete else ".partial", taken)
    digest = hashlib.sha256()
    with _replacing(place / name) as stream:
        for offset, data in pieces_of(result, one):
            digest.update(data)
            stream.seek(offset)
            stream.write(data)
        stream.truncate(one.size)
    made, columns = result.transactions, result.messages
    rows = one.transactions
    requests = [int(made.request[row]) for row in rows]
    return {
        "file": name,
        "capture": result.path,
        "session": result.first_session + one.session,
        "kind": "upload" if one.upload else one.kind,
        "handle": one.handle,
        "name": info.name if info else None,
        "format": None if form is None else name_of("format", form, vendor),
        "declared_bytes": one.end if info is None or info.size is None or one.kind != "object" else info.size,
        "carried_bytes": one.carried,
        "complete": complete,
        "missing": [{"offset": offset, "bytes": length} for offset, length in missing],
        "sha256": digest.hexdigest() if complete else None,
        "transactions": [result.first_transaction + row for row in rows],
        "transaction_ids": [int(made.transaction_id[row]) for row in rows],
        "first_frame": int(min(made.first[row] for row in rows)) + 1,
        "last_frame": int(max(made.last[row] for row in rows)) + 1,
        "time_ns": int(columns["time"][requests[0]]) if requests[0] != NO_ROW else None,
    }


def _write_frames(result: Result, place: Path, taken: set[str]) -> list[dict[str, Any]]:
    """Frames as numbered files, and statistics by session."""
    sizes: dict[int, list[int]] = {}
    times: dict[int, list[int]] = {}
    files: dict[int, list[str]] = {}
    for frame in live_view_frames(result):
        of = files.setdefault(frame.session, [])
        session = result.first_session + frame.session
        name = _free(f"live-view-{session}-{len(of) + 1:06d}.jpg", "", taken)
        with _replacing(place / name) as stream:
            stream.write(frame.jpeg)
        of.append(name)
        sizes.setdefault(frame.session, []).append(len(frame.jpeg))
        times.setdefault(frame.session, []).append(frame.time)
    return [
        {
            "capture": result.path,
            "session": result.first_session + session,
            "frames": len(names),
            **smoothness(times[session]),
            "bytes_min": min(sizes[session]),
            "bytes_mean": round(statistics.fmean(sizes[session]), 1),
            "bytes_max": max(sizes[session]),
            "files": names,
        }
        for session, names in files.items()
    ]


def smoothness(times: Sequence[int]) -> dict[str, float | None]:
    """Frames per second, and the mean and standard deviation (jitter) of the time between frames, in seconds.

    ``times`` in ns. None where there are too few frames to tell.
    """
    gaps = [(later - earlier) / 1e9 for earlier, later in pairwise(times)]
    lasting = sum(gaps)
    return {
        "fps": round(len(gaps) / lasting, 3) if lasting > 0 else None,
        "interval_s": round(statistics.fmean(gaps), 6) if gaps else None,
        "jitter_s": round(statistics.pstdev(gaps), 6) if len(gaps) > 1 else None,
    }


def _free(name: str, ending: str, taken: set[str]) -> str:
    """A name that nobody has yet, case not regarded: ``a.jpg``, ``a-2.jpg``, ..."""
    stem, extension = os.path.splitext(name)
    for number in range(1, 1 << 30):
        choice = (name if number == 1 else f"{stem}-{number}{extension}") + ending
        if choice.lower() not in taken:
            taken.add(choice.lower())
            return choice
    raise AssertionError("unreachable")


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when the block ends well; a symbolic link there is replaced, never followed."""
    temporary = target.with_name(f".{os.urandom(8).hex()}.part")
    try:
        with _named(target):
            with temporary.open("xb") as stream:
                yield stream
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExtractError(f"{path}: {error.strerror or error}") from error
