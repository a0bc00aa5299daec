"""`interfaces`: where packets can be captured, and whether this user may. Tries it, rather than to guess."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final, Literal

import typer

from ptpip_analyze.cli.work import json_bytes
from ptpip_analyze.describe import in_letters_of, safe_text

InterfacesFormat = Literal["table", "json", "jsonl"]
_SHORT: Final = 20
COLUMNS: Final = ("interface", "kind", "state", "addresses", "capture")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("interfaces")(_interfaces)


def _interfaces(
    file_format: Annotated[
        InterfacesFormat | None,
        typer.Option("--format", help="table on a terminal, else jsonl.", show_default=False),
    ] = None,
) -> None:
    """List where packets can be captured, and whether you may.

    Interfaces with address, state and permission.
    """
    from ptpip_analyze.capture.interfaces import interfaces

    rows: list[dict[str, Any]] = [one._asdict() for one in interfaces()]
    chosen = file_format or ("table" if sys.stdout.isatty() else "jsonl")
    stream = sys.stdout.buffer
    if chosen == "json":
        stream.write(json_bytes(rows))
    elif chosen == "jsonl":
        from ptpip_analyze.tables.lines import json_text

        stream.writelines(json_text(row).encode() + b"\n" for row in rows)
    else:
        stream.write(in_letters_of(_table(rows), sys.stdout.encoding or "utf-8"))
    stream.flush()


def _table(rows: list[dict[str, Any]]) -> str:
    """Columns as wide as they need to be; sentences for those who may not capture stand below, each once."""
    cells = [COLUMNS]
    reasons: list[str] = []
    for row in rows:
        reason = row["reason"]
        capture = f"with {row['capture']}" if row["capture"] else "no"
        if reason and len(reason) <= _SHORT:
            capture += f", {reason}"
        elif reason:
            if reason not in reasons:
                reasons.append(reason)
            capture += f" ({reasons.index(reason) + 1})"
        cells.append((row["interface"], row["kind"], row["state"], ", ".join(row["addresses"]) or "-", capture))
    widths = [max(len(line[at]) for line in cells) for at in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines += [f"({number}) {reason}" for number, reason in enumerate(reasons, 1)]
    return "".join(safe_text(line) + "\n" for line in lines)
