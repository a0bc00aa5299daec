"""Texts in so many cells of a terminal."""

from __future__ import annotations

from rich.cells import cell_len

from ptpip_analyze.tui.pieces import fitted, wrapped


def test_fits_texts_by_cells() -> None:
    assert fitted("abc", 5) == "abc  "
    assert fitted("abc", 5, right=True) == "  abc"
    assert fitted("abcdef", 4) == "abc…"
    assert cell_len(fitted("カメラカメラ", 6)) == 6
    assert fitted("abc", 0) == ""


def test_wraps_by_cells_and_loses_nothing() -> None:
    text = "カメラ said \\u202e twice: 写真写真写真写真写真写真 end"
    lines = wrapped(text, 10)
    assert all(cell_len(line) <= 10 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrapped("a bc def", 4) == ["a bc", "def"]
    assert wrapped("", 4) == [""]
