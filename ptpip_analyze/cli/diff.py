"""`diff`: two captures side by side, step by step. Shows what ``compare`` says; computes nothing."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.options import Names, Output, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, json_bytes, name_codes, named_format, written_to
from ptpip_analyze.describe import counted, safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

DiffFormat = Literal["text", "json"]

SUFFIXES: Final[dict[str, DiffFormat]] = {".json": "json", ".txt": "text", ".diff": "text"}
DIFFERENT: Final = 1  # exit code
CONTEXT: Final = 2  # steps shown around one that differs
_MARKS: Final = {"same": " ", "missing": "-", "extra": "+", "parameters": "~", "value": "~", "response": "~",
                 "unknown": "?"}  # fmt: skip
_COLOURS: Final = {"-": "red", "+": "green", "~": "yellow", "?": "dim", " ": ""}
_MOST: Final = 12  # codes of a list that are named


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff")(_diff)


def _diff(
    left: Annotated[str, typer.Argument(metavar="A", help="A capture: the one to compare with.")],
    right: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    file_format: Annotated[
        DiffFormat | None, typer.Option("--format", help="A page for people, or json.", show_default=False)
    ] = None,
    output: Output = None,
    polls: Annotated[bool, typer.Option("--polls", help="Compare operations that fetch event lists, too.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show the steps that are the same, too.")] = False,
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Compare two conversations, step by step.

    Missing and extra operations, other parameters, values and responses, timing. Exit code 1 when they differ.
    """
    if left == right == "-":
        raise CommandError("only one of the two captures can be standard input")
    chosen = named_format(file_format, output, "text", SUFFIXES)
    name_codes(names)
    with (
        analysed([left], ports, progress, vendor=vendor) as one,
        analysed([right], ports, progress, vendor=vendor) as other,
    ):
        from ptpip_analyze.compare import compared

        document = compared(one.results, other.results, polls=polls)
        with written_to(output, [left, right]) as stream:
            stream.write(json_bytes(document) if chosen == "json" else _page(document, output, everything))
    if document["differ"]:
        raise typer.Exit(DIFFERENT)


def _page(document: dict[str, Any], output: Path | None, everything: bool) -> bytes:
    from ptpip_analyze.cli.screen import console_for, encoded

    page = io.StringIO()
    console = console_for(page, terminal=output is None and sys.stdout.isatty())
    _say(console, f"--- {', '.join(document['left'])}", "bold red")
    _say(console, f"+++ {', '.join(document['right'])}", "bold green")
    for one in document["cameras"]:
        _camera(console, one)
    for one in document["sessions"]:
        _session(console, one, everything)
    _timing(console, document["timing"])
    if not document["sessions"]:
        _say(console, "No PTP-IP session in either capture.", "yellow")
    elif not document["differ"]:
        _say(console, "No differences: same operations, parameters, values and responses, in the same order.", "green")
    return encoded(page.getvalue(), output)


def _say(console: Console, text: str, style: str = "") -> None:
    from rich.text import Text

    console.print(Text(safe_text(text), style=style), soft_wrap=True)


def _camera(console: Console, one: dict[str, Any]) -> None:
    _say(console, "")
    _say(console, "What the cameras say of themselves", "bold")
    for name in ("manufacturer", "model", "device_version", "extension", "extension_text"):
        if name in one:
            _say(console, f"~ {name}: {one[name]['left']} → {one[name]['right']}", "yellow")
    for name in ("operations", "events", "properties"):
        for side, mark in (("left", "-"), ("right", "+")):
            codes = one.get(name, {}).get(f"only_{side}", ())
            if codes:
                more = f", … ({counted(len(codes) - _MOST, 'more', 'more')})" if len(codes) > _MOST else ""
                _say(console, f"{mark} {name}: {', '.join(codes[:_MOST])}{more}", _COLOURS[mark])


def _session(console: Console, one: dict[str, Any], everything: bool) -> None:
    _say(console, "")
    if one["only"]:
        side = "first" if one["only"] == "left" else "second"
        number = one["left"] if one["only"] == "left" else one["right"]
        _say(console, f"Session {number} is only in the {side} capture", _COLOURS["-" if side == "first" else "+"])
        return
    said = f"Session {one['left']} and session {one['right']}: {counted(one['differences'], 'difference')}"
    _say(console, said, "bold")
    steps: Sequence[dict[str, Any]] = one["steps"]
    different = [at for at, row in enumerate(steps) if row["kind"] != "same"]
    shown = {near for at in different for near in range(at - CONTEXT, at + CONTEXT + 1)}
    before = -1
    for at, row in enumerate(steps):
        if not everything and at not in shown:
            continue
        if at > before + 1:
            _say(console, f"  … {counted(at - before - 1, 'step')} the same", "dim")
        if at == one["first_divergence"]:
            _say(console, "  ↓ first divergence", "bold")
        _step(console, row)
        before = at
    if steps and before < len(steps) - 1:
        _say(console, f"  … {counted(len(steps) - 1 - before, 'step')} the same", "dim")
    polled = one["polled"]
    if polled["left"] or polled["right"]:
        _say(console, f"  event lists fetched: {polled['left']:,} and {polled['right']:,} times (--polls)", "dim")


def _step(console: Console, row: dict[str, Any]) -> None:
    mark, kind = _MARKS[row["kind"]], row["kind"]
    left, right = row["left"], row["right"]
    style = _COLOURS[mark]
    if kind in ("same", "missing", "extra", "unknown"):
        step = left or right
        why = "  (bytes are missing: can't know)" if kind == "unknown" else ""
        _say(console, f"{mark} {_told(step)}{why}", style)
        return
    if kind == "parameters":
        _say(console, f"- {_told(left)}", "red")
        _say(console, f"+ {_told(right)}", "green")
    elif kind == "response":
        frames = f"frames {left['frame']} and {right['frame']}"
        _say(console, f"{mark} {left['call']}: {left['response']} → {right['response']}  [{frames}]", style)
    else:
        frames = f"frames {left['frame']} and {right['frame']}"
        sizes = f"{left['sent_bytes']:,} and {right['sent_bytes']:,} bytes"
        _say(console, f"{mark} {left['call']}: other data was sent ({sizes})  [{frames}]", style)


def _told(step: dict[str, Any]) -> str:
    rounds = f" ×{step['rounds']:,}" if step["rounds"] > 1 else ""
    latency = "" if step["latency_s"] is None else f" {describe.human_seconds(step['latency_s'])}"
    return f"{step['call']}{rounds} → {step['response'] or 'no response'}{latency}  [frame {step['frame']}]"


def _timing(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    _say(console, "")
    _say(console, "Timing (median latency)", "bold")
    for row in rows:
        left, right = (describe.human_seconds(row[f"{side}_median_s"]) for side in ("left", "right"))
        _say(console, f"  {row['operation']}: {left} of {row['left_count']:,}, {right} of {row['right_count']:,}")
