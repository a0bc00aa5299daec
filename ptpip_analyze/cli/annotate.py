"""`annotate`: captures saved as pcapng with what we found as comments of packets, for Wireshark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ptpip_analyze.cli.options import Captures, Names, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, name_codes, say, written_to


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("annotate")(_annotate)


def _annotate(
    captures: Captures,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.pcapng", help="Where the copy goes.", show_default=False)
    ],
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Save a copy with transactions and findings as comments.

    A pcapng file; Wireshark shows them as comments of their packets.
    """
    if output.suffix.lower() != ".pcapng":
        raise CommandError("the name must end in .pcapng")
    name_codes(names)
    with analysed(captures, ports, progress, packets=True, vendor=vendor) as analysis:
        from ptpip_analyze.wireshark.comments import annotate

        with written_to(output, captures) as stream:
            frames, commented = annotate(analysis, stream)
    say(f"{output}: {frames:,} frames, {commented:,} with a comment")
