"""`tui`: the terminal application. Looks whether there is a terminal and the captures are some, then hands over.

Refuses to load Textual before both are so.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ptpip_analyze.cli import reader
from ptpip_analyze.cli.options import Captures, Names, Ports, Vendor
from ptpip_analyze.cli.work import CommandError, known_vendor, name_codes


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("tui")(_tui)


def _tui(
    captures: Captures = (),  # type: ignore[assignment]  # none are needed beside --interface
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="The captures grow: show what is added to them as it comes.")
    ] = False,
    interface: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Capture there and show it as it comes.", show_default=False),
    ] = None,
    capture_filter: Annotated[
        str,
        typer.Option(
            "--filter", metavar="BPF", help="With --interface: capture only these packets.", show_default=False
        ),
    ] = "",
    theme: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="dark, light, dark-colour-blind or light-colour-blind.", show_default=False),
    ] = None,
) -> None:
    """Look through captures in the terminal: sessions, transactions, bytes, ladder, findings."""
    if "-" in captures:
        raise CommandError("tui reads keys from standard input; give it a file")
    if bool(captures) == (interface is not None):
        raise CommandError("tui needs captures, or --interface; one of them")
    known_vendor(vendor)
    name_codes(names)
    found = checked(captures)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("tui needs a terminal")
    if interface is None:
        _inspect(found, ports, vendor, follow, theme)
        return
    from ptpip_analyze.cli.watching import watching

    with watching(interface, capture_filter) as path:
        _inspect([path], ports, vendor, True, theme)


def _inspect(found: list[str], ports: list[int] | None, vendor: str | None, follow: bool, theme: str | None) -> None:
    from ptpip_analyze.tables.frame import keep_pandas_away

    keep_pandas_away()
    # Textual waits so many ms behind an Escape for the rest of a sequence; its own 100 are felt.
    os.environ.setdefault("ESCDELAY", "30")
    from ptpip_analyze.tui.app import Inspector
    from ptpip_analyze.tui.themes import THEMES

    if theme is not None and theme not in (known := [one.name for one in THEMES]):
        raise CommandError(f"--theme: there are {', '.join(known)}")
    inspector = Inspector(found, tuple(ports or ()), vendor, reader.ask(()), follow=follow)
    if theme is not None:
        inspector.theme = theme
    inspector.run()
    if inspector.fault:
        raise CommandError(inspector.fault)


def checked(captures: list[str]) -> list[str]:
    """The files that are named, each looked at. CommandError for one that is no capture."""
    from ptpip_analyze.capture import CaptureError, expand, open_direct

    try:
        found = [str(name) for name in expand(captures)]
        for name in found:
            if Path(name).is_file() and (source := open_direct(name)) is not None:
                source.close()
    except (CaptureError, OSError) as error:
        raise CommandError(str(error)) from error
    return found
