"""Parameters of operations, responses and events in words."""

# One example per line, however long.
# ruff: noqa: E501

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptpip_analyze import facts
from ptpip_analyze.facts import Operation
from ptpip_analyze.facts.overlay import overlay_of, use
from ptpip_analyze.facts.row import PARAMETER_KINDS
from ptpip_analyze.ptp import parameters
from ptpip_analyze.ptp.parameters import event_text, parameters_text, parsed, response_text

ALL = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("vendor", "operation", "values", "text"),
    [
        (None, 0x1001, [], "GetDeviceInfo()"),
        (None, 0x1002, [1], "OpenSession(session=0x1)"),
        (None, 0x1009, [0x2A], "GetObject(handle=0x2A)"),
        (None, 0x1007, [ALL, 0, ALL], "GetObjectHandles(storage=all, format=any, parent=root)"),
        (None, 0x1007, [0x10001, 0x3801, 0], "GetObjectHandles(storage=0x00010001, format=EXIF_JPEG, parent=any)"),
        (None, 0x1007, [ALL], "GetObjectHandles(storage=all)"),
        (None, 0x1014, [0x500D], "GetDevicePropDesc(ExposureTime)"),
        (None, 0x1015, [0xD20D], "GetDevicePropValue(0xD20D)"),
        ("sony", 0x1015, [0xD20D], "GetDevicePropValue(ShutterSpeed)"),
        (None, 0x1017, [ALL], "ResetDevicePropValue(all)"),
        (None, 0x101B, [0x2A, 0, 0x100000], "GetPartialObject(handle=0x2A, offset=0, max=1 MiB)"),
        (None, 0x101B, [0x2A, 1048576, 4097], "GetPartialObject(handle=0x2A, offset=1048576, max=4097)"),
        (None, 0x101B, [0x2A, 0, ALL], "GetPartialObject(handle=0x2A, offset=0, max=all)"),
        (None, 0x100B, [ALL, 0], "DeleteObject(handle=all, format=any)"),
        (None, 0x100C, [0x10001, ALL], "SendObjectInfo(storage=0x00010001, parent=root)"),
        (None, 0x100E, [0, 0], "InitiateCapture(storage=any, format=any)"),
        (None, 0x1005, [0], "GetStorageInfo(storage=0x00000000)"),  # only where 0 means something, it is named
        (None, 0x1012, [5, 1], "SetObjectProtection(handle=0x5, protection=ReadOnly)"),
        (None, 0x9802, [0xDC07, 0x3801], "GetObjectPropDesc(ObjectFileName, format=EXIF_JPEG)"),
        (
            None, 0x9805, [ALL, 0, ALL, 0, 1],
            "GetObjectPropList(handle=all, format=any, property=all, object_prop_group_code=0, depth=1)",
        ),
        (None, 0x9808, [0x10001, 0, 0x3801, 1, 0], "SendObjectPropList(storage=0x00010001, parent=any, format=EXIF_JPEG, size=4294967296)"),
        ("android", 0x95C1, [1, 5, 1, 4096], "GetPartialObject64(handle=0x1, offset=4294967301, max=4 KiB)"),
        ("android", 0x95C1, [1, 5], "GetPartialObject64(handle=0x1, offset_low=5)"),
        ("canon_eos", 0x9127, [0xD101], "RequestDevicePropValue(Aperture)"),
        ("canon_eos", 0x9128, [2, 0], "RemoteReleaseOn(button=full, af_mode=AF)"),
        ("canon_eos", 0x9128, [9, 0], "RemoteReleaseOn(button=9, af_mode=AF)"),
        ("canon_eos", 0x9109, [0x10001, ALL, 0x100000], "GetObjectInfoEx(storage=0x00010001, parent=root, p3=0x100000)"),
        ("nikon", 0x9204, [1, 500], "MfDrive(direction=near, amount=500)"),
        ("nikon", 0x90C3, [0], "DelImageSDRAM(handle=all)"),
        ("sony", 0x9205, [0xD25A], "SDIO_SetExtDevicePropValue(PriorityMode)"),
    ],
)  # fmt: skip
def test_reads_a_request(vendor: str | None, operation: int, values: list[int], text: str) -> None:
    if operation == 0x9205:
        text = text.replace("SDIO_SetExtDevicePropValue", facts.name_of("operation", operation, vendor))
    assert parameters_text(operation, values, vendor) == text


def test_leaves_out_the_zeros_that_stacks_pad_with() -> None:
    assert parameters_text(0x1009, [0x2A, 0, 0, 0, 0]) == "GetObject(handle=0x2A)"
    assert parameters_text(0x1001, [0, 0, 0, 0, 0]) == "GetDeviceInfo()"


def test_shows_a_parameter_that_nobody_expects() -> None:
    assert parameters_text(0x1009, [0x2A, 0, 0, 0x10, 0]) == "GetObject(handle=0x2A, p4=0x10)"


def test_keeps_a_zero_that_the_row_speaks_of() -> None:
    assert parameters_text(0x1009, [0]) == "GetObject(handle=0x0)"


def test_shows_all_parameters_of_what_nobody_wrote_down() -> None:
    assert parameters_text(0x9123, [1, 2]) == "0x9123(0x1, 0x2)"
    assert parameters_text(0x9123, [0xABC, 0]) == "0x9123(0xABC, 0x0)"
    assert parameters_text(0x9009, [7, 0], "nikon") == "SetProfileData(0x7, 0x0)"


def test_takes_a_vendor_it_does_not_know_for_none() -> None:
    assert parameters_text(0x9128, [2, 0], "cannon") == "0x9128(0x2, 0x0)"


