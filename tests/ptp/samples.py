"""Payloads of our own making, one or more for every dataset that is not flat."""

from __future__ import annotations

from .build import array, prop_desc, string, u8, u16, u32, u64

JPEG = b"\xff\xd8\xff\xdb" + b"a small picture" + b"\xff\xd9"
# fmt: off

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
    "DevicePropValue": [u16(560), string("name"), b"three"],
    "ObjectPropDesc": [u16(0xDC07, 4) + u8(0) + u16(0) + u32(1) + u8(2) + u16(2) + u16(1, 2)],
    "ObjectPropValue": [u32(7)],
    "ObjectPropList": [u32(2) + u32(7) + u16(0xDC07, 0xFFFF) + string("a.jpg") + u32(7) + u16(0xDC04, 8) + u64(5)],
    "InterdependentPropDesc": [u32(1, 1) + u16(0xDC07, 4) + u8(0) + u16(5) + u32(1) + b"\0"],
    "ObjectBytes": [JPEG],
}
