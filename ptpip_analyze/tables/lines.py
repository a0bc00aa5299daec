"""Rows as lines of text: CSV and JSON.

Promises text that is harmless where it lands: no control character in JSON and CSV, no formula in a CSV cell. Rows
become text by array work over Arrow batches, a few thousand at a time.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from typing import BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ptpip_analyze.describe import json_escape, safe_text

_TEXT_ROWS: Final = 32 * 1024  # rows turned into text at once: a few MiB of text, whatever the batch
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # OWASP's list of what a spreadsheet takes for a formula
_NUMBER: Final = r"[+-]?[0-9]+(?:\.[0-9]+)?(?: EV|°)?"
_NUMBERS: Final = re.compile(rf"{_NUMBER}(?:(?:, | to ){_NUMBER})*(?:, … \([0-9,]+ values\))?")  # none is a formula
_CSV_QUOTED: Final = frozenset(',"\r\n')


def write_lines(
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


def csv_rows(batch: pa.RecordBatch) -> pa.Array:
    """Each row as a CSV record (RFC 4180) without its line end; nulls are empty, lists JSON."""
    cells = [pc.fill_null(_csv_cells(column), "") for column in batch.columns]
    # One column and a null would be an empty line, which readers skip.
    if len(cells) == 1:
        return pc.if_else(pc.equal(cells[0], ""), '""', cells[0])
    return pc.binary_join_element_wise(*cells, ",")


def json_rows(batch: pa.RecordBatch) -> pa.Array:
    """Each row as a JSON object on one line. Of a column with the metadata "json" the texts are JSON already."""
    if not batch.num_columns:
        return pa.array(["{}"] * batch.num_rows)
    parts = []
    lead = "{"
    for field, column in zip(batch.schema, batch.columns, strict=True):
        cells = column if b"json" in (field.metadata or ()) else _json_cells(column)
        parts += [lead + json_text(field.name) + ":", pc.fill_null(cells, "null")]
        lead = ","
    return pc.binary_join_element_wise(*parts, "}", "")


def _csv_cells(column: pa.Array) -> pa.Array:
    if is_text(column.type):
        return _each_text(column, csv_text)
    if pa.types.is_list(column.type):
        lists = _json_lists(column)
        quoted = pc.binary_join_element_wise('"', lists, '"', "")
        return pc.if_else(pc.match_substring(lists, ","), quoted, lists)
    return _number_cells(column)


def _json_cells(column: pa.Array) -> pa.Array:
    if is_text(column.type):
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


def csv_text(text: str) -> str:
    """One CSV cell: control characters escaped, a formula made text by an apostrophe, quoted where need be.

    Numbers with sign and unit are no formula: -667, +0.3 EV.
    """
    cell = safe_text(text)
    if text.startswith(_FORMULA) and not _NUMBERS.fullmatch(text):
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


def is_text(kind: pa.DataType) -> bool:
    """Is this Arrow type text, dictionary-encoded or not?"""
    return bool(pa.types.is_string(kind) or (pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type)))
