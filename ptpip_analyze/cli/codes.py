"""`codes`: what a code is called, what code a name has, over all vendors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.listing import chosen_format
from ptpip_analyze.cli.options import Format, Limit, Output
from ptpip_analyze.cli.work import CommandError, written_to

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

COLUMNS = ("kind", "vendor", "code", "name", "confidence", "source")
"""The columns of a code's row; `code` is an integer, as everywhere."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("codes")(_codes)


def _codes(
    text: Annotated[
        str, typer.Argument(metavar="[TEXT]", help="Part of a name, or a code: GetObj, 0x1009, 4105.")
    ] = "",
    file_format: Format = None,
    output: Output = None,
    limit: Limit = None,
) -> None:
    """Look up operations, responses, events, formats and properties by name or code, over all vendors."""
    from ptpip_analyze import facts

    chosen = chosen_format(file_format, output)
    if chosen == "parquet" and output is None and sys.stdout.isatty():
        raise CommandError("parquet is not for a terminal; give -o FILE")
    rows = [{name: getattr(row, name) for name in COLUMNS} for row in facts.search(text)][:limit]
    with written_to(output) as stream:
        if chosen == "table":
            stream.write(_lines(rows, output))
        else:
            from ptpip_analyze.tables.export import write_rows
            from ptpip_analyze.tables.frame import keep_pandas_away

            keep_pandas_away()
            batch = _batch(rows)
            write_rows([batch], batch.schema, stream, chosen)


def _lines(rows: list[dict[str, object]], output: Path | None) -> bytes:
    from ptpip_analyze.cli.screen import encoded

    cells = [
        [describe.code_text(int(str(row[name]))) if name == "code" else describe.safe_text(str(row[name] or ""))
         for name in COLUMNS]
        for row in rows
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(COLUMNS, *cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [COLUMNS, *cells])
    return encoded("".join(line + "\n" for line in lines), output)


def _batch(rows: list[dict[str, object]]) -> pa.RecordBatch:
    import pyarrow as pa

    schema = pa.schema([(name, pa.uint32() if name == "code" else pa.string()) for name in COLUMNS])
    return pa.RecordBatch.from_pylist(rows, schema=schema)
