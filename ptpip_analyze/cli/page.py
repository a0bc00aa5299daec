"""Lines and grids that fit the terminal: lines break between words, names are shortened, numbers stay whole.

Promises no line wider than the width given while its numbers, and the first letters of its name, fit into it. Without
a width (a pipe, a file) everything is as wide as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from ptpip_analyze.describe import bar

OF_LEVEL: Final = {"must": "bold red", "should": "yellow", "may": "cyan", "info": "dim"}
"""The style of what is said of a rule, by the level of its violation."""

LEAST_NAME: Final = 12  # a name is not shortened further: columns go instead
LEAST_WORDS: Final = 20
_GAP: Final = 2
_BELOW: Final = 6  # where words begin that have no room beside the other columns
# Widest bar, and whether headings are short: what is tried until the grid fits.
_TRIED: Final = ((14, False), (14, True), (10, True), (7, True), (4, True), (0, True))
_NUMBER: Final = re.compile(r"\(?[\d.,]*\d$")


class Column(NamedTuple):
    """A column of a grid. `cells` are texts, of a bar its shares from 0 to 1; `short` is the heading of a narrow grid.

    Of the kinds, a name is shortened where there is no room, a bar shrinks or goes, words are wrapped, and numbers are
    whole or not there; the last columns go first, the first number never.
    """

    heading: str
    cells: Sequence[str] | Sequence[float]
    kind: Literal["name", "number", "bar", "words"] = "number"
    style: str = ""
    short: str = ""


def wrapped(line: Text, width: int | None, indent: int = 4) -> list[Text]:
    """`line` as lines of at most `width` columns, all but the first indented. A number is not parted from its unit.

    A word that is wider stays whole.
    """
    if width is None or cell_len(line.plain) <= width:
        return [line]
    found: list[Text] = []
    start = last = 0
    for match in re.finditer(r"\S(?= )|\S$", line.plain):
        end = match.end()
        room = width - (indent if found else 0)
        if last > start and cell_len(line.plain[start:end]) > room:
            found.append(line[start:last])
            start = last + len(line.plain[last:]) - len(line.plain[last:].lstrip(" "))
        if not _NUMBER.match(line.plain[:end].rpartition(" ")[2]):
            last = end
    found.append(line[start:])
    return [found[0], *(Text(" " * indent) + part for part in found[1:])]


def say_line(console: Console, text: str, style: str = "", indent: int = 0) -> None:
    """Print a safe text as a line, broken between words where the terminal is too narrow."""
    for line in wrapped(Text(text, style=style), console.width - indent if console.is_terminal else None):
        console.print(Text(" " * indent) + line, soft_wrap=True)


def grid(columns: Sequence[Column], width: int | None) -> list[Text]:
    """The lines of a grid, headings first."""
    kept = list(columns)
    while True:
        widths: list[int] = []
        short = False
        for widest, short in _TRIED:
            widths = [_natural(column, widest, short) for column in kept]
            if width is None or _total(widths) <= width:
                break
        room = width or 0
        for kind, least in (("words", LEAST_WORDS), ("name", LEAST_NAME)):
            for at, column in enumerate(kept):
                excess = _total(widths) - room
                if width is not None and column.kind == kind and excess > 0:
                    floor = min(widths[at], max(least, cell_len(column.heading)))
                    widths[at] = max(widths[at] - excess, floor)
        numbers = [at for at, column in enumerate(kept) if column.kind == "number"]
        if width is None or _total(widths) <= width or len(numbers) < 2:
            return _lines(kept, widths, short, width)
        kept = [column for at, column in enumerate(kept) if at != numbers[-1] and column.kind != "bar"]


def _natural(column: Column, widest_bar: int, short: bool) -> int:
    if column.kind == "bar":
        return max((len(bar(float(share), widest_bar)) for share in column.cells), default=0) if widest_bar else 0
    heading = column.short if short and column.short else column.heading
    return max([cell_len(heading), *(cell_len(str(cell)) for cell in column.cells)])


def _total(widths: Sequence[int]) -> int:
    """Columns and the gaps between them; one of width 0 is not there."""
    there = [width for width in widths if width]
    return sum(there) + _GAP * (len(there) - 1)


def _lines(columns: Sequence[Column], widths: Sequence[int], short: bool, page: int | None) -> list[Text]:
    shown = [(column, width) for column, width in zip(columns, widths, strict=True) if width]
    head = Text()
    for column, width in shown:
        text = column.short if short and column.short else column.heading
        padded = text.rjust(width) if column.kind == "number" else text.ljust(width)
        head.append(padded + " " * _GAP, style="bold" if column.kind == "name" else "dim")
    lines = [head]
    for row in range(len(columns[0].cells)):
        line = Text()
        below: list[Text] = []
        for column, width in shown:
            cell = column.cells[row]
            if column.kind == "bar":
                text = bar(float(cell), width).ljust(width)
            elif column.kind == "number":
                text = " " * (width - cell_len(str(cell))) + str(cell)
            elif column.kind == "words":
                place, text = cell_len(line.plain), ""
                if page is not None and any(
                    cell_len(word) > width for said in column.cells for word in str(said).split()
                ):
                    place, width = _BELOW, page - _BELOW  # a path needs all the room there is
                parts = wrapped(Text(str(cell)), width, 0)
                if place > _BELOW:
                    text = parts.pop(0).plain
                below = [Text(" " * place) + part for part in parts]
            else:
                text = _shortened(str(cell), width)
            line.append(text + " " * _GAP, style=column.style)
        lines += [line, *below]
    for line in lines:
        line.rstrip()
    return lines


def _shortened(name: str, width: int) -> str:
    if cell_len(name) <= width:
        return set_cell_size(name, width)
    return set_cell_size(set_cell_size(name, width - 1).rstrip() + "…", width)
