"""Who a camera says it is."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from ptpip_analyze.ptp.camera import DeviceInfo, device_info
from ptpip_analyze.ptp.datasets import decode_as

from .build import array, string

OPERATIONS, EVENTS, PROPERTIES = (0x1001, 0x1002, 0x90C7), (0x4002,), (0x5001, 0xD100)
LISTS = array(OPERATIONS, 2) + array(EVENTS, 2) + array(PROPERTIES, 2) + array([0x3801], 2) + array([0x3801, 0x3808], 2)
TEXTS = [string(text) for text in ("Maker", "Model X", "1.2.3", "0042")]
HEAD = struct.pack("<HIH", 100, 6, 100) + string("microsoft.com: 1.0") + b"\0\0"
DEVICE_INFO = HEAD + LISTS + b"".join(TEXTS)


def test_reads_who_the_camera_is() -> None:
    assert device_info(DEVICE_INFO) == DeviceInfo(
        "Maker", "Model X", "1.2.3", "0042", 6, "microsoft.com: 1.0", OPERATIONS, EVENTS, PROPERTIES
    )


def test_reads_a_camera_that_declares_no_extension() -> None:
    plain = struct.pack("<HIH", 100, 0, 0) + string("") + b"\0\0" + LISTS + b"".join(TEXTS)
    assert (device_info(plain).model, device_info(plain).extension, device_info(plain).extension_text) == (
        "Model X",
        0,
        "",
    )


def test_leaves_none_what_a_short_payload_lacks() -> None:
    """Weak firmware leaves the last texts out; a hole may take them too."""
    without_serial = device_info(DEVICE_INFO[: -len(TEXTS[3])])
    assert (without_serial.device_version, without_serial.serial_number) == ("1.2.3", None)
    for size in range(len(DEVICE_INFO)):
        said = device_info(DEVICE_INFO[:size])
        assert said.serial_number is None
        assert said.manufacturer in (None, "Maker")
    assert device_info(b"") == DeviceInfo(None, None, None, None)


def test_survives_a_list_with_a_lying_count() -> None:
    lying = HEAD + b"\xff\xff\xff\xff" + LISTS
    assert device_info(lying)[:4] == (None, None, None, None)
    assert device_info(lying).operations == ()


@given(st.binary(max_size=200))
def test_reads_the_texts_that_the_decoder_of_all_datasets_reads(data: bytes) -> None:
    """Two ways to one answer: this one is for the main job, which loads no decoders."""
    for payload in (data, DEVICE_INFO[: len(data)], HEAD + data):
        said, decoded = device_info(payload), decode_as("DeviceInfo", payload)
        texts = [decoded.value(name) for name in ("manufacturer", "model", "deviceVersion", "serialNumber")]
        assert list(said[:4]) == texts
