"""`crosscheck`: our messages against Wireshark's dissectors. Shows what ``wireshark.crosscheck`` found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from ptpip_analyze.cli.options import Output, Ports, Progress
from ptpip_analyze.cli.work import CommandError, analysed, json_bytes, named_format, written_to
from ptpip_analyze.describe import safe_text

CrossFormat = Literal["text", "json"]
SUFFIXES: Final[dict[str, CrossFormat]] = {".json": "json", ".txt": "text"}
_WHO: Final = {"ptp_ip": "our dissector", "ptpip": "Wireshark's own dissector"}
_SHOWN: Final = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("crosscheck")(_crosscheck)


def _crosscheck(
    capture: Annotated[Path, typer.Argument(metavar="CAPTURE", help="A capture file.", show_default=False)],
    file_format: Annotated[
        CrossFormat | None, typer.Option("--format", help="A page for people, or json.", show_default=False)
    ] = None,
    output: Output = None,
    ports: Ports = None,
    progress: Progress = True,
) -> None:
    """Compare our messages with Wireshark's, field by field.

    Exit code 1 on a difference that nothing explains.
    """
    from ptpip_analyze.wireshark import crosscheck, folders

    chosen = named_format(file_format, output, "text", SUFFIXES)
    with analysed([str(capture)], ports, progress, packets=True) as analysis:
        messages, packets = crosscheck.rows_of(analysis)
    try:
        document = crosscheck.crosscheck(str(capture), messages, packets)
    except folders.DissectorError as error:
        raise CommandError(str(error)) from error
    with written_to(output, [str(capture)]) as stream:
        stream.write(json_bytes(document) if chosen == "json" else _page(document).encode())
    if document["unexplained"]:
        raise typer.Exit(1)


def _page(document: dict[str, Any]) -> str:
    lines = [f"{safe_text(document['capture'])}: {document['messages']:,} messages"]
    for side in document["dissectors"]:
        lines.append(f"\n{_WHO[side['dissector']]} ({side['dissector']}): {side['messages']:,} messages")
        for field, counts in side["fields"].items():
            lines.append(f"  {field:<16}{counts['agree']:>8,} of {counts['compared']:,} agree")
        reasons = Counter(one["reason"] for one in side["differences"])
        lines += [f"  {count:>6,} × {reason}" for reason, count in reasons.most_common() if reason is not None]
        open_ones = [one for one in side["differences"] if one["reason"] is None]
        lines += [f"  ! frame {one['frame']}: {_told(one)}" for one in open_ones[:_SHOWN]]
        if len(open_ones) > _SHOWN:
            lines.append(f"  … {len(open_ones) - _SHOWN:,} more (--format json)")
    count = document["unexplained"]
    lines.append("\nNothing is left unexplained." if not count else f"\n{count:,} not explained.")
    return "\n".join(lines) + "\n"


def _told(one: dict[str, Any]) -> str:
    """A difference in words."""
    if one["field"] != "message":
        return f"{one['field']} is {one['ours']} for us, {one['theirs']} there"
    if one["ours"] is not None:
        return f"only we find a message of type {one['ours']} here"
    return f"only Wireshark finds a message of type {one['theirs']} here"
