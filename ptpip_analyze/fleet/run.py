"""Many captures into one dataset: what is done is left alone, what is new, changed, failed or unfinished is done.

Promises that a run that is interrupted anywhere and run again ends as one that was not. Refuses a folder that holds
something else, and other tables than the dataset has.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from ptpip_analyze import __version__

from .inputs import named
from .layout import (
    DONE,
    FORMAT,
    HEADER,
    LOCK,
    MANIFEST,
    RECORDS,
    STAGING,
    Options,
    Record,
    manifest_rows,
    part_of,
)
from .places import FleetError, Place, is_url
from .processes import Processes, cores
from .work import Job, commit, stamp_of

Progress = Callable[[int, int], None]


class Crew(Protocol):
    """Who does jobs: processes here, or a cluster. A context manager."""

    @property
    def width(self) -> int:
        """How many jobs may be under way."""

    def submit(self, job: Job) -> None:
        """Begin a job."""

    def take(self) -> tuple[Job, Record | None]:
        """Wait for a job that ends; None instead of its record where whoever did it was killed."""

    def __enter__(self) -> Crew:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End; what is under way is given up."""


class Header(NamedTuple):
    """What a dataset says of itself: its tables, and its captures, whose numbers are their places in this list."""

    tables: tuple[str, ...]
    captures: tuple[str, ...]


class Outcome(NamedTuple):
    """How a run went: the records of the captures that were named, and how many of them were done before."""

    records: list[Record]
    skipped: int

    @property
    def failed(self) -> list[Record]:
        """Those that could not be read."""
        return [record for record in self.records if record.status != DONE]


