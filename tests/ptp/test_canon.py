"""What Canon cameras put into their lists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ptpip_analyze.facts.datasets import OLC_SIZES
from ptpip_analyze.ptp.canon import olc_sizes
from ptpip_analyze.ptp.datasets import decode, live_view_jpeg, polled_events, property_values
from ptpip_analyze.ptp.properties import text_of
from ptpip_analyze.ptp.texts import plain_text, value_text
from ptpip_analyze.ptp.values import Dataset

from .build import string, u16, u32
from .samples import END, EOS_EVENTS, IMAGE_FORMAT, JPEG, SAMPLES, record

SHARED = Path(__file__).resolve().parents[3] / "shared" / "facts" / "vectors.json"


def eos(data: bytes, operation: int = 0x9116, size: int | None = None) -> Dataset:
    read = decode(data, operation=operation, vendor="canon_eos", size=size)
    assert read is not None
    return read


def notes(dataset: Dataset) -> list[str]:
    return [note.text for note in dataset.notes]


def test_reads_every_record_of_an_event_list() -> None:
    read = eos(EOS_EVENTS)
    assert [(field.name, field.text) for field in read.fields][:7] == [
        ("PropValueChanged", "ISOSpeed"),
        ("PropValueChanged", "Owner"),
        ("PropValueChanged", "ImageFormat"),
        ("PropValueChanged", "CustomFuncEx"),
        ("PropValueChanged", "FocusInfoEx"),
        ("PropValueChanged", "StroboWirelessSetting"),
        ("AvailListChanged", "ISOSpeed"),
    ]
    assert [field.name for field in read.fields][-3:] == ["CTGInfoCheckComplete", "0xC1EE", "End"]
    assert notes(read) == ["bytes of an older text behind the NUL"]


def test_polls_each_record_as_an_event_with_its_place() -> None:
    events = polled_events(eos(EOS_EVENTS))
    assert events[0][:3] == (0xC189, "PropValueChanged", (0xD103, 0x60))
    assert (events[0].start, events[0].end, events[1].start) == (0, 16, 16)
    assert [event[:3] for event in events if event.code in (0xC181, 0xC1A4, 0xC1EE)] == [
        (0xC181, "ObjectAddedEx", (7, 0x10001)),
        (0xC1A4, "CTGInfoCheckComplete", (0x10001,)),
        (0xC1EE, "0xC1EE", ()),
    ]
    assert all(event.code for event in events), "the record that ends the list is no event"


@pytest.mark.parametrize("size", [8, 12, 20])
def test_takes_no_record_that_ends_a_list_for_an_event(size: int) -> None:
    """Virtual cameras end their lists with 12 bytes: type 0, and four more that are 0."""
    read = eos(record(0xC1A4, u32(0x10001)) + record(0, bytes(size - 8)))
    assert [field.name for field in read.fields] == ["CTGInfoCheckComplete", "End"]
    assert notes(read) == ([] if size == 8 else [f"the record that ends the list has {size} bytes, not 8"])
    assert [event.name for event in polled_events(read)] == ["CTGInfoCheckComplete"]


def test_goes_on_behind_a_record_of_type_0_that_says_something_and_takes_it_for_no_event() -> None:
    read = eos(record(0, u32(7)) + record(0xC1A4, u32(0x10001)) + END)
    assert [field.name for field in read.fields] == ["0x0000", "CTGInfoCheckComplete", "End"]
    assert [event.name for event in polled_events(read)] == ["CTGInfoCheckComplete"]


def test_tells_values_and_what_may_be_set() -> None:
    told = property_values(eos(EOS_EVENTS))
    assert [(one.code, one.value, one.text) for one in told if one.role == "current"][:3] == [
        (0xD103, 0x60, None), (0xD115, "me", None), (0xD120, IMAGE_FORMAT, "RAW + L fine"),
    ]  # fmt: skip
    allowed = {one.code: (one.value, one.text) for one in told if one.role == "allowed"}
    assert allowed == {
        0xD103: ((0x48, 0x60), None),
        0xD120: ((IMAGE_FORMAT, u32(1, 16, 1, 2, 2)), "RAW + L fine, S normal"),
        0xD17D: ((u32(12, 0, 5), u32(12, 1, 6)), None),
    }


def test_reads_objects_that_were_added() -> None:
    read = eos(EOS_EVENTS)
    assert read.value("ObjectAddedEx.filename") == "IMG_0001.JPG"
    assert read.value("ObjectAddedEx.objectHandle2") == 8
    time = read.get("ObjectAddedEx.time")
    assert time is not None
    assert time.text == "2008-01-10 21:20:00"
    assert read.value("ObjectAddedEx64.size") == 5 << 32
    assert read.value("ObjectAddedEx64.filename") == "IMG_0001.JPG"
    assert read.value("RequestObjectTransfer.size") == 5000
    assert read.value("RequestObjectTransfer64LFN.parentObject") == 0x90000000


def test_reads_the_geometry_of_focus_points() -> None:
    focus = eos(EOS_EVENTS).get("4.value")
    assert focus is not None
    assert focus.get("points") is not None
    points = focus.get("x")
    assert points is not None
    assert points.value == (-100, 100)


def test_notes_what_stands_behind_an_image_format() -> None:
    one = u32(1, 16, 1, 0, 3)
    read = eos(record(0xC189, u32(0xD121) + one + u32(0, 3, 1, 0)) + END)
    assert "SX740" in notes(read)[0]
    assert [value.text for value in property_values(read)] == ["L fine"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((1, 16, 1, 2, 2), "S normal"),
        ((1, 16, 6, 0, 3), "cRAW"),
        ((1, 16, 6, 1, 4), "mRAW"),
        ((2, 16, 6, 0, 4, 16, 1, 14, 3), "RAW + S1 fine"),
        ((1, 16, 1, 0, 5), None),
        ((1, 16, 6, 5, 4), None),
    ],
)
def test_reads_an_image_format_as_the_property_is_read(words: tuple[int, ...], text: str | None) -> None:
    data = u32(*words)
    (value,) = property_values(eos(record(0xC189, u32(0xD120) + data) + END))
    assert value.text == text
    assert value_text(0xD120, data, vendor="canon_eos") == (text or plain_text(data))


def test_takes_no_image_format_for_one_that_it_is_not() -> None:
    read = eos(record(0xC189, u32(0xD120, 7, 7, 7)) + END)
    assert read.value("0.value") == u32(7, 7, 7)


def test_notes_padding_a_missing_end_and_sizes_that_lie() -> None:
    one = record(0xC1A4, u32(1))
    assert notes(eos(one + END + bytes(12))) == ["12 zero bytes of padding behind the last record"]
    assert notes(eos(one)) == ["no record ends the list"]
    assert notes(eos(one + END + b"\1")) == ["1 byte behind the dataset"]
    assert notes(eos(one + u32(4, 0xC1A4))) == ["a record of 4 bytes, less than its head"]
    assert (
        notes(eos(one + u32(0xFFFFFFFF, 0xC1A4, 5)))[0] == "ends inside a record: 12 of 4,294,967,295 bytes are there"
    )
    assert notes(eos(one, size=500)) == ["only the first 12 of 500 bytes are at hand"]


@pytest.mark.parametrize(
    ("mask", "size", "version", "fields"),
    [
        (0x2, 6, None, [("shutterSpeed", 6)]),
        (0x2, 7, None, [("shutterSpeed", 7)]),
        (0x4, 5, 8, [("aperture", 5)]),
        (0x1FFF, 76, 0x10, None),
        (0x8, 99, 8, None),
        (0x200, 7, None, [("focusMask", 7)]),
        (0, 0, 8, None),
        (0x2000, 4, 8, None),
    ],
)
def test_splits_an_olc_record_only_where_the_sizes_add_up(
    mask: int, size: int, version: int | None, fields: list[tuple[str, int]] | None
) -> None:
    found = olc_sizes(mask, size, version)
    if (mask, size) == (0x1FFF, 76):  # what a PowerShot SX740 HS sends: it says 0x10 and means 0x11
        assert found is not None
        assert [width for _, width in found] == list(OLC_SIZES[range(0x11, 0x12)])
    else:
        assert found == fields


def test_does_not_choose_between_layouts_that_both_fit() -> None:
    assert olc_sizes(0x202 | 0x1000, 6 + 5 + 1, None) == [("shutterSpeed", 6), ("focusMask", 5), ("unknown1000", 1)]
    ambiguous = [
        (mask, size)
        for mask in range(1, 0x2000)
        for size in {sum(width for bit, width in enumerate(sizes) if mask >> bit & 1) for sizes in OLC_SIZES.values()}
        if olc_sizes(mask, size, None) is None
    ]
    assert ambiguous
    mask, size = ambiguous[0]
    assert any(olc_sizes(mask, size, version) for version in range(0x15)), "the version decides"


def test_uses_the_layout_version_that_the_same_list_tells() -> None:
    mask, size = next(
        (mask, size)
        for mask in range(1, 0x2000)
        for size in (sum(width for bit, width in enumerate(OLC_SIZES[range(0x14, 0x15)]) if mask >> bit & 1),)
        if olc_sizes(mask, size, None) is None
    )
    wide = record(0xC1A5, u32(8 + size, mask) + bytes(size))
    version = record(0xC189, u32(0xD199, 0x14))
    assert eos(wide + END).value("OLCInfoChanged.fields") == bytes(size)
    told = eos(version + wide + END).fields[1].parts[4:]
    assert [(part.name, part.end - part.start) for part in told] == olc_sizes(mask, size, 0x14)


def olc(mask: int, fields: bytes) -> bytes:
    return record(0xC1A5, u32(8 + len(fields), mask) + fields)


def shown(read: Dataset) -> list[tuple[int, object, str | None]]:
    return [(one.code, one.value, text_of(one.code, one.value, "canon_eos", None)) for one in property_values(read)]


def test_tells_the_exposure_that_the_camera_shows() -> None:
    """One field per record (EOS M3) or all in one (PowerShot SX740 HS)."""
    alone = olc(4, bytes([0, 1, 0, 0, 0x30])) + olc(2, bytes([0, 1, 0, 0, 0, 0x70])) + olc(8, bytes([0, 1, 0, 0x60]))
    assert shown(eos(alone + END)) == [
        (0xD101, 0x30, "f/5.6"), (0xD102, 0x70, "1/125 s"), (0xD103, 0x60, "ISO 800"),
    ]  # fmt: skip
    fields = u16(0x15) + bytes([1, 1, 0x90, 0x18, 0, 0x6D, 0, 1, 1, 0x38, 0x80, 0x28, 0, 1, 1, 0, 0, 0x50, 0x28])
    together = eos(record(0xC189, u32(0xD199, 0x10)) + olc(0x1FFF, fields + bytes(76 - len(fields))) + END)
    assert shown(together)[1:] == [(0xD102, 0x6D, "1/100 s"), (0xD101, 0x28, "f/4"), (0xD103, 0, "ISO auto")]
    assert together.value("OLCInfoChanged.shutterSpeed.value") == 0x6D
    button = together.get("OLCInfoChanged.button")
    assert button is not None
    assert (button.value, button.text) == (b"\x15\0", "raw"), "what it means is not known"


def test_tells_no_exposure_where_the_camera_shows_none() -> None:
    """A PowerShot G5 X between two shots: aperture f/2.8 (property 0xD101), and nothing on its display."""
    read = eos(olc(4, bytes(5)) + olc(2, bytes(6)) + END)
    assert read.value("OLCInfoChanged.aperture.value") == 0
    assert shown(read) == []


def test_leaves_fields_raw_whose_layout_no_camera_has_confirmed() -> None:
    wide = eos(olc(2, bytes([0, 1, 0, 0, 0, 0x70, 0, 0, 0])) + END)
    field = wide.get("OLCInfoChanged.shutterSpeed")
    assert field is not None
    assert (field.value, field.text, shown(wide)) == (bytes([0, 1, 0, 0, 0, 0x70, 0, 0, 0]), "raw", [])


@pytest.mark.skipif(not SHARED.exists(), reason="payloads of real cameras are not at hand")
def test_agrees_with_the_properties_that_real_cameras_tell_in_the_same_list() -> None:
    compared = 0
    for row in json.loads(SHARED.read_text()):
        if row["dataset"] == "EOSEventList":
            read = eos(bytes.fromhex(row["hex"]))
            told = {event.start: event.name for event in polled_events(read)}
            values: dict[str, dict[int, object]] = {"PropValueChanged": {}, "OLCInfoChanged": {}}
            for one in property_values(read):
                name = told[max(start for start in told if start <= one.start)]
                values.setdefault(name, {})[one.code] = one.value
            for code, value in values["OLCInfoChanged"].items():
                compared += 1
                assert values["PropValueChanged"].get(code, value) == value
    assert compared > 5


def test_reads_what_a_client_sets() -> None:
    read = eos(u32(12, 0xD103, 0x60), 0x9110)
    assert [value[:3] for value in property_values(read)] == [(0xD103, None, 0x60)]
    assert notes(eos(u32(13, 0xD103, 0x60), 0x9110)) == ["says 13 bytes, there are 12"]


def test_reads_folders() -> None:
    read = eos(SAMPLES["EOSFolderEntries"][0], 0x9109)
    assert (read.value("count"), read.value("0.objectHandle"), read.value("0.flags")) == (1, 0x30000000, 0x10)
    assert (read.value("0.filename"), read.value("0.size"), read.notes) == ("DCIM", 0, ())
    wide = eos(SAMPLES["EOSFolderEntries64"][0], 0x9173)
    assert (wide.value("0.storageId"), wide.value("0.unknown"), wide.notes) == (0x10001, bytes(58), ())
    old = decode(SAMPLES["CanonFolderEntries"][0], operation=0x9021, vendor="canon")
    assert old is not None
    assert [field.get("filename").value for field in old.fields] == ["IMG_0001.JPG"] * 2  # type: ignore[union-attr]
    directory = decode(SAMPLES["CanonDirectory"][0], operation=0x902D, vendor="canon")
    assert directory is not None
    assert directory.fields[0].get("thumbWidth").value == 160  # type: ignore[union-attr]
    assert directory.notes == ()


def test_finds_the_picture_among_viewfinder_blocks() -> None:
    data = SAMPLES["EOSViewFinderData"][0]
    place = live_view_jpeg(data, "canon_eos", 0x9153)
    assert place is not None
    assert data[slice(*place)] == JPEG
    assert [field.name for field in eos(data, 0x9153).fields] == ["sensorSize", "jpeg", "histogram"]
    for kind in (11, 9):
        assert live_view_jpeg(record(14, u32(1)) + record(kind, JPEG), "canon_eos", 0x9153) is not None
    assert live_view_jpeg(record(14, JPEG), "canon_eos", 0x9153) is None, "a block that is no picture"
    assert live_view_jpeg(record(1, b"raw"), "canon_eos", 0x9153) is None


def test_takes_nothing_behind_the_last_viewfinder_block_for_a_block() -> None:
    """A 6D sends a buffer of fixed size: behind the empty block lies what was in it before."""
    old = record(11, JPEG) + u32(0) * 9
    data = record(14, u32(1)) + record(0, b"") + old
    read = eos(data, 0x9153)
    assert [field.name for field in read.fields] == ["sensorSize", "End", "unknown"]
    assert (read.fields[-1].value, notes(read)) == (old, [])
    assert live_view_jpeg(data, "canon_eos", 0x9153) is None
    assert notes(eos(record(14, u32(1)) + record(0, b""), 0x9153)) == []


def test_reads_the_sizes_that_may_be_set_as_the_strings_they_are() -> None:
    sizes = ["640x480", "1024x768", "2048x1536"]
    told = eos(record(0xC18A, u32(0x5003, 3, 3) + b"".join(map(string, sizes))) + END)
    (allowed,) = property_values(told)
    assert (allowed.value, allowed.role, notes(told)) == (tuple(sizes), "allowed", [])
    assert text_of(0x5003, allowed.value, "canon_eos", None, "allowed") == "640x480, 1024x768, 2048x1536"
    (current,) = property_values(eos(record(0xC189, u32(0x5003) + string("640x480")) + END))
    assert (current.value, current.role) == ("640x480", "current")


@pytest.mark.parametrize("values", [bytes(range(1, 58)), string("640x480") * 2 + b"\7" * 23, b"\xff" * 6])
def test_cuts_no_values_that_are_neither_numbers_nor_strings(values: bytes) -> None:
    """57 bytes are no three values of 19 bytes, only because they could be."""
    told = eos(record(0xC18A, u32(0xD1FF, 3, 3) + values) + END)
    assert property_values(told) == []
    (only,) = property_values(eos(record(0xC18A, u32(0xD1FF, 3, 1) + values) + END))
    assert only.value == (values,)


def test_finds_the_viewfinder_picture_of_an_old_powershot() -> None:
    assert live_view_jpeg(JPEG, "canon", 0x901D) == (0, len(JPEG))


def test_steps_over_no_entry_that_is_smaller_than_its_size() -> None:
    read = eos(u32(2, 3, 0x30000000), 0x9109)
    assert notes(read) == ["an entry of 3 bytes, less than its size field"]


def test_reads_the_event_that_an_old_powershot_answers() -> None:
    read = decode(u32(16) + u16(4, 0x4002) + u32(9, 7), operation=0x9013, vendor="canon")
    assert read is not None
    assert polled_events(read) == [(0x4002, "ObjectAdded", (7,), 0, 16)]


def test_reads_the_live_view_of_chdk() -> None:
    read = decode(SAMPLES["CHDKLiveView"][0], operation=0x9999, vendor="canon", parameters=[12])
    assert read is not None
    assert read.value("viewport.visibleWidth") == 3
    assert read.value("bitmap.marginBottom") == 8
    assert read.value("frames") == b"frames"
    assert decode(b"text", operation=0x9999, vendor="canon", parameters=[10]) is None
