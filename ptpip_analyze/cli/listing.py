"""The listing commands: one table's rows, filtered, on the terminal or as a file. One function for all tables.

Promises that rows pass through batch by batch, and that usage errors are said before a capture is read.
"""

from __future__ import annotations

import math
import os
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal, NamedTuple

import typer

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
from ptpip_analyze.cli.work import CommandError, analysed, name_codes, names_in, say, written_to
from ptpip_analyze.tables.schema import ABOUT, OF_DATASETS, TABLES, arrow_schema, names, on_demand
from ptpip_analyze.tables.schema import columns as all_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa

    from ptpip_analyze.analysis import Analysis
    from ptpip_analyze.fleet import Fleet
    from ptpip_analyze.tables.moments import Moment
    from ptpip_analyze.tables.schema import Column
    from ptpip_analyze.tables.where import Where


def register(app: typer.Typer) -> None:
    """Add one command per table."""
    for table in TABLES:
        make = _COMMANDS.get(table, _command)
        says = _HELP.get(table) or f"List {_WORDS.get(table, table)}. {ABOUT[table]}"
        app.command(table, help=says)(make(table))


_WORDS = {
    "sessions": "sessions: cameras, clients, how they began and ended",
    "transactions": "transactions: what was asked, and the answer",
    "messages": "messages, as framed inside TCP",
    "events": "events, sent or polled",
    "properties": "values of properties, as they became known",
    "objects": "photos, thumbnails and uploads that were carried",
    "discovery": "announcements: who was found, and how",
    "findings": "findings: rules that were broken, and what happened",
    "packets": "packets of the capture",
}
"""What the rows of a table are."""

_HELP = {
    "stats": "Tell how long operations took, and where the time went. Client, device, transfer, stalls, in sum and by "
    "operation; of captures, or of a dataset that export --dataset made."
}
"""What a command is for that does more than to list a table."""


class Asked(NamedTuple):
    """The options that all listing commands share."""

    captures: list[str]
    file_format: RowFormat | None
    output: Path | None
    columns: str | None
    limit: int | None
    where: str | None
    ports: list[int] | None
    vendor: str | None
    names_file: Path | None
    progress: bool


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
        _list(table, Asked(captures, file_format, output, columns, limit, where, ports, vendor, names_file, progress))

    command.__doc__ = ABOUT[table]
    return command


def _transactions(table: str) -> Callable[..., None]:
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
        expand: Annotated[
            bool, typer.Option("--expand", help="Under each row what its data phase says; in JSON as dataset_values.")
        ] = False,
    ) -> None:
        asked = Asked(captures, file_format, output, columns, limit, where, ports, vendor, names_file, progress)
        _list(table, asked, expand=expand, alone="--expand" if expand else None)

    command.__doc__ = ABOUT[table]
    return command


def _properties(table: str) -> Callable[..., None]:
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
        at: Annotated[
            str | None,
            typer.Option(
                metavar="TIME|FRAME",
                help="The last value of each property up to then: a frame number (120), a time (ISO 8601, UTC), or "
                "seconds from the capture's first packet (1.5s).",
                show_default=False,
            ),
        ] = None,
        before_failure: Annotated[
            float | None,
            typer.Option(
                metavar="SECONDS",
                min=0,
                help="For each transaction answered with anything but OK, what changed or was set in the seconds "
                "before its request.",
                show_default=False,
            ),
        ] = None,
    ) -> None:
        asked = Asked(captures, file_format, output, columns, limit, where, ports, vendor, names_file, progress)
        if at is not None and before_failure is not None:
            raise CommandError("--at and --before-failure are two questions; ask one")
        if before_failure is not None and not math.isfinite(before_failure):
            raise CommandError(f"--before-failure: {before_failure} is no number of seconds")
        if at is None and before_failure is None:
            _list(table, asked)
        elif before_failure is not None:
            _list(
                "changes",
                asked,
                rows_of=lambda analysis: _changes(analysis, before_failure),
                alone="--before-failure",
            )
        else:
            from ptpip_analyze.tables.moments import MomentError, moment_of

            try:
                moment = moment_of(at or "")
            except MomentError as error:
                raise CommandError(f"--at: {error}") from error
            _list(table, asked, rows_of=lambda analysis: _state(analysis, moment), alone="--at")

    command.__doc__ = ABOUT[table]
    return command


