"""An object is complete when every byte up to an end that nothing contradicts is there, and not before."""

from __future__ import annotations

import pytest

from ptpip_analyze.carried import Carried
from ptpip_analyze.facts.objects import OBJECT
from ptpip_analyze.ptp.objects import Info

Part = tuple[int, int, bool]  # start, bytes, fewer than asked for


def out_of(parts: list[Part], declared: int | None = None, vendor: str | None = None) -> Carried:
    one = Carried(0, 7, OBJECT, False, 0x101B, True, vendor, Info(size=declared))
    for number, (start, size, is_short) in enumerate(parts):
        one.pieces.append((number, start))
        one.canvas.paint(start, start + size, number, 0)
        one.reaches(start, size, is_short=is_short)
    return one


FULL, LAST, NOTHING = (0, 4000, False), (4000, 1000, True), (5000, 0, True)


@pytest.mark.parametrize(
    ("parts", "declared", "size", "complete"),
    [
        ([FULL], None, None, None),
        ([FULL], 4000, 4000, True),
        ([FULL], 9000, 9000, False),
        ([FULL], 3000, None, None),
        ([FULL, LAST], None, 5000, True),
        ([FULL, LAST], 5000, 5000, True),
        ([FULL, LAST], 9000, None, None),
        ([FULL, LAST], 4500, None, None),
        ([LAST], None, 5000, False),
        ([LAST], 9000, None, False),
        ([FULL, LAST, NOTHING], None, 5000, True),
        ([FULL, NOTHING], None, None, None),  # nothing behind 5000: it may end at 4000, or there
        ([FULL, LAST, (5000, 1000, True)], None, None, None),
        ([FULL, LAST, (5000, 1000, True)], 6000, 6000, True),
        ([FULL, LAST, (2000, 0, True)], None, None, None),
        ([(0, 0, True)], None, 0, True),
        ([(0, 0, True)], 4096, None, None),
    ],
)
def test_is_complete_up_to_an_end_that_nothing_contradicts(
    parts: list[Part], declared: int | None, size: int | None, complete: bool | None
) -> None:
    one = out_of(parts, declared)
    assert (one.size, one.complete) == (size, complete)


def test_takes_no_maker_s_placeholder_for_a_size() -> None:
    told = [(one.size, one.complete) for one in (out_of([FULL, LAST], 0x19000, name) for name in ("fuji", "nikon"))]
    assert told == [(5000, True), (None, None)]
    assert out_of([FULL], 0x19000, "fuji").size is None


def test_misses_what_was_transferred_and_is_not_in_the_capture() -> None:
    one = out_of([FULL])
    one.reaches(4000, 500, is_short=False)
    assert (one.complete, one.missing) == (False, [(4000, 4500)])


def test_says_what_does_not_agree_and_nothing_else() -> None:
    assert [out_of([FULL, LAST], declared).note for declared in (None, 5000)] == [None, None]
    assert out_of([FULL], 9000).note is None
    assert out_of([FULL], 3000).note == "3,000 bytes were declared, 4,000 were transferred"
    one = out_of([FULL, LAST], 9000)
    one.differs = True
    assert one.note is not None
    assert one.note.startswith("9,000 bytes were declared, its transfer ended after 5,000; its bytes are not those")


def test_takes_back_all_parts() -> None:
    one = out_of([FULL, LAST, (9000, 0, True)])
    one.clear()
    assert (one.pieces, one.canvas.bytes, one.reach, one.ended, one.complete) == ([], 0, 0, None, None)
