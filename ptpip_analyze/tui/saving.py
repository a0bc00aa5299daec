"""What is on the screen as files: rows of a table, and the frames that they stand for.

Promises whole files or none, and never the capture itself as a target. The suffix says the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from ptpip_analyze.capture.copying import Copy
from ptpip_analyze.describe import counted, safe_text
from ptpip_analyze.tables import export
from ptpip_analyze.tables.comments import comments

from .loading import Loading
from .notes import Notes
from .rows import Listing

PCAPNG: Final = ".pcapng"
SUFFIXES: Final = (*(f".{name}" for name in export.FORMATS), PCAPNG)


class SaveError(Exception):
    """What can't be saved, in one line."""


def checked(path: str, loading: Loading, suffixes: tuple[str, ...] | None = SUFFIXES) -> Path:
    """The file that a user named. SaveError for another suffix than these (None: any), a capture that is open, a folder
    that is not there.
    """
    target = Path(path).expanduser()
    if not path.strip():
        raise SaveError("no file is named")
    if suffixes is not None and target.suffix.lower() not in suffixes:
        raise SaveError(f"the name must end in one of {', '.join(suffixes)}")
    if not target.parent.is_dir():
        raise SaveError(f"there is no folder {target.parent}")
    if target.exists() and any(Path(name).exists() and target.samefile(name) for name in loading.captures):
        raise SaveError("this is the capture itself; it will not be overwritten")
    return target


def fault_of(path: str, loading: Loading, suffixes: tuple[str, ...] | None = SUFFIXES) -> str:
    """Why ``checked`` refuses a file, in a sentence; "" when it does not."""
    try:
        checked(path, loading, suffixes)
    except SaveError as error:
        return str(error)
    return ""


def save(listing: Listing, rows: np.ndarray, target: Path, loading: Loading, notes: Notes | None = None) -> str:
    """Write rows of a listing's table, or the frames they stand for, to a checked file; returns what was written.

    Frames bear comments: what begins or ends in them, what was found wrong there, and what ``notes`` say.

    SaveError when it can't be written.
    """
    try:
        with export.replacing(target) as stream:
            if target.suffix.lower() == PCAPNG:
                copy, frames = Copy(stream), 0
                for path, wanted in frames_of(listing, rows, loading):
                    frames += copy.add(path, wanted, comments_of(path, wanted, loading, notes))
                return f"{counted(frames, 'frame')} written to {target}"
            chosen = listing.rows.take(pa.array(rows)).combine_chunks()
            file_format = export.file_format_of(target)
            export.write_rows(chosen.to_batches(), chosen.schema, stream, file_format)
            return f"{counted(len(rows), 'row')} of {listing.table} written to {target}"
    except export.ExportError as error:
        raise SaveError(str(error)) from error


def frames_of(listing: Listing, rows: np.ndarray, loading: Loading) -> Iterator[tuple[str, np.ndarray]]:
    """By capture, the frames that rows stand for, ascending.

    Those of a transaction are all packets of its session from its first to its last frame; those of a session all of
    it; of a finding all that prove it; of another row the ones that it names.
    """
    if not loading.complete or loading.analysis is None:
        raise SaveError("frames can be saved when the capture is read to its end")
    chosen = listing.rows.take(pa.array(rows))
    for result, batches in loading.analysis.batches_by_capture("packets"):
        mine = chosen.filter(pa.array([name == result.path for name in chosen["capture"].to_pylist()], pa.bool_()))
        if not mine.num_rows:
            continue
        if "first_frame" in mine.column_names or listing.table == "sessions":
            wanted = _of_sessions(mine, batches)
        elif listing.table == "findings":
            wanted = np.array(sorted({frame for frames in mine["frames"].to_pylist() for frame in frames or ()}))
        else:
            wanted = np.unique(mine["frame"].drop_null().to_numpy())
        if len(wanted):
            yield result.path, wanted.astype(np.int64)


def comments_of(path: str, frames: np.ndarray, loading: Loading, notes: Notes | None = None) -> dict[int, list[str]]:
    """By frame of a capture what Wireshark shall say of it: calls and responses, findings, what a person noted.

    Of calls and responses only those in ``frames`` are there.
    """
    analysis = loading.analysis
    assert analysis is not None
    transactions, findings = (loading.table(name).to_batches() for name in ("transactions", "findings"))
    said = comments(path, transactions, findings, analysis.vendors, loading.beginning, frames)
    for frame, text in (notes.comments.get(path, {}) if notes is not None else {}).items():
        said.setdefault(frame, []).append(safe_text(text))
    return said


def _of_sessions(rows: pa.Table, packets: Iterator[pa.RecordBatch]) -> np.ndarray:
    """The frames of packets of the rows' sessions within the rows' first and last frames."""
    sessions = rows["session"].fill_null(-1).to_numpy()
    spans = None
    if "first_frame" in rows.column_names:
        spans = {int(session): _joined(rows, sessions == session) for session in np.unique(sessions)}
    found = []
    for batch in packets:
        frame = batch["frame"].to_numpy()
        of = batch["session"].fill_null(-1).to_numpy(zero_copy_only=False)
        for session in np.unique(sessions).tolist():
            here = frame[(of == session) & (session >= 0)]
            if spans is not None:
                low, high = spans[session]
                place = np.searchsorted(low, here, "right") - 1
                here = here[(place >= 0) & (here <= high[place])]
            found.append(here)
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


def _joined(rows: pa.Table, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last frames of some rows, ascending; a last one is never below that of the row before it."""
    low, high = rows["first_frame"].to_numpy()[mask], rows["last_frame"].to_numpy()[mask]
    order = np.argsort(low, kind="stable")
    return low[order], np.maximum.accumulate(high[order])