def _stats(table: str) -> Callable[..., None]:
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
        by: Annotated[
            Literal["session", "capture", "model", "firmware"] | None,
            typer.Option(
                "--by",
                help="Part operations by session, capture file, model of camera, or model and firmware; without it "
                "over all of them.",
                show_default=False,
            ),
        ] = None,
    ) -> None:
        asked = Asked(captures, file_format, output, columns, limit, where, ports, vendor, names_file, progress)
        chosen = chosen_format(file_format, output)
        wanted = None if columns is None else names_in(columns, _all_names(table), "--columns", "column")
        condition = condition_of(table, where)
        with _timed(asked) as (transactions, sessions):
            from ptpip_analyze.tables.stats import batches_of, measured, models_of, parts

            found = measured(transactions, models_of(sessions), by)
            rows = those_that_hold(batches_of(found), condition)
            with written_to(output, captures) as stream:
                if chosen == "table" and wanted is None:
                    from ptpip_analyze.cli.stats import page

                    shown = [row for batch in rows for row in batch.to_pylist()]
                    stream.write(page(shown, parts(transactions, sessions, by), by, limit, output))
                else:
                    write_listing(table, rows, stream, wanted, limit, chosen, output)

    return command


@contextmanager
def _timed(asked: Asked) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Transactions and sessions with the columns that `stats` needs: of captures, or of a dataset of them."""
    if (fleet := _dataset_of(asked)) is not None:
        from ptpip_analyze.fleet import FleetError
        from ptpip_analyze.tables.stats import NEEDED, SESSIONS_NEEDED, needed

        try:
            tables = needed(fleet.rows("transactions", NEEDED)), fleet.arrow("sessions", SESSIONS_NEEDED)
        except FleetError as error:
            raise CommandError(str(error)) from error
        yield tables
        _say_failed(fleet)
        return
    name_codes(asked.names_file)
    with analysed(asked.captures, asked.ports, asked.progress, vendor=asked.vendor) as analysis:
        from ptpip_analyze.tables.stats import needed

        yield needed(analysis.batches("transactions")), analysis.arrow("sessions")


def _dataset_of(asked: Asked) -> Fleet | None:
    """The dataset that `export --dataset` made where one is named, None where captures are.

    CommandError for options that say how captures are analysed, and for a dataset among others.
    """
    from ptpip_analyze.cli.fleet import dataset_among, opened

    dataset = dataset_among(asked.captures)
    if dataset is None:
        return None
    for option, value in {"--port": asked.ports, "--vendor": asked.vendor, "--names": asked.names_file}.items():
        if value:
            raise CommandError(f"{option}: not with a dataset, of which the captures are analysed already")
    return opened(dataset)


def _list_stored(fleet: Fleet, table: str, asked: Asked, wanted: Sequence[str] | None, condition: Where | None) -> None:
    """Write the rows that a dataset has of `table`, and read no more columns than that takes.

    CommandError where the dataset lacks the table, and for columns that are made of the captures themselves.
    """
    from ptpip_analyze.fleet import FleetError

    shown = wanted or names(table)
    asked_of = condition.columns if condition is not None else ()
    for option, columns in {"--columns": shown, "--where": asked_of}.items():
        for name in on_demand(table):
            if name in columns:
                raise CommandError(f"{option}: {name} is made of the captures themselves; the dataset does not keep it")
    chosen = chosen_format(asked.file_format, asked.output)
    try:
        rows = those_that_hold(fleet.rows(table, tuple(dict.fromkeys((*shown, *asked_of)))), condition)
        with written_to(asked.output) as stream:
            schema = fleet.schema(table, shown)
            write_listing(table, rows, stream, wanted, asked.limit, chosen, asked.output, schema, _folder_of(fleet))
    except FleetError as error:
        raise CommandError(str(error)) from error
    _say_failed(fleet)


def _say_failed(fleet: Fleet) -> None:
    """Say on stderr of how many captures of a dataset there are no rows."""
    from ptpip_analyze.cli.fleet import unread
    from ptpip_analyze.fleet.layout import DONE

    if failed := sum(record.status != DONE for record in fleet.records):
        say(unread(failed, fleet.name))


def _folder_of(fleet: Fleet) -> str:
    """What the names of all captures of a dataset begin with, up to a "/"."""
    names = [record.capture for record in fleet.records]
    begin = os.path.commonprefix(names)  # noqa: RUF071 - commonpath would make one slash of the two of an address
    return begin[: begin.rfind("/") + 1]


def _columns_in(table: str, text: str | None, *, of_dataset: bool) -> tuple[str, ...] | None:
    """What --columns names, None where it isn't given. CommandError for columns that there are not."""
    if text is None:
        return None
    known, beside = _all_names(table), tuple(column.name for column in OF_DATASETS)
    if not of_dataset:
        _refuse_beside([name.strip() for name in text.split(",")], "--columns")
    return names_in(text, (*known, *beside) if of_dataset else known, "--columns", "column")


