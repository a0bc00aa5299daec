"""Rows as a table for people: fitted to the terminal, numbers to the right, colour where something is odd.

Promises that what is left out is said below the table. Refuses to hold more rows than it shows.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final

from ptpip_analyze import describe
from ptpip_analyze.tables.cells import READABLE, cell_text, plain_values, status_style
from ptpip_analyze.tables.schema import OF_DATASETS, Column, columns, on_demand

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from rich.console import Console, JustifyMethod

ROWS_AT_ONCE: Final = 200
"""Rows a terminal gets when no --limit is given."""

PLAIN_WIDTH: Final = 100
"""Columns of a page that is not written to a terminal."""

LEAST_TEXT: Final = 5
"""Columns that a text keeps where columns that were asked for have no room."""

MOST_TEXT: Final = 28
LONG_TEXTS: Final[dict[str, int]] = {"call": 44, "says": 60, "text": 36, "value": 24}
"""The width up to which a text leaves out other columns, and that of texts which are long by nature: beyond it they are
shortened, since whoever names a file or a camera may do so at any length."""

_WHOLE: Final = frozenset({"sha256", "initiator_address", "responder_address", "source", "destination"})
"""Texts that say nothing when they are shortened."""

_SAID_BY: Final = {"operation": "call", "parameters": ""}
"""What a column on demand says in their place."""

_CAPTURE: Final = "capture"
_STATUS_COLUMNS: Final = frozenset({"status"})


def console_for(stream: io.StringIO, *, terminal: bool) -> Console:
    """A rich console that writes to `stream`: coloured and as wide as the terminal, or plain and 100 wide."""
    from rich.console import Console

    if terminal:
        real = Console(file=sys.stdout)
        return Console(
            file=stream,
            force_terminal=True,
            color_system=real.color_system,  # type: ignore[arg-type]  # rich's own name of its own value
            no_color=real.no_color,
            width=real.width,
            highlight=False,
            markup=False,
            emoji=False,
        )
    return Console(
        file=stream,
        force_terminal=False,
        color_system=None,
        width=PLAIN_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )


def encoded(text: str, output: Path | None) -> bytes:
    """`text` without blanks at line ends, in UTF-8 for a file, for stdout in the letters that it has."""
    lines = "\n".join(line.rstrip(" ") for line in text.split("\n"))
    return describe.in_letters_of(lines, "utf-8" if output else _encoding())


def _encoding() -> str:
    """What stdout takes. Under LC_ALL=C Python writes UTF-8 all the same (PEP 540); the terminal was to get ASCII."""
    asked = os.environ.get("LC_ALL") in ("C", "POSIX")
    if asked and sys.stdout.isatty() and not {"PYTHONIOENCODING", "PYTHONUTF8"} & os.environ.keys():
        return "ascii"
    return sys.stdout.encoding or "utf-8"


def show_rows(
    table: str,
    batches: Iterable[pa.RecordBatch],
    stream: BinaryIO,
    wanted: Sequence[str] | None,
    limit: int | None,
    output: Path | None = None,
    trees: Callable[[int], list[str]] | None = None,
    complete: Callable[[set[str], Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]] | None = None,
    *,
    folder: str | None = None,
) -> None:
    """Write rows of `table` as text: `wanted` columns, or as many of the readable ones as fit.

    `stream` is what leads to the file `output`, or to stdout when that is None. A terminal gets at
    most `limit` rows, 200 without one; what follows is counted below the table. `trees` gives the lines that stand
    under the row of a transaction; `complete` adds the columns that are made on demand to the rows that are shown.
    `folder` is where the captures of a dataset lie: which one a row is of then stands first, without that folder,
    unless columns are `wanted`.
    """
    terminal = output is None and sys.stdout.isatty()
    most = ROWS_AT_ONCE if limit is None and terminal else limit
    by_name = {column.name: column for column in (*OF_DATASETS, *columns(table))}
    names = list(wanted or _readable(table, complete is not None))
    if folder is not None and not wanted:
        names = [_CAPTURE, *(name for name in names if name != _CAPTURE)]
    demanded = set(on_demand(table)) & set(names)
    cells: dict[str, list[str]] = {name: [] for name in names}
    shown = total = 0
    numbers: list[int] = []
    for batch in batches:
        total += batch.num_rows
        part = batch if most is None else batch.slice(0, max(most - shown, 0))
        if trees is not None:
            numbers += part["transaction"].to_pylist()
        shown += part.num_rows
        if complete is not None and demanded:
            (part,) = complete(demanded, [part])
        part = part.select(names)
        for name, values in zip(names, part.columns, strict=True):
            cells[name] += [cell_text(by_name[name], value) for value in plain_values(values)]
    page = io.StringIO()
    console = console_for(page, terminal=terminal)
    if folder is not None and not wanted:
        cells[_CAPTURE] = [cell.removeprefix(describe.safe_text(folder)) for cell in cells[_CAPTURE]]
    fitting = names if wanted else _fitting(table, names, cells, console.width if terminal else None)
    if folder is not None and not wanted:
        fitting.sort(key=lambda name: name != _CAPTURE)  # the others stay in their order
    if trees is not None:
        lines = _plain_lines(by_name, fitting, cells, shown)
        stream.write(encoded(next(lines), output))
        for line, number in zip(lines, numbers, strict=True):
            stream.write(encoded(line, output))
            stream.writelines(encoded(f"    {said}\n", output) for said in trees(number))
    elif terminal:
        _print_table(console, by_name, fitting, cells, shown)
    else:
        stream.writelines(encoded(line, output) for line in _plain_lines(by_name, fitting, cells, shown))
    if total > shown and terminal:
        console.print(f"… {describe.counted(total - shown, 'more row')}: --limit {total}", style="dim")
    hidden = [name for name in names if name not in fitting and any(cells[name])]
    if hidden and terminal:
        console.print(f"… not shown for lack of width: {', '.join(hidden)} (--columns)", style="dim")
    stream.write(encoded(page.getvalue(), output))


def _readable(table: str, complete: bool) -> list[str]:
    if not complete or not on_demand(table):
        return list(READABLE[table])
    return [name for name in (_SAID_BY.get(name, name) for name in READABLE[table]) if name]


def _fitting(table: str, names: Sequence[str], cells: dict[str, list[str]], width: int | None) -> list[str]:
    """The most wanted columns that fit (all when `width` is None), empty ones left out, in the table's own order."""
    from rich.cells import cell_len

    by_name = {column.name: column for column in columns(table)}
    room = sys.maxsize if width is None else width
    kept: set[str] = set()
    for name in names:
        if not any(cells[name]) and kept and width is not None:
            continue
        needed = max([cell_len(name), *map(cell_len, cells[name])])
        needed = min(needed, _most(by_name[name])) + 2
        if needed > room and kept:
            continue
        room -= needed
        kept.add(name)
    return [name for name in by_name if name in kept]


