"""`doctor`: plain verdicts on why a connection failed, dropped or was slow. Shows what ``doctor`` says."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.options import Captures, Names, Output, Ports, Progress, Vendor
from ptpip_analyze.cli.work import analysed, json_bytes, name_codes, named_format, written_to
from ptpip_analyze.describe import safe_text

if TYPE_CHECKING:
    from rich.console import Console

DoctorFormat = Literal["text", "json"]

SUFFIXES: Final[dict[str, DoctorFormat]] = {".json": "json", ".txt": "text"}
_MARKS: Final = {"problem": ("!", "red"), "slow": ("~", "yellow"), "fine": ("✓", "green"), "unknown": ("?", "dim")}
_NAMED: Final = 6


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(_doctor)


def _doctor(
    captures: Captures,
    file_format: Annotated[
        DoctorFormat | None, typer.Option("--format", help="A page for people, or json.", show_default=False)
    ] = None,
    output: Output = None,
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Say why it failed, dropped or took so long.

    Plain sentences, each with the frames that show it.
    """
    chosen = named_format(file_format, output, "text", SUFFIXES)
    name_codes(names)
    with analysed(captures, ports, progress, packets=True, vendor=vendor) as analysis:
        from ptpip_analyze.doctor import examined

        document = examined(analysis.results)
        with written_to(output, captures) as stream:
            stream.write(json_bytes(_timed(document)) if chosen == "json" else _page(document, output))


def _timed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with times as text."""
    for one in (*document["sessions"], *document["captures"]):
        for saying in one["sayings"]:
            saying["time"] = None if saying["time"] is None else describe.iso_time(saying["time"])
    return document


def _page(document: dict[str, Any], output: Path | None) -> bytes:
    from ptpip_analyze.cli.screen import console_for, encoded
    from ptpip_analyze.doctor import heading

    page = io.StringIO()
    console = console_for(page, terminal=output is None and sys.stdout.isatty())
    for one in document["captures"]:
        if one["sayings"]:
            _line(console, one["capture"], "bold")
            _sayings(console, one["sayings"])
    for one in document["sessions"]:
        _line(console, heading(document, one), "bold")
        _sayings(console, one["sayings"])
    return encoded(page.getvalue(), output)


def _line(console: Console, text: str, style: str = "") -> None:
    from rich.text import Text

    console.print(Text(safe_text(text), style=style), soft_wrap=True)


def _sayings(console: Console, sayings: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from ptpip_analyze.cli.page import wrapped

    for one in sayings:
        mark, style = _MARKS[one["grade"]]
        frames = one["frames"]
        named = ", ".join(map(str, frames[:_NAMED])) + (", …" if len(frames) > _NAMED else "")
        place = f" [{'frame' if len(frames) == 1 else 'frames'} {named}]" if frames else ""
        width = console.width - 4 if console.is_terminal else None
        text = Text(safe_text(one["says"])) + Text(place, style="dim")
        for number, line in enumerate(wrapped(text, width)):
            console.print(Text("    " if number else f"  {mark} ", style=style) + line, soft_wrap=True)
    console.print()
