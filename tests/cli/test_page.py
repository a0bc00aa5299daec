"""The page fits its terminal: lines break between words, names give way, numbers stay whole."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len
from rich.text import Text

from ptpip_analyze.cli.page import LEAST_NAME, Column, grid, wrapped


def lines(text: str, width: int | None) -> list[str]:
    return [line.plain for line in wrapped(Text(text), width)]


def test_breaks_between_words_and_indents_what_follows() -> None:
    assert lines("  begins here, lasts long", 15) == ["  begins here,", "    lasts long"]


def test_leaves_a_line_that_fits_or_goes_into_a_pipe() -> None:
    assert lines("  one two", 9) == ["  one two"]
    assert lines("  one two " * 20, None) == ["  one two " * 20]


def test_parts_no_number_from_its_unit() -> None:
    assert lines("  lasts 9.22 ms", 12) == ["  lasts", "    9.22 ms"]
    assert lines("  a (1,234 frames)", 12) == ["  a", "    (1,234 frames)"], "wider than the line, and still whole"
    assert lines("  frames 12, 40 and 3 more", 16) == ["  frames 12,", "    40 and", "    3 more"]


def test_leaves_a_word_whole_that_is_too_wide() -> None:
    assert lines("a " + "x" * 30 + " b", 10) == ["a", "    " + "x" * 30, "    b"]


def test_keeps_the_style_of_what_it_breaks() -> None:
    first, second = wrapped(Text.assemble(("one ", ""), ("two three", "red")), 8)
    assert (first.plain, second.plain) == ("one two", "    three")
    assert [span.style for span in second.spans] == ["red"]


def operations(name: str = "GetObject", rows: int = 2) -> list[Column]:
    return [
        Column("Operations", [f"  {name}"] * rows, "name"),
        Column("count", ["654,321"] * rows),
        Column("", [1.0] * rows, "bar"),
        Column("data", ["1.16 kB"] * rows),
        Column("median latency", ["47.9 ms"] * rows, short="median"),
        Column("longest", ["1.61 ms"] * rows),
    ]


def text(columns: list[Column], width: int | None) -> list[str]:
    return [line.plain for line in grid(columns, width)]


@pytest.mark.parametrize("width", range(40, 140, 3))
@pytest.mark.parametrize("name", ["GetObject", "GetInterdependentPropDescAndMore", "撮影" * 9])
def test_cuts_names_and_bars_and_never_a_number(width: int, name: str) -> None:
    head, *rows = text(operations(name), width)
    for line in (head, *rows):
        assert cell_len(line) <= width
    for row in rows:
        numbers = re.findall(r"\d\S*(?: [a-zµ]+B?)?", row)
        assert numbers == ["654,321", "1.16 kB", "47.9 ms", "1.61 ms"][: len(numbers)]
        assert len(numbers) == len(head.replace("median latency", "median").split()) - 1


def test_is_as_wide_as_it_is_in_a_pipe() -> None:
    head, row, _ = text(operations("GetObject" * 9), None)
    assert "GetObject" * 9 in row
    assert "█" * 14 in row
    assert head.split() == ["Operations", "count", "data", "median", "latency", "longest"]


def test_lets_bars_go_before_it_shortens_a_name() -> None:
    wide, narrow, tight = (text(operations("GetObjectPropsSupported"), width) for width in (80, 64, 52))
    assert "█" in wide[1]
    assert "GetObjectPropsSupported" in wide[1]
    assert "█" not in narrow[1]
    assert "GetObjectPropsSupported" in narrow[1]
    assert "GetObjectProp…" in tight[1]


def test_drops_the_last_numbers_once_names_are_as_short_as_they_may_be() -> None:
    head, row, _ = text(operations("GetObjectPropsSupported"), 34)
    assert head.split() == ["Operations", "count", "data"]
    assert cell_len(row.split("654")[0]) >= LEAST_NAME
    assert text(operations(), 5)[1].endswith("654,321"), "the first number is what the line is about"


def test_wraps_words_at_the_end_of_a_row_below_themselves() -> None:
    columns = [Column("Responses", ["  Busy"], "name"), Column("", ["to GetObject, frames 7, 9 and 12"], "words")]
    assert text(columns, 35) == ["Responses", "  Busy     to GetObject, frames 7,", "           9 and 12"]


def test_puts_words_below_their_row_where_one_of_them_has_no_room_beside_it() -> None:
    words = Column("", ["frame 7 in /captures/of/today.pcap", "frame 9 in a.pcap"], "words")
    columns = [Column("Responses", ["  Busy", "  Cancelled"], "name"), words]
    assert text(columns, 34) == [
        "Responses", "  Busy", "      frame 7 in", "      /captures/of/today.pcap", "  Cancelled",
        "      frame 9 in a.pcap",
    ]  # fmt: skip


def test_leaves_no_blanks_at_line_ends() -> None:
    for width in (None, 60, 100):
        assert all(line == line.rstrip() for line in text(operations(), width))
