"""Payloads of our own making, one or more for every dataset that is not flat."""

# One payload, or one part of it, per line, however long.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from .build import array, prop_desc, string, u8, u16, u32, u64

JPEG = b"\xff\xd8\xff\xdb" + b"a small picture" + b"\xff\xd9"


def record(kind: int, body: bytes) -> bytes:
    """A record of Canon's event list, or a block of its viewfinder."""
    return u32(8 + len(body), kind) + body


END = u32(8, 0)
IMAGE_FORMAT = u32(2, 16, 6, 0, 4, 16, 1, 0, 3)  # RAW beside a large, fine JPEG
FOCUS_INFO = (
    u32(0) + u16(0, 2, 2, 2, 6000, 4000, 6000, 4000) + u16(190, 190, 180, 180) + b"\x9c\xff\x64\0" + u16(0, 0) + b"\x01\xff\xff"
)
EOS_EVENTS = (
    record(0xC189, u32(0xD103, 0x60))
    + record(0xC189, u32(0xD115) + b"me\0x")
    + record(0xC189, u32(0xD120) + IMAGE_FORMAT)
    + record(0xC189, u32(0xD1A0) + u32(12, 1, 7))
    + record(0xC189, u32(0xD1D3) + FOCUS_INFO)
    + record(0xC189, u32(0xD1DB) + b"fourteen bytes")
    + record(0xC18A, u32(0xD103, 3, 2, 0x48, 0x60))
    + record(0xC18A, u32(0xD120, 3, 2) + IMAGE_FORMAT + u32(1, 16, 1, 2, 2))
    + record(0xC18A, u32(0xD17D, 3, 2) + u32(12, 0, 5, 12, 1, 6))
    + record(0xC18A, u32(0xD11B, 1, 0))
    + record(0xC181, u32(7, 0x10001) + u16(0x3801, 0) + u32(0, 0x20, 5000, 0x90000000, 8) + b"IMG_0001.JPG\0\0\0\0" + u32(1_200_000_000))
    + record(0xC1A7, u32(7, 0x10001) + u16(0x3801, 0) + u32(0, 0x20) + u64(5 << 32) + u32(0x90000000, 8) + b"IMG_0001.JPG\0\0\0\0")
    + record(0xC186, u32(7) + u16(0x3801, 0) + u32(0, 5000, 0) + b"IMG_0001.JPG\0")
    + record(0xC1B8, u32(7) + u16(0x3801, 0) + u32(0, 5000) + bytes(5) + u32(0x90000000))
    + record(0xC1A5, u32(13, 4) + b"\0\x01\0\0\x18")
    + record(0xC1A4, u32(0x10001))
    + record(0xC1EE, b"unheard of")
    + END
)
BIG_ENDIAN_HEADER = (
    b"\0\x01\0\x02" + bytes(8) + len(JPEG).to_bytes(4, "big") + b"\x17\x70\x0f\xa0" + bytes(820) + b"\xff\xff\xff\x9c" + bytes(180)
)
WIFI_PROFILE = (
    u8(0x64) + u32(17) + b"home".ljust(17, b"\0") + u8(1, 2, 3) + string("20260102T030405").ljust(33, b"\0")
    + bytes([192, 168, 1, 20, 24, 192, 168, 1, 1, 0, 0, 6]) + u32(33) + b"darkroom".ljust(33, b"\0") + u8(3, 4)
    + u32(64) + b"hunter2".ljust(64, b"\0") + u8(0) + b"guid of the host" + u16(13)
)


def sony(code: int, datatype: int, current: bytes, form: bytes) -> bytes:
    """A description as SDIO sends it."""
    return u16(code, datatype) + u8(1, 1) + current + current + form


SONY_OLD = u32(2, 0) + sony(0x5007, 4, u16(560), u8(2) + u16(2, 560, 800)) + sony(0xD25A, 2, u8(1), u8(1) + u8(0, 9, 1))
SONY_NEW = (
    u32(2, 0) + sony(0x5007, 4, u16(560), u8(2) + u16(2, 560, 800) + u16(1, 800)) + sony(0xD25A, 2, u8(1), u8(2) + u16(0, 0))
)


def panasonic(code: int, count: int, content: bytes) -> bytes:
    """A head, and what it announces."""
    return u32(code, 20, 20, 0x00010001, 0, count, len(content)) + content


GH5_ISO = u32(1, 0x24, 0, 0x00010001, 0, 1, 4, 2) + u16(200) + u32(3) + u16(100, 200, 400)
GH5 = panasonic(0x02000020, 1, panasonic(0x02000021, 1, GH5_ISO))

