"""`extract`: photos, thumbnails, uploads and live-view frames as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.options import Captures, Folder, Names, Ports, Progress, Vendor
from ptpip_analyze.cli.work import CommandError, analysed, name_codes, names_in, written_to

KINDS = ("objects", "thumbnails", "previews", "uploads", "live-view")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("extract")(_extract)


def _extract(
    captures: Captures,
    output: Folder,
    what: Annotated[
        str | None, typer.Option("--what", metavar="A,B", help=f"Only these of {', '.join(KINDS)}.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write anew what an earlier run has written.")] = False,
    ports: Ports = None,
    vendor: Vendor = None,
    names: Names = None,
    progress: Progress = True,
) -> None:
    """Write photos and live-view frames that were carried.

    Into a folder with manifest.json, which names what is missing of them.
    """
    chosen = KINDS if what is None else names_in(what, KINDS, "--what", "kind of file")
    name_codes(names)
    with analysed(captures, ports, progress, vendor=vendor) as analysis:
        from ptpip_analyze.extract import ExtractError, TakenError, extract

        try:
            manifest = extract(analysis.captures, output, chosen, force=force)
        except TakenError as error:
            raise CommandError(f"{error.file}: is there already; --force overwrites it") from error
        except ExtractError as error:
            raise CommandError(str(error)) from error
    with written_to(None) as stream:
        for line in _lines(manifest, output):
            stream.write((describe.safe_text(line) + "\n").encode())
    errors = [one["error"] for one in manifest["files"] if one["file"] is None]
    if errors:
        more = f", and {len(errors) - 1:,} more, as manifest.json says" if len(errors) > 1 else ""
        raise CommandError(errors[0] + more)


def _lines(manifest: dict[str, Any], output: Path) -> list[str]:
    lines = []
    for one in manifest["files"]:
        if one["kind"] == "live-view" or one["file"] is None:
            continue
        size = describe.human_bytes(one["carried_bytes"])
        state = {True: "complete", None: "where it ends is not known"}.get(one["complete"], _lacking(one["missing"]))
        note = "" if one["note"] is None else f" ({one['note']})"
        lines.append(f"{output / one['file']}: {one['kind']}, {size}, {state}{note}")
    for one in manifest["live_view"]:
        says = [f"session {one['session']}", describe.counted(one["frames"], "live-view frame")]
        says += [] if one["fps"] is None else [f"{one['fps']:.1f} per second"]
        says += [f"{one['incomplete']:,} incomplete"] if one["incomplete"] else []
        says += [f"{count:,} without a file: {reason}" for reason, count in one["left_out"].items()]
        says += [] if one["jitter_s"] is None else [f"jitter {one['jitter_s'] * 1e3:.1f} ms"]
        sizes = [one["bytes_min"], one["bytes_max"]]
        says += [" to ".join(map(describe.human_bytes, sizes))] if one["frames"] else []
        first = [f"{output / name} ...: " for name in one["files"][:1]]
        lines.append("".join([*first, ", ".join(says)]))
    return lines or ["no objects and no live-view frames in what was captured"]


def _lacking(missing: list[dict[str, int | None]]) -> str:
    sizes = [one["bytes"] for one in missing]
    if None in sizes or not sizes:
        return "incomplete"
    return f"{describe.human_bytes(sum(size or 0 for size in sizes))} missing"
