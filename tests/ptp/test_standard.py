"""Datasets of PTP and MTP that branch, and the cameras that do them differently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptp import datatypes
from ptpip_analyze.ptp.datasets import decode, decode_as, property_values
from ptpip_analyze.ptp.values import Dataset, Note

from .build import array, check, integers_of, prop_desc, string, u8, u16, u32, u64


def object_info(name: str = "IMG_0001.JPG", size: bytes = u32(5_000_000)) -> bytes:
    return (
        u32(0x00010001) + u16(0x3801, 0) + size + u16(0x3808) + u32(7000, 160, 120, 6000, 4000, 24, 0x90000000)
        + u16(0) + u32(0, 7) + string(name) + string("20260102T030405") + string("") + string("")
    )  # fmt: skip


def notes(dataset: Dataset | None) -> list[str]:
    assert dataset is not None
    return [note.text for note in dataset.notes]


def test_reads_an_object_info() -> None:
    read = decode(object_info(), operation=0x1008)
    assert read is not None
    assert (read.value("filename"), read.value("imagePixWidth")) == ("IMG_0001.JPG", 6000)
    texts = {field.name: field.text for field in read.fields}
    assert texts["objectFormat"] == "EXIF_JPEG"
    assert texts["objectCompressedSize"] == "5 MB"
    assert texts["parentObject"] == "0x90000000"
    assert texts["captureDate"] == "2026-01-02 03:04:05"
    assert read.notes == ()


def test_sees_that_a_samsung_phone_sends_the_size_in_64_bits() -> None:
    read = decode_as("ObjectInfo", object_info(size=u64(5_000_000_000)))
    assert read.value("objectCompressedSize") == 5_000_000_000
    assert read.value("filename") == "IMG_0001.JPG"
    assert "64 bits" in notes(read)[0]


def test_keeps_to_the_standard_where_both_sizes_would_fit() -> None:
    read = decode_as("ObjectInfo", object_info()[:52] + bytes([0, 0, 0, 2, 0, 0, 0, 0]))
    assert read.value("objectCompressedSize") == 5_000_000
    assert notes(read) == ["keywords is padded with 1 more NUL"]


def test_takes_an_object_without_a_name_for_what_it_is() -> None:
    read = decode_as("ObjectInfo", object_info(name=""))
    assert (read.value("filename"), read.value("captureDate"), notes(read)) == ("", "20260102T030405", [])


def test_names_the_stray_bytes_of_an_eos_60d() -> None:
    info = u16(4, 3, 0) + u64(10**9, 10**8) + u32(0xFFFFFFFF) + string("SD") + string("") + b"\0\0"
    read = decode(info, operation=0x9102, vendor="canon_eos")
    assert read is not None
    assert read.value("storageDescription") == "SD"
    assert notes(read) == ["stray zero bytes behind an empty string, as a Canon EOS 60D sends them"]
    freed = read.get("freeSpaceInImages")
    assert freed is not None
    assert freed.text == "not told"
    assert notes(decode(info[:-2], operation=0x1005)) == []


def test_reads_the_entries_of_a_manifest() -> None:
    entry = (
        u32(1, 0x10001) + u16(0x3801, 0) + u64(9) + u32(0) + u16(0) + u32(0, 0) + string("a.jpg") + string("20260102")
    )
    read = decode(u64(2) + entry + entry, operation=0x1023)
    assert read is not None
    assert read.value("entries.1.filename") == "a.jpg"
    assert notes(read) == []
    short = decode_as("FilesystemManifest", u64(3) + entry)
    assert short.value("entries.0.filename") == "a.jpg"
    assert notes(short) == ["ends inside entries 2 of 3"]


F_NUMBER = prop_desc(0x5007, 4, 1, u16(400), u16(560), u8(2) + u16(3) + u16(400, 560, 800))


def test_reads_an_enumeration_of_values() -> None:
    read = decode(F_NUMBER, operation=0x1014, parameters=[0x5007])
    assert read is not None
    assert [(field.name, field.value, field.text) for field in read.fields] == [
        ("property", 0x5007, "FNumber"),
        ("dataType", 4, "UINT16"),
        ("getSet", 1, "GetSet"),
        ("factoryDefault", 400, None),
        ("current", 560, None),
        ("formFlag", 2, "Enumeration"),
        ("values", (400, 560, 800), None),
    ]
    assert notes(read) == []
    assert [(*value[:3], value.role) for value in property_values(read)] == [
        (0x5007, 4, 560, "current"), (0x5007, 4, (400, 560, 800), "allowed"),
    ]  # fmt: skip


def test_reads_a_range_of_signed_values() -> None:
    bias = prop_desc(
        0x5010, 3, 1, u16(0), (-300).to_bytes(2, "little", signed=True), u8(1) + b"\x18\xfc" + u16(1000, 100)
    )
    read = decode_as("DevicePropDesc", bias)
    assert [read.value(name) for name in ("current", "minimum", "maximum", "step")] == [-300, -1000, 1000, 100]


def test_reads_strings_and_their_enumeration() -> None:
    name = prop_desc(0xD402, 0xFFFF, 0, string("a"), string("bc"), u8(2) + u16(2) + string("a") + string("bc"))
    read = decode_as("DevicePropDesc", name)
    assert read.value("values.1") == "bc"
    assert notes(read) == []


def test_reads_arrays_as_values() -> None:
    read = decode_as("DevicePropDesc", prop_desc(0xD500, 0x4004, 0, array([], 2), array([1, 2], 2)))
    assert (read.value("factoryDefault"), read.value("current")) == ((), (1, 2))


def test_notes_a_form_flag_that_is_missing_behind_a_string() -> None:
    assert notes(decode_as("DevicePropDesc", prop_desc(0xD402, 0xFFFF, 0, string("a"), string("b"), b""))) == [
        "no FormFlag behind a string"
    ]
    number = decode_as("DevicePropDesc", prop_desc(0xD401, 4, 0, u16(1), u16(1), b""))
    assert notes(number) == ["ends inside formFlag: 0 of 1 bytes are there"]


def test_reads_values_that_are_wider_than_their_datatype() -> None:
    battery = prop_desc(0x5001, 2, 0, u8(50), u8(50), u8(2) + u16(5) + u16(100, 75, 50, 25, 0))
    read = decode_as("DevicePropDesc", battery)
    assert read.value("values") == (100, 75, 50, 25, 0)
    assert notes(read) == ["values are 2 bytes wide, the datatype says 1; a Canon EOS 60D does so"]


def test_takes_bytes_behind_a_description_for_no_wider_values() -> None:
    read = decode_as("DevicePropDesc", F_NUMBER + b"\0")
    assert read.value("values") == (400, 560, 800)
    assert notes(read) == ["1 byte behind the dataset"]


def test_reads_a_big_endian_count() -> None:
    read = decode_as("DevicePropDesc", prop_desc(0x5005, 4, 1, u16(1), u16(2), u8(2) + b"\0\x03" + u16(1, 2, 4)))
    assert read.value("values") == (1, 2, 4)
    assert "big-endian" in notes(read)[0]


def test_notes_a_value_where_a_description_should_be() -> None:
    read = decode(b"20260102T030405 clock and more", operation=0x1014, parameters=[0xD101])
    assert "no description" in notes(read)[0]
    assert property_values(read) == []  # type: ignore[arg-type]


def test_notes_a_description_of_another_property() -> None:
    assert notes(decode(F_NUMBER, operation=0x1014, parameters=[0x5008])) == [
        "describes another property than 0x5008, which was asked for"
    ]


def test_stops_at_a_datatype_that_is_none() -> None:
    read = decode_as("DevicePropDesc", prop_desc(0x5007, 0x1234, 0, b"", b"anything"))
    assert notes(read) == ["factoryDefault: datatype 0x1234 is none of PTP's, its size is not known"]
    assert read.value("rest") == b"anything\0"


@pytest.mark.parametrize(
    ("data", "datatype", "value", "note"),
    [
        (u16(560), 4, 560, None),
        (b"\xff", 1, -1, None),
        (string("me"), 0xFFFF, "me", None),
        (array([1, 2], 1), 0x4002, (1, 2), None),
        ((1 << 100).to_bytes(16, "little"), 0xA, 1 << 100, None),
        (u16(560), None, 560, None),
        (u32(560), None, 560, "the datatype is not known; read as UINT32"),
        (string("me"), None, "me", "the datatype is not known; read as a string"),
        (b"abc", None, b"abc", "the datatype is not known"),
        (b"a", 4, None, "ends inside value: 1 of 2 bytes are there"),
        (u32(5), 4, 5, "2 bytes behind the dataset"),
    ],
)
def test_reads_a_value(data: bytes, datatype: int | None, value: object, note: str | None) -> None:
    read = decode(data, operation=0x1015, parameters=[0x5007], datatype=datatype)
    assert read is not None
    assert read.value("value") == value
    assert notes(read) == ([note] if note else [])
    told = property_values(read, parameters=[0x5007], datatype=datatype)
    assert [(one.code, one.datatype, one.value) for one in told] == ([(0x5007, datatype, value)])


@pytest.mark.parametrize(
    ("code", "data", "value", "note"),
    [
        (0x5010, u16(64203), -1333, None),
        (0x5010, u32(64203), 64203, "the datatype is not known; read as UINT32"),
        (0x5003, string("1024x768"), "1024x768", None),
        (0x5003, bytes([8]) + "1024x768\0".encode("utf-16-le"), "1024x768", "value has no final NUL"),
        (0x501E, b"\0", "", None),
        (0x501E, b"\7", 7, "the datatype is not known; read as UINT8"),
        (0xD001, u16(64203), 64203, "the datatype is not known; read as UINT16"),
    ],
)
def test_reads_a_value_that_nobody_described_as_the_standard_has_it(
    code: int, data: bytes, value: object, note: str | None
) -> None:
    read = decode(data, operation=0x1015, parameters=[code])
    assert read is not None
    assert (read.value("value"), notes(read)) == (value, [note] if note else [])


def test_tells_no_passphrase_of_a_network() -> None:
    read = decode(string("hunter2"), operation=0x1015, vendor="ricoh", parameters=[0xD806], datatype=0xFFFF)
    assert read is not None
    assert "hunter2" not in repr(read)
    described = decode(
        prop_desc(0xD806, 0xFFFF, 1, string(""), string("hunter2")),
        operation=0x1014,
        vendor="ricoh",
        parameters=[0xD806],
    )
    assert described is not None
    assert "hunter2" not in repr(described)
    assert property_values(described) == []
    assert read.fields[0].text == "(redacted)"
    assert (
        decode(string("v1"), operation=0x1015, vendor="ricoh", parameters=[0xD801], datatype=0xFFFF).value("value")
        == "v1"
    )  # type: ignore[union-attr]


def test_tells_no_property_value_when_nobody_says_of_what() -> None:
    assert property_values(decode_as("DevicePropValue", u16(5))) == []


@pytest.mark.parametrize(
    ("form", "name", "value"),
    [
        (b"\0", "formFlag", 0),
        (u8(1) + u16(0, 9, 1), "maximum", 9),
        (u8(2) + u16(1) + u16(7), "values", (7,)),
        (u8(3) + string("20260102"), "date", "20260102"),
        (u8(4) + u16(12), "length", 12),
        (u8(5) + string("a*"), "expression", "a*"),
        (u8(6) + u16(12), "maximumLength", 12),
        (u8(6) + u32(12), "maximumLength", 12),
        (u8(0xFF), "formFlag", 0xFF),
        (u8(0xFF) + u32(12), "maximumLength", 12),
    ],
)
def test_reads_every_form_of_an_object_property(form: bytes, name: str, value: object) -> None:
    read = decode(u16(0xDC07, 4) + u8(0) + u16(0) + u32(1) + form, operation=0x9802)
    assert read is not None
    assert read.value(name) == value
    assert notes(read) == []


def test_reads_an_object_prop_list() -> None:
    one = u32(7) + u16(0xDC07, 0xFFFF) + string("a.jpg")
    two = u32(7) + u16(0xDC04, 8) + u64(5_000_000_000)
    read = decode(u32(2) + one + two, operation=0x9805)
    assert read is not None
    assert [read.value(f"elements.{index}.value") for index in (0, 1)] == ["a.jpg", 5_000_000_000]
    assert notes(read) == []
    cut = decode_as("ObjectPropList", (u32(2) + one + two)[:-1])
    assert cut.value("elements.0.value") == "a.jpg"
    assert notes(cut) == ["ends inside value: 7 of 8 bytes are there"]


def test_reads_interdependent_properties() -> None:
    one = u16(0xDC07, 4) + u8(0) + u16(5) + u32(1) + b"\0"
    read = decode(u32(1) + u32(2) + one + one, operation=0x9807)
    assert read is not None
    assert read.value("groups.0.1.default") == 5
    assert notes(read) == []


def test_tells_what_a_file_begins_like() -> None:
    read = decode(b"\xff\xd8\xff\xe1" + bytes(96), operation=0x1009, size=5_000_000)
    assert read is not None
    assert read.fields[0].text == "JPEG, 5 MB"
    assert notes(read) == ["only the first 100 of 5,000,000 bytes are at hand"]
    assert read.notes[0] == Note(100, notes(read)[0])


INTEGERS = st.integers(1, 10)


@given(st.data(), INTEGERS)
def test_gives_back_any_description(data: st.DataObject, datatype: int) -> None:
    size = datatypes.size_of(datatype)
    assert size
    numbers = data.draw(st.lists(integers_of(datatype), min_size=2, max_size=8))
    raw = [number.to_bytes(size, "little", signed=datatypes.is_signed(datatype)) for number in numbers]
    payload = prop_desc(0xD001, datatype, 1, raw[0], raw[1], u8(2) + u16(len(raw)) + b"".join(raw))
    read = decode_as("DevicePropDesc", payload)
    assert (read.value("factoryDefault"), read.value("current")) == (numbers[0], numbers[1])
    assert read.value("values") == tuple(numbers)
    assert notes(read) == []
    check(read, payload)


@pytest.mark.parametrize("vendor", ["ricoh", None])
def test_tells_no_passphrase_where_the_camera_is_not_known_either(vendor: str | None) -> None:
    for code in (0xD805, 0xD806):
        read = decode(string("hunter2"), operation=0x1015, vendor=vendor, parameters=[code])
        assert read is not None
        assert "hunter2" not in repr(read)
    named = decode(string("v1"), operation=0x1015, vendor="nikon", parameters=[0xD806])
    assert named is not None
    assert named.value("value") == "v1"


def test_reads_no_value_out_of_fewer_bytes_than_the_standards_datatype_has() -> None:
    read = decode(b"\x20", operation=0x1016, parameters=[0x5007])
    assert read is not None
    assert [(field.name, field.value) for field in read.fields] == [("malformed", b"\x20")]
    assert notes(read) == ["1 byte, the standard has a UINT16 of 2 here"]
    assert [(one.code, one.value) for one in property_values(read, parameters=[0x5007])] == [(0x5007, None)]


def test_takes_the_handle_of_an_object_for_no_property() -> None:
    read = decode(b"\xfe", operation=0x9803, parameters=[0x5010, 0xDC41])
    assert read is not None
    assert read.value("value") == 0xFE


def test_tells_the_range_of_a_property_and_whether_it_can_be_set() -> None:
    read = decode(prop_desc(0x5001, 2, 0, u8(90), u8(80), u8(1, 0, 100, 1)), operation=0x1014, parameters=[0x5001])
    assert read is not None
    current, limits = property_values(read)
    assert (current.value, current.fixed) == (80, True)
    assert (limits.role, limits.value, read.fields[-1].end) == ("range", (0, 100, 1), limits.end)
