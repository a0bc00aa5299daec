"""Tables as CSV, JSON, JSON lines and Parquet, to a stream or to files.

Promises bounded memory (one record batch at a time), whole files only (a temporary file takes the final name when it
is finished), and text that is harmless where it lands: no control character in JSON and CSV, no formula in a CSV cell.
Refuses pandas: rows become text by array work over Arrow batches.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NamedTuple, get_args

import pyarrow as pa

from ptpip_analyze.describe import safe_text
from ptpip_analyze.tables import arrow

FileFormat = Literal["csv", "json", "jsonl", "parquet"]
FORMATS: Final[tuple[FileFormat, ...]] = get_args(FileFormat)

SUFFIXES: Final = ", ".join(f".{name}" for name in FORMATS)
_COMPRESSED: Final = frozenset({".gz", ".zst", ".bz2", ".xz", ".lz4", ".br", ".zip"})

ROW_GROUP_ROWS: Final = 128 * 1024


class Written(NamedTuple):
    """One exported file: table, its path, rows and bytes written."""

    table: str
    path: Path
    rows: int
    bytes: int


class _StoppedError(Exception):
    """Raised in the writers that go on when another one has failed."""


class ExportError(Exception):
    """A file or folder that can't be written. `str` is one line that names it and the reason."""


