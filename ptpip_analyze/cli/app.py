"""The command `ptpip-analyze`: its commands, and what an ending means to the shell.

Exit codes: 0 done, 2 bad usage or no capture (one line on stderr), 130 Ctrl-C. A reader that leaves early (`| head`) is
not an error. Refuses to import what `--help` does not need: each command imports its own subject when it runs.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
import typer.core

from ptpip_analyze import __version__
from ptpip_analyze.cli.work import BAD_USAGE, PROGRAM, CommandError, ReaderLeft, forget_stdout, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

GROUPS: Final = {
    "What happened": ("summary", "tui", "doctor", "stats", "diff", "report"),
    "Tables": (
        "sessions", "transactions", "messages", "events", "properties", "objects", "discovery", "findings", "packets",
    ),
    "Against the standard": ("check", "explain", "codes"),
    "Into files": ("export", "manifest", "extract", "scrub"),
    "While it happens": ("live", "interfaces", "replay"),
    "With Wireshark": ("lua", "crosscheck", "annotate"),
}  # fmt: skip
"""The commands by what they are for, as --help lists them."""

_MODULES: Final = {**dict.fromkeys((*GROUPS["Tables"], "stats"), "listing"), "explain": "check"}
"""The modules of commands that are not called like theirs."""


class _Groups(typer.core.TyperGroup):
    """The commands under headings."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """A table for each heading."""
        for title, names in GROUPS.items():
            with formatter.section(title):
                width = max(map(len, _NAMES))
                formatter.write_dl([(name.ljust(width), self.commands[name].get_short_help_str(99)) for name in names])


_NAMES: Final = tuple(name for names in GROUPS.values() for name in names)


def built(asked: Sequence[str] = ()) -> typer.Typer:
    """The program with the command that the arguments name first, or with all commands where they name none.

    To load and build them all takes 20 ms, a tenth of what a short run lasts.
    """
    app = typer.Typer(
        name=PROGRAM,
        cls=_Groups,
        help="Analyze PTP-IP captures: sessions, transactions, messages, events and packets of cameras over TCP/IP.",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_options)
    wanted = asked[:1] if asked and asked[0] in _NAMES else _NAMES
    for module in dict.fromkeys(_MODULES.get(name, name) for name in wanted):
        importlib.import_module(f"ptpip_analyze.cli.{module}").register(app)
    app.registered_commands = [command for command in app.registered_commands if command.name in wanted]
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Options of the program itself."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (default: the process's); returns the exit code. Our own faults pass through."""
    signal.signal(signal.SIGTERM, _leave)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the shell closed it: >&-
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - as long-lived as the process
        getattr(sys, name).reconfigure(errors="backslashreplace")  # a terminal may lack a letter
    asked = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return built(asked)(asked or ["--help"], prog_name=PROGRAM, standalone_mode=False) or 0
    except ReaderLeft:
        forget_stdout()
        return 0
    except CommandError as error:
        say(str(error))
    except Exception as error:
        # typer's own errors of usage; the class has moved between its versions, its method has not
        if not hasattr(error, "format_message"):
            raise
        command = getattr(getattr(error, "ctx", None), "command_path", PROGRAM)
        say(f"{error.format_message().rstrip('.')} ({command} --help)")
    return BAD_USAGE


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends the process as an exception does, so that unfinished files are removed."""
    sys.exit(128 + number)
