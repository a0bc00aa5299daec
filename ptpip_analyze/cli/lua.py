"""`lua`: the Wireshark dissector. Where it is, into the plugin folder with it, and does it answer there?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ptpip_analyze.cli.options import Names
from ptpip_analyze.cli.work import CommandError, name_codes
from ptpip_analyze.describe import safe_text

Action = Literal["install", "path", "check"]
OURS = "ptp_ip"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("lua")(_lua)


def _lua(
    action: Annotated[
        Action,
        typer.Argument(
            help="install: copy it into Wireshark's personal plugin folder; path: say where it is; check: ask tshark.",
            show_default=False,
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Another folder than Wireshark's own.", show_default=False),
    ] = None,
    names: Names = None,
) -> None:
    """Install, find or check the dissector for Wireshark.

    docs/wireshark.md tells what it shows.
    """
    from ptpip_analyze.wireshark import folders

    try:
        if action == "path":
            typer.echo(str(folders.source() / folders.MECHANISM))
        elif action == "install":
            name_codes(names)
            for path in folders.install(folder or folders.personal()):
                typer.echo(str(path))
        else:
            answers = folders.answering()
            if answers == OURS:
                typer.echo("Our dissector answers for TCP port 15740.")
                return
            who = f"{answers} answers" if answers else "no dissector answers"
            typer.echo(f"On TCP port 15740 {who}, ours does not. {_advice()}")
            raise typer.Exit(1)
    except folders.DissectorError as error:
        raise CommandError(str(error)) from error


def _advice() -> str:
    """What helps where our dissector does not answer."""
    from ptpip_analyze.wireshark import folders

    place = folders.personal()
    if (place / folders.MECHANISM).is_file():
        return f"It is in {safe_text(str(place))}, but tshark does not load it{folders.for_root()}"
    return f"Put it there with: ptpip-analyze lua install{folders.for_root()}"
