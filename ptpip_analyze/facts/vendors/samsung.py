"""Codes of Samsung. Promises one row per code with its source; refuses names that no source gives."""

# One row per line, however long: a change is then a line of the diff.
# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from ..row import GUESSED, Operation

OPERATIONS: tuple[Operation, ...] = (
    Operation("samsung", 0x9002, "SendCheckEvent", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9003, "SendGetEvent", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9004, "RequireCaptureExec", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9005, "CaptureExec", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9006, "LiveViewInfo", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9007, "LiveViewExec", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9008, "SetFocusPosition", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9009, "GetFocusPosition", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x900A, "ResetDevice", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x900B, "FormatDevice", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x900D, "GetTick", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x900E, "SetTick", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x900F, "SetHiddenCommand", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9010, "GetRecordStatus", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9011, "FileTransfer", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9012, "SetEnlarge", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9013, "MovieCompleteExec", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9014, "SetRecordPause", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9015, "SetRecordResume", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9017, "SetLiveView", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9018, "ImageTransfer", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9019, "SetImageReceiveComplete", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x901A, "SetDevPropValue", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x901B, "GetDevPropDesc", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x901D, "GetDevUniqueId", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9020, "SetLiveReceiveComplete", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9021, "SensorCleaning", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9022, "IntervalCaptureStop", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9023, "DisplaySaveModeWakeup", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9024, "MovieCancel", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9025, "GetCaptureCount", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9026, "ControlTouchAf", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9027, "GetImagePath", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x9028, "TrackingAfStop", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x902A, "ConnectTryPtpIp", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x902B, "ConnectConfirmPtpIp", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
    Operation("samsung", 0x90FE, "FirmwareUpdate", "libgphoto2", GUESSED, None, None, None, "", "uncertain: Samsung NX, only named in a source comment"),
)

ROWS = (*OPERATIONS,)
