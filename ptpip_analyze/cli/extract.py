"""`extract`: photos, thumbnails, uploads and live view as files in a folder, with a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptpip_analyze import describe
from ptpip_analyze.cli.options import Captures, Ports, Progress
from ptpip_analyze.cli.work import CommandError, analysed, names_in, written_to

if TYPE_CHECKING:
    from ptpip_analyze.extract import Extracted

# As `extract.WHAT`, which is not loaded for --help.
WHAT = ("photos", "thumbnails", "previews", "uploads", "liveview")
_WORDS = {"photos": "photo", "thumbnails": "thumbnail", "previews": "preview", "uploads": "upload"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("extract")(_extract)


def _extract(
    captures: Captures,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder; made when missing.")],
    what: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Only some of photos (all objects from the camera), thumbnails, previews, uploads, liveview.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files of the same names.")] = False,
    ports: Ports = None,
    progress: Progress = True,
) -> None:
    """Write the objects that were carried, and pictures of live view, to a folder with a manifest.json.

    An incomplete file ends in .partial; its holes are zeros, and the manifest names them.
    """
    wanted = WHAT if what is None else names_in(what, WHAT, "--what", "kind of file")
    with analysed(captures, ports, progress) as analysis:
        from ptpip_analyze.extract import ExtractError

        try:
            done = analysis.extract(output, wanted, force=force)
        except ExtractError as error:
            raise CommandError(str(error)) from error
    with written_to(None) as stream:
        stream.write("".join(f"{line}\n" for line in _lines(done)).encode())


def _lines(done: Extracted) -> list[str]:
    """What was written, in words: a line for each kind, and how live view came."""
    lines = []
    for what in WHAT:
        files = [file for file in done.files if file.what == what]
        if files:
            partial = sum(not file.complete for file in files)
            noun = "live-view picture" if what == "liveview" else _WORDS[what]
            line = f"{describe.counted(len(files), noun)}, {describe.human_bytes(sum(file.bytes for file in files))}"
            lines.append(line + (f"; {partial:,} not known to be complete (.partial)" if partial else ""))
    for session, told in done.live_view.items():
        parts = [f"session {session}: {describe.counted(told.frames, 'live-view picture')}"]
        if told.fps is not None:
            parts.append(f"{told.fps:.1f} per second")
        if told.jitter_s is not None and told.longest_interval_s is not None:
            parts.append(f"jitter {describe.human_seconds(told.jitter_s)}")
            parts.append(f"longest interval {describe.human_seconds(told.longest_interval_s)}")
        sizes = (told.smallest_bytes, round(told.mean_bytes), told.largest_bytes)
        parts.append("{} to {}, {} on average".format(*(describe.human_bytes(sizes[at]) for at in (0, 2, 1))))
        lines.append(", ".join(parts))
    if not done.files:
        lines.append("nothing was carried that could be extracted")
    return [
        *lines,
        f"{describe.safe_text(str(done.folder / 'manifest.json'))}: {describe.counted(len(done.files), 'file')}",
    ]
