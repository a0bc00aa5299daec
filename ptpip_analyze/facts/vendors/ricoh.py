"""Codes of Ricoh. Promises one row per code with its source; refuses names that no source gives."""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import DOCUMENTED, GUESSED, IMPLEMENTED, Code, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("ricoh", 0x99A1, "WlanPowerControl", "Ricoh PTP-IP reference", DOCUMENTED, "none", (), (), "", "THETA; from Ricoh PTP-IP reference"),
)

PROPERTIES: tuple[Code, ...] = (
    Code("property", "ricoh", 0xD006, "ErrorInfo", "libgphoto2", GUESSED, "THETA; name uncertain, type seen in gphoto2 cameras/ricoh-theta-m15.txt"),
    Code("property", "ricoh", 0xD00F, "ShutterSpeed", "libgphoto2"),
    Code("property", "ricoh", 0xD801, "GpsInfo", "libgphoto2", GUESSED, "THETA; name uncertain, type seen in gphoto2 cameras/ricoh-theta-m15.txt"),
    Code("property", "ricoh", 0xD802, "AutoPowerOffDelay", "libgphoto2", GUESSED, "THETA; name uncertain, type seen in gphoto2 cameras/ricoh-theta-m15.txt"),
    Code("property", "ricoh", 0xD803, "SleepDelay", "libgphoto2", GUESSED, "THETA; name uncertain, type seen in gphoto2 cameras/ricoh-theta-m15.txt"),
    Code("property", "ricoh", 0xD805, "Unknown_D805", "libgphoto2", IMPLEMENTED, "THETA m15: string holding the SSID"),
    Code("property", "ricoh", 0xD806, "Unknown_D806", "libgphoto2", IMPLEMENTED, "THETA m15: string holding the Wi-Fi passphrase; redact"),
    Code("property", "ricoh", 0xD807, "ChannelNumber", "libgphoto2", GUESSED, "THETA; name uncertain, type seen in gphoto2 cameras/ricoh-theta-m15.txt"),
    Code("property", "ricoh", 0xD808, "CaptureStatus", "libgphoto2", IMPLEMENTED, "THETA; 0 standby 1 continuous capture 2 self timer 3 bracket 4 converting"),
    Code("property", "ricoh", 0xD809, "RecordingTime", "libgphoto2", GUESSED, "THETA; name uncertain, type seen in gphoto2 cameras/ricoh-theta-m15.txt"),
    Code("property", "ricoh", 0xD80A, "RemainingRecordingTime", "libgphoto2", GUESSED, "THETA; name uncertain, type seen in gphoto2 cameras/ricoh-theta-m15.txt"),
)

ROWS = (*OPERATIONS, *PROPERTIES)
