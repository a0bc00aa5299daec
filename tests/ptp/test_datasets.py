"""DeviceInfo, whole and cut."""

from __future__ import annotations

import struct

from ptpip_analyze.ptp.datasets import DeviceInfo, device_info


def ptp_string(text: str) -> bytes:
    units = (text + "\0").encode("utf-16-le") if text else b""
    return bytes([len(units) // 2]) + units


def array(*codes: int) -> bytes:
    return struct.pack(f"<I{len(codes)}H", len(codes), *codes)


LISTS = array(0x1001, 0x1002, 0x1003) + array(0x4002) + array() + array(0x3801) + array(0x3801, 0x3808)
TEXTS = [ptp_string(text) for text in ("Maker", "Model X", "1.2.3", "0042")]
DEVICE_INFO = struct.pack("<HIH", 100, 6, 100) + ptp_string("microsoft.com: 1.0") + b"\0\0" + LISTS + b"".join(TEXTS)


def test_reads_who_the_camera_is() -> None:
    assert device_info(DEVICE_INFO) == DeviceInfo("Maker", "Model X", "1.2.3", "0042")


def test_reads_a_camera_that_declares_no_extension() -> None:
    plain = struct.pack("<HIH", 100, 0, 0) + ptp_string("") + b"\0\0" + LISTS + b"".join(TEXTS)
    assert device_info(plain).model == "Model X"


def test_leaves_none_what_a_short_payload_lacks() -> None:
    """Weak firmware leaves the last texts out; a hole may take them too."""
    without_serial = DEVICE_INFO[: -len(TEXTS[3])]
    assert device_info(without_serial) == DeviceInfo("Maker", "Model X", "1.2.3", None)
    for size in range(len(DEVICE_INFO)):
        said = device_info(DEVICE_INFO[:size])
        assert said.serial_number is None
        assert said.manufacturer in (None, "Maker")
    assert device_info(b"") == DeviceInfo(None, None, None, None)


def test_survives_a_list_with_a_lying_count() -> None:
    lying = struct.pack("<HIH", 100, 6, 100) + ptp_string("") + b"\0\0" + b"\xff\xff\xff\xff" + LISTS
    assert device_info(lying) == DeviceInfo(None, None, None, None)
