"""The page of `stats`: where the time went, and how long each operation took. Shows what ``tables.stats`` counted."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from ptpip_analyze.cli.page import Column, grid, wrapped
from ptpip_analyze.cli.screen import console_for, encoded
from ptpip_analyze.describe import count, counted, human_bytes, human_seconds, safe_text
from ptpip_analyze.tables.shares import captured_at, shares
from ptpip_analyze.tables.stats import part_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from ptpip_analyze.tables.stats import By, Part


def page(
    rows: Sequence[dict[str, Any]], parts: Sequence[Part], by: By | None, limit: int | None, output: Path | None
) -> bytes:
    """The page of these rows of the stats table, and of the parts that they are of."""
    text = io.StringIO()
    console = console_for(text, terminal=output is None and sys.stdout.isatty())
    if not parts:
        _say(console, "No PTP-IP session.", "yellow")
    rows_of: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        rows_of.setdefault(part_of(row, by), []).append(row)
    for part in parts:
        mine = rows_of.get(part.name, [])
        if by is not None and not mine and len(parts) > 1:
            continue
        if by is not None:
            _say(console, _title(part, by), "bold")
        _time(console, part)
        _operations(console, mine, limit)
    return encoded(text.getvalue(), output)


def _width(console: Console) -> int | None:
    return console.width if console.is_terminal else None


def _say(console: Console, line: str, style: str = "") -> None:
    from rich.text import Text

    for part in wrapped(Text(line, style=style), _width(console)):
        console.print(part, soft_wrap=True)


def _title(part: Part, by: By) -> str:
    if by == "session":
        camera = part.sessions[0]["model"] or part.sessions[0]["responder_name"]
        return f"Session {part.name}" + (f": {safe_text(camera)}" if camera else "")
    if by == "capture":
        return safe_text(str(part.name))
    model, firmware = part.name if by == "firmware" else (part.name, None)
    named = "A camera that did not say its model" if model is None else safe_text(model)
    return f"{named}, firmware {safe_text(firmware)}" if firmware else named


def _time(console: Console, part: Part) -> None:
    lines = shares(part.spent)
    many = f"of {counted(len(part.sessions), 'session')}"
    columns = (
        Column("Where the time went", [f"  {one.name}" for one in lines], "name"),
        Column("", [human_seconds(one.seconds) if one.seconds else "" for one in lines]),
        Column("", [f"{one.share:.0%}" if one.seconds else "" for one in lines]),
        Column("", [one.share for one in lines], "bar", "cyan"),
        Column(f"{human_seconds(part.spent.whole)} {many}", [one.says for one in lines], "words", "dim"),
    )
    for line in grid(columns, _width(console)):
        console.print(line, soft_wrap=True)
    _say(console, captured_at(part.sessions), "dim")
    console.print()


def _operations(console: Console, rows: Sequence[dict[str, Any]], limit: int | None) -> None:
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: -sum(row[name] or 0 for name in ("device_s", "transfer_s", "sending_s")))
    shown = ordered if limit is None else ordered[:limit]
    busy = max((row["device_s"] or 0) + (row["transfer_s"] or 0) for row in ordered) or 1.0

    def seconds(name: str) -> list[str]:
        return ["" if row[name] is None else human_seconds(row[name]) for row in shown]

    columns = [
        Column("Operations", [f"  {safe_text(row['operation'] or 'no request seen')}" for row in shown], "name"),
        Column("count", [count(row["count"]) for row in shown]),
        Column("median", seconds("latency_p50_s")),
        Column("p95", seconds("latency_p95_s")),
        Column("longest", seconds("latency_max_s")),
        Column("device", seconds("device_s")),
        Column("transfer", seconds("transfer_s")),
        Column("", [((row["device_s"] or 0) + (row["transfer_s"] or 0)) / busy for row in shown], "bar", "cyan"),
        Column("stalled", [human_seconds(row["stalled_s"]) if row["stalled_s"] else "" for row in shown]),
        Column("data", [human_bytes(row["bytes"]) if row["bytes"] else "" for row in shown]),
        Column("rate", ["" if row["throughput"] is None else _rate(row["throughput"]) for row in shown]),
        Column("errors", [count(row["errors"]) if row["errors"] else "" for row in shown]),
        Column("p99", seconds("latency_p99_s")),
    ]
    kept = [column for column in columns if column.kind == "bar" or any(column.cells)]
    for line in grid(kept, _width(console)):
        console.print(line, soft_wrap=True)
    if len(ordered) > len(shown):
        _say(console, f"  … {counted(len(ordered) - len(shown), 'more operation')}: --limit {len(ordered)}", "dim")
    console.print()


def _rate(per_second: float) -> str:
    return f"{human_bytes(round(per_second))}/s"
