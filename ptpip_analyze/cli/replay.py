"""`replay`: a recorded camera answers a real client, so that a bug can be reproduced without it."""

from __future__ import annotations

import os
from typing import Annotated, Literal

import typer

from ptpip_analyze.cli.options import Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, say
from ptpip_analyze.describe import counted

_LARGEST_PORT = 65535


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(_replay)


def _replay(
    capture: Annotated[str, typer.Argument(metavar="CAPTURE", help="A capture file, or - for stdin.")],
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where clients find the camera; port 0: any that is free.")
    ] = "127.0.0.1:15740",
    session: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Which session, where there are several.", show_default=False)
    ] = None,
    speed: Annotated[
        Literal["fast", "recorded"], typer.Option(help="Answer at once, or after as long as the camera took.")
    ] = "fast",
    once: Annotated[bool, typer.Option("--once", help="End when the first client has left.")] = False,
    ports: Ports = None,
    vendor: Vendor = None,
    progress: Progress = True,
) -> None:
    """Answer a real client as the recorded camera did.

    Ctrl-C ends it (docs/sharing.md).
    """
    host, port = _place(listen)
    with analysed([capture], ports, progress, vendor=vendor) as analysis:
        import asyncio

        from ptpip_analyze.replay import Recording, ReplayError, Server

        if len(analysis.captures) != 1:
            raise CommandError(f"{capture}: one capture at a time")
        result = analysis.captures[0]
        if not result.pairs:
            raise CommandError(f"{capture}: there is no session in it")
        if session is None and len(result.pairs) > 1:
            raise CommandError(f"{capture}: --session 0 to {len(result.pairs) - 1} says which one")
        try:
            recording = Recording(result, session or 0)
        except ReplayError as error:
            raise CommandError(f"{capture}: {error}") from error
        if recording.flawed:
            say(f"{counted(recording.flawed, 'request')} can't be answered: bytes are missing from the capture")

        def ready(at: int) -> None:
            say(f"listening on {host}:{at}, {counted(recording.count, 'answer')} of session {recording.session}")

        async def serve() -> None:
            await Server(recording, say, recorded_pace=speed == "recorded", once=once).serve(host, port, ready)

        try:
            asyncio.run(serve())
        except OSError as error:
            reason = os.strerror(error.errno) if isinstance(error.errno, int) and error.errno > 0 else error.strerror
            raise CommandError(f"can't listen on {listen}: {reason or error}") from error  # asyncio's text is longer


def _place(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdecimal()) or int(port) > _LARGEST_PORT:
        raise CommandError(f"--listen {listen}: HOST:PORT is expected, as 127.0.0.1:15740")
    return host.removeprefix("[").removesuffix("]"), int(port)
