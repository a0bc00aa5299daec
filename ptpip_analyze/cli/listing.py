"""The listing commands: one table's rows, filtered, on the terminal or as a file. One function for all tables.

Promises that rows pass through batch by batch, and that usage errors are said before a capture is read.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from ptpip_analyze.cli.options import (
    Captures,
    Columns,
    Format,
    Limit,
    Names,
    Output,
    Ports,
    Progress,
    RowFormat,
    Vendor,
    WhereText,
)
from ptpip_analyze.cli.work import CommandError, analysed, name_codes, names_in, written_to
from ptpip_analyze.tables.schema import ABOUT, TABLES, arrow_schema, names, on_demand
from ptpip_analyze.tables.schema import columns as all_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa
    import typer

    from ptpip_analyze.analysis import Analysis
    from ptpip_analyze.tables.where import Where


def register(app: typer.Typer) -> None:
    """Add one command per table."""
    for table in TABLES:
        app.command(table, help=f"List the {table}. {ABOUT[table]}")(_command(table))


def _command(table: str) -> Callable[..., None]:
    def command(
        captures: Captures,
        file_format: Format = None,
        output: Output = None,
        columns: Columns = None,
        limit: Limit = None,
        where: WhereText = None,
        ports: Ports = None,
        vendor: Vendor = None,
        names_file: Names = None,
        progress: Progress = True,
    ) -> None:
        chosen = chosen_format(file_format, output)
        if chosen == "parquet" and output is None and sys.stdout.isatty():
            raise CommandError("parquet is not for a terminal; give -o FILE")
        wanted = None if columns is None else names_in(columns, _all_names(table), "--columns", "column")
        condition = _condition(table, where)
        name_codes(names_file)
        with analysed(captures, ports, progress, packets=table == "packets", vendor=vendor) as analysis:
            filtered = condition is not None and set(on_demand(table)) & set(condition.columns)
            batches = analysis.batches(table)
            rows = _rows(completed(analysis, batches) if filtered else batches, condition)
            with written_to(output, captures) as stream:
                if chosen == "table":
                    from ptpip_analyze.cli.screen import show_rows

                    show_rows(table, rows, stream, wanted, limit, output, partial(completed, analysis))
                else:
                    from ptpip_analyze.tables import export

                    limited = rows if limit is None else export.head(rows, limit)
                    if wanted is not None and set(on_demand(table)) & set(wanted):
                        limited = completed(analysis, limited)
                    shown = export.select(limited, wanted or names(table))
                    export.write_rows(shown, arrow_schema(table, wanted), stream, chosen)

    command.__doc__ = ABOUT[table]
    return command


def _all_names(table: str) -> tuple[str, ...]:
    return tuple(column.name for column in all_columns(table))


def completed(analysis: Analysis, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of the transactions table with their columns on demand."""
    from ptpip_analyze.tables.calls import CALL, with_calls

    for batch in batches:
        yield from [batch] if CALL in batch.schema.names else with_calls([batch], analysis.vendors)


def chosen_format(asked: RowFormat | None, output: Path | None) -> RowFormat:
    """The format of a listing: the one asked for, else the one the file's suffix names, else by who reads stdout.

    Raises CommandError for a suffix that names no format, and for one that promises compression.
    """
    if output is None:
        return asked or ("table" if sys.stdout.isatty() else "jsonl")
    from ptpip_analyze.tables.export import ExportError, file_format_of, refuse_compression

    try:
        refuse_compression(output)
        return asked or file_format_of(output)
    except ExportError as error:
        raise CommandError(str(error)) from error


def _condition(table: str, where: str | None) -> Where | None:
    if where is None:
        return None
    from ptpip_analyze.tables.where import WhereError, parse_where

    try:
        return parse_where(where, table)
    except WhereError as error:
        raise CommandError(f"--where: {error}") from error


def _rows(batches: Iterator[pa.RecordBatch], condition: Where | None) -> Iterator[pa.RecordBatch]:
    if condition is None:
        yield from batches
        return
    from ptpip_analyze.tables.where import WhereError, filtered

    try:
        yield from filtered(condition, batches)
    except WhereError as error:
        raise CommandError(f"--where: {error}") from error
