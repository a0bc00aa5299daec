"""`scrub`: the same conversation without personal data, to be given away."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptpip_analyze.cli.options import Names, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, json_bytes, name_codes, refuse_datasets, say, written_to
from ptpip_analyze.describe import counted, human_bytes

if TYPE_CHECKING:
    from ptpip_analyze.scrub import Report

_KINDS = {
    "mac": ("Ethernet address", "Ethernet addresses"), "ipv4": ("IPv4 address", "IPv4 addresses"),
    "ipv6": ("IPv6 address", "IPv6 addresses"), "guid": ("GUID", "GUIDs"), "name": ("name", "names"),
    "text": ("text", "texts"),
}  # fmt: skip
_SUFFIXES = (".pcap", ".pcapng", ".gz", ".zst")
_STDOUT = Path("-")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scrub")(_scrub)


def _scrub(
    capture: Annotated[str, typer.Argument(metavar="CAPTURE", help="A capture file, or - for stdin.")],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="OUT", help="Where the scrubbed capture goes; - is stdout.", show_default=False
        ),
    ],
    key: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="With one key all captures get the same stand-ins; keep it secret. Without, they are drawn anew.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What was replaced, counted, as JSON; no values.", show_default=False),
    ] = None,
    mapped: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="What stands for what, as JSON: the originals, for yourself.",
            show_default=False,
        ),
    ] = None,
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Write the same conversation without personal data.

    Addresses, names, GUIDs, serial numbers, texts and contents are replaced (docs/sharing.md).
    """
    name_codes(names)
    places = [place for place in (output, report, mapped) if place is not None]
    if len({str(place) for place in places}) < len(places):
        raise CommandError("the capture, its report and the map need a file each")
    if key == "":
        raise CommandError("--key: a key has to be something")
    refuse_datasets([capture])
    _refuse_several(capture)
    with analysed([capture], ports, progress, vendor=vendor) as analysis:
        from ptpip_analyze.scrub import scrub

        result = analysis.captures[0]
        if output.suffix != f".{result.format}" and output.suffix in _SUFFIXES:
            raise CommandError(
                f"{output}: the capture is written as what it is, {result.format}, and not compressed; name the output "
                f"{_named(output, result.format)}"
            )
        with ExitStack() as stack:
            files = [
                stack.enter_context(written_to(None if place == _STDOUT else place, [capture])) for place in places
            ]
            done = scrub(result, files[0], None if key is None else key.encode())
            for place, file in zip(places[1:], files[1:], strict=True):
                file.write(json_bytes(done.as_dict() if place is report else done.values))
    say(f"{output}: {_told(done)}")


def _refuse_several(capture: str) -> None:
    """CommandError, before anything is read, for a folder or glob with more than one capture in it, or none."""
    from ptpip_analyze.capture import CaptureError, expand, once

    try:
        found, _ = once(expand([capture]))
    except CaptureError as error:
        raise CommandError(str(error)) from error
    if len(found) > 1:
        raise CommandError(f"{capture}: has {counted(len(found), 'capture')}; scrub takes one capture at a time")


def _named(output: Path, file_format: str) -> Path:
    """The output with the suffix of what is written to it."""
    while output.suffix in _SUFFIXES:
        output = output.with_suffix("")
    return output.with_name(f"{output.name}.{file_format}")


def _told(report: Report) -> str:
    """What was done, in one line."""
    said = [
        f"{count:,} {words[count != 1]}" for kind, words in _KINDS.items() if (count := report.replaced.get(kind, 0))
    ]
    told = f"{counted(report.packets, 'packet')}; replaced {', '.join(said) or 'no address, name or text'}"
    if filled := report.filled.get("bytes", 0):
        told += f"; filled {human_bytes(filled)}"
    if blank := report.filled.get("bytes of other datagrams", 0):
        told += f"; blanked {human_bytes(blank)} of other datagrams"
    if unread := report.filled.get("datasets not understood", 0):
        told += f"; filled {counted(unread, 'dataset')} whole, which would not have read as before"
    if report.left_out:
        told += f"; left out {', '.join(f'{count:,} {kind}' for kind, count in sorted(report.left_out.items()))}"
    return told