def _most(column: Column) -> int:
    """The width up to which a column leaves out others."""
    if column.kind not in ("text", "words") or column.name in _WHOLE:
        return sys.maxsize
    return LONG_TEXTS.get(column.name, MOST_TEXT)


def _plain_lines(
    by_name: dict[str, Column], names: Sequence[str], cells: dict[str, list[str]], rows: int
) -> Iterator[str]:
    """The table as text that nothing is cut from, for pipes and files."""
    from rich.cells import cell_len, set_cell_size

    widths = [max([cell_len(name), *map(cell_len, cells[name])]) for name in names]
    right = [_is_number(by_name[name]) for name in names]
    for line in ([*names], *([cells[name][row] for name in names] for row in range(rows))):
        padded = [
            " " * (width - cell_len(cell)) + cell if number else set_cell_size(cell, width)
            for cell, width, number in zip(line, widths, right, strict=True)
        ]
        yield "  ".join(padded) + "\n"


def _is_number(column: Column) -> bool:
    return column.kind in ("int", "uint", "float")


def _print_table(
    console: Console, by_name: dict[str, Column], names: Sequence[str], cells: dict[str, list[str]], rows: int
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    widths = _shrunk(by_name, names, cells, console.width)
    for name, width in zip(names, widths, strict=True):
        justify: JustifyMethod = "right" if _is_number(by_name[name]) else "left"
        table.add_column(name, justify=justify, no_wrap=True, overflow="ellipsis", width=width)
    for row in range(rows):
        line = []
        for name in names:
            cell = cells[name][row]
            line.append(Text(cell, style=status_style(cell) if name in _STATUS_COLUMNS and cell else ""))
        table.add_row(*line)
    # Columns that were asked for may need more room than there is: the terminal folds what it can't hold.
    terminal = console.width
    console.width = max(terminal, sum(widths) + 2 * len(widths))
    console.print(table, crop=False)
    console.width = terminal


def _shrunk(by_name: dict[str, Column], names: Sequence[str], cells: dict[str, list[str]], room: int) -> list[int]:
    """Widths of columns so that they fit, as far as numbers and times stay whole: long texts shrink first, then others,
    then headings.
    """
    from rich.cells import cell_len

    needed = [max([0, *map(cell_len, cells[name])]) for name in names]
    widths = [max(width, cell_len(name)) for width, name in zip(needed, names, strict=True)]
    texts = [by_name[name].kind in ("text", "words") for name in names]
    least = [min(width, LEAST_TEXT) for width in widths]
    for floors in (
        [min(width, _most(by_name[name])) for width, name in zip(widths, names, strict=True)],
        [
            max(low, len(name)) if text else width
            for low, name, text, width in zip(least, names, texts, widths, strict=True)
        ],
        [low if text else max(low, width) for low, text, width in zip(least, texts, needed, strict=True)],
    ):
        while (excess := sum(widths) + 2 * (len(widths) - 1) - room) > 0:
            spare, at = max((width - floor, at) for at, (width, floor) in enumerate(zip(widths, floors, strict=True)))
            if spare <= 0:
                break
            widths[at] -= min(spare, max(1, excess // len(widths)))
    return widths
