"""What lies where in a dataset of many captures, what its files are called, and which columns they have.

One folder per table, in it one folder per capture, in that one Parquet file; a record per capture, which is written
last and says that its files are whole. Promises one schema for all files of a table, and numbers that are unique over
the dataset. Refuses names from outside: a capture is a number here, whatever it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ptpip_analyze.tables.schema import OF_DATASETS, TABLES, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

FORMAT: Final = 2
"""Of the layout; a dataset of another one is refused."""

HEADER: Final = "_dataset.json"
MANIFEST: Final = "_manifest/part-0.parquet"
RECORDS: Final = "_records"
STAGING: Final = "_staging"
LOCK: Final = "_lock"
PART: Final = "part-0.parquet"
CAPTURE_ID: Final = OF_DATASETS[0].name

ROWS_EACH: Final = 10**10
"""Row numbers that each capture has to itself: row 7 of capture 3 is 30000000007."""

DATASET_TABLES: Final = (*TABLES, "verdicts")
"""The tables of a dataset: those of a capture, and what each rule that applied said of each side."""

_REFERENCES: Final = frozenset({"session", "sessions", "transaction", "message", "caused_by", "polled_by"})
"""Columns that number rows; in a dataset they are made unique over all captures."""

_ROW_ID: Final = OF_DATASETS[1].name

DONE: Final = "done"
FAILED: Final = "failed"
BEGUN: Final = "unfinished"


def part_of(table: str, capture: int) -> str:
    """The file of a capture in a table, below the dataset's folder."""
    return f"{table}/{CAPTURE_ID}={capture}/{PART}"


def record_of(capture: int) -> str:
    """The record of a capture, below the dataset's folder."""
    return f"{RECORDS}/{capture}.json"


def file_schema(table: str) -> pa.Schema:
    """Arrow schema of the files of a table: its columns, and ``row_id``; without ``capture_id``, which the folder says.

    Raises KeyError for a table that does not exist.
    """
    import pyarrow as pa

    schema = arrow_schema(table)
    at = schema.get_field_index("sessions")
    if at >= 0:  # numbers that are unique over many captures need more bits
        schema = schema.set(at, pa.field("sessions", pa.list_(pa.int64())))
    return schema.append(pa.field(_ROW_ID, pa.int64()))


def numbered(batch: pa.RecordBatch, table: str, capture: int, first: int) -> pa.RecordBatch:
    """A batch of a table whose rows are numbered from 0 in their capture, as a dataset has it; ``first`` is its first
    row there.

    Raises OverflowError for a capture of more rows than numbers are kept for.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if first + batch.num_rows > ROWS_EACH:
        raise OverflowError(f"more than {ROWS_EACH:,} rows in one table")
    schema, base = file_schema(table), capture * ROWS_EACH
    columns = []
    for field in schema:
        if field.name == _ROW_ID:
            columns.append(pa.array(np.arange(base + first, base + first + batch.num_rows, dtype=np.int64)))
            continue
        column = batch.column(field.name)
        if field.name in _REFERENCES and pa.types.is_list(field.type):
            lists = column.to_pylist()  # of announcements, which are few
            column = pa.array([None if one is None else [base + number for number in one] for one in lists], field.type)
        elif field.name in _REFERENCES:
            column = pc.add(column, base)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


class Options(NamedTuple):
    """How captures are analysed. ``names`` are the texts of the user's files of names, the later on top."""

    tables: tuple[str, ...] = DATASET_TABLES
    ports: tuple[int, ...] = ()
    vendor: str | None = None
    names: tuple[str, ...] = ()

    @property
    def said(self) -> dict[str, Any]:
        """What a record says of them: equal options give equal rows. Files of names are told by their SHA-256."""
        import hashlib

        return {
            "ports": sorted(set(self.ports)),
            "vendor": self.vendor,
            "names": [hashlib.sha256(text.encode()).hexdigest() for text in self.names],
        }


class Record(NamedTuple):
    """What is known of a capture in a dataset.

    ``capture`` is its absolute path or address. ``status`` is DONE or FAILED, ``failure`` why in one line; ``damage``
    why reading stopped before its end. ``bytes`` and ``sha256`` are those of the file; ``stamp`` is what its file
    system says changes with its content, where that isn't this machine's. ``rows`` and ``files`` count rows and bytes
    by table. Times are ns since the epoch.
    """

    capture_id: int
    capture: str
    status: str
    version: str
    options: dict[str, Any]
    failure: str | None = None
    damage: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    stamp: str | None = None
    packets: int | None = None
    first_time: int | None = None
    last_time: int | None = None
    rows: dict[str, int] = {}  # noqa: RUF012 - a default of a named tuple, never changed
    files: dict[str, int] = {}  # noqa: RUF012


def manifest_rows(captures: Sequence[str], records: Sequence[Record]) -> pa.RecordBatch:
    """The manifest: a row per capture, by number; without a record it is unfinished."""
    import json

    from ptpip_analyze.tables.rows import batch_of

    known = {record.capture_id: record for record in records}
    rows: list[dict[str, Any]] = [
        known[number]._asdict() if number in known else {CAPTURE_ID: number, "capture": name, "status": BEGUN}
        for number, name in enumerate(captures)
    ]
    for row in rows:
        row["options"] = json.dumps(row["options"], sort_keys=True) if "options" in row else None
        row |= {f"{table}_rows": count for table, count in row.get("rows", {}).items()}
    schema = arrow_schema("manifest")
    return batch_of({name: [row.get(name) for row in rows] for name in schema.names}, schema)
