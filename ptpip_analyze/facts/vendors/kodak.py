"""Codes of Kodak. Promises one row per code with its source; refuses names that no source gives."""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import GUESSED, IMPLEMENTED, Code, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("kodak", 0x9003, "GetSerial", "libgphoto2", IMPLEMENTED, "in", (), (), "Serial"),
    Operation("kodak", 0x9004, "SetSerial", "libgphoto2", IMPLEMENTED, "out", (), (), "Serial"),
    Operation("kodak", 0x9005, "SendFileObjectInfo", "libgphoto2", IMPLEMENTED, "out", ("StorageID:storage_id", "ParentHandle:handle"), ("StorageID:storage_id", "ParentHandle:handle", "ObjectHandle:handle"), "ObjectInfo"),
    Operation("kodak", 0x9006, "SendFileObject", "libgphoto2", IMPLEMENTED, "out", (), (), "Object bytes"),
    Operation("kodak", 0x9007, "Unknown_9007", "libgphoto2", GUESSED, "in", (), (), "", "used by libgphoto2 ptp_ek_*; meaning unknown"),
    Operation("kodak", 0x9008, "SetText", "libgphoto2", IMPLEMENTED, "out", (), (), "Kodak text"),
    Operation("kodak", 0x9009, "Unknown_9009", "libgphoto2", GUESSED, "none", (), ("r1:u32", "r2:u32"), "", "used by libgphoto2 ptp_ek_*; meaning unknown"),
    Operation("kodak", 0x900C, "Unknown_900C", "libgphoto2", GUESSED, "in", (), (), "", "used by libgphoto2 ptp_ek_*; meaning unknown"),
)

RESPONSES: tuple[Code, ...] = (
    Code("response", "kodak", 0xA001, "FilenameRequired", "libgphoto2"),
    Code("response", "kodak", 0xA002, "FilenameConflicts", "libgphoto2"),
    Code("response", "kodak", 0xA003, "FilenameInvalid", "libgphoto2"),
)

FORMATS: tuple[Code, ...] = (
    Code("format", "kodak", 0xB002, "M3U", "libgphoto2"),
)

PROPERTIES: tuple[Code, ...] = (
    Code("property", "kodak", 0xD001, "ColorTemperature", "libgphoto2"),
    Code("property", "kodak", 0xD002, "DateTimeStampFormat", "libgphoto2"),
    Code("property", "kodak", 0xD003, "BeepMode", "libgphoto2"),
    Code("property", "kodak", 0xD004, "VideoOut", "libgphoto2"),
    Code("property", "kodak", 0xD005, "PowerSaving", "libgphoto2"),
    Code("property", "kodak", 0xD006, "UI_Language", "libgphoto2"),
)

ROWS = (*OPERATIONS, *RESPONSES, *FORMATS, *PROPERTIES)
