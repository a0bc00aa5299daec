"""What every command does around its own subject: analyse the captures, report damage, show progress, say errors.

Promises one line on stderr for whatever goes wrong by the user's hand or the file's fault.
Refuses to catch our own faults.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar

from ptpip_analyze.ahead import WorkerError
from ptpip_analyze.cli import reader
from ptpip_analyze.describe import counted, link_type, safe_text

if TYPE_CHECKING:
    from pathlib import Path

    from ptpip_analyze.analysis import Analysis

F = TypeVar("F", bound=str)

PROGRAM: Final = "ptpip-analyze"
BAD_USAGE: Final = 2

_PATIENCE_S: Final = 0.5  # work that ends sooner shows no bar
_REDRAW_S: Final = 0.1


class CommandError(Exception):
    """What a command can't do, as one line for stderr; the process ends with exit code 2."""


def say(line: str) -> None:
    """One line on stderr, under the program's name."""
    print(f"{PROGRAM}: {safe_text(line)}", file=sys.stderr)


class ReaderLeft(Exception):
    """Nobody reads stdout any more: no error, `| head` has seen enough."""


def forget_stdout() -> None:
    """Send what is still buffered nowhere: it can't be written, and must not raise while Python shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def named_format(asked: F | None, output: Path | None, usual: F, suffixes: Mapping[str, F]) -> F:
    """The format of a document: the one asked for, else the one that the file's suffix names, else the usual one.

    Raises CommandError for a suffix that names none.
    """
    if asked is not None or output is None:
        return asked or usual
    found = suffixes.get(output.suffix.lower())
    if found is None:
        raise CommandError(f"{output}: --format, or a suffix of {', '.join(suffixes)}")
    return found


def json_bytes(document: object) -> bytes:
    """A document as JSON for a file, indented."""
    from ptpip_analyze.tables.lines import json_page

    return json_page(document).encode() + b"\n"


@contextlib.contextmanager
def analysed(
    captures: Sequence[str],
    ports: Sequence[int] | None,
    progress: bool,
    *,
    packets: bool = False,
    modules: Sequence[str] = (),
    vendor: str | None = None,
) -> Iterator[Analysis]:
    """The analysis of `captures`, with the packets table if wanted; what is damaged in them or can't be read is said on
    stderr.

    `modules` will be needed by the block: they are loaded as soon as there is nothing else to do. `vendor` is that of
    all cameras where the user says so.

    Raises CommandError for a file that can't be read as a capture, here or while the block reads from it.
    """
    vendor = known_vendor(vendor)
    refuse_datasets(captures)
    from ptpip_analyze.analysis import analyze
    from ptpip_analyze.capture import CaptureError

    loading = _load(modules)
    try:
        with contextlib.ExitStack() as stack:
            with told_progress(progress) as report:
                analysis = stack.enter_context(
                    analyze(
                        list(captures),
                        ports=tuple(ports or ()),
                        packets=packets,
                        vendor=vendor,
                        progress=report,
                        reader=reader.ask(chain(loading, _load_makers())),
                    )
                )
            reader.stop()
            for _ in loading:
                pass
            say_left_out(captures)
            for name, first in analysis.repeated:
                said = f"{name} is named more than once" if name == first else f"{name} is {first}"
                say(f"{said}: it is analysed once")
            for capture in analysis.captures:
                if capture.damage is not None:
                    say(f"{capture.damage} (everything before it is analysed)")
                if unread := capture.source.unknown_links:
                    told = [
                        f"{counted(count, 'packet')} of {link_type(link)}" for link, count in sorted(unread.items())
                    ]
                    say(f"{capture.path}: {', '.join(told)} can't be read")
            yield analysis
    except (CaptureError, WorkerError) as error:
        raise CommandError(str(error)) from error


def is_dataset(name: str) -> bool:
    """Whether a name is that of a dataset of captures. CommandError where nobody can tell."""
    from ptpip_analyze.fleet.layout import HEADER

    if "://" not in name:
        return os.path.isfile(os.path.join(name, HEADER))
    from ptpip_analyze.fleet import FleetError, is_fleet

    try:
        return is_fleet(name)
    except FleetError as error:
        raise CommandError(str(error)) from error


def refuse_datasets(captures: Sequence[str]) -> None:
    """CommandError where one of these is a folder that `export --dataset` made."""
    for name in captures:
        if os.path.isdir(name) and is_dataset(name):
            raise CommandError(
                f"{name}: is a dataset of captures; check, stats, manifest, the commands that list a table, and pandas "
                "read it (docs/datasets.md)"
            )


def say_left_out(captures: Sequence[str]) -> None:
    """Say on stderr which sub-folders of the folders named were not looked into."""
    from ptpip_analyze.capture import left_out

    for folders, pattern in left_out(captures):
        skipped = counted(folders, "sub-folder")
        say(f"{skipped} {'was' if folders == 1 else 'were'} not looked into; '{pattern}' finds what is there")


def _load(modules: Sequence[str]) -> Iterator[None]:
    """Load what makes tables, a part at each step."""
    from ptpip_analyze.tables.lean import keep_pandas_away

    yield
    keep_pandas_away()
    for module in modules:
        yield
        importlib.import_module(module)


def _load_makers() -> Iterator[None]:
    """Load the code tables of all makers, which tell a camera's: in spare time, because few captures need them."""
    from ptpip_analyze.facts import vendors

    for file in sorted({*vendors.MODULES.values()}):
        yield
        importlib.import_module(f"{vendors.__name__}.{file}")


