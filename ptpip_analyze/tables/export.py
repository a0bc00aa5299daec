"""Tables as CSV, JSON, JSON lines and Parquet, to a stream or to files.

Promises bounded memory (one record batch at a time), whole files only (a temporary file takes the final name when it
is finished), and text that is harmless where it lands: no control character in JSON and CSV, no formula in a CSV cell.
Refuses pandas: rows become text by array work over Arrow batches.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import BinaryIO, Final, Literal, NamedTuple, cast, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.describe import json_escape, safe_text

FileFormat = Literal["csv", "json", "jsonl", "parquet"]
FORMATS: Final[tuple[FileFormat, ...]] = get_args(FileFormat)

ROW_GROUP_ROWS: Final = 128 * 1024
_TEXT_ROWS: Final = 32 * 1024  # rows turned into text at once: a few MiB of text, whatever the batch
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # OWASP's list of what a spreadsheet takes for a formula
_CSV_QUOTED: Final = frozenset(',"\r\n')


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
    if file_format == "csv":
        stream.write((",".join(_csv_text(name) for name in schema.names) + "\n").encode())
        return _write_lines(batches, stream, _csv_rows, "\n")
    if file_format == "jsonl":
        return _write_lines(batches, stream, _json_rows, "\n")
    stream.write(b"[")
    rows = _write_lines(batches, stream, _json_rows, ",\n", first="\n")
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
        temporary = final.with_name(f".{final.name[:200]}.{secrets.token_hex(4)}.part")
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
    threads: int = 2,
) -> list[Written]:
    """Write each table of `schemas` to `folder` as `<table>.<format>`; the folder is made when it is missing.

    `batches_of(table)` is called in worker threads. No file takes its final name before all are complete, so an error
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
        with ThreadPoolExecutor(threads) as pool:
            jobs = {pool.submit(write, table, stream): table for table, stream in streams.items()}
            try:
                # In order of completion: the first failure is the cause, the others only stopped because of it.
                rows = {jobs[job]: job.result() for job in as_completed(jobs)}
            except BaseException:
                stopped.set()
                raise
        sizes = {table: stream.tell() for table, stream in streams.items()}
    return [Written(table, path, rows[table], sizes[table]) for table, path in paths.items()]


# Parquet


def _write_parquet(batches: Iterable[pa.RecordBatch], schema: pa.Schema, stream: BinaryIO) -> int:
    import pyarrow.parquet as pq

    text = [field.name for field in schema if _is_text(field.type)]
    # Numbers of rows, offsets and times mostly climb: their differences are small.
    climbing = [field.name for field in schema if pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type)]
    rows = 0
    with pq.ParquetWriter(
        pa.PythonFile(stream, mode="w"),
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=text,
        column_encoding=dict.fromkeys(climbing, "DELTA_BINARY_PACKED"),
        store_schema=False,  # the file says "string"; that columns were dictionary-encoded in memory is our affair
    ) as writer:
        for group in _row_groups(batches):
            writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
            rows += group.num_rows
    return rows


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches joined while they are small: a row group has a cost of its own in the file."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP_ROWS:
            yield pa.Table.from_batches(waiting).unify_dictionaries()
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting).unify_dictionaries()


# Lines of text


def _write_lines(
    batches: Iterable[pa.RecordBatch],
    stream: BinaryIO,
    rows_of: Callable[[pa.RecordBatch], pa.Array],
    separator: str,
    first: str = "",
) -> int:
    """Write the rows with `separator`: after each when `first` is empty, else `first` before row one and it between."""
    written = 0
    for batch in batches:
        for start in range(0, batch.num_rows, _TEXT_ROWS):
            lines = rows_of(batch.slice(start, _TEXT_ROWS))
            if first:
                lines = pc.binary_join_element_wise(separator, lines, "")
                data = _characters(lines)
                stream.write(data if written else first.encode() + data[len(separator) :])
            else:
                stream.write(_characters(pc.binary_join_element_wise(lines, separator, "")))
            written += len(lines)
    return written


def _characters(lines: pa.Array) -> bytes:
    """The UTF-8 bytes of all strings of `lines`, one after the other."""
    offsets = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return cast("bytes", lines.buffers()[2][int(offsets[0]) : int(offsets[-1])].to_pybytes())


