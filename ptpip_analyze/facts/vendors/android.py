"""Codes of Android. Promises one row per code with its source; refuses names that no source gives."""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import IMPLEMENTED, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("android", 0x95C1, "GetPartialObject64", "libgphoto2", IMPLEMENTED, "in", ("ObjectHandle:handle", "OffsetLow:offset_low", "OffsetHigh:offset_high", "MaxBytes:max_bytes"), ("ActualBytes:u32",), "Object bytes", "libgphoto2 ptp.c ptp_android_getpartialobject64"),
    Operation("android", 0x95C2, "SendPartialObject", "libgphoto2", IMPLEMENTED, "out", ("ObjectHandle:handle", "OffsetLow:offset_low", "OffsetHigh:offset_high", "Length:u32"), ("ActualBytes:u32",), "Object bytes", "libgphoto2 ptp.c ptp_android_sendpartialobject"),
    Operation("android", 0x95C3, "TruncateObject", "libgphoto2", IMPLEMENTED, "none", ("ObjectHandle:handle", "OffsetLow:offset_low", "OffsetHigh:offset_high"), ()),
    Operation("android", 0x95C4, "BeginEditObject", "libgphoto2", IMPLEMENTED, "none", ("ObjectHandle:handle",), ()),
    Operation("android", 0x95C5, "EndEditObject", "libgphoto2", IMPLEMENTED, "none", ("ObjectHandle:handle",), ()),
)

ROWS = (*OPERATIONS,)
