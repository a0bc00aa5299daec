"""A dataset of many captures, read: its manifest, and its tables as one, in columns and parts.

Promises whole captures only: what an interrupted run has left without a record is not there. Refuses to load more than
what is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .layout import CAPTURE_ID, DONE, HEADER, Record, file_schema, manifest_rows, part_of
from .places import FleetError, Place, is_url
from .run import header_of, records_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyarrow.dataset import Dataset

_TOGETHER = 256  # captures whose files are known at once
_ROWS = 1 << 16  # of small captures, rows that come in one part


def is_fleet(name: str) -> bool:
    """Whether a name is that of a dataset of captures."""
    if is_url(name):
        return Place(name).read(HEADER) is not None
    return os.path.isfile(os.path.join(name, HEADER))


def open_fleet(name: str | os.PathLike[str]) -> Fleet:
    """Open a dataset: a folder, or an address that fsspec knows. FleetError where there is none, or it can't be read.

    What is opened stays as it was then; a run meanwhile may remove files of captures that have changed.
    """
    place = Place(os.fspath(name))
    header = header_of(place)
    if header is None:
        raise FleetError(f"{place.name}: is no dataset of captures: it has no {HEADER}")
    return Fleet(place, header.tables, header.captures, records_of(place))


class Fleet:
    """Many captures as one.

    ``tables`` are the names of its tables, ``records`` say what became of each capture that was tried. The columns are
    those of ``tables.schema``, with ``row_id``, unique over the dataset, and ``capture_id``. ``session``,
    ``transaction`` and ``message`` are unique over the dataset, too: to join tables by them mixes no captures.
    """

    def __init__(self, place: Place, tables: Sequence[str], captures: Sequence[str], records: Sequence[Record]) -> None:
        self.name = place.name
        self.tables = tuple(tables)
        self.records = list(records)
        self._place, self._captures = place, tuple(captures)

    @cached_property
    def manifest(self) -> pa.RecordBatch:
        """A row per capture, by number, with the columns of ``tables.schema``."""
        return manifest_rows(self._captures, self.records)

    def dataset(self, table: str) -> Dataset:
        """A table as a ``pyarrow.dataset.Dataset``, of which nothing is read yet.

        FleetError for one that it does not have. What Parquet says of a file stays in memory once it was read, about
        100 kB each: of thousands of captures ``batches`` takes less.
        """
        return self._of(table, [one for one in self.records if one.status == DONE])

    def _of(self, table: str, captures: Sequence[Record]) -> Dataset:
        """A table of some captures."""
        import pyarrow as pa
        import pyarrow.dataset as ds

        if table not in self.tables:
            raise FleetError(f"{self.name}: has no table {table}; it has {', '.join(self.tables)}")
        files, kind = self._place.arrow, ds.ParquetFileFormat()
        parts = [
            kind.make_fragment(
                self._place.path(part_of(table, one.capture_id)),
                files,
                partition_expression=ds.field(CAPTURE_ID) == one.capture_id,
            )
            for one in captures
        ]
        # In memory texts are encoded by dictionaries, in a file they are strings.
        fields = [
            field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field
            for field in file_schema(table)
        ]
        return ds.FileSystemDataset(parts, pa.schema([*fields, (CAPTURE_ID, pa.int64())]), kind, filesystem=files)

    def batches(self, table: str, columns: Sequence[str] | None = None, where: Any = None) -> Iterator[pa.RecordBatch]:
        """Rows of a table in parts: of some ``columns``, all without; ``where`` is an expression of pyarrow.dataset."""
        from ptpip_analyze.tables.arrow import joined

        done = [one for one in self.records if one.status == DONE]
        wanted = None if columns is None else list(columns)
        each = (
            batch
            for low in range(0, max(len(done), 1), _TOGETHER)
            for batch in self._of(table, done[low : low + _TOGETHER]).to_batches(columns=wanted, filter=where)
        )
        for part in joined(each, _ROWS):
            yield from part.combine_chunks().to_batches()

    def schema(self, table: str, columns: Sequence[str]) -> pa.Schema:
        """Arrow schema of these columns in ``rows``."""
        import pyarrow as pa

        known = file_schema(table).append(pa.field(CAPTURE_ID, pa.int64()))
        return pa.schema([known.field(name) for name in columns])

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """As ``batches``, with each text of a part there once, as in the tables of an Analysis.

        FleetError also for files that are gone, or damaged.
        """
        import pyarrow as pa

        schema = self.schema(table, columns)
        try:
            for batch in self.batches(table, columns):
                arrays = [batch[field.name].cast(field.type) for field in schema]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        except (OSError, pa.ArrowInvalid) as error:
            raise FleetError(f"{self.name}: {str(error).splitlines()[0]}") from error

    def arrow(self, table: str, columns: Sequence[str] | None = None, where: Any = None) -> pa.Table:
        """As ``batches``, all in memory."""
        import pyarrow as pa

        schema = self._of(table, ()).schema
        if columns is not None:
            schema = pa.schema([schema.field(name) for name in columns])
        return pa.Table.from_batches(self.batches(table, columns, where), schema)

    def frame(self, table: str, columns: Sequence[str] | None = None, where: Any = None) -> pd.DataFrame:
        """As ``arrow``, as a pandas DataFrame with the types that those of an Analysis have."""
        from ptpip_analyze.tables.frame import frame_of

        return frame_of(self.arrow(table, columns, where))