def _csv_rows(batch: pa.RecordBatch) -> pa.Array:
    cells = [pc.fill_null(_csv_cells(column), "") for column in batch.columns]
    # One column and a null would be an empty line, which readers skip.
    if len(cells) == 1:
        return pc.if_else(pc.equal(cells[0], ""), '""', cells[0])
    return pc.binary_join_element_wise(*cells, ",")


def _json_rows(batch: pa.RecordBatch) -> pa.Array:
    if not batch.num_columns:
        return pa.array(["{}"] * batch.num_rows)
    parts = []
    lead = "{"
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        parts += [lead + json_text(name) + ":", pc.fill_null(_json_cells(column), "null")]
        lead = ","
    return pc.binary_join_element_wise(*parts, "}", "")


def _csv_cells(column: pa.Array) -> pa.Array:
    if _is_text(column.type):
        return _each_text(column, _csv_text)
    if pa.types.is_list(column.type):
        lists = _json_lists(column)
        quoted = pc.binary_join_element_wise('"', lists, '"', "")
        return pc.if_else(pc.match_substring(lists, ","), quoted, lists)
    return _number_cells(column)


def _json_cells(column: pa.Array) -> pa.Array:
    if _is_text(column.type):
        return _each_text(column, json_text)
    if pa.types.is_list(column.type):
        return _json_lists(column)
    cells = _number_cells(column)
    return pc.binary_join_element_wise('"', cells, '"', "") if pa.types.is_timestamp(column.type) else cells


def _number_cells(column: pa.Array) -> pa.Array:
    """Numbers, truth values and times as text; null where the value is null or not finite."""
    if pa.types.is_timestamp(column.type):
        return _time_cells(column)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    return pc.cast(column, pa.string())


def _time_cells(column: pa.Array) -> pa.Array:
    """Times as 2026-01-02T03:04:05.123456789Z: Arrow's own text, whose fixed width lets the T be put in at once."""
    text = pc.cast(pc.fill_null(column, pa.scalar(0, column.type)), pa.string())
    width = len("2026-01-02T03:04:05.123456789Z")
    characters = np.frombuffer(_characters(text), np.uint8).reshape(-1, width).copy()
    characters[:, len("2026-01-02")] = ord("T")
    offsets = np.arange(len(column) + 1, dtype=np.int32) * width
    whole = pa.StringArray.from_buffers(len(column), pa.py_buffer(offsets), pa.py_buffer(characters))
    return pc.if_else(pc.is_valid(column), whole, pa.scalar(None, pa.string()))


def _json_lists(column: pa.Array) -> pa.Array:
    """Lists of integers as JSON arrays: [65537,0]; null for a null list."""
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    offsets = np.zeros(len(column) + 1, np.int32)
    np.cumsum(lengths.to_numpy(zero_copy_only=False), out=offsets[1:])
    words = pa.ListArray.from_arrays(pa.array(offsets), pc.cast(pc.list_flatten(column), pa.string()))
    joined = pc.binary_join_element_wise("[", pc.binary_join(words, ","), "]", "")
    return pc.if_else(pc.is_valid(column), joined, pa.scalar(None, pa.string()))


def _each_text(column: pa.Array, escape: Callable[[str], str]) -> pa.Array:
    """`escape` applied to each different text of `column` once."""
    if not pa.types.is_dictionary(column.type) or len(column.dictionary) > len(column):
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        column = plain.dictionary_encode()
    different = [None if text is None else escape(text) for text in column.dictionary.to_pylist()]
    return pa.array(different, pa.string()).take(column.indices)


def _csv_text(text: str) -> str:
    cell = safe_text(text)
    if text.startswith(_FORMULA):
        cell = "'" + cell
    # An empty text is quoted, so that it differs from a null.
    if not cell or not _CSV_QUOTED.isdisjoint(cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def json_text(value: object) -> str:
    """JSON of a plain value (None, text, number, list, dict) on one line, harmless on a terminal; NaN is null."""
    return json_escape(json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":")))


def json_page(value: object) -> str:
    """As `json_text`, indented for readers."""
    text = json.dumps(_finite(value), ensure_ascii=False, indent=2)
    return "\n".join(json_escape(line) for line in text.split("\n"))


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or (pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type)))


def file_format_of(path: str | os.PathLike[str], default: FileFormat = "jsonl") -> FileFormat:
    """The format a file name asks for by its suffix; `default` for any other."""
    suffix = Path(path).suffix.lower().lstrip(".")
    return next((known for known in FORMATS if known == suffix), default)


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
