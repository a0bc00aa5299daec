"""`manifest`: what became of each capture of a dataset."""

from __future__ import annotations

import typer

from ptpip_analyze.cli.fleet import Dataset, opened
from ptpip_analyze.cli.listing import chosen_format, condition_of, those_that_hold
from ptpip_analyze.cli.options import Columns, Format, Limit, Output, WhereText
from ptpip_analyze.cli.work import names_in, written_to
from ptpip_analyze.tables.schema import arrow_schema, names

_TABLE = "manifest"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(_TABLE, help="List the captures of a dataset, and what became of them.")(_manifest)


def _manifest(
    dataset: Dataset,
    file_format: Format = None,
    output: Output = None,
    columns: Columns = None,
    limit: Limit = None,
    where: WhereText = None,
) -> None:
    chosen = chosen_format(file_format, output)
    wanted = None if columns is None else names_in(columns, names(_TABLE), "--columns", "column")
    condition = condition_of(_TABLE, where)
    rows = those_that_hold(iter([opened(dataset).manifest]), condition)
    with written_to(output) as stream:
        if chosen == "table":
            from ptpip_analyze.cli.screen import show_rows

            show_rows(_TABLE, rows, stream, wanted, limit, output)
            return
        from ptpip_analyze.tables import export

        limited = rows if limit is None else export.head(rows, limit)
        shown = wanted or names(_TABLE)
        export.write_rows(export.select(limited, shown), arrow_schema(_TABLE, wanted), stream, chosen)
