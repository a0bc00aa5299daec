"""`tui`: the terminal application. Looks whether there is a terminal and the captures are some, then hands over.

What comes through standard input, or passes an interface, is followed while it comes; the keys are in the first case
read from the terminal itself.
Refuses to load Textual before there is a terminal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptpip_analyze.cli import reader
from ptpip_analyze.cli.options import Captures, Names, Ports, Vendor
from ptpip_analyze.cli.work import CommandError, known_vendor, name_codes, refuse_datasets, say

if TYPE_CHECKING:
    from ptpip_analyze.tui.incoming import Incoming, Piped


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
    """Look through captures in the terminal.

    With - what a capturing program writes is shown as it comes: dumpcap -i wlan0 -w - | ptpip-analyze tui -
    """
    if bool(captures) == (interface is not None):
        raise CommandError("tui needs captures, or --interface; one of them")
    piped = "-" in captures
    if piped and len(captures) > 1:
        raise CommandError("tui follows standard input alone; leave the other captures out")
    known_vendor(vendor)
    name_codes(names)
    found = [] if piped or interface is not None else checked(captures)
    if not sys.stdout.isatty() or not (piped or sys.stdin.isatty()):
        raise CommandError("tui needs a terminal")
    if piped and sys.stdin.isatty():
        raise CommandError("standard input is the terminal; pipe a capture into it, or give it a file")
    from ptpip_analyze.tables.lean import keep_pandas_away

    keep_pandas_away()
    # Textual waits so many ms behind an Escape for the rest of a sequence; its own 100 are felt.
    os.environ.setdefault("ESCDELAY", "30")
    from ptpip_analyze.tui.app import Inspector
    from ptpip_analyze.tui.themes import THEMES

    if theme is not None and theme not in (known := [one.name for one in THEMES]):
        raise CommandError(f"--theme: there are {', '.join(known)}")
    incoming = _incoming(interface, capture_filter) if piped or interface is not None else None
    inspector = Inspector(found, tuple(ports or ()), vendor, reader.ask(()), follow=follow, incoming=incoming)
    if theme is not None:
        inspector.theme = theme
    inspector.run()
    if incoming is not None and incoming.path.exists():  # ended by a signal, or a fault: nobody was asked
        incoming.stop()
        say(f"what was captured is in {incoming.path}")
    if inspector.fault:
        raise CommandError(inspector.fault)


def _incoming(interface: str | None, capture_filter: str) -> Incoming:
    """What passes an interface, or comes through standard input. CommandError where nothing can."""
    if interface is None:
        return _from_standard_input()
    from ptpip_analyze.capture.recorders import RecorderError
    from ptpip_analyze.tui.incoming import Watched

    try:
        return Watched(interface, capture_filter)
    except RecorderError as error:
        raise CommandError(str(error)) from error


def _from_standard_input() -> Piped:
    """What comes through standard input, which then is the terminal. CommandError where there is none."""
    from ptpip_analyze.tui.incoming import Piped

    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise CommandError(f"there is no terminal to read keys from: {error.strerror}") from error
    pipe = os.dup(0)
    os.dup2(terminal, 0)
    os.close(terminal)
    return Piped(pipe, "stdin")


def checked(captures: list[str]) -> list[str]:
    """The files that are named, each looked at. CommandError for one that is no capture."""
    from ptpip_analyze.capture import CaptureError, expand, open_capture, open_direct

    refuse_datasets(captures)
    try:
        found = [str(name) for name in expand(captures)]
        for name in found:
            place = Path(name)
            if place.is_char_device() or place.is_block_device():
                open_capture(name).close()
            elif place.is_file() and (source := open_direct(name)) is not None:
                source.close()
    except (CaptureError, OSError) as error:
        raise CommandError(str(error)) from error
    return found