SAMPLES: dict[str, list[bytes]] = {
    "StorageInfo": [u16(4, 3, 0) + u64(64 * 10**9, 10**9) + u32(120) + string("SD") + string("") + b"\0\0"],
    "ObjectInfo": [
        u32(0x10001) + u16(0x3801, 0) + u32(5_000_000) + u16(0x3808) + u32(7000, 160, 120, 6000, 4000, 24, 0x90000000)
        + u16(0) + u32(0, 7) + string("IMG_0001.JPG") + string("20260102T030405") + string("") + string("")
    ],
    "FilesystemManifest": [
        u64(1) + u32(1, 0x10001) + u16(0x3801, 0) + u64(9) + u32(0) + u16(0) + u32(0, 0)
        + string("a.jpg") + string("20260102")
    ],
    "DevicePropDesc": [
        prop_desc(0xD001, 4, 1, u16(400), u16(560), u8(2) + u16(3) + u16(400, 560, 800)),
        prop_desc(0xD001, 0xFFFF, 1, string("a"), string("b"), u8(2) + u16(2) + string("a") + string("b")),
        prop_desc(0xD001, 0x4006, 0, array([1]), array([1, 2]), b"\0"),
    ],
    "DevicePropDescEx": [u16(0xD002, 1, 4) + u8(1) + u16(400, 560) + u8(2) + u16(3) + u16(400, 560, 800)],
    "DevicePropValue": [u16(560), string("name"), b"three"],
    "ObjectPropDesc": [u16(0xDC07, 4) + u8(0) + u16(0) + u32(1) + u8(2) + u16(2) + u16(1, 2)],
    "ObjectPropValue": [u32(7)],
    "ObjectPropList": [u32(2) + u32(7) + u16(0xDC07, 0xFFFF) + string("a.jpg") + u32(7) + u16(0xDC04, 8) + u64(5)],
    "InterdependentPropDesc": [u32(1, 1) + u16(0xDC07, 4) + u8(0) + u16(5) + u32(1) + b"\0"],
    "ObjectBytes": [JPEG],
    "EOSEventList": [EOS_EVENTS, EOS_EVENTS + bytes(20), EOS_EVENTS[:-8]],
    "EOSDeviceInfoEx": [u32(28) + array([0xC181, 0xC189]) + array([0xD101]) + array([])],
    "EOSSetDevicePropValue": [u32(12, 0xD103, 0x60), u32(8 + len(IMAGE_FORMAT), 0xD120) + IMAGE_FORMAT],
    "EOSFolderEntries": [
        u32(1, 56, 0x30000000, 0x10001) + u16(0x3001, 0) + u32(1, 0x10, 0, 0, 0x30000000) + b"DCIM".ljust(16, b"\0") + u32(1_200_000_000)
    ],
    "EOSFolderEntries64": [u32(1, 72, 0x30000000, 0x10001) + u16(0x3001, 0) + bytes(56)],
    "CanonViewFinderImage": [JPEG],
    "EOSViewFinderData": [record(14, u32(6000)) + record(1, JPEG) + record(17, b"histogram")],
    "CanonFolderEntries": [(u32(7) + u16(0x3801) + u8(1) + u32(5000, 1_200_000_000) + b"IMG_0001.JPG\0") * 2],
    "CanonDirectory": [
        bytes(32) + b"IMG_0001.JPG" + u32(0, 5000, 1_200_000_000) + bytes(8) + u32(900, 160, 120)
    ],
    "CHDKLiveView": [u32(2, 2, 0, 0, 0, 32, 68, 0) + u32(*range(9)) * 2 + b"frames"],
    "NikonEventList": [u16(2) + (u16(0xC101) + u32(0x2B000001)) * 2, u16(0)],
    "NikonEventListEx": [u16(2, 0) + u16(0xC101, 1) + u32(7) + u16(0x4002, 3) + u32(1, 2, 3)],
    "NikonLiveView": [bytes(64) + JPEG + b"\0"],
    "NikonLiveViewEx": [BIG_ENDIAN_HEADER + JPEG],
    "NikonWiFiProfiles": [
        u8(1, 1) + u8(0, 1) + u32(5) + b"home\0" + u8(1, 2, 3) + string("20260102T030405") + string("") + u32(8) + b"darkroom" + u8(0)
    ],
    "NikonWiFiProfile": [WIFI_PROFILE],
    "SonyAllDevicePropData": [SONY_OLD, SONY_NEW],
    "SonyDevicePropDesc": [SONY_OLD[8:25], SONY_NEW[8:29]],
    "SonyLiveView": [u32(24, len(JPEG), 0, 0) + bytes(8) + JPEG, u32(8, len(JPEG)) + JPEG],
    "FujiEventList": [u16(2) + u16(0xD212) + u32(1) + u16(0x5007) + u32(560)],
    "FujiDevicePropDescs": [
        u32(1) + u32(22) + prop_desc(0x5007, 4, 1, u16(400), u16(560), u8(2) + u16(3) + u16(400, 560, 800))
    ],
    "FujiLiveViewFrame": [u32(18 + len(JPEG)) + bytes(14) + JPEG],
    "FujiLiveViewObject": [JPEG],
    "FujiInitRequest": [u32(82, 1, 0x8F53E4F2) + bytes(16) + "phone".encode("utf-16-le").ljust(54, b"\0")],
    "PanasonicPropValues": [u32(0x02000021, 2) + u16(200) + u32(0x02000031, 3) + b"abc"],
    "PanasonicPropSizes": [u32(0x02000020, 20, 20, 0x00010001, 0, 1, 70) + u32(0x02000021, 20, 20, 0x00010001, 0, 1, 42)],
    "PanasonicPropDescs": [GH5],
    "PanasonicLiveViewFormats": [u32(0x0D800012, 12) + u16(1, 8) + u16(480, 640, 0, 30)],
    "PanasonicLiveView": [bytes(100) + JPEG],
    "OlympusChangedProperties": [
        u32(2) + prop_desc(0xD01C, 4, 1, u16(1), u16(2), u8(2) + u16(2) + u16(1, 2)) + prop_desc(0xD01D, 2, 0, u8(1), u8(2))
    ],
    "OlympusLiveView": [JPEG[:-2] + bytes(1024) + JPEG[-2:]],
    "OlympusXML": [b'<?xml version="1.0"?><x3c/>'],
    "SigmaPictFile": [u32(len(JPEG)) + JPEG],
    "SigmaList": [u32(25, 1) + u16(1, 3) + u32(1, 7) + b"more" + u8(0x5A)],
    "SigmaLiveView": [bytes(10) + JPEG],
}
