"""What Nikon cameras answer."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ptpip_analyze.ptp.datasets import decode, live_view_jpeg, polled_events
from ptpip_analyze.ptp.values import Dataset

from .build import array, u16, u32
from .samples import JPEG, SAMPLES


def nikon(data: bytes, operation: int) -> Dataset:
    read = decode(data, operation=operation, vendor="nikon")
    assert read is not None
    return read


def test_polls_events_with_one_parameter() -> None:
    read = nikon(u16(2) + u16(0xC101) + u32(0x2B000001) + u16(0x4006) + u32(0x5007), 0x90C7)
    assert polled_events(read) == [
        (0xC101, "ObjectAddedInSDRAM", (0x2B000001,), 2, 8),
        (0x4006, "DevicePropChanged", (0x5007,), 8, 14),
    ]
    assert polled_events(nikon(u16(0), 0x90C7)) == []


def test_polls_events_with_several_parameters() -> None:
    read = nikon(SAMPLES["NikonEventListEx"][0], 0x941C)
    assert [(event.code, event.parameters) for event in polled_events(read)] == [(0xC101, (7,)), (0x4002, (1, 2, 3))]
    assert read.notes == ()


def test_refuses_an_event_with_more_parameters_than_events_have() -> None:
    read = nikon(u16(2, 0) + u16(0xC101, 6) + u32(*range(6)), 0x941C)
    assert [note.text for note in read.notes] == ["6 parameters, an event has at most 5"]
    assert [event.parameters for event in polled_events(read)] == [()]


def test_tells_the_events_that_are_there_of_a_count_that_lies() -> None:
    read = nikon(u16(9) + u16(0xC101) + u32(7), 0x90C7)
    assert len(polled_events(read)) == 1
    assert [note.text for note in read.notes] == ["ends inside events 2 of 9"]


def test_lists_vendor_properties() -> None:
    assert nikon(array([0xD015, 0xD017], 2), 0x90CA).value("properties") == (0xD015, 0xD017)
    wide = decode(array([0x1D029]), operation=0x9439, vendor="nikon", parameters=[0xD])
    assert wide is not None
    assert wide.value("properties") == (0x1D029,)


def test_finds_the_picture_behind_a_header_of_any_size() -> None:
    for header in (64, 128, 384):
        data = bytes(header) + JPEG
        assert live_view_jpeg(data, "nikon", 0x9203) == (header, len(data))
        assert [(field.name, field.start) for field in nikon(data, 0x9203).fields] == [("header", 0), ("jpeg", header)]
    assert live_view_jpeg(bytes(64), "nikon", 0x9203) is None
    assert [note.text for note in nikon(bytes(64), 0x9203).notes] == ["no JPEG here"]


def test_reads_the_big_endian_header() -> None:
    data = SAMPLES["NikonLiveViewEx"][0]
    read = nikon(data, 0x9428)
    assert (read.value("header.versionMajor"), read.value("header.jpegLength")) == (1, len(JPEG))
    assert (read.value("header.wholeWidth"), read.value("header.wholeHeight")) == (6000, 4000)
    assert read.value("header.angle1") == -100
    assert live_view_jpeg(data, "nikon", 0x9428) == (1024, len(data))
    assert live_view_jpeg(data + b"more", "nikon", 0x9428) == (1024, len(data)), "the header says where it ends"


def test_tells_no_key_of_a_wifi_profile() -> None:
    read = nikon(SAMPLES["NikonWiFiProfile"][0], 0x9007)
    assert (read.value("profileName"), read.value("ssid")) == ("home", "darkroom")
    assert read.notes == ()
    address, key, guid = (read.get(name) for name in ("address", "key", "guid"))
    assert address is not None
    assert address.text == "192.168.1.20"
    assert key is not None
    assert guid is not None
    assert (key.value, key.text, key.end - key.start) == (None, "(redacted)", 64)
    assert (guid.value, guid.text) == (None, "(redacted)")
    told = json.dumps(read.as_dict()) + repr(read)
    assert "hunter2" not in told
    assert b"hunter2".hex() not in told
    assert "guid of the host" not in told


def cut_short(data: bytes) -> bytes:
    return data[:-30]


def length_of_the_key_too_long(data: bytes) -> bytes:
    place = data.index(b"hunter2") - 4
    return data[:place] + u32(200) + data[place + 4 :]


def length_of_the_key_too_short(data: bytes) -> bytes:
    place = data.index(b"hunter2") - 4
    return data[:place] + u32(2) + data[place + 4 :]


def length_of_the_ssid_too_long(data: bytes) -> bytes:
    place = data.index(b"darkroom") - 4
    return data[:place] + u32(200) + data[place + 4 :]


@pytest.mark.parametrize(
    "damage", [cut_short, length_of_the_key_too_long, length_of_the_key_too_short, length_of_the_ssid_too_long]
)
@pytest.mark.parametrize("missing", [0, 50])
def test_tells_nothing_of_a_profile_that_does_not_fit(damage: Callable[[bytes], bytes], missing: int) -> None:
    whole = damage(SAMPLES["NikonWiFiProfile"][0])
    read = decode(whole, operation=0x9007, vendor="nikon", size=len(whole) + missing)
    assert read is not None
    told = json.dumps(read.as_dict()) + repr(read)
    for secret in ("hunter2", "nter2", "guid of the host"):
        assert secret not in told
        assert secret.encode().hex() not in told
    assert [(field.name, field.text) for field in read.fields] == [("version", None), ("profile", "(redacted)")]


def test_lists_wifi_profiles() -> None:
    read = nikon(SAMPLES["NikonWiFiProfiles"][0], 0x9006)
    profile = read.fields[2]
    told = {part.name: part.value for part in profile.parts}
    assert (told["profileName"], told["ssid"], told["creationDate"]) == ("home", "darkroom", "20260102T030405")
    assert read.notes == ()