@pytest.mark.parametrize(
    ("operation", "response", "values", "text"),
    [
        (0x1009, 0x2001, [], "OK"),
        (0x1009, 0x2001, [0, 0, 0, 0, 0], "OK"),
        (0x100C, 0x2001, [0x10001, 0, 0x2B], "OK(storage=0x00010001, parent=0x0, handle=0x2B)"),
        (0x1006, 0x2001, [12], "OK(num_objects=12)"),
        (0x1006, 0x2001, [70_000], "OK(num_objects=70000)"),
        (0x101B, 0x2001, [0x100000], "OK(actual_bytes=1048576)"),
        (0x1009, 0x2019, [0], "DeviceBusy"),
        (0x100C, 0x200C, [1, 2], "StoreFull(p1=0x1, p2=0x2)"),  # an error need not carry what success does
        (0x1009, 0xA123, [5], "0xA123(p1=0x5)"),
        (0x9123, 0x2001, [0x10], "OK(0x10)"),
    ],
)
def test_reads_a_response(operation: int, response: int, values: list[int], text: str) -> None:
    assert response_text(operation, response, values) == text


@pytest.mark.parametrize(
    ("vendor", "event", "values", "text"),
    [
        (None, 0x4002, [0x2A], "ObjectAdded(handle=0x2A)"),
        (None, 0x4002, [0x2A, 0, 0], "ObjectAdded(handle=0x2A)"),
        (None, 0x4004, [0x10001, 0, 0], "StoreAdded(storage=0x00010001)"),
        (None, 0x4006, [0x5007], "DevicePropChanged(FNumber)"),
        (None, 0x400D, [7], "CaptureComplete(transaction=7)"),
        (None, 0x4001, [], "CancelTransaction"),
        (None, 0xC001, [1, 2], "0xC001(0x1, 0x2)"),
        ("sony", 0xC203, [0xD21E, 0, 0], facts.name_of("event", 0xC203, "sony") + "(ISO)"),
        ("nikon", 0xC101, [0xFFFF0001], "ObjectAddedInSDRAM(handle=0xFFFF0001)"),
        ("nikon", 0xC105, [3, 1], "MovieRecordInterrupted(error_code=3, record_kind=1)"),
    ],
)
def test_reads_an_event(vendor: str | None, event: int, values: list[int], text: str) -> None:
    assert event_text(event, values, vendor) == text


def test_reads_what_values_mean_only_where_all_of_it_is_understood() -> None:
    assert parsed("Button:u32 (1 half 2 full 3 both)").meanings == {1: "half", 2: "full", 3: "both"}
    assert parsed("AFMode:u32 (0xFFFFFFFF no AF, 0xFFFFFFFE AF)").meanings == {ALL: "no AF", ALL - 1: "AF"}
    assert parsed("[Target:u32 (0 card 1 SDRAM)]").meanings == {0: "card", 1: "SDRAM"}
    assert parsed("Version:u32 (0xC8 or 0x12C)").meanings == {}
    assert parsed("OLCMask:u32 (0x1FFF max)").meanings == {}
    assert parsed("Point:u32 (bytes: y,x,2,3 packed little endian)").meanings == {}
    assert parsed("command dependent") is None


def test_reads_every_parameter_of_the_facts() -> None:
    unread = [
        text
        for row in facts.all_rows()
        if isinstance(row, Operation)
        for text in (*(row.request or ()), *(row.response or ()))
        if parsed(text) is None
    ]
    assert set(unread) <= {"command dependent"}


def test_words_every_kind_of_parameter() -> None:
    assert set(PARAMETER_KINDS) <= set(parameters._KINDS)


def test_shows_what_a_users_overlay_says() -> None:
    before = use(overlay_of({
        "sony": {"operations": {"0x9290": {"name": "SetLens", "request": ["ObjectHandle:handle", "[Mode:u32 (0 near 1 far)]"]}}}
    }))  # fmt: skip
    try:
        assert parameters_text(0x9290, [0x2A, 1, 0, 0, 0], "sony") == "SetLens(handle=0x2A, mode=far)"
    finally:
        use(before)
    assert parameters_text(0x9290, [0x2A, 1], "sony") == "0x9290(0x2A, 0x1)"


codes = st.sampled_from(sorted({row.code for row in facts.all_rows() if row.code <= 0xFFFF})) | st.integers(0, 0xFFFF)
words = st.lists(st.sampled_from([0, 1, 2, 0x10001, 0x80000000, ALL]) | st.integers(0, ALL), max_size=7)


@settings(max_examples=300, deadline=None)
@given(code=codes, other=codes, values=words, vendor=st.sampled_from([None, "nobody", *facts.VENDORS]))
def test_gives_one_line_that_loses_no_parameter(code: int, other: int, values: list[int], vendor: str | None) -> None:
    for text in (
        parameters_text(code, values, vendor), event_text(code, values, vendor), response_text(code, other, values, vendor)
    ):  # fmt: skip
        assert text.isprintable()
        assert text.count("(") == text.count(")")
    odd = [*values[:5], *[0] * (5 - len(values[:5])), 0xABCDE]  # behind all that a row can speak of
    assert "ABCDE" in parameters_text(code, odd, vendor)


def test_finds_the_size_of_fujifilms_preview_in_the_third_parameter() -> None:
    text = event_text(0xC001, (6, 6, 0xF129, 0), "fuji")
    assert text == "PreviewAvailable(transaction=6, p2=0x6, preview_size=61737)"
