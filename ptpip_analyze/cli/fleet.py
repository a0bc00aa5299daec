"""What commands do with a dataset of many captures: `export --dataset` makes it, `check` reads scorecards out of it.

`stats` reads it, too: see ``listing``.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ptpip_analyze.cli.work import (
    BAD_USAGE,
    CommandError,
    is_dataset,
    known_vendor,
    name_codes,
    names_in,
    refuse_datasets,
    say,
    say_left_out,
    told_progress,
    written_to,
)
from ptpip_analyze.describe import counted, human_bytes, safe_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from ptpip_analyze.cli.page import Column
    from ptpip_analyze.fleet import Fleet, Outcome

Dataset = Annotated[str, typer.Argument(metavar="DATASET", help="A dataset of captures, as export --dataset makes it.")]

_TOLD: Final = 10  # failures that are said one by one
_CARD: Final = (
    ("violated", "red"), ("one_of_both", "red"), ("deviations", "magenta"), ("passed", "green"), ("partly", "green"),
    ("inconclusive", "yellow"), ("not_applicable", "dim"),
)  # fmt: skip
_HEADINGS: Final = {"not_applicable": "n/a", "one_of_both": "one of both"}
_SHORT: Final = {"deviations": "deviat.", "inconclusive": "inconcl.", "one_of_both": "1 of 2"}


def dataset_among(names: Sequence[str]) -> str | None:
    """The dataset where one is named, None where captures are. CommandError for a dataset among others."""
    found = next((name for name in names if is_dataset(name)), None)
    if found is not None and len(names) > 1:
        raise CommandError(f"{found}: is a dataset of captures; give it alone")
    return found


def opened(name: str) -> Fleet:
    """A dataset. CommandError where there is none, or it can't be read."""
    from ptpip_analyze.fleet import FleetError, open_fleet

    try:
        return open_fleet(name)
    except FleetError as error:
        raise CommandError(str(error)) from error


def unread(failed: int, dataset: str) -> str:
    """That captures of a dataset failed, and what tells which and why."""
    return f"{counted(failed, 'capture')} could not be read: ptpip-analyze manifest {dataset}"


def exported(
    captures: Sequence[str],
    output: str,
    tables: str | None,
    ports: Sequence[int] | None,
    vendor: str | None,
    names: Path | None,
    jobs: int | None,
    scheduler: str | None,
    progress: bool,
) -> None:
    """Put captures into a dataset, and say what became of them. typer.Exit(2) when none of them could be read."""
    from ptpip_analyze.capture import CaptureError
    from ptpip_analyze.fleet import DATASET_TABLES, FleetError, Options, export_many
    from ptpip_analyze.names import names_files

    chosen = DATASET_TABLES if tables is None else names_in(tables, DATASET_TABLES, "--tables", "table")
    if jobs is not None and scheduler is not None:
        raise CommandError("--jobs is for this machine, and --scheduler for others; give one")
    vendor = known_vendor(vendor)
    refuse_datasets(captures)
    name_codes(names)
    texts = tuple(file.read_text(encoding="utf-8") for file in names_files(names))
    options = Options(chosen, tuple(ports or ()), vendor, texts)
    try:
        with told_progress(progress) as report:
            outcome = export_many(captures, output, options, jobs=jobs, scheduler=scheduler, progress=report)
    except (CaptureError, FleetError) as error:
        raise CommandError(str(error)) from error
    say_left_out(captures)
    _say_failures(outcome, output)
    _say_rows(outcome, output)
    if len(outcome.failed) == len(outcome.records):
        raise typer.Exit(BAD_USAGE)


def _say_failures(outcome: Outcome, output: str) -> None:
    for record in outcome.failed[:_TOLD]:
        say(f"{record.capture}: {record.failure}")
    if len(outcome.failed) > _TOLD:
        say(
            f"{counted(len(outcome.failed) - _TOLD, 'more', 'more')} failed: ptpip-analyze manifest {output} lists them"
        )
    for record in outcome.records:
        if record.damage is not None:
            say(f"{record.capture}: {record.damage} (everything before it is analysed)")


