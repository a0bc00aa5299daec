"""Every dataset: found by operation and vendor, given back as it was built, whatever the bytes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.facts import VENDORS
from ptpip_analyze.facts.datasets import CARRIED, LAYOUTS, Carried
from ptpip_analyze.facts.layout import Kind, Layout
from ptpip_analyze.ptp import datasets
from ptpip_analyze.ptp.datasets import (
    NAMES,
    dataset_name,
    decode,
    decode_as,
    live_view_jpeg,
    polled_events,
    property_values,
)
from ptpip_analyze.ptp.values import Dataset, Doubt

from .build import array, check, laid, string, u8, u16, u32, values_of

SHARED = Path(__file__).resolve().parents[3] / "shared" / "facts" / "vectors.json"

LISTS = (
    array([0x1001, 0x1002, 0x1003], 2)
    + array([0x4002], 2)
    + array([])
    + array([0x3801], 2)
    + array([0x3801, 0x3808], 2)
)
TEXTS = [string(text) for text in ("Maker", "Model X", "1.2.3", "0042")]
DEVICE_INFO = struct.pack("<HIH", 100, 6, 100) + string("microsoft.com: 1.0") + b"\0\0" + LISTS + b"".join(TEXTS)


def test_names_what_a_camera_supports() -> None:
    read = decode(DEVICE_INFO, operation=0x1001, direction="in")
    assert read is not None
    operations = read.get("operationsSupported")
    assert operations is not None
    assert operations.text == "GetDeviceInfo, OpenSession, CloseSession"
    assert [(part.value, part.text) for part in operations.parts][:1] == [(0x1001, "GetDeviceInfo")]
    assert read.notes == ()


@pytest.mark.parametrize(
    ("vendor", "operation", "parameters", "name"),
    [
        (None, 0x1001, [], "DeviceInfo"),
        ("nikon", 0x1001, [], "DeviceInfo"),
        ("nikon", 0x90C7, [], "NikonEventList"),
        ("sony", 0x90C7, [], None),
        (None, 0x90C7, [], None),
        ("canon_eos", 0x9116, [], "EOSEventList"),
        ("canon", 0x9116, [], "EOSEventList"),
        ("fuji", 0x1015, [0xD212], "FujiEventList"),
        ("fuji", 0x1015, [0x5007], "DevicePropValue"),
        ("fuji", 0x1015, [], "DevicePropValue"),
        ("sony", 0x1009, [0xFFFFC002], "SonyLiveView"),
        ("sony", 0x1009, [1], "ObjectBytes"),
        ("nikon", 0x1009, [0xFFFFC002], "ObjectBytes"),
        ("nikon", 0x9805, [], "ObjectPropList"),
        ("olympus", 0x9486, [], "OlympusChangedProperties"),
        ("somebody", 0x1001, [], "DeviceInfo"),
        (None, 0x1002, [], None),
    ],
)
def test_chooses_by_vendor_operation_and_parameter(
    vendor: str | None, operation: int, parameters: list[int], name: str | None
) -> None:
    assert dataset_name(operation, vendor, None, parameters) == name


def test_refuses_data_that_goes_the_other_way() -> None:
    assert dataset_name(0x1001, None, "out") is None
    assert dataset_name(0x1001, None, "in") == "DeviceInfo"
    assert dataset_name(0x1016, None, "out") == "DevicePropValue"
    assert decode(DEVICE_INFO, operation=0x1001, direction="out") is None


@pytest.mark.parametrize("row", CARRIED, ids=lambda row: f"{row.vendor}-{row.operation:04X}-{row.dataset}")
def test_decodes_what_every_operation_is_said_to_carry(row: Carried) -> None:
    assert row.dataset in NAMES
    read = decode(bytes(64), operation=row.operation, vendor=row.vendor, parameters=[row.first or 0])
    assert read is not None
    assert read.name == row.dataset


def test_accepts_a_data_phase_that_carries_nothing() -> None:
    """Cameras send an empty data phase before they say that something is not there."""
    for name in NAMES:
        read = decode_as(name, b"")
        assert (read.fields, [note.text for note in read.notes]) == ((), ["empty payload"])


def test_calls_no_payload_empty_that_is_not_at_hand() -> None:
    for name in NAMES:
        read = decode_as(name, b"", size=211)
        assert (read.fields, [note.text for note in read.notes]) == ((), ["none of 211 bytes is at hand"])


def test_knows_no_dataset_of_another_name() -> None:
    with pytest.raises(KeyError):
        decode_as("Nonsense", b"")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@given(data=st.data())
def test_gives_back_what_a_flat_layout_was_built_of(layout: Layout, data: st.DataObject) -> None:
    values = data.draw(values_of(layout))
    payload = laid(layout, values)
    read = datasets.decode_as(layout.name, payload) if layout.name in NAMES else None
    assert read is not None
    if read.notes and layout.name in ("ObjectInfo", "StorageInfo", "ObjectInfo64"):
        assert all(note.text.endswith("is no date") for note in read.notes), read.notes
    given_back = {field.name: field.value for field in read.fields}
    assert given_back == {name: value for name, value in values.items() if name in given_back}
    assert set(values) - set(given_back) <= {field.name for field in layout.fields if field.kind is Kind.REST}
    check(read, payload)


# Payloads of our own for every dataset that is not flat; the twins of the makers' modules add theirs.
def samples() -> dict[str, list[bytes]]:
    from . import samples as own

    return own.SAMPLES


def everything(name: str, data: bytes, size: int | None = None) -> Dataset:
    """Decode, check places, and use all that can be asked of a dataset."""
    vendor = next((row.vendor for row in CARRIED if row.dataset == name and row.vendor in VENDORS), None)
    read = decode_as(name, data, vendor=vendor, parameters=[0xD001], size=size)
    check(read, data)
    json.dumps(read.as_dict())
    for event in polled_events(read):
        assert 0 <= event.start <= event.end <= len(data)
    for value in property_values(read, parameters=[0xD001]):
        assert 0 <= value.start <= value.end <= len(data)
    place = datasets.jpeg_of(name, data)
    assert place is None or 0 <= place[0] < place[1] <= len(data)
    return read


def test_has_a_sample_of_every_dataset_that_branches() -> None:
    assert samples().keys() >= set(NAMES) - {layout.name for layout in LAYOUTS}


@pytest.mark.parametrize(
    ("name", "data", "text", "start", "doubt"),
    [
        ("ObjectHandles", u32(2, 1), "ends inside objectHandles of 2 elements", 4, Doubt.CONTRADICTION),
        ("StorageInfo", u16(3, 2), "ends inside accessCapability", 4, Doubt.CONTRADICTION),
        ("DeviceInfo", DEVICE_INFO[:8] + u8(2) + "ab".encode("utf-16-le"), "has no final NUL", 8, Doubt.CONTRADICTION),
        ("DeviceInfo", DEVICE_INFO[:8] + string("a\0b"), "units behind its NUL", 8, Doubt.CONTRADICTION),
        ("DevicePropDesc", u16(0x5007, 0xFFFF) + u8(1, 0, 0), "no FormFlag", 7, Doubt.CONTRADICTION),
        ("DevicePropDesc", b"20260102T030405", "no description", 0, Doubt.CONTRADICTION),
        ("DevicePropValue", u32(560), "read as UINT32", 0, Doubt.GUESS),
        ("DevicePropValue", string("me"), "read as a string", 0, Doubt.GUESS),
        ("DevicePropValue", b"abc", "the datatype is not known", 0, Doubt.GUESS),
        ("EOSDeviceInfoEx", u32(20, 0, 0, 0), "says 20 bytes", 0, Doubt.CONTRADICTION),
        ("EOSSetDevicePropValue", u32(13, 0xD103, 0x60), "says 13 bytes", 0, Doubt.CONTRADICTION),
        ("FujiLiveViewFrame", u32(99) + bytes(14), "says 99 bytes", 0, Doubt.CONTRADICTION),
        ("FujiInitRequest", u32(80) + bytes(78), "cameras accept 82 only", 0, Doubt.CONTRADICTION),
        ("SigmaList", u32(99, 0) + b"\0", "says 99 bytes", 0, Doubt.CONTRADICTION),
        ("ObjectHandles", u32(0, 7), "4 bytes behind the dataset", 4, Doubt.NONE),
        ("DeviceInfo", DEVICE_INFO[:8] + string("a\0\0"), "is padded with", 8, Doubt.NONE),
    ],
)
def test_says_what_a_note_takes_from_the_values(name: str, data: bytes, text: str, start: int, doubt: Doubt) -> None:
    asked = (0xD101,) if data.startswith(b"2026") else ()
    found = [note for note in decode_as(name, data, parameters=asked).notes if text in note.text]
    assert [(note.start, note.doubt) for note in found[:1]] == [(start, doubt)]


def test_says_that_values_of_a_payload_at_hand_in_part_are_doubtful() -> None:
    (note,) = decode_as("ObjectHandles", u32(2, 1), size=12).notes
    assert ("is not at hand" in note.text, note.doubt) == (True, Doubt.CONTRADICTION)


@pytest.mark.parametrize("name", NAMES)
@given(st.binary(max_size=200), st.integers(0, 300))
def test_survives_any_bytes(name: str, data: bytes, size: int) -> None:
    everything(name, data, size)


@pytest.mark.parametrize("name", NAMES)
def test_survives_a_cut_anywhere(name: str) -> None:
    for data in samples().get(name, []):
        whole = everything(name, data)
        for end in range(len(data)):
            everything(name, data[:end])
            cut = everything(name, data[:end], len(data))
            assert cut.notes, "a cut payload says so"
            assert cut.size == whole.size


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_survives_flipped_bytes(name: str, data: st.DataObject) -> None:
    choices = samples().get(name)
    if not choices:
        return
    damaged = bytearray(data.draw(st.sampled_from(choices)))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(
            st.sampled_from([0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF])
        )
    everything(name, bytes(damaged))


def test_stays_bounded_when_a_payload_claims_too_much() -> None:
    for name in NAMES:
        for data in (b"\xff" * 3000, u32(0x7FFFFFFF) + bytes(3000), u16(0xFFFF) * 1000, u8(255) * 255 + u32(1) * 500):
            everything(name, data)


@pytest.mark.parametrize("vendor", [None, *VENDORS])
def test_finds_a_live_view_picture_only_in_live_view(vendor: str | None) -> None:
    assert live_view_jpeg(DEVICE_INFO, vendor, 0x1001) is None
    assert live_view_jpeg(b"", vendor, 0x9203) is None


# Datasets of the vectors that no operation carries, under our names.
ALONE = {
    "FujiEventPacket": "FujiEventPacket",
    "FujiLiveViewFrame": "FujiLiveViewFrame",
    "USBEventContainer": "EventContainer",
}


def vectors() -> list[Any]:
    if not SHARED.exists():
        return []
    return [
        pytest.param(row, id=f"{index}-{row['camera']}-{row['operation']}")
        for index, row in enumerate(json.loads(SHARED.read_text()))
    ]


@pytest.mark.skipif(not SHARED.exists(), reason="payloads of real cameras are not at hand")
@pytest.mark.parametrize("row", vectors())
def test_decodes_what_real_cameras_sent(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    vendor = None if row["vendor"] == "ptp" else row["vendor"]
    parameters = [int(text, 16) for text in row["transaction_params"] or ()]
    code = row["operation"].split()[0]
    if code.startswith("0x"):
        read = decode(
            data,
            operation=int(code, 16),
            vendor=vendor,
            direction=row["direction"],
            parameters=parameters,
            size=row["size"],
        )
    else:
        read = decode_as(ALONE[row["dataset"]], data, vendor=vendor, size=row["size"])
    assert read is not None
    check(read, data)
    for note in read.notes:
        assert row["truncated"] or any(word in note.text for word in ODDITIES), note


# What is known to be odd about them: each note must be one of these.
ODDITIES = (
    "Canon EOS 60D", "iRiver", "datatype is not known", "empty payload", "SX740", "older text behind the NUL",
)  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "operation", "direction", "name"),
    [
        ("sony", 0x923D, "in", "ObjectBytes"),
        ("sigma", 0x9022, "in", "SigmaPictFile"),
        ("kodak", 0x9005, "out", "ObjectInfo"),
        ("kodak", 0x9006, "out", "ObjectBytes"),
        ("canon_eos", 0x9170, "in", "ObjectInfo64"),
        ("microsoft", 0x9307, "out", "ObjectPropList"),
    ],
)
def test_knows_what_rarer_operations_of_makers_carry(vendor: str, operation: int, direction: str, name: str) -> None:
    assert dataset_name(operation, vendor, direction) == name
    assert dataset_name(operation, vendor, "in" if direction == "out" else "out") is None
    assert dataset_name(operation, None) is None