def write_rows(batches: Iterable[pa.RecordBatch], schema: pa.Schema, stream: BinaryIO, file_format: FileFormat) -> int:
    """Write `batches`, all of `schema`, to the binary `stream`; returns the rows written.

    csv: header, RFC 4180 quoting, LF, nulls empty, lists as JSON. json: one array of objects. jsonl: an object per
    line. parquet: zstd, row groups of at most 131,072 rows, texts as plain strings. Errors of the stream pass through.
    """
    if file_format == "parquet":
        return _write_parquet(batches, schema, stream)
    from ptpip_analyze.tables import lines  # text needs pyarrow.compute, which takes its time to load

    if file_format == "csv":
        stream.write((",".join(lines.csv_text(name) for name in schema.names) + "\n").encode())
        return lines.write_lines(batches, stream, lines.csv_rows, "\n")
    if file_format == "jsonl":
        return lines.write_lines(batches, stream, lines.json_rows, "\n")
    stream.write(b"[")
    rows = lines.write_lines(batches, stream, lines.json_rows, ",\n", first="\n")
    stream.write(b"\n]\n" if rows else b"]\n")
    return rows


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary stream whose content appears under `path`, all at once, when the block ends without an exception.

    The temporary file lies in the target's folder; an exception (KeyboardInterrupt too) removes it and leaves what was
    there before. A device or pipe is written directly. Raises ExportError when the place can't be written.
    """
    target = Path(path)
    with _named_errors(target):
        direct = target.exists() and not target.is_file()
        final = target.resolve()  # the file behind a symbolic link is replaced, the link stays
        temporary = final.parent / f".{final.name[:200]}.{os.urandom(4).hex()}.part"
        stream = (target if direct else temporary).open("wb" if direct else "xb")
    if direct:
        with _named_errors(target), stream:
            yield stream
        return
    try:
        with _named_errors(target):
            with stream:
                yield stream
            temporary.replace(final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _named_errors(target: Path) -> Iterator[None]:
    """Turns an error of the operating system into the one line that names the file."""
    try:
        yield
    except OSError as error:
        raise ExportError(f"{safe_text(str(target))}: {error.strerror or error}") from error


def export_tables(
    batches_of: Callable[[str], Iterable[pa.RecordBatch]],
    schemas: dict[str, pa.Schema],
    folder: str | os.PathLike[str],
    file_format: FileFormat,
    *,
    together: bool = True,
) -> list[Written]:
    """Write each table of `schemas` to `folder` as `<table>.<format>`; the folder is made when it is missing.

    `batches_of(table)` is called in worker threads, unless the tables are to be written one after the other instead of
    `together`, which is quicker while they are small. No file takes its final name before all are complete, so an error
    or Ctrl-C leaves the folder's earlier files as they were. Raises ExportError when something can't be written.
    """
    place = Path(folder)
    with _named_errors(place):
        place.mkdir(parents=True, exist_ok=True)
    stopped = threading.Event()

    def until_stopped(table: str) -> Iterator[pa.RecordBatch]:
        for batch in batches_of(table):
            if stopped.is_set():
                raise _StoppedError
            yield batch

    def write(table: str, stream: BinaryIO) -> int:
        with _named_errors(paths[table]):
            return write_rows(until_stopped(table), schemas[table], stream, file_format)

    paths = {table: place / f"{table}.{file_format}" for table in schemas}
    with contextlib.ExitStack() as files:
        streams = {table: files.enter_context(replacing(path)) for table, path in paths.items()}
        rows = _written(write, streams, stopped) if together else {name: write(name, streams[name]) for name in streams}
        sizes = {table: stream.tell() for table, stream in streams.items()}
    return [Written(table, path, rows[table], sizes[table]) for table, path in paths.items()]


def _written(
    write: Callable[[str, BinaryIO], int], streams: dict[str, BinaryIO], stopped: threading.Event
) -> dict[str, int]:
    """Rows written of each table, two tables at a time."""
    from concurrent.futures import ThreadPoolExecutor, as_completed  # takes as long to load as to write a small table

    with ThreadPoolExecutor(2) as pool:
        # The long tables are the last ones: they begin first, so that nobody waits for one of them alone.
        jobs = {pool.submit(write, table, stream): table for table, stream in reversed(streams.items())}
        try:
            # In order of completion: the first failure is the cause, the others only stopped because of it.
            return {jobs[job]: job.result() for job in as_completed(jobs)}
        except BaseException:
            stopped.set()
            raise


# Parquet


def _write_parquet(batches: Iterable[pa.RecordBatch], schema: pa.Schema, stream: BinaryIO) -> int:
    text = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    # Numbers of rows, offsets and times mostly climb: their differences are small.
    climbing = [field.name for field in schema if pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type)]
    rows = 0
    writer = _parquet_writer(
        pa.PythonFile(stream, mode="w"),
        schema,
        version="2.6",
        compression="zstd",
        compression_level=1,
        use_dictionary=text,
        column_encoding=dict.fromkeys(climbing, "DELTA_BINARY_PACKED"),
        store_schema=False,  # the file says "string"; that columns were dictionary-encoded in memory is our affair
    )
    with contextlib.closing(writer):
        for group in arrow.joined(batches, ROW_GROUP_ROWS):
            writer.write_table(group.unify_dictionaries(), row_group_size=ROW_GROUP_ROWS)
            rows += group.num_rows
    return rows


def _parquet_writer(*arguments: Any, **options: Any) -> Any:
    """pyarrow's writer without what its public module loads around it, network file systems and ssl: that takes 12 ms,
    twice as long as four small tables. It is private, so where it is not what it was the public one takes its place.
    """
    try:
        from pyarrow._parquet import ParquetWriter

        return ParquetWriter(*arguments, writer_engine_version="V2", **options)
    except (ImportError, TypeError, ValueError):
        from pyarrow.parquet import ParquetWriter

        return ParquetWriter(*arguments, **options)


def file_format_of(path: str | os.PathLike[str], default: FileFormat = "jsonl") -> FileFormat:
    """The format a file name asks for by its suffix; `default` for a name without one. ExportError for any other."""
    suffix = Path(path).suffix.lower().lstrip(".")
    if not suffix:
        return default
    for known in FORMATS:
        if known == suffix:
            return known
    raise ExportError(
        f"{safe_text(str(path))}: .{safe_text(suffix)} is no format; known are {SUFFIXES}, or give --format"
    )


def refuse_compression(path: str | os.PathLike[str]) -> None:
    """ExportError for a name that promises a compressed file: nothing is compressed here but Parquet, inside."""
    suffix = Path(path).suffix.lower()
    if suffix in _COMPRESSED:
        raise ExportError(
            f"{safe_text(str(path))}: compression is not done, so there is no {suffix}; known are {SUFFIXES}"
        )


def select(batches: Iterable[pa.RecordBatch], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The named columns of each batch, in that order. Raises KeyError for a column that is not there."""
    for batch in batches:
        yield batch.select(list(columns))


def head(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The first `rows` rows."""
    for batch in batches:
        if rows <= 0:
            return
        yield batch.slice(0, rows)
        rows -= batch.num_rows
