"""A session's properties: what is a value, what was refused, what a reset takes away, and how values are written."""

from __future__ import annotations

import tracemalloc

import pytest

from ptpip_analyze.ptp.properties import (
    Datatypes,
    Exchange,
    Memory,
    Revealed,
    role_of,
    tells_of_change,
    text_of,
    value_written,
)
from ptpip_analyze.ptp.values import Plain, PropertyValue

OK, BUSY = 0x2001, 0x2019
GET, SET = Exchange(0x1015, (0x5007,), None, "in", OK), Exchange(0x1016, (0x5007,), None, "out", OK)


def take(memory: Memory, exchange: Exchange, *values: PropertyValue, known: Datatypes | None = None) -> list[Revealed]:
    return memory.take(exchange, values, lambda code: (known or Datatypes()).of(code, 5))


def value(of: Plain, datatype: int | None = None, role: str = "current", code: int = 0x5007) -> PropertyValue:
    return PropertyValue(code, datatype, of, 0, 2, role)


@pytest.mark.parametrize(
    ("exchange", "role"),
    [
        (GET, "current"),
        (GET._replace(response=None), "current"),
        (GET._replace(response=BUSY), None),
        (SET, "set"),
        (SET._replace(response=None), "unanswered"),
        (SET._replace(response=BUSY), "refused"),
        (Exchange(0x9207, (0xD2C1,), "sony", "out", OK), "control"),
        (Exchange(0x9207, (0xD2C1,), "nikon", "out", OK), "set"),
    ],
)
def test_calls_a_value_what_the_response_makes_of_it(exchange: Exchange, role: str | None) -> None:
    assert role_of(exchange) == role
    assert [one.role for one in take(Memory(), exchange, value(560))] == ([role] if role else [])


def test_says_whether_a_value_differs_from_the_last_one_that_stood() -> None:
    memory = Memory()
    told = [
        take(memory, exchange, value(number))[0].changed
        for exchange, number in [(GET, 400), (SET._replace(response=BUSY), 800), (GET, 400), (SET, 560), (GET, 400)]
    ]
    assert told == [None, None, False, True, True]


def test_compares_no_number_with_bytes_that_nobody_could_read() -> None:
    memory = Memory()
    sent = (131082, b"\x0a\0\2\0" + bytes(16), b"\x0a\0\2\0" + bytes(16), 131082)
    assert [take(memory, GET, value(one))[0].changed for one in sent] == [None, None, False, None]


def test_forgets_a_value_that_was_reset() -> None:
    memory = Memory()
    take(memory, GET, value(400), value(7, code=0x500F))
    reset = Exchange(0x1017, (0x5007,), None, None, OK)
    assert take(memory, reset._replace(response=BUSY)) == []
    assert take(memory, reset) == [Revealed(0x5007, None, None, "reset", None)]
    assert take(memory, GET, value(400))[0].changed is None
    everything = take(memory, reset._replace(parameters=(0xFFFFFFFF,)))
    assert [(one.code, one.role) for one in everything] == [(0x5007, "reset"), (0x500F, "reset")]


def test_lists_what_may_be_set_only_where_it_differs() -> None:
    memory = Memory()
    lists = [(1, 2), (1, 2), (1, 3), (1, 2)]
    found = [take(memory, GET, value(one, 4, "allowed")) for one in lists]
    assert [[(one.value, one.changed) for one in told] for told in found] == [
        [((1, 2), None)], [], [((1, 3), True)], [((1, 2), True)],
    ]  # fmt: skip


def test_reads_a_number_sent_too_wide_as_its_datatype_has_it() -> None:
    known = Datatypes()
    known.learn(1, 0x5010, 3)
    told = [
        take(Memory(), GET, value(number, code=0x5010), known=known)[0].value for number in (65203, 0xFFFFFEB3, 333)
    ]
    assert told == [-333, -333, 333]
    assert take(Memory(), GET, value(-333, 3, code=0x5010))[0].value == -333
    known.learn(2, 0x5007, 4)
    assert take(Memory(), GET, value(70000), known=known)[0].value == 70000, "no sign, nothing to mend"


def test_gives_a_number_of_a_list_the_sign_that_the_standard_has() -> None:
    told = [take(Memory(), GET, value(number, code=0x5010))[0] for number in (64203, 0xFFFFFACB, 0x12345678)]
    assert [one.value for one in told] == [-1333, -1333, 0x12345678]
    assert [one.datatype for one in told] == [None] * 3, "nobody told it"


