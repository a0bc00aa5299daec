"""Codes of the CHDK and Magic Lantern firmware of Canon cameras. Promises one row per code with its source; refuses
names that no source gives.
"""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import AGREED, IMPLEMENTED, Code, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("chdk", 0x9999, "CHDK", "CHDK", AGREED, None, ("Command:u32", "arg1:u32", "arg2:u32", "arg3:u32", "arg4:u32"), ("command dependent",), "CHDK data", "data phase in/out/none by command; libgphoto2 chdk_ptp.h / ptp.c"),
    Operation("magic_lantern", 0x9996, "LiveBmpRam", "libgphoto2", IMPLEMENTED, None, None, None, "", "old ptpview"),
    Operation("magic_lantern", 0x9997, "Live360x240", "libgphoto2", IMPLEMENTED, None, None, None, "", "old ptpview"),
    Operation("magic_lantern", 0x9998, "MagicLantern", "libgphoto2", IMPLEMENTED),
)

FORMATS: tuple[Code, ...] = (
    Code("format", "chdk", 0xB1FF, "CRW", "CHDK", AGREED),
)

OTHERS: tuple[Code, ...] = (
    Code("chdk_command", "chdk", 0x0000, "Version", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x0001, "GetMemory", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x0002, "SetMemory", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x0003, "CallFunction", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x0004, "TempData", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x0005, "UploadFile", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x0006, "DownloadFile", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x0007, "ExecuteScript", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x0008, "ScriptStatus", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x0009, "ScriptSupport", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x000A, "ReadScriptMsg", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x000B, "WriteScriptMsg", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x000C, "GetDisplayData", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x000D, "RemoteCaptureIsReady", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
    Code("chdk_command", "chdk", 0x000E, "RemoteCaptureGetData", "CHDK", IMPLEMENTED, "first parameter of operation 0x9999"),
)

ROWS = (*OPERATIONS, *FORMATS, *OTHERS)
