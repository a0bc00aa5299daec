"""The work that one capture is: analysed, its tables written beside the dataset, put in their places, and recorded.

Runs in any process of any machine that reaches both. Promises that a capture that can't be read costs a record and no
more, and that a record is written last; refuses to go on where the dataset itself can't be written.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ptpip_analyze import __version__
from ptpip_analyze.capture import CaptureError
from ptpip_analyze.capture.spool import UNFINISHED
from ptpip_analyze.names import names_of

from .allocator import freed_memory_kept
from .layout import DONE, FAILED, Options, Record, file_schema, numbered, part_of, record_of
from .places import FleetError, Hashed, Place, filesystem, is_url, why

if TYPE_CHECKING:
    import pyarrow as pa

    from ptpip_analyze.result import Result

_READ_BYTES = 4 << 20  # asked for at a time where each question costs a journey
_ONE_AT_A_TIME = threading.Lock()
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class Job(NamedTuple):
    """A capture to be put into a dataset. ``old`` are files that stand in its place there."""

    place: Place
    capture_id: int
    capture: str
    options: Options
    old: tuple[str, ...] = ()

    def failed(self, reason: str, **known: Any) -> Record:
        """The record of this capture where it can't be had."""
        return Record(
            self.capture_id, self.capture, FAILED, __version__, self.options.said, failure=_one_line(reason), **known
        )


def work(job: Job) -> Record:
    """Do a job; the record of how it went. FleetError where the dataset can't be written.

    Of several threads of a process one at a time does: names of codes are in force for all of them.
    """
    known: dict[str, Any] = {}
    with _ONE_AT_A_TIME, freed_memory_kept(), job.place.staging() as folder:
        try:
            with names_of(job.options.names):
                record = _written(job, folder, known)
        except CaptureError as error:
            record = job.failed(_reason(error), **known)
        except OSError as error:
            if error.errno in _FULL:
                raise FleetError(f"{job.place.name}: {error.strerror}") from error
            record = job.failed(why(error), **known)
        except Exception as error:  # our own fault costs one capture of ten thousand, and is told
            record = job.failed(f"internal error: {type(error).__name__}: {error}", **known)
        commit(job, record, folder)
    return record


def commit(job: Job, record: Record, folder: str | None = None) -> None:
    """Put the tables of a capture that lie in ``folder`` in their places, and its record, last.

    Before the first new file stands there, the record of the old ones is gone, and then they are: interrupted anywhere,
    no rows of different contents lie side by side, and what is there without a record is not taken for whole.
    FleetError where the folder is gone: whoever has begun this has given it up, and may do it again already.
    """
    place = job.place
    if folder is not None and not os.path.isdir(folder):
        raise FleetError(f"{place.name}: the run that this belongs to has ended")
    for name in (record_of(job.capture_id), *job.old):
        place.remove(name)
    for table in record.files:
        place.put(os.path.join(folder or "", table), part_of(table, job.capture_id))
    place.write(json.dumps(record._asdict()).encode(), record_of(job.capture_id))


def _written(job: Job, folder: str, known: dict[str, Any]) -> Record:
    """Analyse the capture and write its tables to a folder; what is known of the file goes to ``known`` before."""
    from ptpip_analyze.analysis import analyze
    from ptpip_analyze.tables.export import write_rows

    options = job.options
    rows, files = {}, {}
    with _opened(job.capture, known) as file:
        packets = "packets" in options.tables
        with analyze(file, ports=options.ports, packets=packets, vendor=options.vendor) as analysis:
            if isinstance(file, Hashed):
                known.update(sha256=file.drain(), bytes=file.bytes)
            (result,) = analysis.results
            damage = result.damage
            if damage is not None and damage.reason.endswith(UNFINISHED):
                raise damage  # another day, or another machine, has room for it
            for table in options.tables:
                with open(os.path.join(folder, table), "xb") as stream:
                    batches = _numbered(result, table, job.capture_id)
                    rows[table] = write_rows(batches, file_schema(table), stream, "parquet")
                    files[table] = stream.tell()
            first, last = result.times or (None, None)
            return Record(
                job.capture_id, job.capture, DONE, __version__, options.said, None,
                None if damage is None else _reason(damage), packets=result.packets, first_time=first, last_time=last,
                rows=rows, files=files, **known,
            )  # fmt: skip


@contextlib.contextmanager
def _opened(capture: str, known: dict[str, Any]) -> Iterator[Any]:
    """A capture as a binary file that knows its name. CaptureError for one that changes while it is open."""
    if is_url(capture):
        fs, path = filesystem(capture)
        known.update(stamp=stamp_of(capture))
        with fs.open(path, "rb", block_size=_READ_BYTES) as file:
            yield Hashed(file, capture)
        if stamp_of(capture) != known["stamp"]:
            raise CaptureError(capture, None, "it changed while it was read")
        return
    if not stat.S_ISREG(os.stat(capture).st_mode):
        raise CaptureError(capture, None, "is not a regular file")
    with open(capture, "rb") as file:
        before = os.fstat(file.fileno())
        known.update(bytes=before.st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())
        file.seek(0)
        yield file
    after = os.stat(capture)
    if (before.st_ino, before.st_size, before.st_mtime_ns) != (after.st_ino, after.st_size, after.st_mtime_ns):
        raise CaptureError(capture, None, "it changed while it was read")


def stamp_of(capture: str) -> str | None:
    """What changes with the content of a file elsewhere, as its file system says: of S3 the ETag."""
    fs, path = filesystem(capture)
    fs.invalidate_cache()
    return str(fs.ukey(path))


def _numbered(result: Result, table: str, capture: int) -> Iterator[pa.RecordBatch]:
    from ptpip_analyze.tables.build import TABLES

    from . import verdicts

    first = 0
    for batch in verdicts.batches(result) if table == "verdicts" else TABLES[table](result):
        yield numbered(batch, table, capture, first)
        first += batch.num_rows


def _reason(error: CaptureError) -> str:
    """Why, without the name of the capture, which stands beside it."""
    return error.reason if error.offset is None else f"offset {error.offset}: {error.reason}"


def _one_line(text: str) -> str:
    from ptpip_analyze.describe import safe_text

    return safe_text(" ".join(text.split()))