def _refuse_beside(asked: Iterable[str], option: str) -> None:
    """CommandError where a column is asked for that the rows of datasets have alone."""
    for column in OF_DATASETS:
        if column.name in asked:
            raise CommandError(f"{option}: {column.name} is a column of datasets, which export --dataset makes")


_COMMANDS: dict[str, Callable[[str], Callable[..., None]]] = {
    "transactions": _transactions,
    "properties": _properties,
    "stats": _stats,
}
"""Commands with options of their own."""


def _state(analysis: Analysis, moment: Moment) -> Iterator[pa.RecordBatch]:
    from ptpip_analyze.tables.moments import state_at

    for result, rows in analysis.batches_by_capture("properties"):
        yield from state_at(rows, moment, result.times[0] if result.times else None).to_batches()


def _changes(analysis: Analysis, seconds: float) -> Iterator[pa.RecordBatch]:
    from ptpip_analyze.tables.moments import changes_before

    return changes_before(analysis.batches("transactions"), analysis.batches("properties"), seconds)


def _list(
    table: str,
    asked: Asked,
    *,
    expand: bool = False,
    rows_of: Callable[[Analysis], Iterator[pa.RecordBatch]] | None = None,
    alone: str | None = None,
) -> None:
    """Write the rows of `table`, or those that `rows_of` makes of the analysis with its columns.

    `alone` names the option that only captures can answer, not a dataset of them.
    """
    output, limit = asked.output, asked.limit
    chosen = chosen_format(asked.file_format, output)
    fleet = _dataset_of(asked)
    wanted = _columns_in(table, asked.columns, of_dataset=fleet is not None)
    condition = condition_of(table, asked.where, OF_DATASETS)
    demanded = set(on_demand(table))
    if fleet is None and condition is not None:
        _refuse_beside(condition.columns, "--where")
    if fleet is not None:
        if alone is not None:
            raise CommandError(f"{alone}: not with a dataset, which holds the rows of tables; give it the captures")
        _list_stored(fleet, table, asked, wanted, condition)
        return
    name_codes(asked.names_file)
    packets = table == "packets"
    with analysed(asked.captures, asked.ports, asked.progress, packets=packets, vendor=asked.vendor) as analysis:
        batches = rows_of(analysis) if rows_of else analysis.batches(table)
        if condition is not None and demanded & set(condition.columns):
            batches = completed(analysis, demanded & set(condition.columns), batches)
        rows = those_that_hold(batches, condition)
        with written_to(output, asked.captures) as stream:
            if chosen == "table":
                from ptpip_analyze.cli.screen import show_rows

                trees = _trees(analysis) if expand else None
                show_rows(table, rows, stream, wanted, limit, output, trees, partial(completed, analysis))
                return
            from ptpip_analyze.tables import export

            limited = rows if limit is None else export.head(rows, limit)
            if demanded & set(wanted or ()):
                limited = completed(analysis, demanded & set(wanted or ()), limited)
            shown, schema = tuple(wanted or names(table)), arrow_schema(table, wanted)
            if expand:
                from ptpip_analyze.tables.expand import COLUMN, expanded, expanded_schema

                limited = expanded(limited, analysis.dataset)
                shown, schema = (*shown, COLUMN), expanded_schema(schema)
            export.write_rows(export.select(limited, shown), schema, stream, chosen)


