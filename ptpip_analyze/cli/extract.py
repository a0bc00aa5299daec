"""`extract`: photos, thumbnails, uploads and live-view frames as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.options import Captures, Names, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, name_codes, names_in, written_to

KINDS = ("objects", "thumbnails", "previews", "uploads", "live-view")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("extract")(_extract)


def _extract(
    captures: Captures,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder; made when missing.")],
    what: Annotated[
        str | None, typer.Option("--what", metavar="A,B", help=f"Only these of {', '.join(KINDS)}.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write anew what an earlier run has written.")] = False,
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Write objects that were carried, and live-view frames, to a folder with manifest.json."""
    chosen = KINDS if what is None else names_in(what, KINDS, "--what", "kind of file")
    name_codes(names)
    with analysed(captures, ports, progress, vendor=vendor) as analysis:
        from ptpip_analyze.extract import ExtractError, extract

        try:
            manifest = extract(analysis.captures, output, chosen, force=force)
        except ExtractError as error:
            raise CommandError(str(error)) from error
    with written_to(None) as stream:
        for line in _lines(manifest, output):
            stream.write((describe.safe_text(line) + "\n").encode())


def _lines(manifest: dict[str, Any], output: Path) -> list[str]:
    lines = []
    for one in manifest["files"]:
        if one["kind"] == "live-view":
            continue
        size = describe.human_bytes(one["carried_bytes"])
        state = {True: "complete", None: "where it ends is not known"}.get(one["complete"], _lacking(one["missing"]))
        lines.append(f"{output / one['file']}: {one['kind']}, {size}, {state}")
    for one in manifest["live_view"]:
        frames = describe.counted(one["frames"], "live-view frame")
        speed = "" if one["fps"] is None else f", {one['fps']:.1f} per second"
        speed += f", {one['incomplete']:,} incomplete" if one["incomplete"] else ""
        jitter = "" if one["jitter_s"] is None else f", jitter {one['jitter_s'] * 1e3:.1f} ms"
        sizes = f", {describe.human_bytes(one['bytes_min'])} to {describe.human_bytes(one['bytes_max'])}"
        lines.append(f"{output / one['files'][0]} ...: session {one['session']}, {frames}{speed}{jitter}{sizes}")
    return lines or ["no objects and no live-view frames in what was captured"]


def _lacking(missing: list[dict[str, int | None]]) -> str:
    sizes = [one["bytes"] for one in missing]
    if None in sizes or not sizes:
        return "incomplete"
    return f"{describe.human_bytes(sum(size or 0 for size in sizes))} missing"
