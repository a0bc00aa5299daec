"""`manifest`: what became of each capture of a dataset."""

from __future__ import annotations

import typer

from ptpip_analyze.cli.fleet import Dataset, opened
from ptpip_analyze.cli.listing import chosen_format, condition_of, those_that_hold, write_listing
from ptpip_analyze.cli.options import Columns, Format, Limit, Output, WhereText
from ptpip_analyze.cli.work import names_in, written_to
from ptpip_analyze.tables.schema import names

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
        write_listing(_TABLE, rows, stream, wanted, limit, chosen, output)