def known_vendor(name: str | None) -> str | None:
    """The vendor that the user named, in letters of any size. CommandError, which lists those there are, for others."""
    if name is None:
        return None
    from ptpip_analyze.facts import VENDORS

    if name.lower() not in VENDORS:
        raise CommandError(f"--vendor: no such vendor: {name}; there are {', '.join(VENDORS)}")
    return name.lower()


def name_codes(path: Path | None) -> None:
    """Put the user's names in force: those of the usual file, and on top those of `path`; before anything is named.

    Raises CommandError for a file that can't be used.
    """
    from ptpip_analyze.names import use_names
    from ptpip_analyze.tomlfile import TomlFileError

    try:
        use_names(path)
    except TomlFileError as error:
        raise CommandError(str(error)) from error


class _Progress:
    """A bar on stderr that appears when the work lasts. Called with bytes done and bytes in all (0: not known)."""

    def __init__(self) -> None:
        self._begun = self._drawn = time.monotonic()
        self._stack = contextlib.ExitStack()
        self._update = self._wait

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._drawn >= _REDRAW_S:
            self._drawn = now
            self._update(done, total)

    def close(self) -> None:
        self._stack.close()

    def _wait(self, done: int, total: int) -> None:
        if self._drawn - self._begun < _PATIENCE_S:
            return
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        bar = Progress(
            TextColumn("reading"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._stack.enter_context(bar)
        task = bar.add_task("reading")
        self._update = lambda done, total: bar.update(task, completed=done, total=total or None)
        self._update(done, total)


def same_file(output: Path, capture: str) -> bool:
    """Whether both name one existing file."""
    return output.exists() and os.path.exists(capture) and os.path.samefile(output, capture)


@contextlib.contextmanager
def told_progress(wanted: bool) -> Iterator[_Progress | None]:
    """What draws a bar on stderr when work lasts; None where nobody would see it."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    report = _Progress()
    try:
        yield report
    finally:
        report.close()


def names_in(text: str, known: Sequence[str], option: str, what: str) -> tuple[str, ...]:
    """The names of a comma list such as --columns a,b: each known, none twice.

    Raises CommandError that names the first one that is not, and the nearest that is.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise CommandError(f"{option} names no {what}")
    for name in names:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise CommandError(f"{option}: no such {what}: {name}; {hint}")
        if names.count(name) > 1:
            raise CommandError(f"{option} names the {what} {name} twice")
    return names


@contextlib.contextmanager
def written_to(output: Path | None, captures: Sequence[str] = ()) -> Iterator[BinaryIO]:
    """The binary stream that output goes to: `output`, complete or not at all, or stdout when it is None.

    Raises CommandError when the place can't be written or is one of the `captures`,
    ReaderLeft when nobody reads stdout.
    """
    if output is None:
        try:
            yield sys.stdout.buffer
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise ReaderLeft from error
        except OSError as error:
            forget_stdout()
            raise CommandError(f"standard output: {error.strerror or error}") from error
        return
    if any(same_file(output, capture) for capture in captures):
        raise CommandError(f"{output}: is the capture itself; it will not be overwritten")
    from ptpip_analyze.tables.export import ExportError, replacing

    try:
        with replacing(output) as stream:
            yield stream
    except ExportError as error:
        raise CommandError(str(error)) from error
