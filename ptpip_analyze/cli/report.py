"""`report`: all that is known of some captures as one HTML page that needs no network. Writes what ``report`` makes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.options import Captures, Names, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, name_codes, written_to

SUFFIXES: Final = (".html", ".htm")
STDOUT: Final = Path("-")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(_report)


def _report(
    captures: Captures,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.html", help="The page. - is standard output.")
    ],
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Write all of it as one HTML page that needs nothing else.

    Verdicts, findings, sessions, timeline, ladders, properties, objects.
    """
    target = None if output == STDOUT else output
    if target is not None and target.suffix and target.suffix.lower() not in SUFFIXES:
        raise CommandError(f"{target}: a report is .html, not {target.suffix}")
    name_codes(names)
    with analysed(captures, ports, progress, packets=True, vendor=vendor) as analysis:
        from ptpip_analyze.report import write_page

        with written_to(target, captures) as stream:
            left_out = write_page(analysis, stream)
            size = 0 if target is None else stream.tell()
    if target is not None:
        with written_to(None) as said:
            left = f", {describe.counted(len(left_out), 'thing')} left out for its size" if left_out else ""
            said.write(f"{describe.safe_text(str(target))}: {describe.human_bytes(size)}{left}\n".encode())