def test_remembers_datatypes_by_when_they_were_told() -> None:
    known = Datatypes()
    known.learn(10, 0xD001, 4)
    known.learn(20, 0xD001, 4)
    known.learn(30, 0xD001, 6)
    assert [known.of(0xD001, number) for number in (5, 10, 29, 30, 99)] == [4, 4, 4, 6, 6]
    assert [known.before(0xD001, number) for number in (5, 10, 29, 30, 99)] == [None, 4, 4, 6, 6]
    assert known.of(0xD002, 99) is known.before(0xD002, 99) is None


@pytest.mark.parametrize(
    ("of", "written"),
    [
        (None, None),
        (-333, "-333"),
        ("", ""),
        ("640x480", "640x480"),
        (b"\0\xff", "00ff"),
        ((1, 2), "[1, 2]"),
        ((b"\1", b"\2"), "[01, 02]"),
        (bytes(300), "00" * 256 + "… (300)"),
        (tuple(range(300)), "[" + ", ".join(map(str, range(256))) + "… (300)]"),
    ],
)
def test_writes_a_value_as_it_was_sent(of: Plain, written: str | None) -> None:
    assert value_written(of) == written


def test_words_every_value_that_may_be_set() -> None:
    assert text_of(0x5007, (400, 560), None, 4, "allowed") == "f/4, f/5.6"
    assert text_of(0x5007, 560, None, 4) == "f/5.6"
    assert text_of(0x5007, tuple(range(100, 140)), None, 4, "allowed").endswith(", … (40 values)")  # type: ignore[union-attr]
    assert text_of(0x5007, None, None, 4, "reset") is None


def test_resets_of_all_properties_neither_the_clock_nor_what_cannot_be_set() -> None:
    memory = Memory()
    take(memory, GET, value(560), value("20260102T030405", 0xFFFF, code=0x5011))
    take(memory, GET, value(80, 2, code=0x5001)._replace(fixed=True))
    everything = Exchange(0x1017, (0xFFFFFFFF,), None, "none", OK)
    assert [one.code for one in take(memory, everything)] == [0x5007]
    assert [one.code for one in take(memory, everything._replace(parameters=(0x5011,)))] == [0x5011]


def test_tells_a_range_where_it_differs_from_the_last_one() -> None:
    memory = Memory()
    ranges = [value((0, high, 1), 2, "range", 0x5001) for high in (100, 100, 50)]
    told = [[(one.role, one.value, one.changed) for one in take(memory, GET, one)] for one in ranges]
    assert told == [[("range", (0, 100, 1), None)], [], [("range", (0, 50, 1), True)]]
    assert text_of(0x5001, (0, 100, 1), None, 2, "range") == "0 % to 100 %"
    assert text_of(0x5010, (-3000, 3000, 333), None, 3, "range") == "-3 EV to +3 EV"


def test_knows_long_values_again_and_keeps_little_of_them() -> None:
    memory = Memory()
    long = [bytes([number]) * 60_000 for number in (1, 1, 2)] + [tuple(range(9000)), tuple(range(9000))]
    assert [take(memory, GET, value(one))[0].changed for one in long] == [None, False, True, None, False]
    tracemalloc.start()
    for number in range(200):
        take(memory, GET, value(bytes(60_000 + number), code=number), value(tuple(range(number, 5000)), 4, "allowed"))
        text_of(number, bytes(60_000 + number), None, None)
        text_of(number, tuple(range(number, 5000)), None, None, "allowed")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2_000_000, "of 20 MB"


def test_says_of_an_event_that_a_property_changed_what_it_was_before_is_kept() -> None:
    memory = Memory()
    take(memory, GET, value(280))
    (told,) = take(memory, GET, value(None, role="notified"))
    assert (told.code, told.value, told.role, told.changed) == (0x5007, None, "notified", None)
    assert take(memory, GET, value(400))[0].changed is True


@pytest.mark.parametrize(
    ("code", "vendor", "tells"),
    [
        (0x4006, None, True),
        (0xC203, "sony", True),
        (0xC203, None, False),
        (0xC008, "olympus", True),
        (0x4002, None, False),
    ],
)
def test_knows_the_events_that_tell_of_a_change(code: int, vendor: str | None, tells: bool) -> None:
    assert tells_of_change(code, vendor) == tells