def write_listing(
    table: str,
    rows: Iterator[pa.RecordBatch],
    stream: BinaryIO,
    wanted: Sequence[str] | None,
    limit: int | None,
    chosen: RowFormat,
    output: Path | None,
    schema: pa.Schema | None = None,
    folder: str | None = None,
) -> None:
    """Write rows that have the wanted columns of their table, all without, in the format that was chosen.

    `schema` is theirs where it isn't the table's, `folder` where the captures lie that they are of: see ``show_rows``.
    """
    if chosen == "table":
        from ptpip_analyze.cli.screen import show_rows

        show_rows(table, rows, stream, wanted, limit, output, folder=folder)
        return
    from ptpip_analyze.tables import export

    limited = rows if limit is None else export.head(rows, limit)
    schema = schema or arrow_schema(table, wanted)
    export.write_rows(export.select(limited, schema.names), schema, stream, chosen)


def _trees(analysis: Analysis) -> Callable[[int], list[str]]:
    from ptpip_analyze.tables.expand import tree_lines

    def lines(number: int) -> list[str]:
        read = analysis.dataset(number)
        return [] if read is None else list(tree_lines(read))

    return lines


def _all_names(table: str) -> tuple[str, ...]:
    return tuple(column.name for column in all_columns(table))


def completed(analysis: Analysis, wanted: set[str], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of the transactions table with those of their columns on demand that are wanted."""
    from ptpip_analyze.tables.calls import CALL, with_calls

    for batch in batches:
        lacking = wanted - set(batch.schema.names)
        if CALL in lacking:
            (batch,) = with_calls([batch], analysis.vendors, analysis.beginning)
        if "findings" in lacking:
            from ptpip_analyze.tables.findings import with_findings

            batch = with_findings(batch, analysis.results)
        yield batch


def chosen_format(asked: RowFormat | None, output: Path | None) -> RowFormat:
    """The format of a listing: the one asked for, else the one the file's suffix names, else by who reads stdout.

    Raises CommandError for a suffix that names no format, for one that promises compression, and for bytes on a
    terminal.
    """
    if output is None:
        if asked == "parquet" and sys.stdout.isatty():
            raise CommandError("parquet is not for a terminal; give -o FILE")
        return asked or ("table" if sys.stdout.isatty() else "jsonl")
    from ptpip_analyze.tables.export import ExportError, file_format_of, refuse_compression

    try:
        refuse_compression(output)
        return asked or file_format_of(output)
    except ExportError as error:
        raise CommandError(str(error)) from error


def condition_of(table: str, where: str | None, beside: Sequence[Column] = ()) -> Where | None:
    """What --where says of a table, and of columns `beside`, understood. CommandError where it can't be."""
    if where is None:
        return None
    from ptpip_analyze.tables.where import WhereError, parse_where

    try:
        return parse_where(where, table, beside)
    except WhereError as error:
        raise CommandError(f"--where: {error}") from error


def those_that_hold(batches: Iterator[pa.RecordBatch], condition: Where | None) -> Iterator[pa.RecordBatch]:
    """The rows for which a condition holds; all without one."""
    if condition is None:
        yield from batches
        return
    from ptpip_analyze.tables.where import WhereError, filtered

    try:
        yield from filtered(condition, batches)
    except WhereError as error:
        raise CommandError(f"--where: {error}") from error
