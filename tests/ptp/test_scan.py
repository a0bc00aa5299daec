"""Fields taken off a payload, with their places and notes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.facts.layout import Field, Kind, Layout
from ptpip_analyze.ptp import values
from ptpip_analyze.ptp.scan import Request, Scan, bytes_text, unix_text, wording
from ptpip_analyze.ptp.values import Doubt

from .build import array, check, string, u8, u16, u32


def texts(scan: Scan) -> list[str]:
    return [note.text for note in scan.finish("Any").notes]


def test_keeps_the_place_of_every_value() -> None:
    scan = Scan(u16(7) + string("ab") + array([1, 2], 2) + b"tail")
    scan.number("number", 2)
    scan.string("text")
    scan.array("list", 2)
    scan.rest("tail")
    read = scan.finish("Any")
    assert [(value.name, value.value, value.start, value.end) for value in read.fields] == [
        ("number", 7, 0, 2), ("text", "ab", 2, 9), ("list", (1, 2), 9, 17), ("tail", b"tail", 17, 21),
    ]  # fmt: skip
    assert [(part.value, part.start, part.end) for part in read.fields[2].parts] == [(1, 13, 15), (2, 15, 17)]
    assert read.notes == ()


def test_names_codes_with_the_vendor() -> None:
    scan = Scan(u16(0x1009, 0x9116), Request("canon_eos"))
    scan.number("operation", 2, "operation")
    scan.number("other", 2, "operation")
    assert [field.text for field in scan.fields] == ["GetObject", "GetEvent"]


def test_tells_the_first_elements_of_a_list() -> None:
    scan = Scan(array([0x1001] * 20, 2) + array([0x1002], 2))
    scan.array("many", 2, "operation")
    scan.array("one", 2, "operation")
    assert scan.fields[0].text == ", ".join(["GetDeviceInfo"] * 8) + ", … 20 in all"
    assert scan.fields[1].text == "OpenSession"


def test_notes_where_a_payload_ends_too_early() -> None:
    scan = Scan(u32(1) + b"\x02\x03")
    assert scan.number("a", 4) == 1
    assert scan.number("b", 4) is None
    assert scan.number("c", 1) is None, "what stands behind a missing value has no known place"
    read = scan.finish("Any")
    assert list(read.notes) == [(4, "ends inside b: 2 of 4 bytes are there", Doubt.CONTRADICTION)]
    assert [(value.name, value.value) for value in read.fields] == [("a", 1), ("rest", b"\x02\x03")]


def test_accuses_no_camera_of_what_the_capture_lacks() -> None:
    scan = Scan(b"\x02\x03", size=100)
    scan.number("b", 4)
    assert texts(scan) == ["b is not at hand: only the first 2 of 100 bytes are"]
    whole = Scan(b"\x02\x03", size=100)
    whole.number("b", 2)
    assert texts(whole) == ["only the first 2 of 100 bytes are at hand"]


def test_notes_bytes_behind_the_dataset() -> None:
    scan = Scan(b"abc")
    scan.raw("a", 1)
    assert texts(scan) == ["2 bytes behind the dataset"]


def test_gives_the_elements_that_are_there_of_a_list_with_a_lying_count() -> None:
    scan = Scan(u32(0xFFFFFFFF) + u16(5, 6) + b"\x07")
    assert scan.array("list", 2) == (5, 6)
    assert scan.failed
    assert scan.fields[0].value is None, "a part of a list is not taken for the whole"
    assert [part.value for part in scan.fields[0].parts] == [5, 6]
    assert "list of 4,294,967,295 elements" in texts(scan)[0]


@pytest.mark.parametrize(
    ("units", "value", "note"),
    [
        ("a\0b".encode("utf-16-le"), "a", "text: 1 unit behind its NUL"),
        ("a\0\0\0".encode("utf-16-le"), "a", "text is padded with 2 more NULs"),
        ("ab".encode("utf-16-le"), "ab", "text has no final NUL"),
        ("\0".encode("utf-16-le"), "", None),
        (b"", "", None),
        (b"\x3d\xd8\0\0", "\ufffd", None),
    ],
)
def test_notes_odd_strings(units: bytes, value: str, note: str | None) -> None:
    scan = Scan(u8(len(units) // 2) + units)
    assert scan.string("text") == value
    assert texts(scan) == ([note] if note else [])


def test_reads_dates_and_notes_what_is_none() -> None:
    scan = Scan(string("20160102T132620") + string("soon") + string(""))
    for name in "abc":
        scan.string(name, date=True)
    assert [field.text for field in scan.fields] == ["2016-01-02 13:26:20", None, None]
    assert texts(scan) == ["b is no date"]


def test_keeps_a_secret() -> None:
    scan = Scan(b"hunter2\0")
    assert scan.chars("key", 8, secret=True) is None
    assert "hunter2" not in repr(scan.finish("Any"))


def test_goes_on_behind_a_group_that_lacks_something() -> None:
    scan = Scan(u32(6) + u16(1) + u32(9))
    size = scan.number("size", 4) or 0
    with scan.group("record", size) as record:
        record.number("short", 2)
        record.number("long", 4)
    assert scan.number("next", 4) == 9
    read = scan.finish("Any")
    assert [note.text for note in read.notes] == ["ends inside long: 0 of 4 bytes are there"]
    assert read.value("record.short") == 1


def test_stops_where_a_group_without_an_end_lacks_something() -> None:
    scan = Scan(u16(1))
    with scan.group("record") as record:
        record.number("long", 4)
    assert scan.failed
    assert scan.number("next", 1) is None


def test_nests_only_so_deep() -> None:
    def nest(scan: Scan, depth: int) -> None:
        if depth:
            with scan.group("deeper") as inner:
                nest(inner, depth - 1)

    scan = Scan(b"x")
    nest(scan, 200)
    assert texts(scan) == [f"deeper is nested more than {values.MOST_DEPTH} deep"]


def test_keeps_a_bounded_number_of_values() -> None:
    many = values.MOST_VALUES + 10
    scan = Scan(array([1] * many, 2) + b"\x05")
    assert len(scan.array("list", 2)) == values.MOST_VALUES
    assert texts(scan)[0] == "list: 10 more elements are not shown"
    assert scan.at == 4 + 2 * many
    records = Scan(bytes(2 * many))
    for name in records.entries(many, "records"):
        with records.group(name) as record:
            record.number("value", 2)
    assert records.failed
    assert len(records.fields) <= values.MOST_VALUES
    assert len(texts(records)) == 1


def test_keeps_only_the_place_of_many_bytes() -> None:
    scan = Scan(bytes(values.MOST_BYTES + 1))
    scan.rest("bytes")
    assert scan.fields == [values.Value("bytes", None, 0, values.MOST_BYTES + 1, "65,537 bytes")]


def test_keeps_only_the_place_of_a_long_text() -> None:
    scan = Scan(b"a" * (values.MOST_BYTES + 1))
    assert scan.chars("text", values.MOST_BYTES + 1) is None
    assert scan.fields == [values.Value("text", None, 0, values.MOST_BYTES + 1, "65,537 bytes")]


def test_keeps_a_bounded_number_of_notes() -> None:
    scan = Scan(b"")
    for _ in range(1000):
        scan.note("again")
    assert len(scan.finish("Any").notes) == 65


def test_doubts_a_name_without_an_end() -> None:
    scan = Scan("me".encode("utf-16-le"))
    scan.layout(Layout("Any", (Field("name", Kind.NAME),), "source"))
    assert list(scan.finish("Any").notes) == [(0, "name has no final NUL", Doubt.CONTRADICTION)]


def test_loses_no_first_doubt_among_notes_that_it_does_not_keep() -> None:
    scan = Scan(bytes(9000))
    for at in range(1000):
        scan.note("harmless", at)
    for at in range(2000, 4000):
        scan.note("not so", at, Doubt.CONTRADICTION)
        scan.note("guessed", at, Doubt.GUESS)
    scan.rest("rest")
    assert [(note.start, note.doubt) for note in scan.finish("Any").notes if note.doubt] == [
        (2000, Doubt.GUESS), (2000, Doubt.CONTRADICTION),
    ]  # fmt: skip


def test_executes_every_kind_of_field() -> None:
    fields = [Field(kind.name, kind, of=Kind.U16 if kind is Kind.ARRAY else None) for kind in Kind]
    for field in fields:
        data = {Kind.NAME: "ab\0".encode("utf-16-le"), Kind.WORDS: u32(1, 2), Kind.REST: b"rest"}.get(
            field.kind, bytes(16)
        )
        scan = Scan(data)
        scan.layout(Layout("One", (field,), "PIMA 15740:2000"))
        assert [value.name for value in scan.fields] == [field.name], field
    assert scan.fields[0].value == b"rest"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (999, None), (1000, "1 kB"), (1_325_002, "1.33 MB"), (999_999, "1 MB"), (64_000_000_000, "64 GB"),
        (0xFFFFFFFF, "not told, or 4 GiB and more"), ((1 << 64) - 1, "not told"), ((1 << 64) - 2, "18.4 EB"),
    ],
)  # fmt: skip
def test_says_sizes_as_people_do(size: int, text: str | None) -> None:
    assert bytes_text(size) == text


def test_reads_the_time_of_a_camera_clock() -> None:
    assert unix_text(0x4601C3CC) == "2007-03-21 23:46:20"
    assert unix_text(0) is None
    assert unix_text(0xFFFFFFFF) == "2106-02-07 06:28:15"


def test_has_no_wording_for_a_kind_of_code_that_does_not_exist() -> None:
    assert wording("nonsense", 1, None) is None


STEPS = st.sampled_from(["number", "string", "array", "raw", "chars", "typed", "group", "entries", "rest"])


@given(st.binary(max_size=60), st.lists(STEPS, max_size=12), st.integers(0, 200))
def test_never_reads_beyond_the_end(data: bytes, steps: list[str], size: int) -> None:
    scan = Scan(data, size=size)
    for step in steps:
        match step:
            case "number":
                scan.number("n", 3, "operation", signed=True)
            case "string":
                scan.string("s", date=True)
            case "array":
                scan.array("a", 2, "event", counted=1)
            case "raw" | "chars":
                getattr(scan, step)("b", 5)
            case "typed":
                scan.typed("t", 0x4009)
            case "group":
                with scan.group("g", scan.at + 7) as inner:
                    inner.string("s")
                    inner.number("n", 9)
            case "entries":
                for name in scan.entries(3, "e"):
                    scan.number(name, 1)
            case "rest":
                scan.rest("r")
    check(scan.finish("Any"), data)