def export_many(
    captures: Sequence[str],
    target: str | os.PathLike[str],
    options: Options | None = None,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Put captures into the dataset ``target``, which is made when missing.

    ``captures`` are paths, globs, folders, and addresses that fsspec knows; ``target`` is a folder or such an address.
    ``jobs`` processes work on this machine, one for each core by default; with ``scheduler``, the address of a Dask
    scheduler, its workers do. ``progress(done, total)`` is called with bytes. A capture that can't be read is a record
    with the reason. FleetError where the dataset can't be written; CaptureError for a name behind which there is
    nothing.
    """
    names = named(captures)
    place = Place(os.fspath(target))
    wanted = options or Options()
    with place.kept():
        header = _extended(place, wanted.tables, names)
        known = {record.capture_id: record for record in records_of(place)}
        number_of = {name: number for number, name in enumerate(header.captures)}
        present = {name: size for table in header.tables for name, size in place.sizes(table).items()}
        asked = []
        for name in names:
            number = number_of[name]
            old = tuple(part for table in header.tables if (part := part_of(table, number)) in present)
            asked.append(Job(place, number, name, wanted._replace(tables=header.tables), old))
        width = jobs or cores()
        done = _done(asked, known, present, width)
        left = [job for job in asked if job.capture_id not in done]
        if left:
            tell = _teller(left, progress)
            with _crew(width, scheduler) as crew:
                for record in _through(crew, left):
                    known[record.capture_id] = record
                    tell(record.capture_id)
        manifest = _parquet(header, list(known.values()))
        if manifest != place.read(MANIFEST):  # also where a run was interrupted after its last capture
            place.write(manifest, MANIFEST)
    return Outcome([known[job.capture_id] for job in asked], len(done))


def _crew(width: int, scheduler: str | None) -> Any:
    if scheduler is None:
        return Processes(width)
    from .cluster import Cluster

    return Cluster(scheduler)


def _through(crew: Crew, jobs: Sequence[Job]) -> Iterator[Record]:
    """The records of jobs as they end.

    Where one is killed, others beside it may have been the cause, or have suffered for it: it is done once more when no
    other is under way, and whoever is killed then has done it himself.
    """
    waiting, suspects, under_way = deque(jobs), [], 0
    while waiting or under_way:
        while waiting and under_way < crew.width:
            crew.submit(waiting.popleft())
            under_way += 1
        job, record = crew.take()
        under_way -= 1
        if record is None:
            suspects.append(job)
        else:
            yield record
    for job in suspects:
        crew.submit(job)
        _, record = crew.take()
        if record is None:
            record = job.failed("each process that analysed it was killed: it may take more memory than there is")
            commit(job, record)
        yield record


# What is there


def header_of(place: Place) -> Header | None:
    """What a dataset says of itself; None where there is none. FleetError for one that this program can't read."""
    content = place.read(HEADER)
    if content is None:
        return None
    try:
        said = json.loads(content)
        if said["format"] != FORMAT:
            raise FleetError(
                f"{place.name}: a dataset of format {said['format']}, and this version knows {FORMAT}: "
                "export the captures into a new one"
            )
        return Header(tuple(said["tables"]), tuple(said["captures"]))
    except (ValueError, KeyError, TypeError) as error:
        raise FleetError(f"{place.name}/{HEADER}: is damaged: {error}") from error


def records_of(place: Place) -> list[Record]:
    """The records of all captures that were tried."""
    found = []
    for content in place.read_all(RECORDS):
        with contextlib.suppress(ValueError, TypeError):  # lost in a crash of the machine: as if there were none
            found.append(Record(**json.loads(content)))
    return sorted(found)


def _extended(place: Place, tables: Sequence[str], names: Sequence[str]) -> Header:
    """The header with these captures in it, written before any of them is begun: numbers are given for good."""
    header = header_of(place)
    if header is None:
        if others := [name for name in place.names() if name not in (LOCK, STAGING)]:
            raise FleetError(f"{place.name}: is no dataset, and holds {others[0]}: give a new folder")
        header = Header(tuple(tables), ())
    elif set(header.tables) != set(tables):
        raise FleetError(f"{place.name}: has the tables {','.join(header.tables)}: ask for the same, or a new folder")
    there = set(header.captures)
    new = tuple(name for name in names if name not in there)
    if new or not there:
        header = header._replace(captures=header.captures + new)
        place.write(json.dumps({"format": FORMAT, **header._asdict()}, indent=1).encode(), HEADER)
    return header


def _done(asked: Sequence[Job], known: Mapping[int, Record], present: Mapping[str, int], width: int) -> set[int]:
    """Numbers of the captures of which nothing is left to do: same content, same program, same options, files whole."""

    def is_done(job: Job) -> bool:
        record = known.get(job.capture_id)
        if record is None or record.status != DONE or record.version != __version__:
            return False
        if record.options != job.options.said or set(record.files) != set(job.options.tables):
            return False
        if any(present.get(part_of(table, job.capture_id)) != size for table, size in record.files.items()):
            return False
        try:
            if is_url(job.capture):
                return record.stamp is not None and stamp_of(job.capture) == record.stamp
            if not os.path.isfile(job.capture):
                return False
            with open(job.capture, "rb") as file:
                same_size = os.fstat(file.fileno()).st_size == record.bytes
                return same_size and hashlib.file_digest(file, "sha256").hexdigest() == record.sha256
        except (OSError, FleetError):
            return False  # whoever does it says why it can't be read

    with ThreadPoolExecutor(width) as threads:  # to hash leaves Python's lock to others
        return {job.capture_id for job, done in zip(asked, threads.map(is_done, asked), strict=True) if done}


def _teller(jobs: Sequence[Job], progress: Progress | None) -> Callable[[int], None]:
    """Tells progress in bytes of captures, by the number of one that ended."""
    if progress is None:
        return lambda _: None
    sizes = {job.capture_id: _size(job.capture) for job in jobs}
    total, done = sum(sizes.values()), 0

    def tell(capture: int) -> None:
        nonlocal done
        done += sizes[capture]
        progress(done, total)

    return tell


def _size(capture: str) -> int:
    try:
        return 0 if is_url(capture) else os.path.getsize(capture)
    except OSError:
        return 0


def _parquet(header: Header, records: Sequence[Record]) -> bytes:
    from ptpip_analyze.tables.export import write_rows

    rows = manifest_rows(header.captures, records)
    stream = io.BytesIO()
    write_rows([rows], rows.schema, stream, "parquet")
    return stream.getvalue()