def _say_rows(outcome: Outcome, output: str) -> None:
    """What lies in the dataset of the captures that were named."""
    done = [record for record in outcome.records if record.files]
    with written_to(None) as stream:
        for table in done[0].files if done else ():
            rows, size = sum(one.rows[table] for one in done), sum(one.files[table] for one in done)
            facts = f"{counted(rows, 'row')}, {human_bytes(size)}"
            stream.write(f"{safe_text(os.path.join(output, table))}: {facts}\n".encode())
        analysed = len(done) - outcome.skipped
        said = f"{counted(len(outcome.records), 'capture')}: {analysed:,} analysed, {outcome.skipped:,} done before"
        stream.write(f"{said}, {len(outcome.failed):,} failed\n".encode())


def checked_page(document: Mapping[str, Any], output: Path | None) -> bytes:
    """Findings by rule and implementation, a line of the scorecard for each implementation, and a verdict."""
    from ptpip_analyze.cli.page import OF_LEVEL, grid, say_line
    from ptpip_analyze.cli.screen import console_for, encoded

    page = io.StringIO()
    console = console_for(page, terminal=output is None and sys.stdout.isatty())
    for row in document["findings"]:
        say_line(console, safe_text(_heading(row)), OF_LEVEL[row["level"]])
        say_line(console, f"{row['title']}. {row['clause']}", "dim", 2)
        if row["deviation"]:
            say_line(console, f"as known of {row['deviation']}", "magenta", 2)
        if row["says"]:
            where = row["capture"] if row["frame"] is None else f"{row['capture']}, frame {row['frame']}"
            say_line(console, safe_text(f"{where}: {row['says']}"), "", 2)
        say_line(console, "")
    for subject in dict.fromkeys(one["subject"] for one in document["implementations"]):
        people = [one for one in document["implementations"] if one["subject"] == subject]
        for line in grid(_columns(f"{subject.capitalize()}s", people), console.width if console.is_terminal else None):
            console.print(line, soft_wrap=True)
        say_line(console, "")
    if document["failed"]:
        say_line(console, safe_text(unread(len(document["failed"]), document["dataset"])), "yellow")
    _say_verdict(console, document)
    return encoded(page.getvalue(), output)


def _columns(heading: str, people: Sequence[Mapping[str, Any]]) -> list[Column]:
    """The grid of scorecards; on a narrow terminal the last columns go."""
    from ptpip_analyze.cli.page import Column

    titles = [safe_text(one["title"]) + ("" if one["judged_sessions"] else " (not judged)") for one in people]
    columns = [Column(heading, titles, "name")]
    if any(one["vendor"] for one in people):
        columns.append(Column("vendor", [one["vendor"] or "" for one in people], "words"))
    columns += [Column(name, [f"{one[name]:,}" for one in people]) for name in ("sessions", "captures")]
    for name, style in _CARD:
        if name == "one_of_both" and not any(one["scorecard"][name] for one in people):
            continue
        cells = [str(one["scorecard"][name] or "·") for one in people]
        columns.append(Column(_HEADINGS.get(name, name), cells, style=style, short=_SHORT.get(name, "")))
    return columns


def _heading(row: Mapping[str, Any]) -> str:
    broken = "known deviation" if row["verdict"] == "known-vendor-deviation" else "violated"
    captures = f" ({counted(row['captures'], 'capture')})" if row["captures"] else ""
    return (
        f"{row['level'].upper()} {row['rule']}: {broken} by {row['subject']} {row['implementation']} "
        f"in {row['sessions']:,} of {counted(row['looked_at'], 'session')}{captures}"
    )


def _say_verdict(console: Console, document: Mapping[str, Any]) -> None:
    from ptpip_analyze.cli.page import say_line

    if not document["judged_sessions"]:
        say_line(console, "Nothing to judge: no session of the standard's dialect is in these captures.", "yellow")
        return
    broken = {row["rule"] for row in document["findings"] if row["verdict"] == "violation"}
    said = f"{counted(len(broken), 'rule')} violated" if broken else "No violations"
    places = f"in {counted(document['judged_sessions'], 'session')} of {counted(document['captures'], 'capture')}"
    say_line(console, f"{said} {places}.", "bold red" if broken else "bold green")
