"""Coloured pieces of lines, and texts in so many cells of a terminal.

Promises widths as terminals count them. Refuses to know a widget: what is no screen draws with it, too.
"""

from __future__ import annotations

from rich.cells import cell_len, chop_cells, set_cell_size

Piece = tuple[str, str]
"""A text and what its colour means: "", or a name of ``cells.MEANINGS``, "selected", "marked"."""


def fitted(text: str, width: int, right: bool = False) -> str:
    """A text in exactly ``width`` cells; an ellipsis where it is too long."""
    size = cell_len(text)
    if size > width:
        return set_cell_size(text, max(width - 1, 0)) + "…" if width else ""
    return " " * (width - size) + text if right else text + " " * (width - size)


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most ``width`` cells, broken between words, within one where it is longer."""
    lines, line, taken = list[str](), "", 0
    for word in text.split():
        for piece in chop_cells(word, width) if cell_len(word) > width else [word]:
            size = cell_len(piece)
            if line and taken + 1 + size > width:
                lines.append(line)
                line, taken = piece, size
            else:
                line, taken = (f"{line} {piece}", taken + 1 + size) if line else (piece, size)
    return [*lines, line]
