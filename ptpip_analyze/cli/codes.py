"""`codes`: what a code is called, what code a name has, over all vendors; and which codes of captures have no name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.listing import chosen_format
from ptpip_analyze.cli.options import Format, Limit, Names, Output, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, known_vendor, name_codes, written_to

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from ptpip_analyze.cli.options import RowFormat

COLUMNS = {
    "kind": "text", "vendor": "text", "code": "uint", "name": "text", "confidence": "text", "source": "text",
}  # fmt: skip
"""The columns of a code's row and their kinds; `code` is an integer, as everywhere."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("codes")(_codes)


def _codes(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT | --unknown CAPTURE...]",
            help="Part of a name, or a code: GetObj, 0x1009, 4105.",
            show_default=False,
        ),
    ] = None,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="List the codes of captures that nothing names, and what they carry.")
    ] = False,
    file_format: Format = None,
    output: Output = None,
    limit: Limit = None,
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Look up codes and names over all vendors.

    Operations, responses, events, formats and properties; --unknown lists those of captures that have no name.
    """
    chosen = chosen_format(file_format, output)
    if chosen == "parquet" and output is None and sys.stdout.isatty():
        raise CommandError("parquet is not for a terminal; give -o FILE")
    given = texts or []
    if unknown and not given:
        raise CommandError("--unknown names no capture")
    if not unknown and len(given) > 1:
        raise CommandError(f"one TEXT is looked up at a time, not {len(given)}; of captures, --unknown lists codes")
    vendor = known_vendor(vendor)
    name_codes(names)
    if unknown:
        with analysed(given, ports, progress, vendor=vendor) as analysis:
            from ptpip_analyze.tables import unknown as room

            rows = room.unknown_codes(analysis)[:limit]
        _write(rows, room.COLUMNS, chosen, output, given)
        return
    from ptpip_analyze import facts

    found = [row for row in facts.search(given[0] if given else "") if vendor in (None, row.vendor)]
    _write([{name: getattr(row, name) for name in COLUMNS} for row in found[:limit]], COLUMNS, chosen, output, [])


def _write(
    rows: Sequence[Mapping[str, Any]],
    kinds: Mapping[str, str],
    chosen: RowFormat,
    output: Path | None,
    captures: Sequence[str],
) -> None:
    with written_to(output, captures) as stream:
        if chosen == "table":
            stream.write(_lines(rows, kinds, output))
        else:
            from ptpip_analyze.tables.export import write_rows
            from ptpip_analyze.tables.lean import keep_pandas_away

            keep_pandas_away()
            batch = _batch(rows, kinds)
            write_rows([batch], batch.schema, stream, chosen)


def _lines(rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str], output: Path | None) -> bytes:
    from ptpip_analyze.cli.screen import encoded

    cells = [[_cell(name, row[name]) for name in kinds] for row in rows]
    widths = [max(map(len, column)) for column in zip(kinds, *cells, strict=True)]
    right = [kind == "int" for kind in kinds.values()]
    lines = (
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, right, strict=True)
        )
        for row in [list(kinds), *cells]
    )
    return encoded("".join(line + "\n" for line in lines), output)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    return describe.code_text(value) if name == "code" else describe.safe_text(str(value))


def _batch(rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]) -> pa.RecordBatch:
    import pyarrow as pa

    types = {"text": pa.string(), "uint": pa.uint32(), "int": pa.int64()}
    schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
    return pa.RecordBatch.from_pylist(list(rows), schema=schema)
