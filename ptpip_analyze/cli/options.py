"""The options that commands share, each declared once: its name, its check, its sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from ptpip_analyze.describe import safe_text

_STDOUT = Path("-")


def _unless_stdout(output: Path | None) -> Path | None:
    """The file to write to; None for "-", which is standard output as it is standard input among captures."""
    return None if output == _STDOUT else output


def _folder(output: Path | str) -> Path | str:
    if Path(output) == _STDOUT:
        raise typer.BadParameter("several files need a folder, and - is standard output")
    if os.path.exists(output) and not os.path.isdir(output):
        raise typer.BadParameter(f"several files need a folder, and {safe_text(str(output))} is none")
    return output


RowFormat = Literal["table", "csv", "json", "jsonl", "parquet"]

Captures = Annotated[
    list[str],
    typer.Argument(
        metavar="CAPTURE...", help="Capture files (pcap, pcapng, .gz, .zst), globs, folders, or - for stdin."
    ),
]
Ports = Annotated[
    list[int] | None,
    typer.Option(
        "--port",
        metavar="N",
        min=1,
        max=65535,
        help="TCP port to take for PTP-IP as 15740 is; repeatable. Other ports are recognised by content.",
        show_default=False,
    ),
]
Vendor = Annotated[
    str | None,
    typer.Option(
        "--vendor",
        metavar="NAME",
        help="Whose codes all cameras use; without it each session's vendor is found out from what it shows.",
        show_default=False,
    ),
]
Names = Annotated[
    Path | None,
    typer.Option(
        "--names",
        metavar="FILE",
        help="TOML file with your own names, on top of ~/.config/ptpip-analyze/names.toml (docs/names.md).",
        show_default=False,
    ),
]
Progress = Annotated[bool, typer.Option("--progress/--no-progress", help="Progress on stderr while work lasts.")]
Format = Annotated[
    RowFormat | None,
    typer.Option("--format", help="How rows are written: table on a terminal, else jsonl.", show_default=False),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Write to FILE; its suffix names the format. - is standard output.",
        show_default=False,
        callback=_unless_stdout,
    ),
]
Folder = Annotated[
    Path,
    typer.Option("-o", "--output", metavar="DIR", help="The folder; made when missing.", callback=_folder),
]
FolderOrAddress = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="DIR",
        help="The folder; made when missing. With --dataset also an address that fsspec knows: s3://bucket/name.",
        callback=_folder,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Columns to show, in this order.", show_default=False),
]
Limit = Annotated[int | None, typer.Option(metavar="N", min=0, help="At most N rows.", show_default=False)]
WhereText = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="EXPR",
        help="Only rows for which a pandas query expression holds: 'operation == \"GetObject\" and latency_s > 0.5'.",
        show_default=False,
    ),
]
