"""`export`: every table as files in a folder, complete files only; with --dataset, many captures as one dataset."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.fleet import exported
from ptpip_analyze.cli.options import Captures, FolderOrAddress, Names, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, is_dataset, name_codes, names_in, written_to
from ptpip_analyze.tables.schema import TABLES, arrow_schema

SMALL_PACKETS = 1 << 19  # the tables of captures up to this size are written faster than threads are begun

ExportFormat = Literal["parquet", "csv", "jsonl"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(_export)


def _export(
    captures: Captures,
    output: FolderOrAddress,
    file_format: Annotated[ExportFormat, typer.Option("--format", help="How tables are written.")] = "parquet",
    tables: Annotated[str | None, typer.Option(metavar="A,B", help="Only these tables.", show_default=False)] = None,
    dataset: Annotated[
        bool,
        typer.Option(
            "--dataset",
            help="Each capture on its own, all as one Parquet dataset of many files; what is in it already is left "
            "alone (docs/datasets.md).",
        ),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Processes that make a dataset; one per core.", show_default=False),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="A Dask scheduler whose workers make a dataset: tcp://host:8786.",
            show_default=False,
        ),
    ] = None,
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Write every table to a folder, or many captures to a dataset.

    sessions.parquet, transactions.parquet and so on; with --dataset each capture on its own (docs/datasets.md).
    """
    if dataset or jobs is not None or scheduler is not None:
        if file_format != "parquet":
            raise CommandError(f"--format {file_format}: a dataset is made of parquet")
        exported(captures, output, tables, ports, vendor, names, jobs, scheduler, progress)
        return
    if is_dataset(output):
        raise CommandError(f"{output}: is a dataset of captures; --dataset adds to it")
    chosen = tuple(TABLES) if tables is None else names_in(tables, tuple(TABLES), "--tables", "table")
    modules = ("ptpip_analyze.tables.export", "ptpip_analyze.tables.build", "ptpip_analyze.ptp.vendor")
    name_codes(names)
    packets = "packets" in chosen
    with analysed(captures, ports, progress, packets=packets, modules=modules, vendor=vendor) as analysis:
        from ptpip_analyze.tables.export import ExportError, export_tables

        schemas = {table: arrow_schema(table) for table in chosen}
        try:
            small = sum(capture.packets for capture in analysis.captures) < SMALL_PACKETS and "packets" not in chosen
            written = export_tables(analysis.batches, schemas, output, file_format, together=not small)
        except ExportError as error:
            raise CommandError(str(error)) from error
    with written_to(None) as stream:
        for file in written:
            facts = f"{describe.counted(file.rows, 'row')}, {describe.human_bytes(file.bytes)}"
            stream.write(f"{describe.safe_text(str(file.path))}: {facts}\n".encode())
